"""A second opinion on zebra puzzles: one Boolean for each value and house, clauses, and CaDiCaL to count the models."""

from itertools import combinations, product

from taskgen.seeding import Stream
from taskgen.verifiers.logic.zebra_puzzle import Attribute, Clue, Item, ZebraPuzzle

Clause = list[int]


def solutions(problem: ZebraPuzzle, limit: int) -> list[str]:
    """Up to `limit` different tables."""
    from pysat.solvers import Cadical195

    houses = problem.houses
    items = list(product(range(len(problem.attributes)), range(houses)))

    def variable(item: Item, house: int) -> int:
        return (item[0] * houses + item[1]) * houses + house + 1

    found: list[str] = []
    with Cadical195() as solver:
        for item in items:
            solver.add_clause([variable(item, house) for house in range(houses)])
            for one, two in combinations(range(houses), 2):
                solver.add_clause([-variable(item, one), -variable(item, two)])
        for first, second in combinations(items, 2):
            if first[0] == second[0]:
                for house in range(houses):
                    solver.add_clause([-variable(first, house), -variable(second, house)])
        for clue in problem.clues:
            for places in product(range(1, houses + 1), repeat=len(clue.items)):
                if not _true(clue, places, houses):
                    solver.add_clause(
                        [-variable(item, place - 1) for item, place in zip(clue.items, places, strict=True)]
                    )
        while len(found) < limit and solver.solve():
            positive = {literal for literal in solver.get_model() if literal > 0}
            found.append(
                _table(
                    problem,
                    {item: house for item in items for house in range(houses) if variable(item, house) in positive},
                )
            )
            solver.add_clause([-literal for literal in positive])
    return found


def _table(problem: ZebraPuzzle, where: dict[Item, int]) -> str:
    lines = [[str(house + 1)] for house in range(problem.houses)]
    for (attribute, value), house in sorted(where.items()):
        lines[house].append(problem.attributes[attribute].values[value])
    return "\n".join(" | ".join(line) for line in lines)


def _true(clue: Clue, places: tuple[int, ...], houses: int) -> bool:
    """Whether a clue holds when its items live in these houses, counted from 1."""
    match clue.kind, places:
        case "at", (a,):
            return a == clue.number
        case "not_at", (a,):
            return a != clue.number
        case "end", (a,):
            return a == 1 or a == houses
        case "same", (a, b):
            return a == b
        case "different", (a, b):
            return a != b
        case "left", (a, b):
            return a < b
        case "directly_left", (a, b):
            return b - a == 1
        case "next", (a, b):
            return b - a in (1, -1)
        case "apart", (a, b):
            return b - a in (clue.number, -clue.number)
        case "between", (a, b, c):
            return min(b, c) < a < max(b, c)
        case "either", (a, b, c):
            return a in (b, c)
    raise ValueError(f"a clue of kind {clue.kind} with {len(places)} items")


def relabel(problem: ZebraPuzzle, stream: Stream) -> ZebraPuzzle:
    """The same puzzle with attributes and values exchanged, clues reordered, left and right swapped half the time."""
    houses = problem.houses
    order = stream.shuffled(range(len(problem.attributes)))
    moves = [stream.shuffled(range(houses)) for _ in order]
    mirrored = stream.chance(0.5)

    def moved(clue: Clue) -> Clue:
        items = [(order.index(attribute), moves[attribute][value]) for attribute, value in clue.items]
        number = houses + 1 - clue.number if mirrored and clue.kind in ("at", "not_at") else clue.number
        if clue.kind in ("left", "directly_left"):
            items = items[::-1] if mirrored else items
        elif clue.kind in ("between", "either"):
            items = [items[0], *stream.shuffled(items[1:])]
        else:
            stream.shuffle(items)
        return Clue(clue.kind, tuple(items), number)

    attributes = [
        Attribute(problem.attributes[old].name, tuple(stream.shuffled(problem.attributes[old].values)))
        for old in stream.shuffled(range(len(order)))
    ]
    return ZebraPuzzle(tuple(attributes), tuple(stream.shuffled([moved(clue) for clue in problem.clues])))
