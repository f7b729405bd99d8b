"""Plots of a dataset: records, effort, pass rates, answer lengths and prompt tokens, by task and rung."""

from taskgen.publishing.drawing.png import to_png
from taskgen.publishing.drawing.shapes import Drawing
from taskgen.publishing.facts import DatasetFacts
from taskgen.publishing.figures import Plot
from taskgen.publishing.plots.bars import bars
from taskgen.publishing.plots.heat_map import heat_map
from taskgen.publishing.plots.measures import ANSWER, EFFORT, PASS_RATE, RECORDS, TOKENS, Measure
from taskgen.publishing.plots.panels import panels

MANY = 24
"""From more tasks than these a plot is a heat map, not a panel for each."""


def draw_plots(facts: DatasetFacts) -> list[Plot]:
    """The plots that there is something for; none where the rows are no records of ours."""
    measures = (RECORDS, EFFORT, PASS_RATE, ANSWER, TOKENS) if facts.rated else (RECORDS, EFFORT, ANSWER, TOKENS)
    return [Plot(measure.name, measure.caption, to_png(sketch(facts, measure))) for measure in measures if facts.tasks]


def sketch(facts: DatasetFacts, measure: Measure) -> Drawing:
    """The drawing of one measure: bars or panels for a few tasks, a heat map for many."""
    if measure is RECORDS:
        return bars(facts) if len(facts.tasks) == 1 else heat_map(facts, measure)
    return heat_map(facts, measure) if len(facts.tasks) > MANY else panels(facts, measure)
