"""Records of one task: a bar for each rung, cut by split."""

from taskgen.publishing.drawing.colours import FAINT, QUIET, SERIES
from taskgen.publishing.drawing.shapes import Box, Drawing, Label, Line
from taskgen.publishing.drawing.texts import width
from taskgen.publishing.facts import DatasetFacts
from taskgen.publishing.plots.measures import RECORDS
from taskgen.publishing.plots.panels import AXIS, MARGIN, heading
from taskgen.publishing.plots.scales import linear, short

WIDE, TALL, BAR = 480, 180, 0.68


def bars(facts: DatasetFacts) -> Drawing:
    """The bars of the dataset's only task, its splits named beneath."""
    task = facts.tasks[0]
    splits = [split.name for split in facts.splits]
    colours = {split: SERIES[place % len(SERIES)] for place, split in enumerate(splits)}
    inner = WIDE - 2 * MARGIN
    note = f"{task.name}: {task.count} records; numbers above the bars: all splits"
    shapes, y = heading("Records by rung", note, inner)
    y += 10
    own = linear(max(rung.count for rung in task.rungs))
    left, wide = MARGIN + AXIS, inner - AXIS
    for tick in own.ticks:
        level = y + TALL * (1 - own.share(tick))
        shapes.append(Line(((left, level), (left + wide, level)), FAINT))
        shapes.append(Label(left - 6, level, short(tick), 10.5, "end", QUIET))
    slots = max(len(task.rungs), 3)
    step, first = wide / slots, (slots - len(task.rungs)) / 2
    for place, rung in enumerate(task.rungs):
        x, level = left + (first + place + (1 - BAR) / 2) * step, y + TALL
        for split, rows in rung.rows.items():
            tall = TALL * own.share(rows)
            level -= tall
            shapes.append(Box(x, level, BAR * step, tall, colours[split]))
        shapes.append(Label(x + BAR * step / 2, level - 9, short(rung.count), 10.5))
        shapes.append(Label(x + BAR * step / 2, y + TALL + 14, str(rung.difficulty), 10.5, "middle", QUIET))
    y += TALL + 38
    x = float(left)
    for split in splits:
        if x + 22 + width(split, 11.5) > WIDE - MARGIN:
            x, y = float(left), y + 20
        shapes.append(Box(x, y - 6, 12, 12, colours[split], None, 1, 2))
        shapes.append(Label(x + 18, y, split, 11.5, "start"))
        x += 40 + width(split, 11.5)
    return Drawing(WIDE, round(y + MARGIN - 4), RECORDS.heading, RECORDS.caption, tuple(shapes))
