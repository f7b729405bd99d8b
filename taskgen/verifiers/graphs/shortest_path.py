"""Places joined by roads, or cells of a grid: find a cheapest route, or prove by a closed set that there is none."""

import re
from collections.abc import Hashable
from functools import cached_property
from heapq import heappop, heappush
from math import gcd
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from taskgen.problem import Forms, Problem, Verdict, correct, malformed, wrong

MAX_PLACES = 100
MAX_ROADS = 600
MAX_SIDE = 14
MAX_COST = 999

Place = Annotated[int, Meta(ge=0, lt=MAX_SIDE * MAX_SIDE)]
Name = Annotated[str, Meta(pattern=r"^[A-Z][A-Za-z0-9]{0,14}\Z")]
Cost = Annotated[int, Meta(ge=-MAX_COST, le=MAX_COST)]
Row = Annotated[tuple[Annotated[int, Meta(ge=0, le=MAX_COST)], ...], Meta(min_length=2, max_length=MAX_SIDE)]

# What may stand between places. Arrows are bounded in length, so that a row of dashes is read in linear time.
_STEPS = re.compile(r"-{1,3}>|={1,3}>|→|⇒|\\to|\\rightarrow|[,;\n]")
_COMMAS = re.compile(r"[,;\n]")


class Roads(Struct, frozen=True, tag="roads"):
    """Named places and roads (from, to, cost), each usable in both directions unless all are one-way."""

    names: Annotated[tuple[Name, ...], Meta(min_length=2, max_length=MAX_PLACES)]
    roads: Annotated[tuple[tuple[Place, Place, Cost], ...], Meta(min_length=1, max_length=MAX_ROADS)]
    one_way: bool

    def exits(self) -> tuple[dict[int, int], ...]:
        """For each place the places that a road leads to, with its cost. Raises ValueError on parallel roads."""
        found: tuple[dict[int, int], ...] = tuple({} for _ in self.names)
        for source, target, cost in self.roads:
            for here, there in ((source, target),) if self.one_way else ((source, target), (target, source)):
                if max(here, there) >= len(self.names) or here == there or there in found[here]:
                    raise ValueError(f"the road from {source} to {target} ends nowhere, or is there twice")
                found[here][there] = cost
        return found


class Grid(Struct, frozen=True, tag="grid"):
    """Rows of cells, each with the cost of entering it, 0 for a wall; steps go up, down, left and right."""

    cells: Annotated[tuple[Row, ...], Meta(min_length=2, max_length=MAX_SIDE)]

    @property
    def names(self) -> tuple[str, ...]:
        """Columns are letters, rows are numbers: C2 is the third cell of the second row."""
        width = len(self.cells[0])
        return tuple(f"{chr(65 + column)}{row + 1}" for row in range(len(self.cells)) for column in range(width))

    def exits(self) -> tuple[dict[int, int], ...]:
        """For each cell the open cells beside it, with the cost of entering them; none for walls."""
        height, width = len(self.cells), len(self.cells[0])
        found: list[dict[int, int]] = []
        for row in range(height):
            for column in range(width):
                beside = ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))
                found.append(
                    {
                        there * width + side: self.cells[there][side]
                        for there, side in beside
                        if 0 <= there < height and 0 <= side < width and self.cells[there][side]
                    }
                    if self.cells[row][column]
                    else {}
                )
        return tuple(found)


