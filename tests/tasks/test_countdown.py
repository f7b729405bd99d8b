"""Countdown: what counts as an expression, and what the exhaustive search promises."""

from fractions import Fraction
from itertools import permutations

import pytest

import taskgen
from taskgen.knobs import KnobError
from taskgen.oracles.math.countdown import accepts
from taskgen.problem import decode
from taskgen.prompts import TERSE, render, wordings
from taskgen.verifiers.math.countdown import Countdown

REACHABLE = Countdown((3, 7, 7, 25), 24, False)
ALL = Countdown((3, 3, 8, 8), 24, True)
MISSED = Countdown((2, 3, 3), 10, True, (1, 1))


@pytest.mark.parametrize(
    "answer",
    ["25 - 7 / 7 ", "(25)-(7/7)", "25 − 7 ÷ 7", "\\left(25 - 7 \\div 7\\right)", "25-7/7=24", "25 - 7 / 7 = 48/2"],
)
def test_every_way_of_writing_a_solution_is_judged_by_its_value(answer):
    assert REACHABLE.verify(answer)


@pytest.mark.parametrize(
    "answer",
    [
        *(f"3 {sign} 7 + 7 - 4" for sign in "*×·⋅∙∗✕✖xX"),
        *(f"25 - 7 {sign} 7" for sign in "/÷∕⁄:"),
        "[25 - {7 / 7}]",
        "25 - 7 / 7.",
        "25 - 7 / 7 = 24.",
    ],
)
def test_signs_and_brackets_of_every_alphabet_are_read(answer):
    problem = Countdown((3, 4, 7, 7, 25), 24, False)
    assert problem.verify(answer)
    assert accepts(problem, answer)


@pytest.mark.parametrize("answer", ["25 - 7 / 7..", ". 25 - 7 / 7", "25.- 7 / 7", "25 - 7 :: 7", "25 - 7 xx 7"])
def test_signs_out_of_place_are_malformed(answer):
    assert REACHABLE.verify(answer).status == "malformed"
    assert not accepts(REACHABLE, answer)


@pytest.mark.parametrize(
    ("stated", "right"),
    [
        ("10.5", True),
        ("10.50", True),
        ("10.5.", True),
        ("21/2", True),
        ("21:2", True),
        ("10.4", False),
        ("10.500000000000000000001", False),
        ("10.", False),
        ("10,5", False),
        (".5", False),
        ("10.5/1", False),
    ],
)
def test_a_stated_decimal_must_be_exact(stated, right):
    problem = Countdown((21, 2), 11, True, (1, 2))
    assert bool(problem.verify(f"21 / 2 = {stated}")) == right == accepts(problem, f"21 / 2 = {stated}")


def test_a_rounded_value_is_not_the_value():
    for stated in ("0.33", "0.3333333333333333333", "0.33333333333333333333"):
        assert Countdown((1, 3), 1, True, (2, 3)).verify(f"1 / 3 = {stated}").status == "malformed"


def test_every_wording_shows_the_four_signs():
    template = taskgen.task("countdown").template
    for wording in wordings(template):
        text = render(template, REACHABLE, wording)
        assert "+ - * /" in (text if wording == TERSE else text[text.index("<answer>") :])


def test_a_fraction_on_the_way_is_exact():
    assert ALL.verify("8 / (3 - 8 / 3)")
    assert ALL.verify("8 / (3 - 8 / 3) = 24")


@pytest.mark.parametrize("answer", ["25 - 7 / 7 = 25", "25 - 7 / 7 =", "25 - 7 / 7 = 24 = 24", "25 - 7 / 7 = 48/0"])
def test_a_stated_value_must_be_right(answer):
    assert REACHABLE.verify(answer).status == "malformed"


@pytest.mark.parametrize("answer", ["24", "25 - 1", "25 - 7 / 7 + 3 - 3", "3 * 8", "25 - 25 / 25", "37 - 7 - 3 - 3"])
def test_foreign_and_repeated_numbers_are_rejected(answer):
    assert REACHABLE.verify(answer).status == "wrong"


