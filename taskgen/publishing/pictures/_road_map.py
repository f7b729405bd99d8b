"""Places joined by roads, each road with its cost, one-way roads with an arrow."""

from collections.abc import Callable, Sequence
from math import dist, hypot
from typing import Any

from taskgen.publishing.drawing.colours import INK, PANEL, PAPER, QUIET
from taskgen.publishing.drawing.graph_layout import place
from taskgen.publishing.drawing.shapes import Arc, Box, Drawing, Label, Line, Point, Polygon, Shape
from taskgen.publishing.drawing.texts import width
from taskgen.verifiers.graphs.shortest_path import Roads

MARGIN, TALL, FOOT, WIDEST = 24, 24, 34, 860
ROAD = "#6b7280"
SMALL, TAGGED, BEND = 11.5, 11.0, 30.0
ENDS = (("start", "#cdeadd", "#00664b"), ("goal", "#fbdcc8", "#a04000"))
SHARES = (0.5, 0.44, 0.56, 0.38, 0.62, 0.32, 0.68, 0.26, 0.74, 0.2, 0.8)
"""Where a cost may stand, as shares of its road from one end to the other."""
SAMPLES, MESH = 40, 4
BENDS = (0.0, 0.12, 0.2, 0.3, 0.42, 0.56, 0.75)
"""How far a road may be bent, as shares of its length, to lead around a place."""


def draw(roads: Roads, start: int, goal: int) -> Drawing:
    """The map, laid out from the graph alone, with start and goal marked."""
    count = len(roads.names)
    tags = {start: ENDS[0], goal: ENDS[1]}
    sizes = [(_wide(name, tags.get(number)), TALL) for number, name in enumerate(roads.names)]
    room = (min(WIDEST, 400 + 28 * count) - 2 * MARGIN, min(1150, 240 + 9 * count + 2 * len(roads.roads)))
    where = place([(here, there) for here, there, _ in roads.roads], sizes, (start, goal), room)
    middles = [(MARGIN + x, MARGIN + y) for x, y in where]
    boxes = [(x - wide / 2, y - tall / 2, wide, tall) for (x, y), (wide, tall) in zip(middles, sizes, strict=True)]
    ways = _ways(roads, middles, boxes)
    shapes: list[Shape] = [shape for way in ways for shape in _road(way, roads.one_way)]
    for (x, y, wide, tall), (_, _, cost) in zip(_cost_boxes(roads, ways, boxes), roads.roads, strict=True):
        shapes.append(Box(x, y, wide, tall, PANEL, None, 1, 3))
        shapes.append(Label(x + wide / 2, y + tall / 2, _minus(cost), SMALL, fill=INK))
    for number, name in enumerate(roads.names):
        shapes += _place(name, boxes[number], tags.get(number))
    note = "Roads lead only the way their arrow points." if roads.one_way else "Roads lead both ways."
    height = room[1] + 2 * MARGIN + FOOT
    shapes.append(Label(MARGIN, height - MARGIN - 6, note, 13, "start", QUIET))
    kind = "one-way roads" if roads.one_way else "roads"
    return Drawing(
        room[0] + 2 * MARGIN,
        height,
        f"Cheapest route from {roads.names[start]} to {roads.names[goal]}",
        f"A map of {count} places and {len(roads.roads)} {kind}, each with its cost; {roads.names[start]} is marked as "
        f"the start, {roads.names[goal]} as the goal.",
        tuple(shapes),
    )


Tag = tuple[str, str, str]
Rectangle = tuple[float, float, float, float]
Way = tuple[Point, Point, Point]
"""Two ends of a road, at the edges of its places' labels, and between them the point towards which it bends."""


def _wide(name: str, tag: Tag | None) -> float:
    return max(TALL + 2, width(name, 13, True) + 16) + (width(tag[0], TAGGED) + 8 if tag else 0)


def _place(name: str, box: Rectangle, tag: Tag | None) -> list[Shape]:
    """A label with the place's name and, before it, what marks start and goal."""
    x, y, wide, tall = box
    middle = y + tall / 2
    if tag is None:
        return [Box(x, y, wide, tall, PAPER, INK, 1.2, tall / 2), Label(x + wide / 2, middle, name, 13, bold=True)]
    text, fill, edge = tag
    return [
        Box(x, y, wide, tall, fill, edge, 2.5, tall / 2),
        Label(x + 8, middle, text, TAGGED, "start", edge),
        Label(x + wide - 8, middle, name, 13, "end", bold=True),
    ]


def _ways(roads: Roads, middles: Sequence[Point], boxes: Sequence[Rectangle]) -> list[Way]:
    """The course of each road: straight, or bent where another leads back, and more so around places in its way."""
    import numpy

    pairs = {(here, there) for here, there, _ in roads.roads}
    shares, sides = numpy.linspace(0, 1, SAMPLES), numpy.array(boxes)
    low, high = sides[:, :2] - 3, sides[:, :2] + sides[:, 2:] + 3
    first, last = low.min(axis=0) - 9, high.max(axis=0) + 9
    ways = []
    for here, there, _ in roads.roads:
        length = max(dist(middles[here], middles[there]), 1.0)
        least = min(0.2, BEND / length) if (there, here) in pairs else 0.0
        # On the other side of the straight line runs the road that leads back, bent by `least`.
        bends = [least + more for more in BENDS] + [-least - more for more in BENDS[2 if least else 1 :]]
        others = numpy.delete(numpy.arange(len(boxes)), (here, there))
        crossed, best = len(boxes), _way(here, there, least, middles, boxes)
        for bend in sorted(bends, key=abs):
            way = _way(here, there, bend, middles, boxes)
            points = _points(way, shares)[:, None]
            under = int(((points > low[others]) & (points < high[others])).all(axis=2).any(axis=0).sum())
            if under < crossed and (first < points).all() and (points < last).all():
                crossed, best = under, way
            if not crossed:
                break
        ways.append(best)
    return ways


