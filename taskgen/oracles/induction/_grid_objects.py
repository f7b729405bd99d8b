"""Objects of a picture and their properties, for the oracle of grid rules.

A picture is a tuple of strings, '.' for background. Points are (row, column); an object is a frozenset of points.
"""

from collections.abc import Callable
from functools import lru_cache

Picture = tuple[str, ...]
Point = tuple[int, int]
Thing = frozenset[Point]
Property = Callable[[Picture, Thing], bool]


@lru_cache(maxsize=50_000)
def objects(p: Picture) -> tuple[Thing, ...]:
    """The objects, in reading order of their first cells."""
    left = {(r, c) for r, row in enumerate(p) for c, cell in enumerate(row) if cell != "."}
    found = []
    for start in sorted(left):
        if start not in left:
            continue
        left.discard(start)
        thing, frontier = {start}, [start]
        while frontier:
            r, c = frontier.pop()
            for near in [(r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)]:
                if near in left and p[near[0]][near[1]] == p[r][c]:
                    left.discard(near)
                    thing.add(near)
                    frontier.append(near)
        found.append(frozenset(thing))
    return tuple(found)


def colour_of(p: Picture, thing: Thing) -> str:
    """The colour of an object."""
    r, c = min(thing)
    return p[r][c]


def span(thing: Thing) -> tuple[int, int, int, int]:
    """First and last row, first and last column."""
    rows, columns = [r for r, _ in thing], [c for _, c in thing]
    return min(rows), max(rows), min(columns), max(columns)


def _holed(p: Picture, thing: Thing) -> bool:
    """Whether some cell that is not of the object is cut off from the outside, diagonal steps allowed."""
    top, bottom, left, right = span(thing)
    outside = {(r, c) for r in range(top - 1, bottom + 2) for c in range(left - 1, right + 2)} - thing
    return len(reach([(top - 1, left - 1)], outside)) < len(outside)


def reach(starts: list[Point], allowed: set[Point]) -> set[Point]:
    """All points that steps of a king over allowed points lead to."""
    reached = set(starts)
    frontier = list(starts)
    while frontier:
        r, c = frontier.pop()
        for near in [(r + dr, c + dc) for dr in (-1, 0, 1) for dc in (-1, 0, 1)]:
            if near in allowed and near not in reached:
                reached.add(near)
                frontier.append(near)
    return reached


def _sides(thing: Thing) -> tuple[int, int]:
    top, bottom, left, right = span(thing)
    return bottom - top + 1, right - left + 1


def _at_edge(p: Picture, thing: Thing) -> bool:
    top, bottom, left, right = span(thing)
    return top == 0 or left == 0 or bottom == len(p) - 1 or right == len(p[0]) - 1


def _extreme_size(which: Callable[..., int]) -> Property:
    def fits(p: Picture, thing: Thing) -> bool:
        sizes = [len(other) for other in objects(p)]
        return len(thing) == which(sizes) and sizes.count(len(thing)) == 1

    return fits


PROPERTIES: tuple[Property, ...] = (
    _extreme_size(max),
    _extreme_size(min),
    _at_edge,
    _holed,
    lambda p, thing: len(thing) == _sides(thing)[0] * _sides(thing)[1] and min(_sides(thing)) > 1,
    lambda p, thing: len(thing) % 2 == 0,
    lambda p, thing: len(thing) == 1,
    lambda p, thing: [colour_of(p, other) for other in objects(p)].count(colour_of(p, thing)) == 1,
    lambda p, thing: _sides(thing)[0] > _sides(thing)[1],
    lambda p, thing: _sides(thing)[0] < _sides(thing)[1],
)


@lru_cache(maxsize=100_000)
def having(p: Picture, number: int) -> tuple[Thing, ...]:
    """The objects that have property number so-and-so."""
    return tuple(thing for thing in objects(p) if PROPERTIES[number](p, thing))
