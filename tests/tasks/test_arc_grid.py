"""Grids: layouts that are read, near misses that are not, and two implementations of the language that agree."""

import numpy as np
import pytest

import taskgen
from taskgen.generators.induction._grid_language import BY_KIND, FAMILIES, PRIMITIVES, operations
from taskgen.generators.induction.arc_grid import Knobs, generate
from taskgen.kernels import grid_codes
from taskgen.kernels.grid_objects import MAX_CELLS
from taskgen.kernels.grid_primitives import apply
from taskgen.kernels.grid_programs import run, workspace
from taskgen.kernels.grid_scenes import SCENES, draw_scene
from taskgen.kernels.random import take_over
from taskgen.oracles.induction._grid_rules import rules
from taskgen.oracles.induction.arc_grid import _run
from taskgen.problem import decode, encode
from taskgen.prompts import render, wordings
from taskgen.seeding import Stream
from taskgen.verifiers.induction.arc_grid import ArcGrid, Pair

PROBLEM = ArcGrid((Pair(("01", "20"), ("10", "02")),), ("012", "300"), ("210", "003"))


@pytest.mark.parametrize(
    "answer",
    [
        "2 1 0\n0 0 3",
        "210\n003",
        "[[2, 1, 0], [0, 0, 3]]",
        "[[2,1,0],\n [0,0,3]]",
        "[\n [\n2,\n1,\n0\n],\n[\n0,\n0,\n3\n]\n]",
        '["210", "003"]',
        "210/003",
        "[2 1 0\n0 0 3]",
        "[[2 1 0]\n [0 0 3]]",
        "2 1 0 / 0 0 3",
        "2 1 0 |\n0 0 3 |",
        "2,1,0\r\n0,0,3",
    ],
)
def test_every_layout_of_the_right_grid_is_accepted(answer):
    assert PROBLEM.verify(answer).status == "correct"


@pytest.mark.parametrize(
    ("answer", "status", "partial"),
    [
        ("2 1 0\n0 0 4", "wrong", 5 / 6),
        ("0 1 2\n3 0 0", "wrong", 2 / 6),
        ("2 1 0 0 0 3", "wrong", 0.0),
        ("2 0\n1 0\n0 3", "wrong", 0.0),
        ("2 1 0\n0 0", "malformed", 0.0),
        ("2 1 0\n0 0 3\n", "correct", 1.0),
        ("output:\n2 1 0\n0 0 3", "malformed", 0.0),
        ("٢ ١ ٠\n٠ ٠ ٣", "malformed", 0.0),
        ("[]", "malformed", 0.0),
        ("-2 1 0\n0 0 3", "malformed", 0.0),
    ],
)
def test_a_near_miss_says_what_is_wrong(answer, status, partial):
    verdict = PROBLEM.verify(answer)
    assert (verdict.status, verdict.partial) == (status, pytest.approx(partial))


def test_ragged_grids_are_no_problem():
    with pytest.raises(ValueError, match="different lengths"):
        ArcGrid((Pair(("01", "2"), ("1",)),), ("0",), ("1",))


def test_a_line_break_behind_a_row_makes_it_no_row():
    with pytest.raises(ValueError, match="does not fit"):
        decode(encode(PROBLEM).replace('"012"', '"012\\n"'))


def test_every_wording_says_which_colour_is_the_background_and_calls_its_operations_examples():
    template = taskgen.task("arc_grid").template
    for wording in wordings(template):
        prompt = render(template, PROBLEM, wording)
        assert any(f"background {verb}" in prompt for verb in ("is the commonest", "is the most", "is the colour", "="))
        assert any(example in prompt for example in ("for example", "for instance", "such as", "e.g."))


def test_the_background_is_the_commonest_colour_of_the_example_inputs_as_prompts_say():
    for index in range(10):
        record = taskgen.task("arc_grid").generate(seed=8, index=index, knobs={"steps": 1, "background": False})
        text = "".join("".join(pair.input) for pair in decode(record.problem).pairs)
        assert all(text.count("0") > text.count(colour) for colour in "123456789")


