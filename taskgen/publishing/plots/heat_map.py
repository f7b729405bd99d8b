"""A heat map: tasks as rows, rungs as columns, numbers in the cells."""

from collections import defaultdict
from collections.abc import Sequence
from math import ceil, log10

from taskgen.publishing.drawing.colours import QUIET, ink_on, shade
from taskgen.publishing.drawing.shapes import Drawing, Label, Line, Point, Shape, Tiles
from taskgen.publishing.drawing.texts import clip, width
from taskgen.publishing.facts import DatasetFacts
from taskgen.publishing.plots.measures import Interval, Measure
from taskgen.publishing.plots.panels import GAP, MARGIN, WIDE, heading
from taskgen.publishing.plots.scales import short

LONG = 30
"""From more tasks than these the rows stand in two blocks side by side."""
NAMES = 135
DIGITS = 9.43
"""The font size at which a digit is 6 pixels wide."""
Row = dict[int, Interval]


def heat_map(facts: DatasetFacts, measure: Measure) -> Drawing:
    """The whole map; empty cells are rungs that a task does not have."""
    rungs = sorted({rung.difficulty for task in facts.tasks for rung in task.rungs})
    blocks = 2 if len(facts.tasks) > LONG else 1
    inner = WIDE - 2 * MARGIN
    part = (inner - (blocks - 1) * GAP) // blocks
    longest = ceil(max(width(task.name, 11) for task in facts.tasks)) + 9
    # Whole and even numbers of pixels: equal numbers look the same everywhere, and the file is small.
    cell = max(2, min(60, (part - min(longest, NAMES)) // len(rungs))) // 2 * 2
    names = min(longest, max(part - cell * len(rungs), NAMES))
    tall = 24 if blocks == 1 else 16
    shapes, y = heading(measure.heading, measure.many, inner)
    y += 10
    rows = [{rung.difficulty: found for rung in task.rungs if (found := measure.of(rung))} for task in facts.tasks]
    shades = _shades(rows, measure)
    half = -(-len(facts.tasks) // blocks)
    corners: dict[str, list[Point]] = defaultdict(list)
    texts: list[Shape] = []
    for place, (task, row) in enumerate(zip(facts.tasks, rows, strict=True)):
        x, top = MARGIN + place // half * (part + GAP), y + place % half * tall
        texts.append(Label(x, top + tall / 2, clip(task.name, 11, names - 8), 11, "start"))
        for rung, found in row.items():
            left, fill = x + names + rungs.index(rung) * cell, shades[place][rung]
            corners[fill].append((left + 0.5, top + 0.5))
            texts += _content(found, measure.scale == "share", ink_on(fill), (left, top, cell, tall))
    shapes += [Tiles(tuple(corners[fill]), cell - 1, tall - 1, fill) for fill in sorted(corners)] + texts
    for block in range(blocks):
        x = MARGIN + block * (part + GAP) + names
        shapes += [
            Label(x + (column + 0.5) * cell, y - 9, str(rung), 10.5, "middle", QUIET)
            for column, rung in enumerate(rungs)
        ]
    return Drawing(WIDE, round(y + half * tall + MARGIN), measure.heading, measure.caption, tuple(shapes))


def _content(found: Interval, percent: bool, ink: str, place: tuple[float, float, float, float]) -> list[Shape]:
    """A cell's number and, for a share, its interval; the place is left, top, width and height."""
    low, middle, high = found
    left, top, cell, tall = place
    size = DIGITS if tall < 20 else 11
    if not percent:
        return [Label(left + cell / 2, top + tall / 2, short(middle), size, "middle", ink)]
    start, end = left + 1 + low * (cell - 2), left + 1 + high * (cell - 2)
    return [
        Label(left + cell / 2, top + tall / 2 - 1.5, short(100 * middle), size, "middle", ink),
        Line(((start, top + tall - 3), (max(end, start + 1), top + tall - 3)), ink, 1.4),
    ]


def _shades(rows: Sequence[Row], measure: Measure) -> list[dict[int, str]]:
    """The colours of all cells: by the share as it stands, else by the logarithm within the task or among all."""
    if measure.scale == "share":
        return [{rung: shade(middle) for rung, (_, middle, _) in row.items()} for row in rows]
    logs = [{rung: log10(1 + middle) for rung, (_, middle, _) in row.items()} for row in rows]
    everything = [value for row in logs for value in row.values()]
    groups = [list(row.values()) or [0.0] if measure.scale == "task" else everything for row in logs]
    ranges = [(min(group), max(group)) for group in groups]
    return [
        {rung: shade((value - low) / (high - low) if high > low else 0.3) for rung, value in row.items()}
        for row, (low, high) in zip(logs, ranges, strict=True)
    ]
