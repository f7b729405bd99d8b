"""Countdown in the wordings of TinyZero and reasoning-gym, and as columns."""

import pytest

from taskgen.curation.parsers import Row, recognise
from taskgen.problem import decode, structure_id
from taskgen.registry import task
from taskgen.verifiers.math.countdown import Countdown

TINY_ZERO = (
    "User: Using the numbers {}, create an equation that equals {}. You can use basic arithmetic operations "
    "(+, -, *, /) and each number can only be used once. Show your work in <think> </think> tags. And return the final "
    "answer in <answer> </answer> tags, for example <answer> (1 + 2) / 3 </answer>."
)
WORDINGS = [
    TINY_ZERO,
    "Using all the numbers {}, create an expression that equals {}.\nYou can only use each number once.",
    "Find a way to make {1} using all of these numbers: {0}.\nEach number can only be used once.",
    "Calculate {1} using all of these numbers: {0}.\nEach number may be used at most once.",
]


def read(text, **fields):
    return recognise(Row(text, fields))


@pytest.mark.parametrize("wording", WORDINGS)
@pytest.mark.parametrize("index", range(3))
def test_a_problem_of_ours_in_other_words_keeps_its_structure(wording, index):
    problem = decode(task("countdown").generate(knobs={"numbers": 4, "use_all": True}, index=index).problem)
    brackets = "[]" if wording == TINY_ZERO else ("", "")
    listed = ", ".join(map(str, reversed(problem.numbers))).join(brackets)
    assert structure_id(read(wording.format(listed, problem.target))) == structure_id(problem)


def test_columns_are_read_before_the_text():
    assert read("", nums=[44, 19, 35], target=98) == Countdown((44, 19, 35), 98, use_all=True)


def test_numbers_in_numpys_way_are_read():
    assert read(TINY_ZERO.format("[44 19 35]", 98)) == Countdown((44, 19, 35), 98, use_all=True)


def test_an_example_with_other_numbers_makes_it_uncertain():
    assert read(TINY_ZERO.format("[44, 19, 35]", 98) + TINY_ZERO.format("[4, 9]", 13)) is None


def test_the_same_problem_said_twice_is_certain():
    text = TINY_ZERO.format("[44, 19, 35]", 98)
    assert read(text + text) == read(text)


def test_other_operations_make_another_problem():
    assert read(TINY_ZERO.format("[44, 19, 35]", 98).replace("(+, -, *, /)", "(+, -)")) is None


@pytest.mark.parametrize("fields", [{"nums": [1.5, 2], "target": 3}, {"nums": [0, 2], "target": 2}, {"nums": [1, 2]}])
def test_what_our_problem_cannot_hold_is_not_read(fields):
    assert read("", **fields) is None


def test_whole_numbers_in_text_are_numbers():
    assert read("", nums=["3", "4"], target="12") == Countdown((3, 4), 12, use_all=True)


@pytest.mark.parametrize(
    "rule",
    [
        "You may not use division.",
        "Brackets are not allowed.",
        "Only addition is allowed.",
        "Use each number at most once, you need not use all of them.",
        "Numbers may be used more than once.",
        "Keep the numbers in this order.",
        "All intermediate results must be positive integers.",
        "You may also concatenate digits.",
    ],
)
@pytest.mark.parametrize("fields", [{}, {"nums": [44, 19, 35], "target": 98}], ids=["text", "columns"])
@pytest.mark.parametrize("wording", WORDINGS)
def test_another_rule_makes_another_problem(wording, fields, rule):
    text = wording.format("[44, 19, 35]" if wording == TINY_ZERO else "44, 19, 35", 98)
    assert read(text, **fields) is not None
    assert read(f"{text} {rule}", **fields) is None


@pytest.mark.parametrize("target", ["98.5", "98/3", "98 modulo 7", "-98"])
def test_a_target_that_is_no_whole_number_is_not_read(target):
    assert read(TINY_ZERO.format("[44, 19, 35]", target)) is None