def test_colours_that_never_meet_do_not_tell_relabelled_puzzles_apart():
    """Colours 1 and 2 have the same cells, but in different pairs, so nothing orders them."""
    one = ArcGrid((Pair(("010",), ("011",)), Pair(("020",), ("022",))), ("000",), ("333",))
    other = ArcGrid((Pair(("020",), ("022",)), Pair(("010",), ("011",))), ("000",), ("333",))
    assert one.structure() == other.structure()
    assert one.structure() != ArcGrid(one.pairs, ("000",), ("111",)).structure()


def test_both_implementations_of_the_language_give_the_same_results():
    space, steps = workspace(1), np.empty((1, MAX_CELLS), np.uint8)
    cells, colours = np.zeros(MAX_CELLS, np.uint8), [1, 2, 3]
    pool = np.array(operations(colours), np.int64)
    pictured = list(rules(["1", "2", "3"]))
    assert len(pool) == len(pictured)
    state = take_over(Stream.keyed("two implementations"))
    for number in range(60):
        height, width = 2 + number % 9, 2 + number * 5 % 8
        draw_scene(state, number % SCENES, height, width, 1 + number % 3, 4, number % 3, cells)
        compiled = []
        for program in pool:
            rows, columns, _ = run(apply, program[None], cells, height, width, steps, space)
            compiled.append(_picture(steps[0], rows, columns))
        plain = [_run((rule,), _picture(cells, height, width)) or () for rule in pictured]
        assert sorted(compiled) == sorted(plain)


def _picture(cells, rows, columns):
    text = cells[: rows * columns].tobytes().translate(b".123456789".ljust(256)).decode()
    return tuple(text[row * columns : (row + 1) * columns] for row in range(rows))


def test_the_language_is_closed_under_the_symmetries_of_the_square():
    """What a rule does to turned grids, some rule does; else a relabelled puzzle might have another simplest rule."""
    pictured = list(rules(["1", "2"]))
    picture = (".1.22.", "11..2.", "......", ".2..11")
    for turn in (lambda p: p[::-1], lambda p: tuple("".join(column) for column in zip(*p, strict=True))):
        straight = sorted(turn(result) for rule in pictured if (result := _run((rule,), picture)))
        turned = sorted(result for rule in pictured if (result := _run((rule,), turn(picture))))
        assert straight == turned


def test_every_kind_of_operation_has_a_primitive():
    numbers = {value for name, value in vars(grid_codes).items() if name.isupper() and isinstance(value, int)}
    assert len(PRIMITIVES) == len(BY_KIND) >= 25
    assert set(BY_KIND) <= numbers
    assert {primitive.family for primitive in PRIMITIVES} == set(FAMILIES)


def test_a_family_alone_makes_puzzles_of_that_family():
    for family in FAMILIES:
        knobs = Knobs(steps=1, families=(family,))
        draft = next(filter(None, (generate(Stream.keyed(family, number), knobs) for number in range(5))))
        assert draft.answer
        assert draft.trace


def test_steps_must_find_as_many_primitives_in_the_families():
    with pytest.raises(ValueError, match=r"steps=3 .* hold 2; lower steps or add families"):
        Knobs(steps=3, families=("geometry",))


def test_the_background_is_zero_unless_it_may_be_any_colour():
    def backgrounds(any_colour):
        knobs = Knobs(steps=1, background=any_colour)
        drafts = filter(None, (generate(Stream.keyed("background", number), knobs) for number in range(12)))
        texts = ["".join("".join(pair.input) for pair in draft.problem.pairs) for draft in drafts]
        return {max("0123456789", key=text.count) for text in texts}

    assert backgrounds(False) == {"0"}
    assert len(backgrounds(True)) > 3


def test_the_trace_names_as_many_steps_as_asked_for():
    for steps in (1, 2, 3):
        record = taskgen.task("arc_grid").generate(knobs={"steps": steps, "size": 7})
        assert record.trace.count("; then ") == steps - 1
