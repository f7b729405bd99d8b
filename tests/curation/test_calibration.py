"""One scale of difficulty over tasks and models, fitted to rollouts."""

import math
from itertools import pairwise

import msgspec
import numpy
import pytest
from scipy.optimize import brentq

from taskgen.cli.main import run
from taskgen.curation.calibration import LEVELS, calibrate
from taskgen.curation.cell_counts import count, policy_labels, read_counts
from taskgen.curation.item_response import SPREAD
from taskgen.engine.calibrations import read_calibration, write_calibration
from taskgen.engine.errors import UsageError
from tests.curation.rollout_folders import ladder_knobs, simulated, tally_table, write_folder
from tests.engine.conftest import contents

Z90 = 1.6449


def fitted(table):
    return calibrate(count(table, "the rollouts"))


def one_trial_each(outcomes, task="t", model="m"):
    """Tallies of cells d1, d2, ... with (right, wrong) records of one rollout each."""
    return [
        (f"{task}{difficulty}-{place}", task, difficulty, "{}", model, 1, int(place < right))
        for difficulty, (right, wrong) in enumerate(outcomes, start=1)
        for place in range(right + wrong)
    ]


# Recovery of known parameters


@pytest.mark.parametrize(("correlation", "at_least"), [(0.0, 0.98), (0.3, 0.95)])
def test_known_parameters_are_recovered_and_the_standard_errors_are_true(correlation, at_least):
    within, correlations, estimated = {"theta": [], "a": [], "b": []}, [], []
    for seed in range(12):
        table, theta, a, b = simulated(seed, correlation=correlation)
        calibration = fitted(table)
        found = {"theta": calibration.models, "a": calibration.tasks, "b": calibration.cells}
        for name, truth in {"theta": theta, "a": a, "b": b}.items():
            estimate = numpy.array([getattr(entry, name) for entry in found[name]])
            error = numpy.array([entry.standard_error for entry in found[name]])
            within[name].append(numpy.abs(estimate - truth) < Z90 * error)
        correlations.append(numpy.corrcoef([cell.b for cell in calibration.cells], b)[0, 1])
        estimated.append(calibration.correlation)
    assert min(correlations) > at_least
    assert numpy.mean(estimated) == pytest.approx(correlation, abs=0.02)
    assert 0.87 < numpy.mean(within["b"]) < 0.96
    # Models that were sampled on the same records share their luck: their differences are surer than is said.
    assert numpy.mean(within["theta"]) > 0.84
    assert numpy.mean(within["a"]) > 0.84


def test_the_scale_is_anchored_at_the_average_model_and_the_average_task():
    calibration = fitted(simulated(5)[0])
    assert calibration.response_model == "2PL"
    assert sum(model.theta for model in calibration.models) == pytest.approx(0, abs=3e-4)
    assert sum(math.log(task.a) for task in calibration.tasks) == pytest.approx(0, abs=1e-3)


# Degenerate inputs


def test_one_model_gives_the_rasch_scale_of_its_log_odds():
    calibration = fitted(tally_table(one_trial_each([(30, 10), (20, 20), (10, 30)])))
    assert calibration.response_model == "Rasch"
    assert [(model.theta, model.standard_error) for model in calibration.models] == [(0, 0)]
    assert [(task.a, task.standard_error) for task in calibration.tasks] == [(1, 0)]
    # The ridge pulls by b / SPREAD**2: the estimate solves 40 (p(b) - 3/4) = -b / SPREAD**2 exactly.
    expected = brentq(lambda b: 40 / (1 + math.exp(b)) - 30 - b / SPREAD**2, -5, 5)
    assert [cell.b for cell in calibration.cells] == pytest.approx([expected, 0, -expected], abs=1e-4)
    information = 40 * 0.25 + SPREAD**-2
    assert calibration.cells[1].standard_error == pytest.approx(information**-0.5, abs=1e-4)


