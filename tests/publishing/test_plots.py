"""Plots of a dataset: what they show is what was counted, for one task on one rung as for 120 on ten."""

import hashlib
import os
import subprocess
import sys
import time
from io import BytesIO

import pytest
from PIL import Image

from taskgen.engine.building import build
from taskgen.engine.manifest import Manifest
from taskgen.engine.orders import place_order
from taskgen.engine.schema import SCHEMA
from taskgen.publishing.drawing.colours import BLUE, QUIET, SERIES, SKY
from taskgen.publishing.drawing.shapes import Box, Disc, Line, Tiles
from taskgen.publishing.facts import DatasetFacts, Rate, RungFacts, SplitFacts, Spread, TaskFacts, gather
from taskgen.publishing.plots import draw_plots, sketch
from taskgen.publishing.plots.measures import ANSWER, EFFORT, PASS_RATE, RECORDS, TOKENS
from taskgen.publishing.plots.scales import linear, scale, short
from taskgen.registry import task
from tests.publishing.drawn import DARK, WHITE, chunks, labels, least_contrast, outside, overlapping

MEASURES = (RECORDS, EFFORT, PASS_RATE, ANSWER, TOKENS)
SIZES = [(1, 1), (1, 10), (3, 10), (13, 10), (120, 10)]
SAMPLE = task("sudoku").generate(difficulty=1)
"""The record that every task of these facts quotes; plots show none."""


def spread(median, factor=2.0):
    return Spread(median, median / factor, median / factor**0.5, median, median * factor**0.5, median * factor)


def rung(number, rows=None, effort=1.0, rate=None):
    rows = rows or {"train": 90, "validation": 5, "test": 5}
    return RungFacts(number, rows, spread(effort), spread(3 * number), spread(500), spread(60 + 40 * number), rate)


def facts_of(*tasks):
    """Facts of tasks, each a list of its rungs."""
    found = tuple(
        TaskFacts(f"task_number_{number:03}", "grids", 1, tuple(rungs), SAMPLE, 0.0, "", 1)
        for number, rungs in enumerate(tasks)
    )
    splits = sorted({split for each in found for one in each.rungs for split in one.rows})
    return DatasetFacts(Manifest(), SCHEMA, tuple(SplitFacts(name, (), 1, 1, 1) for name in splits), found, ())


def many(tasks, rungs):
    """Facts in which effort grows by task and rung in different ways, and pass rates fall."""
    return facts_of(
        *(
            [
                rung(
                    number,
                    effort=(1, 4, 30, 900)[place % 4] * number ** (1 + place % 3),
                    rate=Rate(1.05 - number / 10, max(0, 0.98 - number / 10), min(1, 1.1 - number / 10), 20, 80),
                )
                for number in range(1, rungs + 1)
            ]
            for place in range(tasks)
        )
    )


def test_a_dataset_that_was_generated_has_four_plots(tmp_path):
    build(place_order([("linear_system", (1, 2)), ("sudoku", (1,))], count=8, split="train"), tmp_path, workers=1)
    plots = draw_plots(gather(tmp_path))
    assert [plot.name for plot in plots] == ["records", "effort", "answer_length", "prompt_tokens"]
    assert all(plot.caption.endswith(".") for plot in plots)
    records = sketch(gather(tmp_path), RECORDS)
    assert [label.text for label in labels(records)][2:] == ["linear_system", "3", "3", "sudoku", "2", "1", "2"]


def test_pass_rates_are_plotted_where_there_are_some():
    assert [plot.name for plot in draw_plots(many(2, 2))] == [measure.name for measure in MEASURES]


def test_rows_that_are_no_records_have_no_plots():
    assert draw_plots(facts_of()) == []


@pytest.mark.parametrize(("tasks", "rungs"), SIZES)
def test_plots_of_any_size_are_small_files_with_all_texts_inside_and_apart(tasks, rungs):
    facts = many(tasks, rungs)
    for plot, measure in zip(draw_plots(facts), MEASURES, strict=True):
        image = Image.open(BytesIO(plot.png))
        assert image.size[0] <= 900
        assert image.size[1] <= 1200
        assert len(plot.png) < 60_000
        assert set(chunks(plot.png)) == {"IHDR", "PLTE", "tRNS", "IDAT", "IEND"}
        drawing = sketch(facts, measure)
        assert outside(drawing) == []
        assert overlapping(drawing) == []


