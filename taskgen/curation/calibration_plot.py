"""The plot of a calibration: pass rate by rung, one panel a task, one line a model, with 90 % intervals."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy

from taskgen.curation.cell_counts import Counts, policy_labels
from taskgen.curation.pooled_rates import rates_of
from taskgen.engine.files import write_whole
from taskgen.knobs import RUNGS

COLUMNS = 4
PANEL_WIDTH, PANEL_HEIGHT, LEGEND_ROW, MARGIN = 2.7, 2.1, 0.2, 0.4
"""Inches."""
LETTERS = 34
"""Letters of a legend that fit above one panel."""
DOTS_PER_INCH = 150
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#000000")
"""Told apart by the colour-blind, too (after Okabe and Ito, "Color universal design", 2008)."""
MARKERS = "osD^vPX*"
INK, GRID = "#333333", "#e4e4e4"


def plot_pass_rates(counts: Counts, path: Path) -> None:
    """Write the plot as PNG; equal counts give equal bytes, with the same release of matplotlib."""
    import matplotlib

    tasks = sorted({name.task for name in counts.cells})
    labels = policy_labels(counts.policies)
    columns = min(COLUMNS, len(tasks))
    rows = -(-len(tasks) // columns)
    legend_columns = max(1, min(len(labels), columns * LETTERS // max(len(label) + 6 for label in labels)))
    legend = LEGEND_ROW * (1 - -len(labels) // legend_columns)
    size = (max(columns * PANEL_WIDTH, 4.0), rows * PANEL_HEIGHT + legend + MARGIN)
    style: dict[Any, Any] = {
        "font.family": "DejaVu Sans", "font.size": 8, "axes.edgecolor": "#999999", "axes.linewidth": 0.6,
        "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
    }  # fmt: skip
    first = min(1, *(name.difficulty for name in counts.cells))
    with matplotlib.rc_context(dict(matplotlib.rcParamsDefault) | style):
        figure, axes = _panels(rows, columns, size)
        for position, axis in enumerate(axes):
            if position >= len(tasks):
                axis.set_visible(False)
                continue
            _dress(axis, tasks[position], first, position % columns == 0, position + columns >= len(tasks))
        handles = [_draw(counts, number, tasks, axes) for number in range(len(labels))]
        title = "pass rate by difficulty, with 90 % intervals"
        shape = {"ncols": legend_columns, "frameon": False, "borderaxespad": 0.3, "alignment": "left"}
        figure.legend(handles, labels, loc="upper left", title=title, **shape)
        figure.get_layout_engine().set(rect=(0, 0, 1, 1 - legend / size[1]), w_pad=0.06, h_pad=0.06)
        content = BytesIO()
        figure.savefig(content, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content.getvalue())


def _panels(rows: int, columns: int, size: tuple[float, float]) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(size, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False).ravel()


def _dress(axis: Any, task: str, first: int, leftmost: bool, lowest: bool) -> None:
    """The title, scales and grid of one panel."""
    axis.set_title(task, fontsize=9, fontweight="bold", loc="left", pad=4)
    axis.set_xlim(first - 0.4, RUNGS + 0.4)
    axis.set_ylim(-0.04, 1.04)
    axis.set_xticks(range(first, RUNGS + 1))
    axis.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "50 %", "", "100 %"] if leftmost else [""] * 5)
    axis.grid(color=GRID, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(length=2, width=0.6)
    if leftmost:
        axis.set_ylabel("pass rate")
    if lowest:
        axis.set_xlabel("difficulty")


def _draw(counts: Counts, policy: int, tasks: list[str], axes: Any) -> Any:
    """The line of one model in every panel; the result stands for it in the legend."""
    colour, marker = COLOURS[policy % len(COLOURS)], MARKERS[policy % len(MARKERS)]
    drawn: Any = None
    rungs, rates = rates_of(counts, policy, [(cell.task, cell.difficulty) for cell in counts.cells])
    for task, axis in zip(tasks, axes, strict=False):
        own = [place for place, rung in enumerate(rungs) if rung[0] == task]
        if not own:
            continue
        x = numpy.array([rungs[place][1] for place in own]) + _shift(policy, len(counts.policies))
        rate, low, high = rates.rate[own], rates.low[own], rates.high[own]
        axis.fill_between(x, low, high, color=colour, alpha=0.13, linewidth=0)
        axis.vlines(x, low, high, color=colour, linewidth=0.9, alpha=0.55)
        (drawn,) = axis.plot(x, rate, color=colour, marker=marker, markersize=3.2, linewidth=1.3)
    return drawn


def _shift(policy: int, policies: int) -> float:
    """A little to the side, so that the intervals of several models do not hide one another."""
    return (policy - (policies - 1) / 2) * min(0.09, 0.4 / policies)
