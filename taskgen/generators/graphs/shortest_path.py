"""Makes maps on which short-sighted rules miss the cheapest route, and maps on which there is no route.

Road maps join places that are near each other in a hidden plane, so routes are long; costs are drawn independently.
Roads with negative costs come from prices hidden at the places (each road's cost is raised by the price where it starts
and lowered by the price where it ends), so no round trip ever earns anything.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from math import isqrt
from typing import Annotated

from msgspec import Meta

from taskgen.knobs import BaseKnobs, ladder
from taskgen.registry import Draft
from taskgen.seeding import Stream
from taskgen.verifiers.graphs.shortest_path import MAX_PLACES, MAX_ROADS, Grid, Roads, ShortestPath

TOWNS = (
    "Alder Amber Ashby Barrow Beech Birch Bolton Bourne Bracken Briar Brook Burnham Cedar Chester Clay Cliff Clover "
    "Cobham Corby Crane Dale Dover Draycott Dunmore Easton Elm Fairfax Farley Fern Finch Ford Foxton Frome Garth "
    "Glade Grange Hadley Harrow Hatton Hawthorn Hazel Heath Heron Holt Hurst Ivybridge Juniper Kelso Kendal Kirby "
    "Larch Leyton Linden Loxley Malton Maple Marsh Mere Milford Moss Newton Norwood Oakham Orford Overton Penrith "
    "Pinewood Quarry Radley Redhill Ripley Rowan Rushden Salter Selby Sheldon Stone Sutton Tarn Thorne Tilbury Upton "
    "Vale Walden Warren Welby Weston Whitby Willow Yarrow"
).split()
LETTERS = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
CODES = [f"{letter}{digit}" for letter in LETTERS for digit in range(1, 10)]
MAPS = 30
STARTS = 5

Exits = list[dict[int, int]]
"""For each place the places that it leads to, with the cost."""


class Knobs(BaseKnobs, frozen=True):
    """What moves the difficulty of the map."""

    places: Annotated[int, Meta(ge=5, le=MAX_PLACES, description="how many places; grids get 1.5 cells for each")] = 14
    roads: Annotated[float, Meta(ge=1, le=6, description="roads for each place")] = 2.0
    costs: Annotated[int, Meta(ge=2, le=190, description="highest cost drawn for a road or cell")] = 12
    hops: Annotated[int, Meta(ge=2, le=30, description="least number of steps of a cheapest route")] = 4
    traps: Annotated[
        int, Meta(ge=0, le=3, description="how many of three rules (fewest steps, greedy from either end) must fail")
    ] = 2
    rivals: Annotated[
        int, Meta(ge=0, le=50, description="least number of other places on routes that are hardly dearer")
    ] = 1
    one_way: Annotated[float, Meta(ge=0, le=1, description="share of road maps whose roads are one-way")] = 0.4
    negative: Annotated[float, Meta(ge=0, le=0.5, description="share of negative costs on one-way maps")] = 0.0
    grid: Annotated[float, Meta(ge=0, le=1, description="share of maps that are grids")] = 0.25
    unreachable: Annotated[float, Meta(ge=0, le=1, description="share of maps without a route")] = 0.15

    def __post_init__(self) -> None:
        if 2 * self.hops > self.places:
            raise ValueError(f"hops={self.hops} needs places={2 * self.hops} or more; lower hops or raise places")
        if self.roads > 0.3 * (self.places - 1) or 1.5 * self.roads * self.places >= MAX_ROADS:
            raise ValueError(f"roads={self.roads} is too many for places={self.places}; lower roads")


LADDER = ladder(
    Knobs,
    places=     [7, 8, 10, 13, 16, 20, 26, 34, 46, 60],
    roads=      [1.6, 1.6, 1.7, 2, 2, 2.1, 2.2, 2.2, 2.3, 2.4],
    costs=      [9, 9, 12, 15, 20, 20, 30, 40, 60, 99],
    hops=       [2, 3, 3, 4, 4, 5, 6, 7, 8, 9],
    traps=      [0, 0, 1, 1, 2, 2, 3, 3, 3, 3],
    rivals=     [0, 0, 0, 1, 1, 2, 3, 4, 6, 8],
    one_way=    [0.2, 0.3, 0.4, 0.4, 0.5, 0.5, 0.6, 0.6, 0.6, 0.6],
    negative=   [0, 0, 0, 0, 0.1, 0.15, 0.2, 0.2, 0.25, 0.3],
    grid=       [0.1, 0.2, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25],
    unreachable=[0, 0.1, 0.15, 0.15, 0.15, 0.15, 0.15, 0.15, 0.15, 0.15],
)  # fmt: skip


def generate(stream: Stream, knobs: Knobs) -> Draft | None:
    """A map of the kind that was drawn first, with start and goal; None where no map fitted in a number of draws."""
    cut = stream.chance(knobs.unreachable)
    grid = stream.chance(knobs.grid)
    one_way = stream.chance(knobs.one_way)
    for _ in range(MAPS):
        cells = _cells(stream, knobs, cut) if grid else ()
        roads = () if grid else _roads(stream, knobs, one_way, cut)
        exits = list(Grid(cells).exits()) if grid else _exits(roads, knobs.places, one_way)
        for _ in range(STARTS):
            start = stream.below(len(exits))
            found = _cut_off(stream, exits, start) if cut else _route(stream, exits, start, knobs)
            if found is not None:
                goal, places, effort = found
                drawn = Grid(cells) if grid else Roads(_names(stream, knobs), tuple(stream.shuffled(roads)), one_way)
                names = [drawn.names[place] for place in places]
                answer = "unreachable: " + ", ".join(names) if cut else " -> ".join(names)
                return Draft(ShortestPath(drawn, start, goal), answer, effort)
    return None


def _names(stream: Stream, knobs: Knobs) -> tuple[str, ...]:
    """Names for the places, all of one style."""
    style = stream.choice([style for style in (TOWNS, CODES, LETTERS) if len(style) >= knobs.places])
    return tuple(stream.sample(style, knobs.places))


Road = tuple[int, int, int]


def _roads(stream: Stream, knobs: Knobs, one_way: bool, cut: bool) -> Sequence[Road]:
    """Roads between the pairs of places nearest to each other, most of them taken, until there are enough.

    Where the map is to be cut, no road leads from the west of a hidden border to the east.
    """
    count = knobs.places
    points = [(stream.below(1000), stream.below(1000)) for _ in range(count)]
    pairs = sorted(
        ((x - u) ** 2 + (y - v) ** 2, here, there)
        for here, (x, y) in enumerate(points)
        for there, (u, v) in enumerate(points[:here])
    )
    border = stream.between(350, 650) if cut else 0
    # A one-way road serves one direction only, so there are half as many again.
    wanted = round(knobs.roads * count * (1.5 if one_way else 1))
    roads: list[Road] = []
    for _, here, there in pairs:
        if len(roads) >= wanted:
            break
        if not stream.chance(0.6):
            continue
        west, east = sorted((here, there), key=lambda place: points[place])
        crossing = points[west][0] < border <= points[east][0]
        if one_way:
            ends = stream.shuffled([(west, east), (east, west)])[: 2 if stream.chance(0.3) else 1]
            roads += [(*pair, stream.between(1, knobs.costs)) for pair in ends if not crossing or pair == (east, west)]
        elif not crossing:
            roads.append((here, there, stream.between(1, knobs.costs)))
    return _priced(stream, roads, knobs) if one_way and knobs.negative else roads


def _priced(stream: Stream, roads: list[Road], knobs: Knobs) -> list[Road]:
    """The same one-way roads with costs changed by prices at the places, so high that enough of them are negative."""
    prices = [stream.below(1000) for _ in range(knobs.places)]
    top = max(1, knobs.costs // 2)
    while True:
        priced = [(here, there, cost + (prices[here] - prices[there]) * top // 1000) for here, there, cost in roads]
        if sum(cost < 0 for _, _, cost in priced) >= knobs.negative * len(roads) or top >= 4 * knobs.costs:
            return priced
        top += max(1, knobs.costs // 4)


def _exits(roads: Sequence[Road], count: int, one_way: bool) -> Exits:
    exits: Exits = [{} for _ in range(count)]
    for here, there, cost in roads:
        exits[here][there] = cost
        if not one_way:
            exits[there][here] = cost
    return exits


def _cells(stream: Stream, knobs: Knobs, cut: bool) -> tuple[tuple[int, ...], ...]:
    """A grid with about half as many cells again as there are places asked for, walls among them."""
    count = 1.5 * knobs.places
    height = max(3, isqrt(int(count)) + stream.between(-1, 1))
    width = max(4, round(count / height))
    walls = 0.4 if cut else 0.15
    top = min(knobs.costs, 99)
    return tuple(
        tuple(0 if stream.chance(walls) else stream.between(1, top) for _ in range(width)) for _ in range(height)
    )


Found = tuple[int, list[int], float]
"""The goal, the places of the answer, and the effort."""


def _cut_off(stream: Stream, exits: Exits, start: int) -> Found | None:
    """A goal out of reach, if finding that out takes more than a look at the roads of start and goal."""
    within, depth = _reach(exits, start)
    outside = [place for place in range(len(exits)) if place not in within and exits[place]]
    if depth < 2 or len(within) < 4 or not outside:
        return None
    goal = stream.choice(outside)
    if len(_reach(_reversed(exits), goal)[0]) < 3:
        return None
    return goal, sorted(within), sum(len(exits[place]) for place in within) + len(within)


def _route(stream: Stream, exits: Exits, start: int, knobs: Knobs) -> Found | None:
    """A goal whose cheapest routes are long enough, with rivals enough, and missed by enough of the simple rules."""
    costs = _cheapest(exits, start)
    far = [place for place, (_, hops) in costs.items() if hops >= knobs.hops]
    if not far:
        return None
    goal = stream.choice(far)
    backwards = _reversed(exits)
    onwards = _cheapest(backwards, goal)
    best = costs[goal][0]
    through = [costs[place][0] + onwards[place][0] for place in costs if place in onwards]
    # A tenth of what `hops` average steps cost; not of `best`, which prices at the places shift up or down.
    margin = max(1, knobs.costs * knobs.hops // 20)
    rivals = sum(best < cost <= best + margin for cost in through)
    traps = (
        (_fewest_steps(exits, start, goal) > best)
        + (_greedy(exits, start, goal) != best)
        + (_greedy(backwards, goal, start) != best)
    )
    if rivals < knobs.rivals or traps < knobs.traps:
        return None
    looked_at = sum(len(exits[place]) for place in costs if costs[place][0] <= best)
    return goal, _walk_back(exits, costs, start, goal), looked_at + rivals + 2 * costs[goal][1]


def _reach(exits: Exits, start: int) -> tuple[set[int], int]:
    """The places that can be reached, and the number of steps to the last of them."""
    within, rim, depth = {start}, [start], -1
    while rim:
        depth += 1
        rim = list(dict.fromkeys(there for here in rim for there in exits[here] if there not in within))
        within.update(rim)
    return within, depth


def _reversed(exits: Exits) -> Exits:
    backwards: Exits = [{} for _ in exits]
    for here, leads in enumerate(exits):
        for there, cost in leads.items():
            backwards[there][here] = cost
    return backwards


def _cheapest(exits: Exits, start: int) -> dict[int, tuple[int, int]]:
    """Cost and least number of steps of the cheapest routes to every place within reach.

    A label-correcting search (places are taken up again when they become cheaper), so costs may be negative.
    """
    best = {start: (0, 0)}
    queue = [(0, 0, start)]
    while queue:
        cost, hops, here = heappop(queue)
        if best[here] == (cost, hops):
            for there, step in exits[here].items():
                label = (cost + step, hops + 1)
                if there not in best or label < best[there]:
                    best[there] = label
                    heappush(queue, (*label, there))
    return best


def _fewest_steps(exits: Exits, start: int, goal: int) -> int:
    """The least cost of those routes that have the fewest steps."""
    costs = rim = {start: 0}
    while goal not in rim:
        following: dict[int, int] = {}
        for here, cost in rim.items():
            for there, step in exits[here].items():
                if there not in costs:
                    following[there] = min(cost + step, following.get(there, cost + step))
        rim = following
        costs = costs | rim
    return rim[goal]


def _greedy(exits: Exits, start: int, goal: int) -> int | None:
    """What it costs to always take the cheapest step to a new place; None where that ends in a dead end."""
    here, total, seen = start, 0, {start}
    while here != goal:
        steps = [(cost, there) for there, cost in exits[here].items() if there not in seen]
        if not steps:
            return None
        cost, here = min(steps)
        total += cost
        seen.add(here)
    return total


def _walk_back(exits: Exits, costs: dict[int, tuple[int, int]], start: int, goal: int) -> list[int]:
    """A cheapest route with the fewest steps."""
    route = [goal]
    while route[-1] != start:
        there = route[-1]
        cost, hops = costs[there]
        route.append(
            next(
                here
                for here in sorted(costs)
                if there in exits[here] and costs[here] == (cost - exits[here][there], hops - 1)
            )
        )
    return route[::-1]
