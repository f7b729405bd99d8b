"""Orders say in full what a dataset shall hold."""

import pytest

from taskgen.engine.errors import OrderError
from taskgen.engine.orders import one_record, place_order
from taskgen.knobs import KnobError
from taskgen.registry import UnknownTask


def test_the_count_is_spread_evenly_and_earlier_cells_take_the_remainder():
    order = place_order([("knights_and_knaves", (1, 2, 3, 4))], count=10)
    assert [cell.count for cell in order.cells] == [3, 3, 2, 2]
    assert order.count == 10


def test_cells_without_a_record_are_left_out():
    assert len(place_order([("knights_and_knaves", range(1, 11))], count=3).cells) == 3


def test_a_knob_may_be_meant_for_one_task(toys):
    pairs = [("addition", (3,)), ("knights_and_knaves", (3,))]
    order = place_order(pairs, knobs={"addition.largest": "77"}, count=2)
    assert '"largest":77' in order.cells[0].knobs
    with pytest.raises(KnobError, match="knights_and_knaves: unknown knob largest"):
        place_order(pairs, knobs={"largest": "77"})
    with pytest.raises(KnobError, match="meant for the task sudoku, which is not among addition, knights_and_knaves"):
        place_order(pairs, knobs={"sudoku.givens": "77"})


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"count": 0}, OrderError, "count 0 is out of range"),
        ({"seed": 2**63}, OrderError, "seed 9223372036854775808 is out of range"),
        ({"split": "dev"}, OrderError, r"unknown split dev \(splits: train, validation, test\)"),
        ({"wording": "rude"}, OrderError, "knights_and_knaves: unknown wording rude"),
        ({"knobs": {"people": 99}}, KnobError, "people takes 2 to 16"),
        ({"difficulties": [("knights_and_knaves", (11,))]}, KnobError, "difficulty 11 is out of range: 1 to 10"),
        ({"difficulties": [("knights_and_knave", (1,))]}, UnknownTask, "did you mean knights_and_knaves"),
        ({"difficulties": []}, OrderError, "name at least one task"),
        ({"difficulties": [("knights_and_knaves", (1, 1))]}, OrderError, "asked for twice"),
    ],
)
def test_what_cannot_be_ordered_is_said_in_one_line(arguments, kind, message):
    with pytest.raises(kind, match=message):
        place_order(**({"difficulties": [("knights_and_knaves", (1,))]} | arguments))


def test_one_record_is_that_of_the_task():
    order = place_order([("knights_and_knaves", (2,))], count=1, seed=4, wording="terse")
    record = one_record(order, 3)
    assert (record.seed, record.index, record.wording, record.difficulty) == (4, 3, "terse", 2)
