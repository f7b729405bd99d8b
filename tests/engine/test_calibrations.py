"""Orders that follow a calibration instead of the built-in ladders."""

import msgspec
import pytest

from taskgen.cli.main import run
from taskgen.engine.calibrations import (
    Ability,
    CalibratedCell,
    Calibration,
    Discrimination,
    levels_reached,
    read_calibration,
    setting_at,
    write_calibration,
)
from taskgen.engine.errors import OrderError, UsageError
from taskgen.engine.orders import place_order
from taskgen.knobs import KnobError
from taskgen.records import load
from tests.engine.conftest import contents


def cell(b, bound="none", task="addition", standard_error=0.1, **knobs):
    return CalibratedCell(
        task=task, difficulty=1, knobs=knobs, b=b, standard_error=standard_error, bound=bound, records=10, trials=40,
        pass_rates=(0.5,),
    )  # fmt: skip


def calibration(*cells):
    """Levels 1 to 10 are at b = -4 to 5, so half a level is 0.5."""
    return Calibration(
        format=1,
        taskgen="0.1.0",
        response_model="Rasch",
        levels=tuple(float(level - 5) for level in range(1, 11)),
        correlation=0.0,
        models=(Ability("solver", "{}", 0.0, 0.0, 40, 20),),
        tasks=(Discrimination("addition", 1.0, 0.0),),
        cells=cells,
    )


def test_the_nearest_measured_setting_is_taken():
    scale = calibration(cell(-0.4, largest=10), cell(0.3, largest=20), cell(0.05, "at_least", largest=30))
    assert setting_at(scale, "addition", 5) == {"largest": 20}


def test_of_two_that_are_equally_near_the_surer_one_is_taken():
    scale = calibration(cell(0.25, largest=10, standard_error=0.2), cell(-0.25, largest=20, standard_error=0.1))
    assert setting_at(scale, "addition", 5) == {"largest": 20}


def test_half_a_level_is_near_enough_and_more_is_not():
    scale = calibration(cell(0.5, largest=10))
    assert levels_reached(scale, "addition") == [5, 6]
    with pytest.raises(
        OrderError, match=r"no measured setting of addition within half a level of difficulty 4; .* 5-6"
    ):
        setting_at(scale, "addition", 4)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([], "no measured setting of addition: it was not sampled"),
        ([cell(0.0, "at_most")], "no measured setting of addition: each was solved always or never"),
        ([cell(9.0)], "within half a level of difficulty 5; all are beyond the ten levels"),
        ([cell(-4.0), cell(-3.0), cell(2.0)], "within half a level of difficulty 5; difficulty 1-2,7 can be had"),
    ],
)
def test_a_task_without_a_setting_at_the_level_is_one_line(toys, cells, message):
    with pytest.raises(OrderError, match=message) as error:
        place_order([("addition", (5,))], calibration=calibration(*cells))
    assert "\n" not in str(error.value)


def test_an_order_has_the_calibrated_knobs_and_the_level_asked_for(toys):
    scale = calibration(cell(0.1, largest=77), cell(1.1, largest=88, pause=0.0))
    order = place_order([("addition", (5, 6))], count=4, calibration=scale)
    assert [(entry.difficulty, msgspec.json.decode(entry.knobs)["largest"]) for entry in order.cells] == [
        (5, 77),
        (6, 88),
    ]
    by_hand = place_order([("addition", (5,))], count=2, knobs={"largest": 77})
    assert order.cells[0] == by_hand.cells[0]


def test_a_calibration_leaves_no_knob_to_set(toys):
    with pytest.raises(OrderError, match="knob largest cannot be set"):
        place_order([("addition", (5,))], knobs={"largest": "3"}, calibration=calibration(cell(0.0)))


def test_knobs_that_the_task_no_longer_has_are_named(toys):
    with pytest.raises(
        KnobError, match="calibration is of another version of the task: addition: unknown knob smallest"
    ):
        place_order([("addition", (5,))], calibration=calibration(cell(0.0, smallest=3)))


def test_a_level_beyond_ten_is_refused(toys):
    with pytest.raises(OrderError, match="addition: difficulty 11 is out of range: 1 to 10"):
        place_order([("addition", (11,))], calibration=calibration(cell(0.0)))


def test_generate_makes_what_the_calibration_says_and_the_same_again(toys, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_calibration(tmp_path / "scale.json", calibration(cell(0.0, largest=10**6), cell(1.0, largest=10**9)))
    command = ["generate", "-t", "addition", "-d", "5-6", "-n", "6", "--calibration", "scale.json"]
    for out in ("one", "two"):
        with pytest.raises(SystemExit) as end:
            run([*command, "--out", out])
        assert end.value.code == 0
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    records = list(load(tmp_path / "one"))
    largest = [msgspec.json.decode(record.knobs)["largest"] for record in records]
    assert [(record.difficulty, size) for record, size in zip(records, largest, strict=True)] == (
        [(5, 10**6)] * 3 + [(6, 10**9)] * 3
    )
    shown = capsys.readouterr().out
    assert "taskgen show addition -d 6 --calibration scale.json --index 1" in shown
    with pytest.raises(SystemExit):
        run(["show", "addition", "-d", "6", "--calibration", "scale.json", "--index", "1", "--json"])
    shown_id = msgspec.json.decode(capsys.readouterr().out)["id"]
    assert [(record.difficulty, record.index) for record in records if record.id == shown_id] == [(6, 1)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "scale.json does not exist; `taskgen calibrate ROLLOUTS` writes calibrations"),
        (b"", "scale.json is not a calibration of format 1: "),
        (b"\xff\xfe", "scale.json is not a calibration of format 1: "),
        (b'{"name": "demo"}', "Object missing required field `format`"),
        (b'{"format": 2}', "Invalid enum value 2 - at `$.format`"),
    ],
)
def test_a_file_that_is_no_calibration_is_one_line(toys, tmp_path, monkeypatch, capsys, content, message):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "scale.json").write_bytes(content)
    before = contents(tmp_path)
    with pytest.raises(SystemExit) as end:
        run(["generate", "-t", "addition", "-d", "5", "--calibration", "scale.json"])
    output = capsys.readouterr()
    assert end.value.code == 2
    assert message in output.err
    assert output.err.count("\n") == 1
    assert contents(tmp_path) == before


def test_levels_that_do_not_rise_are_refused(tmp_path):
    scale = calibration(cell(0.0))
    write_calibration(tmp_path / "scale.json", scale)
    text = (tmp_path / "scale.json").read_text().replace("-4.0", "7.0")
    (tmp_path / "scale.json").write_text(text)
    with pytest.raises(UsageError, match="levels do not rise"):
        read_calibration(tmp_path / "scale.json")