def test_a_cell_that_is_always_or_never_solved_has_a_finite_bound():
    calibration = fitted(tally_table(one_trial_each([(20, 0), (10, 10), (0, 20), (0, 5)])))
    always, half, never, seldom_tried = calibration.cells
    assert [cell.bound for cell in calibration.cells] == ["at_most", "none", "at_least", "at_least"]
    assert always.b == -never.b
    assert 2 < seldom_tried.b < never.b < 5
    assert never.standard_error > 2 * half.standard_error


def test_a_single_rollout_is_enough_for_a_scale():
    calibration = fitted(tally_table(one_trial_each([(1, 0)])))
    (cell,) = calibration.cells
    assert (cell.bound, cell.records, cell.trials, cell.pass_rates) == ("at_most", 1, 1, (1.0,))
    assert cell.b == pytest.approx(brentq(lambda b: 1 / (1 + math.exp(b)) - 1 - b / SPREAD**2, -5, 5), abs=1e-4)


def test_a_cell_that_one_model_always_solves_and_another_never_is_measured_between_them():
    rows = one_trial_each([(20, 0), (10, 10)], model="strong") + one_trial_each([(0, 20), (10, 10)], model="weak")
    calibration = fitted(tally_table(rows))
    strong, weak = calibration.models
    assert calibration.cells[0].bound == "none"
    assert weak.theta < calibration.cells[0].b < strong.theta
    assert calibration.cells[0].pass_rates == (1.0, 0.0)


def test_a_model_that_was_not_sampled_on_a_cell_has_no_pass_rate_there():
    rows = one_trial_each([(1, 1), (1, 1)]) + one_trial_each([(1, 1)], model="other")
    assert [cell.pass_rates for cell in fitted(tally_table(rows)).cells] == [(0.5, 0.5), (0.5, None)]


def test_models_without_a_cell_in_common_are_not_put_on_one_scale():
    rows = one_trial_each([(1, 1)]) + one_trial_each([(1, 1)], task="u", model="other")
    with pytest.raises(UsageError, match="m and other have no cell in common"):
        fitted(tally_table(rows))
    bridge = one_trial_each([(1, 1)], model="bridge") + one_trial_each([(1, 1)], task="u", model="bridge")
    assert len(fitted(tally_table(rows + bridge)).models) == 3


def test_rollouts_of_one_record_count_less_than_those_of_many():
    alike = [(f"{place}", "t", 1, "{}", "m", 16, 16 * (place % 2)) for place in range(40)]
    calibration = fitted(tally_table(alike))
    assert calibration.correlation == 1
    assert calibration.cells[0].standard_error == pytest.approx((40 * 0.25 + SPREAD**-2) ** -0.5, abs=1e-4)
    assert (calibration.cells[0].records, calibration.cells[0].trials) == (40, 640)


# Names


def test_a_model_sampled_in_two_ways_is_two_models_named_for_what_differs(tmp_path):
    cells = {("addition", 1, "{}"): [[1, 0], [1, 1]]}
    cold = write_folder(tmp_path / "cold", cells, settings='{"temperature":0.0,"top_p":1.0}')
    warm = write_folder(tmp_path / "warm", cells, settings='{"temperature":1.0,"top_p":1.0}')
    counts = read_counts([warm, cold])
    assert policy_labels(counts.policies) == ["solver temperature=0.0", "solver temperature=1.0"]


def test_completions_that_were_cut_off_are_neither_right_nor_wrong(tmp_path):
    folder = write_folder(tmp_path / "r", {("addition", 1, "{}"): [[1, 0, None], [None, None]]})
    counts = read_counts([folder])
    assert (counts.trials.tolist(), counts.correct.tolist(), counts.censored) == ([2], [1], 3)


def test_rollouts_that_two_folders_share_are_not_counted_twice(tmp_path):
    cells = {("addition", 1, "{}"): [[1, 0]]}
    folders = [write_folder(tmp_path / name, cells) for name in ("a", "b")]
    with pytest.raises(UsageError, match=r"a and .*b both have rollouts of record addition-1-2-0 by solver"):
        read_counts(folders)