@pytest.mark.parametrize(("tasks", "rungs"), [(1, 10), (3, 5), (26, 5)])
def test_every_text_of_a_plot_can_be_read_on_white_and_on_dark_pages(tasks, rungs):
    facts = many(tasks, rungs)
    for plot, measure in zip(draw_plots(facts), MEASURES, strict=True):
        for page in (WHITE, DARK):
            contrast, text = least_contrast(sketch(facts, measure), plot.png, page)
            assert contrast >= 4.5, (plot.name, text)


def test_the_plots_of_thirteen_tasks_take_less_than_one_and_a_half_seconds():
    facts = many(13, 10)
    draw_plots(facts)
    start = time.process_time()
    draw_plots(facts)
    assert time.process_time() - start < 1.5


def test_another_process_draws_the_same_bytes():
    script = (
        "import hashlib\nfrom taskgen.publishing.plots import draw_plots\n"
        "from tests.publishing.test_plots import many\n"
        "print(hashlib.sha256(b''.join(plot.png for plot in draw_plots(many(3, 4)))).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77"}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    here = hashlib.sha256(b"".join(plot.png for plot in draw_plots(many(3, 4)))).hexdigest()
    assert ran.stdout.strip() == here, ran.stderr


# Records


def test_bars_of_one_task_are_as_high_as_their_counts_and_cut_by_split():
    drawing = sketch(facts_of([rung(1, {"train": 60, "test": 20}), rung(4, {"train": 40})]), RECORDS)
    # In order of the drawing: the bars from the foot up, then the legend. Splits: test, train.
    boxes = [(box.fill, box.height) for box in drawing.shapes if isinstance(box, Box)]
    assert [fill for fill, _ in boxes] == [SERIES[1], SERIES[0], SERIES[1], SERIES[0], SERIES[1]]
    heights = [height for _, height in boxes[:3]]
    assert heights == pytest.approx([180 * count / 80 for count in (60, 20, 40)])
    texts = [label.text for label in labels(drawing)]
    assert texts[2:] == ["0", "40", "80", "80", "1", "40", "4", "test", "train"]


def test_the_map_of_records_has_a_number_in_every_cell_and_nothing_where_a_rung_is_missing():
    drawing = sketch(facts_of([rung(1, {"train": 7}), rung(3, {"train": 1234})], [rung(2, {"train": 56_789})]), RECORDS)
    cells = {}
    columns = {label.x: label.text for label in labels(drawing) if label.fill == QUIET and label.anchor == "middle"}
    rows = {label.y: label.text for label in labels(drawing) if label.text.startswith("task")}
    for label in labels(drawing):
        if label.y in rows and label.x in columns:
            cells[rows[label.y], columns[label.x]] = label.text
    assert cells == {
        ("task_number_000", "1"): "7",
        ("task_number_000", "3"): "1234",
        ("task_number_001", "2"): "57k",
    }
    tiles = [tile for tile in drawing.shapes if isinstance(tile, Tiles)]
    assert sum(len(tile.corners) for tile in tiles) == 3


# Panels


def level(drawing, share):
    """The height of a share of the first panel's field, read off its lowest and highest grid lines."""
    lines = [line.points[0][1] for line in drawing.shapes if isinstance(line, Line)]
    return max(lines) - share * (max(lines) - min(lines))


def test_a_panel_has_a_dot_at_the_median_and_a_line_from_5_to_95_percent():
    drawing = sketch(facts_of([rung(2, effort=10.0), rung(5, effort=5.0)]), EFFORT)
    dots = [disc.y for disc in drawing.shapes if isinstance(disc, Disc)]
    bars = [(box.y, box.y + box.height) for box in drawing.shapes if isinstance(box, Box) and box.fill == SKY]
    # The scale goes from 0 to 20: the highest 95 % is 10 * 2.
    assert dots == pytest.approx([level(drawing, 0.5), level(drawing, 0.25)])
    assert bars[0] == pytest.approx((level(drawing, 1.0), level(drawing, 0.25)))
    assert bars[1] == pytest.approx((level(drawing, 0.5), level(drawing, 0.125)))
    assert [label.text for label in labels(drawing)][2:] == ["task_number_000", "0", "10", "20", "2", "5"]


def test_every_task_has_its_own_scale_of_effort_and_all_share_that_of_lengths():
    facts = facts_of([rung(1, effort=10.0)], [rung(1, effort=1000.0)])
    texts = [label.text for label in labels(sketch(facts, EFFORT))]
    assert texts[3:6] == ["0", "10", "20"]
    assert texts[-4:] == ["0", "1000", "2000", "1"]
    texts = [label.text for label in labels(sketch(facts, ANSWER))]
    assert texts[3:6] == texts[-4:-1] == ["0", "3", "6"]


