"""A second opinion on cheapest routes: networkx finds them, or the places within reach."""

from itertools import islice
from typing import Any

from taskgen.seeding import Stream
from taskgen.verifiers.graphs.shortest_path import Grid, Roads, ShortestPath

NAMES = [f"{letter}{kind}" for kind in ("ax", "ol", "um", "ike") for letter in "BCDFGHJKLMNPQRSTVWXYZAEIOU"]
ARROWS = ["--->", "-->", "->", "===>", "==>", "=>", "→", "⇒", "\\rightarrow", "\\to"]
SEPARATORS = [";", "\n"]


def solutions(problem: ShortestPath, limit: int) -> list[str]:
    """Up to `limit` cheapest routes or, where there is no route, the set of places within reach."""
    import networkx

    graph = _graph(problem)
    start, goal = problem.map.names[problem.start], problem.map.names[problem.goal]
    if not networkx.has_path(graph, start, goal):
        return ["unreachable: " + ", ".join(sorted({start} | networkx.descendants(graph, start)))]
    routes = networkx.all_shortest_paths(graph, start, goal, weight="cost", method="bellman-ford")
    return [" -> ".join(route) for route in islice(routes, limit)]


def _graph(problem: ShortestPath) -> Any:
    import networkx

    graph = networkx.DiGraph()
    graph.add_nodes_from(problem.map.names)
    if isinstance(problem.map, Roads):
        for here, there, cost in problem.map.roads:
            ends = problem.map.names[here], problem.map.names[there]
            graph.add_edge(*ends, cost=cost)
            if not problem.map.one_way:
                graph.add_edge(*reversed(ends), cost=cost)
        return graph
    rows = problem.map.cells
    for one, other in networkx.grid_2d_graph(len(rows), len(rows[0])).edges:
        if rows[one[0]][one[1]] and rows[other[0]][other[1]]:
            for here, there in ((one, other), (other, one)):
                graph.add_edge(_cell(here), _cell(there), cost=rows[there[0]][there[1]])
    return graph


def _cell(position: tuple[int, int]) -> str:
    return f"{'ABCDEFGHIJKLMN'[position[1]]}{position[0] + 1}"


def accepts(problem: ShortestPath, answer: str) -> bool:
    """Whether an answer is a walk as cheap as networkx's routes, or a set that cuts the goal off."""
    import networkx

    graph = _graph(problem)
    start, goal = problem.map.names[problem.start], problem.map.names[problem.goal]
    answer = _plain(answer)
    kind, colon, listed = answer.partition(":")
    if colon and kind.strip().lower() == "unreachable":
        listed = listed.strip()
        if (listed[:1], listed[-1:]) in (("{", "}"), ("[", "]")):
            listed = listed[1:-1]
        places = set(_named(listed, SEPARATORS))
        inside = places <= set(graph) and start in places and goal not in places
        return inside and not any(here in places and there not in places for here, there in graph.edges)
    route = _named(answer, ARROWS + SEPARATORS)
    if not route or (route[0], route[-1]) != (start, goal) or not networkx.is_path(graph, route):
        return False
    return networkx.path_weight(graph, route, "cost") == networkx.bellman_ford_path_length(graph, start, goal, "cost")


def _plain(answer: str) -> str:
    """The answer without what may surround it: a full stop behind or inside of bold type and then back-ticks."""
    answer = answer.strip()
    if answer.endswith("."):
        answer = answer[:-1].strip()
    if answer.startswith("**") and answer.endswith("**") and len(answer) > 4:
        answer = answer[2:-2].strip()
    if answer.startswith("`") and answer.endswith("`") and len(answer) > 2:
        answer = answer[1:-1].strip()
    return answer[:-1] if answer.endswith(".") else answer


def _named(text: str, separators: list[str]) -> list[str]:
    for separator in separators:
        text = text.replace(separator, ",")
    return [name for name in map(str.strip, text.split(",")) if name]


def relabel(problem: ShortestPath, stream: Stream) -> ShortestPath:
    """The same map with places renamed and reordered, or turned and mirrored, and all costs multiplied."""
    if isinstance(problem.map, Grid):
        return _turned(problem.map, problem, stream)
    place = stream.shuffled(range(len(problem.map.names)))
    factor = stream.between(1, max(1, 999 // max(abs(cost) for _, _, cost in problem.map.roads)))
    roads = []
    for here, there, cost in stream.shuffled(problem.map.roads):
        ends = [place[here], place[there]]
        if not problem.map.one_way:
            stream.shuffle(ends)
        roads.append((ends[0], ends[1], cost * factor))
    names = tuple(stream.sample(NAMES, len(place)))
    return ShortestPath(Roads(names, tuple(roads), problem.map.one_way), place[problem.start], place[problem.goal])


def _turned(grid: Grid, problem: ShortestPath, stream: Stream) -> ShortestPath:
    width = len(grid.cells[0])
    factor = stream.between(2, 9)
    numbered = [
        [(cost * factor, row * width + column) for column, cost in enumerate(line)]
        for row, line in enumerate(grid.cells)
    ]
    for _ in range(stream.below(4)):
        numbered = [list(line) for line in zip(*numbered[::-1], strict=True)]
    if stream.chance(0.5):
        numbered = [line[::-1] for line in numbered]
    flat = [old for line in numbered for _, old in line]
    cells = tuple(tuple(cost for cost, _ in line) for line in numbered)
    return ShortestPath(Grid(cells), flat.index(problem.start), flat.index(problem.goal))
