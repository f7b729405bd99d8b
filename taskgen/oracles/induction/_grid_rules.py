"""The primitives of grid rules, written anew from their description for the oracle: pictures in, pictures out.

A picture is a tuple of strings, '.' for background. A rule is a function from picture to picture, or to None where it
is undefined.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

from taskgen.oracles.induction._grid_objects import (
    PROPERTIES,
    Picture,
    Point,
    colour_of,
    having,
    objects,
    reach,
    span,
)

Rule = Callable[[Picture], "Picture | None"]

LIMIT = 20
ARROWS = ((-1, 0), (1, 0), (0, -1), (0, 1))


def rules(colours: list[str]) -> Iterator[Rule]:
    """Every primitive with every choice of its arguments."""
    yield from _geometry()
    yield from _frames()
    yield from _colours(colours)
    for wanted in range(len(PROPERTIES)):
        yield partial(_kept_if, wanted=wanted)
        yield partial(_cut_out, wanted=wanted)
        for new in (".", *colours):
            yield partial(_painted_if, wanted=wanted, new=new)
    yield partial(_follow, which=max)
    yield partial(_follow, which=min)
    for arrow in ARROWS:
        yield partial(_towards, arrow=arrow, on_row=_fall)
        yield partial(_towards, arrow=arrow, on_row=_ray)
        for colour in (None, *colours):
            yield partial(_slide, arrow=arrow, colour=colour)
    for rule in (_link, _mirror_each):
        yield rule
        yield partial(_sideways, rule=rule)
    yield from (_hollow, _box, _grow)
    for new in colours:
        yield partial(_fill, new=new)
        yield partial(_outline, new=new)


def _transposed(p: Picture) -> Picture:
    return tuple("".join(column) for column in zip(*p, strict=True))


def _sideways(p: Picture, rule: Rule) -> Picture | None:
    """A rule that works on rows, done on columns."""
    result = rule(_transposed(p))
    return None if result is None else _transposed(result)


def _upside_down(p: Picture) -> Picture:
    return p[::-1]


def _left_right(p: Picture) -> Picture:
    return tuple(row[::-1] for row in p)


def _geometry() -> Iterator[Rule]:
    symmetries: list[Callable[[Picture], Picture]] = [
        _left_right,
        _upside_down,
        lambda p: _upside_down(_left_right(p)),
        _transposed,
        lambda p: _transposed(_upside_down(_left_right(p))),
        lambda p: _transposed(_upside_down(p)),
        lambda p: _upside_down(_transposed(p)),
    ]
    yield from symmetries
    for own_inverse in symmetries[:5]:
        yield partial(_completed, image=own_inverse)
    yield lambda p: p[1:] + p[:1]
    yield lambda p: p[-1:] + p[:-1]
    yield lambda p: tuple(row[1:] + row[:1] for row in p)
    yield lambda p: tuple(row[-1:] + row[:-1] for row in p)


def _completed(p: Picture, image: Callable[[Picture], Picture]) -> Picture | None:
    return _laid(p, image(p))


def _laid(top: Picture, under: Picture) -> Picture | None:
    """One picture over another of the same shape, background transparent."""
    if (len(top), len(top[0])) != (len(under), len(under[0])):
        return None
    return tuple(
        "".join(b if a == "." else a for a, b in zip(*rows, strict=True)) for rows in zip(top, under, strict=True)
    )


def _frames() -> Iterator[Rule]:
    upright: list[Rule] = [
        lambda p: p[::-1] + p,
        lambda p: p + p[::-1],
        lambda p: p + p,
        lambda p: p * len(objects(p)),
        lambda p: None if len(p) % 2 else p[: len(p) // 2],
        lambda p: None if len(p) % 2 else p[len(p) // 2 :],
        lambda p: None if len(p) % 2 else _laid(p[: len(p) // 2], p[len(p) // 2 :]),
        lambda p: None if len(p) % 2 else _laid(p[len(p) // 2 :], p[: len(p) // 2]),
        lambda p: None if len(p) % 2 else _agreeing(p[: len(p) // 2], p[len(p) // 2 :]),
    ]
    yield from upright
    for rule in upright:
        yield partial(_sideways, rule=rule)
    yield lambda p: tuple(row * 2 for row in p + p)
    for times in (2, 3):
        yield partial(_enlarged, times=times)
    yield lambda p: _enlarged(p, len(set("".join(p)) - {"."}))
    yield lambda p: tuple(row[1:-1] for row in p[1:-1]) if len(p) > 2 and len(p[0]) > 2 else None
    yield lambda p: _around(p, [point for thing in objects(p) for point in thing])
    yield _squeezed
    yield _fractal


def _agreeing(first: Picture, second: Picture) -> Picture:
    return tuple(
        "".join(a if a == b else "." for a, b in zip(*rows, strict=True)) for rows in zip(first, second, strict=True)
    )


def _enlarged(p: Picture, times: int) -> Picture:
    return tuple("".join(cell * times for cell in row) for row in p for _ in range(times))


def _around(p: Picture, points: list[Point]) -> Picture | None:
    if not points:
        return None
    rows, columns = zip(*points, strict=True)
    return tuple(row[min(columns) : max(columns) + 1] for row in p[min(rows) : max(rows) + 1])


def _squeezed(p: Picture) -> Picture | None:
    kept = tuple(row for row in p if set(row) != {"."})
    return _transposed(tuple(row for row in _transposed(kept) if set(row) != {"."})) if kept else None


def _fractal(p: Picture) -> Picture:
    blank = "." * len(p[0])
    return tuple("".join(line if cell != "." else blank for cell in row) for row in p for line in p)


def _colours(colours: list[str]) -> Iterator[Rule]:
    for one in colours:
        yield partial(_mapped, names={other: "." for other in "0123456789" if other != one})
        yield partial(_mapped, names=dict.fromkeys("0123456789", one))
        yield partial(_mapped, names={one: "."})
        yield partial(_extreme_painted, which=max, new=one)
        yield partial(_extreme_painted, which=min, new=one)
        for other in colours:
            if other != one:
                yield partial(_mapped, names={one: other})
            if other > one:
                yield partial(_mapped, names={one: other, other: one})
    yield _exchanged


def _mapped(p: Picture, names: dict[str, str]) -> Picture:
    table = {ord(old): new for old, new in names.items()}
    return tuple(row.translate(table) for row in p)


def _extreme_painted(p: Picture, which: Callable[..., int], new: str) -> Picture | None:
    old = _extreme(p, which)
    return None if old is None else _mapped(p, {old: new})


def _exchanged(p: Picture) -> Picture | None:
    most, least = _extreme(p, max), _extreme(p, min)
    return None if most is None or least is None else _mapped(p, {most: least, least: most})


def _extreme(p: Picture, which: Callable[..., int]) -> str | None:
    """The most or the least frequent colour, None where two share the place."""
    counts = Counter("".join(p).replace(".", ""))
    found = [colour for colour, count in counts.items() if count == which(counts.values())]
    return found[0] if len(found) == 1 else None


def _painted_if(p: Picture, wanted: int, new: str) -> Picture | None:
    chosen = having(p, wanted)
    if not chosen:
        return None
    inside = frozenset().union(*chosen)
    return tuple("".join(new if (r, c) in inside else cell for c, cell in enumerate(row)) for r, row in enumerate(p))


def _kept_if(p: Picture, wanted: int) -> Picture | None:
    chosen = having(p, wanted)
    return _drawn(p, {point: colour_of(p, thing) for thing in chosen for point in thing}) if chosen else None


def _cut_out(p: Picture, wanted: int) -> Picture | None:
    chosen = having(p, wanted)
    return _around(p, list(chosen[0])) if len(chosen) == 1 else None


def _follow(p: Picture, which: Callable[..., int]) -> Picture | None:
    sizes = [len(thing) for thing in objects(p)]
    leaders = [thing for thing in objects(p) if len(thing) == which(sizes)]
    if len(leaders) != 1:
        return None
    return tuple("".join(cell if cell == "." else colour_of(p, leaders[0]) for cell in row) for row in p)


def _towards(p: Picture, arrow: Point, on_row: Callable[[Picture], Picture]) -> Picture:
    """What happens to rows to the right, done in the direction of an arrow."""
    upright, backward = arrow[0] != 0, sum(arrow) < 0
    turned = _transposed(p) if upright else p
    done = _left_right(on_row(_left_right(turned))) if backward else on_row(turned)
    return _transposed(done) if upright else done


def _fall(p: Picture) -> Picture:
    return tuple(row.replace(".", "").rjust(len(row), ".") for row in p)


def _single(p: Picture, r: int, c: int) -> bool:
    near = [(r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)]
    return all(p[r][c] != p[y][x] for y, x in near if 0 <= y < len(p) and 0 <= x < len(p[0]))


def _ray(p: Picture) -> Picture:
    rows = []
    for r, row in enumerate(p):
        cells = list(row)
        for c, cell in enumerate(row):
            x = c + 1
            while cell != "." and _single(p, r, c) and x < len(row) and row[x] == ".":
                cells[x] = cell
                x += 1
        rows.append("".join(cells))
    return tuple(rows)


def _link(p: Picture) -> Picture:
    rows = []
    for row in p:
        coloured = [c for c, cell in enumerate(row) if cell != "."]
        cells = list(row)
        for c, d in pairwise(coloured):
            if row[c] == row[d]:
                cells[c:d] = [row[c]] * (d - c)
        rows.append("".join(cells))
    return tuple(rows)


def _drawn(p: Picture, cells: dict[Point, str]) -> Picture:
    """A picture of the same shape with these cells."""
    return tuple("".join(cells.get((r, c), ".") for c in range(len(p[0]))) for r in range(len(p)))


def _slide(p: Picture, arrow: Point, colour: str | None) -> Picture:
    things = [(thing, colour_of(p, thing)) for thing in objects(p)]
    free = {(r, c) for r, row in enumerate(p) for c, cell in enumerate(row) if cell == "."}
    moved = True
    while moved:
        moved = False
        for number, (thing, own) in enumerate(things):
            ahead = frozenset((r + arrow[0], c + arrow[1]) for r, c in thing)
            if colour in (None, own) and ahead - thing <= free:
                free = (free | thing) - ahead
                things[number] = (ahead, own)
                moved = True
    return _drawn(p, {point: own for thing, own in things for point in thing})


def _mirror_each(p: Picture) -> Picture | None:
    cells: dict[Point, str] = {}
    for thing in objects(p):
        _, _, left, right = span(thing)
        for r, c in thing:
            if (r, left + right - c) in cells:
                return None
            cells[r, left + right - c] = colour_of(p, thing)
    return _drawn(p, cells)


def _box(p: Picture) -> Picture | None:
    claims: dict[Point, set[str]] = {}
    for thing in objects(p):
        top, bottom, left, right = span(thing)
        for r in range(top, bottom + 1):
            for c in range(left, right + 1):
                claims.setdefault((r, c), set()).add(colour_of(p, thing))
    empty = {point: colours for point, colours in claims.items() if p[point[0]][point[1]] == "."}
    if any(len(colours) > 1 for colours in empty.values()):
        return None
    return _laid(p, _drawn(p, {point: min(colours) for point, colours in empty.items()}))


def _around_cell(p: Picture, r: int, c: int, corners: bool) -> list[str]:
    steps = [(dr, dc) for dr in (-1, 0, 1) for dc in (-1, 0, 1) if (corners and (dr or dc)) or abs(dr) + abs(dc) == 1]
    return [p[r + dr][c + dc] for dr, dc in steps if 0 <= r + dr < len(p) and 0 <= c + dc < len(p[0])]


def _hollow(p: Picture) -> Picture:
    return tuple(
        "".join("." if _around_cell(p, r, c, False) == [cell] * 4 else cell for c, cell in enumerate(row))
        for r, row in enumerate(p)
    )


def _outline(p: Picture, new: str) -> Picture:
    return tuple(
        "".join(new if cell == "." and set(_around_cell(p, r, c, True)) - {"."} else cell for c, cell in enumerate(row))
        for r, row in enumerate(p)
    )


def _grow(p: Picture) -> Picture:
    rows = []
    for r, row in enumerate(p):
        near = [sorted(set(_around_cell(p, r, c, False)) - {"."}) for c in range(len(row))]
        rows.append("".join(n[0] if cell == "." and len(n) == 1 else cell for n, cell in zip(near, row, strict=True)))
    return tuple(rows)


def _fill(p: Picture, new: str) -> Picture:
    empty = {(r, c) for r, row in enumerate(p) for c, cell in enumerate(row) if cell == "."}
    edge = [(r, c) for r, c in empty if r in (0, len(p) - 1) or c in (0, len(p[0]) - 1)]
    return _laid(p, _drawn(p, dict.fromkeys(empty - reach(edge, empty), new))) or p