class ShortestPath(Problem, frozen=True, dict=True):
    """A map, where to start and where to go."""

    forms: ClassVar[Forms] = ("answer", "fenced")
    max_answer: ClassVar[int] = 8_000

    map: Roads | Grid
    start: Place
    goal: Place

    def __post_init__(self) -> None:
        if isinstance(self.map, Grid):
            rows = self.map.cells
            if len({len(row) for row in rows}) != 1:
                raise ValueError("the rows of the grid differ in length")
            costs = [cost for row in rows for cost in row]
            if max(self.start, self.goal) < len(costs) and not (costs[self.start] and costs[self.goal]):
                raise ValueError("start or goal is a wall")
        elif len(set(self.map.names)) != len(self.map.names):
            raise ValueError("two places have one name")
        if self.start == self.goal or max(self.start, self.goal) >= len(self.map.names):
            raise ValueError("start and goal must be two places of the map")
        # Building these raises where roads are wrong, and where a round trip earns money.
        if self.exits and any(cost < 0 for exits in self.exits for cost in exits.values()):
            if isinstance(self.map, Roads) and not self.map.one_way:
                raise ValueError("roads for both directions cannot have negative costs")
            _ = self.cheapest

    def verify(self, answer: str) -> Verdict:
        """`A -> B -> C`, a cheapest route, or `unreachable: A, B`, a set with the start that no road leaves."""
        text = _bare(answer)
        head, colon, rest = text.partition(":")
        if colon and head.rstrip().lower() == "unreachable":
            return self._judge_set(_places(_COMMAS, _unbracketed(rest.strip())))
        return self._judge_route(_places(_STEPS, text))

    def _judge_route(self, names: list[str]) -> Verdict:
        if not names:
            return malformed("the answer names no place")
        route = [self._numbers.get(name, -1) for name in names]
        if -1 in route:
            return malformed(f"there is no place called {names[route.index(-1)][:20]!r}")
        if route[0] != self.start or route[-1] != self.goal:
            return wrong(f"the route must lead from {self.map.names[self.start]} to {self.map.names[self.goal]}")
        cost = 0
        here = self.start
        exits = self.exits
        for there in route[1:]:
            if there not in exits[here]:
                return wrong(f"no step leads from {self.map.names[here]} to {self.map.names[there]}")
            cost += exits[here][there]
            here = there
        assert self.cheapest is not None
        if cost > self.cheapest:
            # Where a cost is negative or nothing, how near one is to the other says nothing.
            partial = self.cheapest / cost if self.cheapest > 0 else 0.0
            return wrong(f"the route costs {cost}; there is a cheaper one", partial)
        return correct()

    def _judge_set(self, names: list[str]) -> Verdict:
        if not names:
            return malformed("the list names no place")
        listed = {self._numbers.get(name, -1) for name in names}
        if -1 in listed:
            unknown = next(name for name in names if name not in self._numbers)
            return malformed(f"there is no place called {unknown[:20]!r}")
        if self.start not in listed or self.goal in listed:
            return wrong("the places listed must include the start and not the goal")
        for here in listed:
            for there in self.exits[here]:
                if there not in listed:
                    leak = f"{self.map.names[here]} (listed) to {self.map.names[there]} (not listed)"
                    return wrong(f"a step leads from {leak}")
        return correct()

    @cached_property
    def exits(self) -> tuple[dict[int, int], ...]:
        """For each place where one can go from it, and at what cost."""
        return self.map.exits()

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.map.names)}

    @cached_property
    def cheapest(self) -> int | None:
        """The cost of a cheapest route, None where there is no route. Raises ValueError where costs fall for ever."""
        if any(cost < 0 for exits in self.exits for cost in exits.values()):
            return self._bellman_ford()
        done: set[int] = set()
        queue = [(0, self.start)]
        while queue:
            cost, here = heappop(queue)
            if here == self.goal:
                return cost
            if here not in done:
                done.add(here)
                for there, step in self.exits[here].items():
                    if there not in done:
                        heappush(queue, (cost + step, there))
        return None

    def _bellman_ford(self) -> int | None:
        costs = {self.start: 0}
        for _ in self.map.names:
            changed = False
            for here, exits in enumerate(self.exits):
                if here in costs:
                    cost = costs[here]
                    for there, step in exits.items():
                        if there not in costs or cost + step < costs[there]:
                            costs[there] = cost + step
                            changed = True
            if not changed:
                return costs.get(self.goal)
        raise ValueError("a round trip has a negative cost")

    def structure(self) -> Hashable:
        """A hash of the graph with start, goal and costs; names, order and the unit of cost are forgotten."""
        from taskgen.kernels.refinement import structure_hash

        steps = [(here, there, cost) for here, exits in enumerate(self.exits) for there, cost in exits.items()]
        unit = gcd(*(cost for _, _, cost in steps)) or 1
        colours = [0] * len(self.exits)
        colours[self.start], colours[self.goal] = 1, 2
        # Even colours for costs from 0 on, odd ones for those below.
        edges = [(here, there, 2 * cost // unit if cost >= 0 else -2 * cost // unit - 1) for here, there, cost in steps]
        used = sorted({self.start, self.goal, *(end for here, there, _ in edges for end in (here, there))})
        position = {place: number for number, place in enumerate(used)}
        return structure_hash(
            [colours[place] for place in used],
            [(position[here], position[there], colour) for here, there, colour in edges],
        )


def _bare(answer: str) -> str:
    """An answer without a full stop at its end and without emphasis or back-ticks around it."""
    text = answer.strip().removesuffix(".").rstrip()
    for mark in ("**", "`"):
        if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
            text = text[len(mark) : -len(mark)].strip()
    return text.removesuffix(".").rstrip()


def _unbracketed(listed: str) -> str:
    """A list without the braces or square brackets around it."""
    return listed[1:-1] if listed[:1] + listed[-1:] in ("{}", "[]") else listed


def _places(separator: re.Pattern[str], text: str) -> list[str]:
    """The names between separators; lines may break before or after one of them, so nothing between two is no name."""
    return [name for part in separator.split(text) if (name := part.strip())]
