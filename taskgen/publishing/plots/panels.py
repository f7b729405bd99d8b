"""Small multiples: a panel for each task, a dot and a line for each rung."""

from collections.abc import Sequence

from taskgen.publishing.drawing.colours import BLUE, FAINT, INK, PANEL, QUIET, SKY
from taskgen.publishing.drawing.shapes import Box, Disc, Drawing, Label, Line, Shape
from taskgen.publishing.drawing.texts import clip, width, wrap
from taskgen.publishing.facts import DatasetFacts
from taskgen.publishing.plots.measures import Interval, Measure
from taskgen.publishing.plots.scales import Scale, linear, scale, short

WIDE, MARGIN, GAP, AXIS, FOOT = 860, 24, 22, 36, 24
TALL, NAME = 108, 30
LINE = 18


def panels(facts: DatasetFacts, measure: Measure) -> Drawing:
    """One panel for each task, in lines of up to four."""
    across = min(4, len(facts.tasks))
    wide = WIDE if across > 1 else 480
    inner = wide - 2 * MARGIN
    part = (inner - (across - 1) * GAP) / across
    shapes, y = heading(measure.heading, measure.note, inner)
    rows = [{rung.difficulty: found for rung in task.rungs if (found := measure.of(rung))} for task in facts.tasks]
    common = _scale([value for row in rows for value in row.values()], measure)
    rungs = sorted({rung.difficulty for task in facts.tasks for rung in task.rungs})
    for place, (task, row) in enumerate(zip(facts.tasks, rows, strict=True)):
        x, top = MARGIN + place % across * (part + GAP), y + place // across * (NAME + TALL + FOOT + 14)
        own = _scale(list(row.values()), measure) if measure.scale == "task" else common
        shapes.append(Label(x, top + 8, clip(task.name, 12, part, True), 12, "start", bold=True))
        shapes += _panel(row, rungs, own, measure.scale == "share", x + AXIS, top + NAME, part - AXIS)
    y += -(-len(facts.tasks) // across) * (NAME + TALL + FOOT + 14)
    return Drawing(wide, round(y + MARGIN - 16), measure.heading, measure.caption, tuple(shapes))


def heading(text: str, note: str, wide: float) -> tuple[list[Shape], float]:
    """The heading of a plot with a note under it, and where the plot begins."""
    lines = wrap(note, 11.5, wide)
    shapes: list[Shape] = [Label(MARGIN, MARGIN + 6, text, 15, "start", bold=True)]
    shapes += [
        Label(MARGIN, MARGIN + 12 + LINE * number, line, 11.5, "start", QUIET) for number, line in enumerate(lines, 1)
    ]
    return shapes, MARGIN + 34 + LINE * len(lines)


def _scale(values: Sequence[Interval], measure: Measure) -> Scale:
    if measure.scale == "share" or not values:
        return linear(1.0)
    return scale(min(low for low, _, _ in values), max(high for _, _, high in values))


def _panel(
    row: dict[int, Interval], rungs: list[int], own: Scale, percent: bool, x: float, y: float, wide: float
) -> list[Shape]:
    """Ticks and grid lines, then what the rungs hold; (x, y) is the upper left corner of the field."""

    def level(value: float) -> float:
        return y + TALL * (1 - own.share(value))

    def across(rung: int) -> float:
        return x + wide * (rungs.index(rung) + 0.5) / len(rungs)

    shapes: list[Shape] = []
    for tick in own.ticks:
        shapes.append(Line(((x, level(tick)), (x + wide, level(tick))), FAINT))
        shapes.append(Label(x - 6, level(tick), short(100 * tick if percent else tick), 10.5, "end", QUIET))
    every = -(-len(rungs) // int(wide / (width("10", 10.5) + 4)))
    shapes += [Label(across(rung), y + TALL + 14, str(rung), 10.5, "middle", QUIET) for rung in rungs[::every]]
    for rung, (low, _, high) in row.items():
        tall = level(low) - level(high)
        shapes.append(Box(across(rung) - 2.5, level(high), 5, max(tall, 1.0), SKY, None, 1, min(2.5, tall / 2)))
    middles = tuple((across(rung), level(middle)) for rung, (_, middle, _) in row.items())
    if len(middles) > 1:
        shapes.append(Line(middles, BLUE, 1.2))
    shapes += [Disc(*middle, 3.6, BLUE, PANEL, 1) for middle in middles]
    return shapes if row else [*shapes, Label(x + wide / 2, y + TALL / 2, "no values", 11, "middle", INK)]