@pytest.mark.parametrize(
    "answer",
    "|+|25 -|(25 - 7 / 7|25 - 7 / 7)|25 - 7 7|25.0 - 7 / 7|-7 / 7 + 25|25 -- 7|25 ** 7|7(3)|25 - 7 // 7|"
    "025 - 7 / 7|25_ - 7 / 7|٢٥ - 7 / 7|²|__import__('os')|\\frac{7}{7}".split("|"),
)
def test_what_is_no_expression_is_malformed(answer):
    assert REACHABLE.verify(answer).status == "malformed"


def test_dividing_by_zero_is_wrong():
    assert REACHABLE.verify("25 / (7 - 7)").reason == "the expression divides by zero"


def test_all_numbers_must_be_used_where_the_problem_says_so():
    assert Countdown((2, 3, 4), 6, False).verify("2 * 3")
    assert Countdown((2, 3, 4), 6, True).verify("2 * 3").reason == "not all numbers are used: 4 left"


def test_where_the_target_is_missed_every_nearest_value_is_right():
    assert MISSED.verify("2 * 3 + 3")
    assert MISSED.verify("(2 * 3) + 3 = 9")
    assert not MISSED.verify("2 * 3 + 3 = 10")
    assert MISSED.verify("2 + 3 + 3").reason == "the value is 8, 2 away from 10; a distance of 1 is possible"


def test_an_answer_nearer_than_the_proof_allows_is_a_fault_of_ours():
    assert Countdown((2, 3, 3), 9, True, (1, 1)).verify("2 * 3 + 3").status == "verifier_error"


def test_deep_nesting_is_judged():
    assert REACHABLE.verify("(" * 400 + "25 - 7 / 7" + ")" * 400)
    assert REACHABLE.verify("(" * 990).status == "malformed"


def values(numbers):
    """Every value of an expression of exactly these numbers, by brute force over pairs."""
    if len(numbers) == 1:
        return {numbers[0]}
    found = set()
    for i, j in permutations(range(len(numbers)), 2):
        rest = tuple(number for k, number in enumerate(numbers) if k not in (i, j))
        a, b = numbers[i], numbers[j]
        for value in {a + b, a - b, a * b} | ({a / b} if b else set()):
            found |= values((*rest, value))
    return found


@pytest.mark.parametrize("index", range(6))
def test_the_stated_distance_is_the_smallest(index):
    record = taskgen.task("countdown").generate(
        knobs={"numbers": 4, "use_all": True, "unreachable": 1, "target": 200, "largest": 20}, index=index
    )
    problem = decode(record.problem)
    smallest = min(abs(value - problem.target) for value in values(tuple(map(Fraction, problem.numbers))))
    assert smallest == Fraction(*problem.distance) > 0


def test_needed_fractions_cannot_be_avoided():
    record = taskgen.task("countdown").generate(knobs={"numbers": 4, "use_all": True, "fractions": "needed"})
    problem = decode(record.problem)

    def whole(numbers):
        if len(numbers) == 1:
            return {numbers[0]}
        found = set()
        for i, j in permutations(range(len(numbers)), 2):
            rest = tuple(number for k, number in enumerate(numbers) if k not in (i, j))
            a, b = numbers[i], numbers[j]
            for value in {a + b, a - b, a * b} | ({a // b} if b and a % b == 0 else set()):
                found |= whole((*rest, value))
        return found

    assert problem.distance == (0, 1)
    assert problem.target not in whole(problem.numbers)


def test_without_exhaustive_search_eight_numbers_are_made():
    record = taskgen.task("countdown").generate(knobs={"numbers": 8, "exhaustive": False, "use_all": True})
    assert sorted(map(int, "".join(c if c.isdigit() else " " for c in record.answer).split())) == sorted(
        decode(record.problem).numbers
    )


@pytest.mark.parametrize(
    "settings",
    [{"numbers": 7}, {"use_all": True, "decoys": 1}, {"numbers": 4, "decoys": 2}, {"exhaustive": False, "rarity": 10}],
)
def test_impossible_relations_of_knobs_are_named(settings):
    with pytest.raises(KnobError, match="|".join(settings)):
        taskgen.task("countdown").generate(knobs=settings)
