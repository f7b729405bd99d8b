"""Where the vertices of a graph are drawn: stress majorization from a few fixed starts, then room for the labels.

After Gansner, Koren and North, "Graph Drawing by Stress Majorization" (2004), and Faloutsos and Lin, "FastMap" (1995).
No random numbers: the same graph has the same drawing.
"""

from collections.abc import Sequence
from typing import Any

Edge = tuple[int, int]
ROUNDS, SPREADING, ROW = 100, 60, 36
CLEARANCE = 22.0
"""How far an edge should pass from a vertex that it does not touch, in pixels."""
EVENNESS = 0.55
"""How much of a coordinate is its rank: crowds are spread out, and who lies left of whom or above stays."""
MANY = 30
"""From more vertices than these one drawing is made, not the best of six."""
NARROW = 0.97
"""Cosine of an angle between two edges at a vertex below which they look like one."""


def place(
    edges: Sequence[Edge], sizes: Sequence[tuple[float, float]], ends: Edge, room: tuple[float, float]
) -> list[tuple[int, int]]:
    """The middles of the vertices' labels, whose sizes are given; the first of `ends` lies left of the second.

    All labels lie in a rectangle from (0, 0) to `room`, and do not overlap where there is space for all. Vertices
    without edges stand in rows at the foot.
    """
    import numpy

    used = sorted({vertex for edge in edges for vertex in edge} | set(ends))
    alone = [vertex for vertex in range(len(sizes)) if vertex not in set(used)]
    rows = _rows(alone, sizes, room)
    number = {vertex: place for place, vertex in enumerate(used)}
    joined = numpy.array(sorted({tuple(sorted((number[here], number[there]))) for here, there in edges}))
    some = numpy.array([sizes[vertex] for vertex in used])
    space = numpy.array((room[0], max(room[1] - ROW * len(rows), room[1] / 2)))
    spots = _drawn(joined, some, (number[ends[0]], number[ends[1]]), space)
    found = {vertex: (round(x), round(y)) for vertex, (x, y) in zip(used, spots.tolist(), strict=True)}
    for level, row in enumerate(reversed(rows)):
        left = 0.0
        for vertex in row:
            found[vertex] = (round(left + sizes[vertex][0] / 2), round(room[1] - sizes[vertex][1] / 2 - level * ROW))
            left += sizes[vertex][0] + 14
    return [found[vertex] for vertex in range(len(sizes))]


def _rows(alone: Sequence[int], sizes: Sequence[tuple[float, float]], room: tuple[float, float]) -> list[list[int]]:
    """The vertices in rows, as many in each as there is room for."""
    rows: list[list[int]] = []
    left = room[0]
    for vertex in alone:
        if left + sizes[vertex][0] > room[0]:
            rows.append([])
            left = 0.0
        rows[-1].append(vertex)
        left += sizes[vertex][0] + 14
    return rows


def _drawn(edges: Any, sizes: Any, ends: Edge, room: Any) -> Any:
    """The clearest of some drawings, each from another start."""
    import numpy

    hops = _hops(edges, len(sizes))
    numbers = numpy.arange(len(sizes))
    far = int(hops[ends[0]].argmax())
    turns = 2 * numpy.pi * numpy.argsort(numpy.argsort(hops[ends[0]], kind="stable")) / len(sizes)
    circle = numpy.stack((numpy.cos(turns), numpy.sin(turns)), axis=1) * hops.max() / 2
    starts = [_fastmap(hops, far, int(hops[far].argmax())), circle, _fastmap(hops, *ends)]
    # A little unevenness: points on one line would stay on it.
    uneven = [numpy.stack((numbers * 7 % 13, numbers * step % 17), axis=1) / 17 - 0.4 for step in (11, 5)]
    tries = [(start, shift) for start in starts for shift in uneven][: 1 if len(sizes) > MANY else None]
    drawings = [
        _spaced(_fitted(_majorized(start + 0.5 * shift, hops), ends, sizes, room), edges, sizes, room)
        for start, shift in tries
    ]
    return min(drawings, key=lambda points: _clutter(points, edges))


def _hops(edges: Any, count: int) -> Any:
    """The least number of edges between any two vertices; where there is no way, one more than the longest."""
    import numpy

    beside = numpy.zeros((count, count), dtype=numpy.float32)
    beside[edges[:, 0], edges[:, 1]] = beside[edges[:, 1], edges[:, 0]] = 1
    hops = numpy.where(numpy.eye(count, dtype=bool), 0, -1)
    reached = numpy.eye(count, dtype=bool)
    for step in range(1, count):
        reached = (reached.astype(numpy.float32) @ beside > 0) & (hops < 0)
        hops[reached] = step
    return numpy.where(hops < 0, hops.max() + 1, hops).astype(float)


def _fastmap(hops: Any, first: int, second: int) -> Any:
    """Coordinates along the line through two vertices, and then along one across it."""
    import numpy

    columns, squares = [], hops**2
    for _ in range(2):
        across = squares[first, second]
        if across <= 0:
            columns.append(numpy.zeros(len(hops)))
            continue
        along = (squares[first] + across - squares[second]) / (2 * across**0.5)
        columns.append(along)
        squares = numpy.maximum(squares - (along[:, None] - along[None]) ** 2, 0)
        first = int(squares[second].argmax())
        second = int(squares[first].argmax())
    return numpy.stack(columns, axis=1)