# The levels and the file


def test_level_5_is_solved_half_and_each_level_halves_the_odds():
    assert LEVELS[4] == 0
    odds = [math.exp(-b) for b in LEVELS]
    assert [high / low for high, low in pairwise(odds)] == pytest.approx([2] * 9, abs=2e-4)


def test_the_file_holds_the_calibration_and_reads_as_text(tmp_path):
    calibration = fitted(tally_table(one_trial_each([(3, 1), (1, 3)])))
    write_calibration(tmp_path / "c.json", calibration)
    assert read_calibration(tmp_path / "c.json") == calibration
    plain = msgspec.json.decode((tmp_path / "c.json").read_bytes())
    assert plain["format"] == 1
    assert plain["cells"][0] == {
        "task": "t", "difficulty": 1, "knobs": {}, "b": plain["cells"][0]["b"],
        "standard_error": plain["cells"][0]["standard_error"], "bound": "none", "records": 4, "trials": 4,
        "pass_rates": [0.75],
    }  # fmt: skip


# The command


@pytest.fixture
def rollouts(toys, tmp_path, monkeypatch):
    """A folder of rollouts on the toy task's rungs 2 to 6: 9, 7, 5, 3 and 1 of 10 right."""
    monkeypatch.chdir(tmp_path)
    cells = {
        ("addition", rung, ladder_knobs("addition", rung)): [[int(place < right)] for place in range(10)]
        for rung, right in zip(range(2, 7), (9, 7, 5, 3, 1), strict=True)
    }
    return write_folder(tmp_path / "rollouts", cells)