def test_pass_rates_go_from_0_to_100_percent_with_their_interval():
    drawing = sketch(facts_of([rung(1, rate=Rate(0.75, 0.5, 1.0, 9, 72)), rung(2)]), PASS_RATE)
    dots = [disc.y for disc in drawing.shapes if isinstance(disc, Disc)]
    bars = [(box.y, box.y + box.height) for box in drawing.shapes if isinstance(box, Box) and box.fill == SKY]
    assert dots == pytest.approx([level(drawing, 0.75)])
    assert bars == [pytest.approx((level(drawing, 1.0), level(drawing, 0.5)))]
    assert [label.text for label in labels(drawing)][3:6] == ["0", "50", "100"]


def test_a_task_without_pass_rates_says_so():
    facts = facts_of([rung(1, rate=Rate(0.5, 0.4, 0.6, 9, 72))], [rung(1)])
    texts = [label.text for label in labels(sketch(facts, PASS_RATE))]
    assert texts.count("no values") == 1


def test_prompt_tokens_are_called_an_estimate():
    for facts in (many(2, 2), many(30, 2)):
        texts = " ".join(label.text for label in labels(sketch(facts, TOKENS)))
        assert "Tokens of the prompts (an estimate)" in texts
        assert "estimated without a tokenizer" in texts
    assert "estimated" in TOKENS.caption


# Many tasks


def test_from_25_tasks_on_there_is_a_heat_map_with_the_medians():
    drawing = sketch(many(25, 2), EFFORT)
    assert not [shape for shape in drawing.shapes if isinstance(shape, Disc)]
    assert len([label for label in labels(drawing) if label.text.startswith("task")]) == 25
    texts = [label.text for label in labels(drawing)]
    assert texts[texts.index("task_number_003") + 1 : texts.index("task_number_004")] == ["900", "1800"]
    assert [shape for shape in sketch(many(24, 2), EFFORT).shapes if isinstance(shape, Disc) and shape.fill == BLUE]


def test_cells_of_pass_rates_have_the_interval_as_a_line_across_the_cell():
    rates = [Rate(0.5, 0.25, 0.75, 9, 72)] * 25
    drawing = sketch(facts_of(*([rung(1, rate=rate)] for rate in rates)), PASS_RATE)
    cell = next(tile for tile in drawing.shapes if isinstance(tile, Tiles))
    lines = [line.points for line in drawing.shapes if isinstance(line, Line)]
    left = cell.corners[0][0] + 0.5
    assert len(lines) == 25
    assert [x for x, _ in lines[0]] == pytest.approx([left + 0.25 * (cell.width - 1), left + 0.75 * (cell.width - 1)])


# Scales


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 0, (0, 0.5, 1)),
        (0, 7, (0, 4, 8)),
        (5, 110, (0, 60, 120)),
        (1, 1000, (1, 10, 100, 1000)),
        (0.5, 2_000_000, (0.1, 100, 100_000)),
        (0, 500, (0, 1, 10, 100, 1000)),
    ],
)
def test_a_scale_suits_its_range(low, high, ticks):
    found = scale(low, high)
    assert found.ticks == pytest.approx(ticks)
    shares = [found.share(tick) for tick in found.ticks]
    assert shares == sorted(shares)
    assert 0 <= found.share(low) <= found.share(high) <= 1
    assert found.share(found.ticks[0]) == 0


def test_a_linear_scale_is_linear_and_a_log_scale_has_equal_steps_for_equal_factors():
    assert [linear(8).share(value) for value in (0, 2, 4, 8)] == [0, 0.25, 0.5, 1]
    assert [scale(1, 1000).share(value) for value in (1, 10, 100, 1000)] == pytest.approx([0, 1 / 3, 2 / 3, 1])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.05, "0.05"),
        (0.3, "0.3"),
        (2, "2"),
        (9.96, "10"),
        (42.4, "42"),
        (9999.4, "9999"),
        (9999.6, "10k"),
        (31_400, "31k"),
        (999_600, "1M"),
        (2_500_000, "2.5M"),
        (3e9, "3G"),
        (4e12, "4T"),
        (2e18, "1e18"),
    ],
)
def test_numbers_are_written_short(value, text):
    assert short(value) == text
