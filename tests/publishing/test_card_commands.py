"""The command of an order: typed into a shell it places that very order."""

import shlex

import msgspec
import pytest

from taskgen.cli.arguments import pair_difficulties, parse_knobs
from taskgen.engine.building import build
from taskgen.engine.orders import place_order
from taskgen.publishing.cards.card import write_card
from taskgen.publishing.cards.commands import generate_command
from taskgen.publishing.facts import gather


def placed(command):
    """The order that a `taskgen generate` places."""
    words = shlex.split(command)
    assert words[:2] == ["taskgen", "generate"]
    options = {}
    for name, value in zip(words[2::2], words[3::2], strict=True):
        options.setdefault(name, []).append(value)
    pairs = pair_difficulties(options["--task"], options["--difficulty"])
    return place_order(
        pairs,
        knobs=parse_knobs(options.get("--knob")),
        count=int(options["--count"][0]),
        seed=int(options["--seed"][0]),
        split=options.get("--split", ["train"])[0],
        wording=options.get("--wording", [None])[0],
    )


ORDERS = {
    "one task": ([("sudoku", (5,))], {"count": 3}),
    "some rungs": ([("sudoku", (2, 3, 4, 7))], {"count": 30, "seed": 9}),
    "a negative seed": ([("sudoku", (2,))], {"count": 3, "seed": -4}),
    "a test split in one wording": ([("sudoku", (2,))], {"count": 3, "split": "test", "wording": "terse"}),
    "tasks with rungs of their own": ([("countdown", (1, 2)), ("sudoku", (5,))], {"count": 31}),
    "tasks with the same rungs": ([("countdown", (1, 2)), ("sudoku", (1, 2))], {"count": 31}),
    "a task twice": ([("sudoku", (4,)), ("countdown", (1,)), ("sudoku", (2, 3))], {"count": 40}),
    "fewer records than rungs": ([("sudoku", range(1, 11))], {"count": 4}),
    "a number": ([("sudoku", (3, 4))], {"count": 9, "knobs": {"tier": "0", "givens": "33"}}),
    "a pair": ([("sudoku", (2,))], {"count": 9, "knobs": {"box": "2x2", "givens": "7"}}),
    "truth": ([("countdown", (1,))], {"count": 9, "knobs": {"use_all": "false"}}),
    "a share": ([("countdown", (4,))], {"count": 9, "knobs": {"unreachable": "0.25"}}),
    "words": ([("zebra_puzzle", (2,))], {"count": 9, "knobs": {"kinds": "at,same,next,directly_left"}}),
    "a word": ([("countdown", (7,))], {"count": 9, "knobs": {"fractions": "free"}}),
    "a knob of one task": ([("countdown", (1,)), ("sudoku", (3,))], {"count": 9, "knobs": {"sudoku.givens": "45"}}),
}


@pytest.mark.parametrize("pairs_and_rest", ORDERS.values(), ids=ORDERS)
def test_the_command_places_the_order(pairs_and_rest):
    pairs, rest = pairs_and_rest
    order = place_order(pairs, **rest)
    assert placed(generate_command(order, "a folder")) == order


def test_it_is_short_and_quoted():
    order = place_order([("sudoku", (3, 4, 5))], count=600, knobs={"tier": "0"})
    assert generate_command(order, "it's here") == (
        "taskgen generate --task sudoku --difficulty 3-5 --knob tier=0 --count 600 --seed 0 --out 'it'\"'\"'s here'"
    )


def test_an_order_that_no_command_places_has_none():
    """As a calibration leaves it: every rung with knobs of its own."""
    order = place_order([("sudoku", (3, 4))], count=10)
    swapped = tuple(
        msgspec.structs.replace(cell, knobs=other.knobs)
        for cell, other in zip(order.cells, reversed(order.cells), strict=True)
    )
    assert generate_command(msgspec.structs.replace(order, cells=swapped), "out") is None


def test_an_order_for_a_task_that_is_not_there_has_none():
    order = place_order([("sudoku", (3,))], count=10)
    cell = msgspec.structs.replace(order.cells[0], task="conundrum")
    assert generate_command(msgspec.structs.replace(order, cells=(cell,)), "out") is None


def test_a_card_without_a_command_says_why(tmp_path):
    order = place_order([("linear_system", (1, 2))], count=4, wording="terse")
    cells = [
        msgspec.structs.replace(cell, knobs=other.knobs)
        for cell, other in zip(order.cells, reversed(order.cells), strict=True)
    ]
    for name, each in {"ladder": order, "calibrated": msgspec.structs.replace(order, cells=tuple(cells))}.items():
        build(each, tmp_path / name, workers=1)
    ladder, calibrated = (write_card(gather(tmp_path / name), [], {}, ()) for name in ("ladder", "calibrated"))
    assert "No one command says all of it" not in ladder
    assert "taskgen generate" not in calibrated
    assert "No one command says all of it: the knobs of each difficulty" in calibrated
    assert all("in English, in the wording `terse`;" in card for card in (ladder, calibrated))


def test_a_card_says_which_problems_take_several_turns(tmp_path):
    build(place_order([("linear_system", (1,)), ("mastermind", (1,))], count=4), tmp_path / "both", workers=1)
    card = write_card(gather(tmp_path / "both"), [], {}, ())
    assert "Problems of `mastermind` take several turns, and no single completion solves one" in card