def _majorized(points: Any, hops: Any) -> Any:
    """The points moved until their distances are near to the hops; near vertices weigh more."""
    import numpy

    with numpy.errstate(divide="ignore"):
        weights = numpy.where(hops > 0, hops**-2.0, 0)
    total = weights.sum(axis=1)[:, None]
    for _ in range(ROUNDS):
        apart = points[:, None] - points[None]
        distances = numpy.maximum((apart**2).sum(axis=2) ** 0.5, 1e-6)
        wanted = points[None] + apart * (hops / distances)[:, :, None]
        points = (points + (weights[:, :, None] * wanted).sum(axis=1) / total) / 2
    return points


def _fitted(points: Any, ends: Edge, sizes: Any, room: Any) -> Any:
    """The points turned so that they lie widest from left to right, and spread over the room."""
    import numpy

    points = points - points.mean(axis=0)
    x, y = points[:, 0], points[:, 1]
    angle = numpy.arctan2(2 * (x * y).sum(), (x * x - y * y).sum()) / 2
    cosine, sine = numpy.cos(angle), numpy.sin(angle)
    points = numpy.stack((x * cosine + y * sine, y * cosine - x * sine), axis=1)
    if points[ends[0], 0] > points[ends[1], 0]:
        points = -points
    low, span = points.min(axis=0), numpy.ptp(points, axis=0)
    ranks = numpy.argsort(numpy.argsort(points, axis=0, kind="stable"), axis=0) / (len(points) - 1)
    shares = (1 - EVENNESS) * (points - low) / numpy.maximum(span, 1e-6) + EVENNESS * ranks
    # Vertices on one line lie in the middle of the room.
    shares = numpy.where(span < 0.05 * span.max(), 0.5, shares)
    least, most = sizes.max(axis=0) / 2, room - sizes.max(axis=0) / 2
    return least + shares * (most - least)


def _clutter(points: Any, edges: Any) -> int:
    """How many pairs of edges cross, and how many leave a vertex side by side, which is worse."""
    import numpy

    first, second = points[edges[:, 0]], points[edges[:, 1]]

    def sides(point: Any) -> Any:
        along, beside = (second - first)[:, None], point[None] - first[:, None]
        return along[..., 0] * beside[..., 1] - along[..., 1] * beside[..., 0] > 0

    apart = sides(first) != sides(second)
    touching = (edges[:, None, :, None] == edges[None, :, None, :]).any(axis=(2, 3))
    crossing = int((apart & apart.T & ~touching).sum()) // 2
    tails, heads = numpy.concatenate((edges, edges[:, ::-1])).T
    rays = points[heads] - points[tails]
    rays = rays / numpy.maximum((rays**2).sum(axis=1) ** 0.5, 1)[:, None]
    narrow = (rays @ rays.T > NARROW) & (tails[:, None] == tails[None])
    under = _away(points, edges)[1] < CLEARANCE / 2
    return crossing + 3 * (int(narrow.sum()) - len(rays)) // 2 + 6 * int(under.sum())


def _away(points: Any, edges: Any) -> tuple[Any, Any]:
    """From each edge's nearest point to each vertex: the vector and its length, at least 1; none to the edge's ends."""
    import numpy

    start, along = points[edges[:, 0]], points[edges[:, 1]] - points[edges[:, 0]]
    beside = points[:, None] - start[None]
    share = (beside * along[None]).sum(axis=2) / numpy.maximum((along**2).sum(axis=1), 1)
    away = beside - numpy.clip(share, 0, 1)[:, :, None] * along[None]
    distance = numpy.maximum((away**2).sum(axis=2) ** 0.5, 1)
    touching = (edges[None] == numpy.arange(len(points))[:, None, None]).any(axis=2)
    return away, numpy.where(touching, numpy.inf, distance)


def _spaced(points: Any, edges: Any, sizes: Any, room: Any) -> Any:
    """The points moved apart until labels do not overlap and edges keep clear of the labels that they do not touch."""
    import numpy

    wanted = (sizes[:, None] + sizes[None]) / 2 + (34, 26)
    numbers = numpy.arange(len(points))
    order = numpy.sign(numbers[:, None] - numbers[None])[:, :, None]
    for _ in range(SPREADING):
        apart = points[:, None] - points[None]
        lacking = numpy.maximum(wanted - abs(apart), 0)
        lacking[lacking.min(axis=2) <= 0] = 0
        lacking[numbers, numbers] = 0
        # Along the axis on which less is lacking.
        lacking *= numpy.arange(2) == lacking.argmin(axis=2)[:, :, None]
        moves = (lacking * numpy.where(apart == 0, order, numpy.sign(apart))).sum(axis=1) / 3
        away, distance = _away(points, edges)
        push = numpy.maximum(CLEARANCE - distance, 0) / distance
        moves += (push[:, :, None] * away).sum(axis=1) / 4
        points = numpy.clip(points + numpy.clip(moves, -20, 20), sizes / 2, room - sizes / 2)
    return points