def _way(here: int, there: int, bend: float, middles: Sequence[Point], boxes: Sequence[Rectangle]) -> Way:
    """A course between two places, bent to its right by a share of its length."""
    (x, y), (right, below) = middles[here], middles[there]
    middle = ((x + right) / 2 - bend * (below - y), (y + below) / 2 + bend * (right - x))
    return _edge(middles[here], middle, boxes[here]), middle, _edge(middles[there], middle, boxes[there])


def _edge(middle: Point, towards: Point, box: Rectangle) -> Point:
    """Where a line from the middle of a box leaves it."""
    right, below = towards[0] - middle[0], towards[1] - middle[1]
    scale = min(
        1.0,
        box[2] / 2 / abs(right) if right else 1.0,
        box[3] / 2 / abs(below) if below else 1.0,
    )
    return middle[0] + right * scale, middle[1] + below * scale


def _road(way: Way, one_way: bool) -> list[Shape]:
    start, bend, end = way
    straight = abs((bend[0] - start[0]) * (end[1] - start[1]) - (bend[1] - start[1]) * (end[0] - start[0])) < 1
    course: Shape = Line((start, end), ROAD, 1.5) if straight else Arc(start, bend, end, ROAD, 1.5)
    if not one_way:
        return [course]
    right, below = end[0] - bend[0], end[1] - bend[1]
    length = max(hypot(right, below), 1.0)
    right, below = right / length, below / length
    back = (end[0] - 9 * right, end[1] - 9 * below)
    barbs = ((back[0] - 4.5 * below, back[1] + 4.5 * right), (back[0] + 4.5 * below, back[1] - 4.5 * right))
    return [course, Polygon((end, *barbs), ROAD)]


def _cost_boxes(roads: Roads, ways: Sequence[Way], boxes: Sequence[Rectangle]) -> list[Rectangle]:
    """A box for each cost upon its road, away from other costs, places and roads as far as that can be."""
    import numpy

    courses = numpy.array([_points(way, numpy.linspace(0, 1, SAMPLES)) for way in ways])
    lengths = (((courses[:, 1:] - courses[:, :-1]) ** 2).sum(axis=2) ** 0.5).sum(axis=1)
    inked = _inked(courses, lengths)
    shares = numpy.array(SHARES)
    taken = numpy.array(boxes)
    found: dict[int, Rectangle] = {}
    for number in numpy.argsort(lengths, kind="stable").tolist():
        size = numpy.array((round(width(_minus(roads.roads[number][2]), SMALL) + 4, 1), 14.0))
        spots = _points(ways[number], shares) - size / 2
        low = numpy.maximum(spots[:, None], taken[None, :, :2])
        high = numpy.minimum(spots[:, None] + size, (taken[:, :2] + taken[:, 2:])[None])
        covered = numpy.maximum(high - low, 0).prod(axis=2)
        penalty = 40 * (covered > 0).sum(axis=1) + covered.sum(axis=1) + inked(spots, spots + size)
        x, y = spots[int((penalty + abs(shares - 0.5)).argmin())].round(1).tolist()
        found[number] = (x, y, *size.tolist())
        taken = numpy.vstack((taken, found[number]))
    return [found[number] for number in range(len(ways))]


def _inked(courses: Any, lengths: Any) -> Callable[[Any, Any], Any]:
    """A function of boxes, given by their corners: how many pixels of road lie in each, by sums over a fine mesh."""
    import numpy

    columns, rows = (courses.reshape(-1, 2) / MESH).astype(int).T
    sums = numpy.zeros((rows.max() + 20, columns.max() + 20))
    numpy.add.at(sums, (rows + 1, columns + 1), numpy.repeat(lengths / SAMPLES, SAMPLES))
    sums = sums.cumsum(axis=0).cumsum(axis=1)

    def within(low: Any, high: Any) -> Any:
        (left, top), (right, bottom) = (
            numpy.maximum((corner / MESH).astype(int), 0).T for corner in (low, high + MESH)
        )
        return sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]

    return within


def _points(way: Way, shares: Any) -> Any:
    """Points of a way, which is a quadratic Bezier curve or, bent towards its middle, a straight line."""
    import numpy

    start, bend, end = (numpy.array(point) for point in way)
    shares = shares[:, None]
    return (1 - shares) ** 2 * start + 2 * shares * (1 - shares) * bend + shares**2 * end


def _minus(cost: int) -> str:
    """A cost with a minus sign that is as wide as a plus."""
    return str(cost).replace("-", "−")