def test_calibrate_writes_the_file_and_says_what_it_found(rollouts, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        run(["calibrate", "rollouts", "--plot", "plot.png"])
    output = capsys.readouterr()
    assert (end.value.code, output.err) == (0, "")
    calibration = read_calibration(tmp_path / "calibration.json")
    assert [cell.difficulty for cell in calibration.cells] == [2, 3, 4, 5, 6]
    assert calibration.cells[2].b == 0
    for expected in (
        "solver",
        "addition",
        "Rasch",
        "  calibration.json\n",
        "  plot.png\n",
        "--calibration calibration.json",
    ):
        assert expected in output.out
    before = contents(tmp_path)
    assert before["plot.png"].startswith(b"\x89PNG")
    with pytest.raises(SystemExit):
        run(["calibrate", "rollouts", "--plot", "plot.png"])
    assert contents(tmp_path) == before


@pytest.mark.parametrize(("option", "kind"), [("--out", "calibration"), ("--plot", "plot")])
def test_a_file_that_is_something_else_is_not_written_over(rollouts, tmp_path, capsys, option, kind):
    (tmp_path / "mine").write_text('{"question": "1+1"}\n')
    before = contents(tmp_path)
    with pytest.raises(SystemExit) as end:
        run(["calibrate", "rollouts", option, "mine"])
    assert end.value.code == 1
    expected = f"taskgen: mine is there already and is no {kind}; choose another name or delete it\n"
    assert capsys.readouterr().err == expected
    assert contents(tmp_path) == before


def test_folders_on_the_way_to_the_files_are_made(rollouts, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        run(["calibrate", "rollouts", "--out", "scales/one.json", "--plot", "plots/one.png"])
    assert end.value.code == 0
    assert (tmp_path / "scales" / "one.json").is_file()
    assert (tmp_path / "plots" / "one.png").is_file()


def test_the_plot_shows_what_was_measured(rollouts, tmp_path):
    from taskgen.curation.calibration_plot import plot_pass_rates

    plots = {}
    for name, rows in {
        "one": one_trial_each([(3, 1), (1, 3)]),
        "other": one_trial_each([(3, 1), (2, 2)]),
        "again": one_trial_each([(3, 1), (1, 3)]),
    }.items():
        plot_pass_rates(count(tally_table(rows), name), tmp_path / f"{name}.png")
        plots[name] = (tmp_path / f"{name}.png").read_bytes()
    assert plots["one"] == plots["again"] != plots["other"]


def test_a_cut_off_completion_is_a_warning(toys, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "r", {("addition", 1, "{}"): [[1, None], [0, None]]})
    with pytest.raises(SystemExit) as end:
        run(["calibrate", "r"])
    assert end.value.code == 0
    assert capsys.readouterr().err.startswith("taskgen: warning: 2 completions were cut off")


def test_ctrl_c_leaves_nothing_behind(rollouts, tmp_path, monkeypatch, capsys):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    before = contents(tmp_path)
    monkeypatch.setattr("taskgen.curation.calibration.fit", interrupt)
    with pytest.raises(SystemExit) as end:
        run(["calibrate", "rollouts", "--plot", "plot.png"])
    assert (end.value.code, capsys.readouterr().err) == (130, "taskgen: stopped\n")
    assert contents(tmp_path) == before


def damage(folder, file, content):
    (folder / file).write_bytes(content)


def only_cut_off(folder):
    write_folder(folder, {("addition", 1, "{}"): [[None]]})


def foreign_knobs(folder):
    write_folder(folder, {("addition", 1, "hard"): [[1]]})


def other_columns(folder):
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.table({"text": ["a"]}), folder / "rollouts" / "00000.parquet")


@pytest.mark.parametrize("command", ["calibrate", "weak"])
@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (lambda folder: (folder / "records.parquet").unlink(), 2, "rollouts holds no rollouts (no records.parquet)"),
        (lambda folder: (folder / "rollouts" / "00000.parquet").unlink(), 2, "rollouts has no judged completion"),
        (lambda folder: damage(folder, "records.parquet", b""), 1, "records.parquet is damaged"),
        (lambda folder: damage(folder, "rollouts/00000.parquet", b"PAR1 and more"), 1, "00000.parquet is damaged"),
        (other_columns, 1, "00000.parquet is no file of ours: it has no column id, model, settings"),
        (only_cut_off, 2, "rollouts has no judged completion (1 were cut off)"),
        (foreign_knobs, 2, "rollouts: the knobs of addition are not a JSON object: hard"),
    ],
)
def test_what_is_no_folder_of_rollouts_is_one_line_and_changes_nothing(
    rollouts, tmp_path, capsys, command, change, code, message
):
    change(rollouts)
    before = contents(tmp_path)
    with pytest.raises(SystemExit) as end:
        run([command, "rollouts"])
    output = capsys.readouterr()
    assert end.value.code == code
    assert message in output.err
    assert output.err.count("\n") == 1
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("calibrate",), "Missing argument 'ROLLOUTS'"),
        (("calibrate", "nowhere"), "nowhere holds no rollouts"),
        (("calibrate", "rollouts/records.parquet"), "is a file"),
        (("calibrate", "rollouts", "--plt", "x"), "No such option: --plt"),
        (("calibrate", "rollouts", "--out", "rollouts"), "is a directory"),
        (
            ("calibrate", "rollouts", "rollouts"),
            "rollouts and rollouts both have rollouts of record addition-2-41-0 by solver; name one of them",
        ),
        (("weak",), "Missing argument 'ROLLOUTS'"),
        (("weak", "nowhere"), "nowhere holds no rollouts"),
        (("weak", "rollouts", "--below", "2"), "'--below'"),
        (("weak", "rollouts", "--count", "0"), "'--count'"),
        (("weak", "rollouts", "--model", "other"), "there are no rollouts of other; --model takes one of 'solver'"),
    ],
)
def test_a_wrong_argument_is_one_line_and_changes_nothing(rollouts, tmp_path, capsys, arguments, message):
    before = contents(tmp_path)
    with pytest.raises(SystemExit) as end:
        run(list(arguments))
    output = capsys.readouterr()
    assert end.value.code == 2
    assert message in output.err
    assert output.err.count("\n") == 1
    assert contents(tmp_path) == before
