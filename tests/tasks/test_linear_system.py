"""Linear systems: three kinds of answers, each with its proof; tricky ways to write them, and the knobs' meaning."""

import time
from itertools import combinations

import msgspec
import pytest

import taskgen
from taskgen.knobs import KnobError
from taskgen.problem import decode, encode, structure_id
from taskgen.seeding import Stream
from taskgen.verifiers.math.linear_system import CONSTANT, Equation, Group, LinearSystem, Term, rank


def equation(coefficients, right):
    left = tuple(Group(1, (Term(value, place),)) for place, value in enumerate(coefficients) if value)
    return Equation(left, (Group(1, (Term(right, CONSTANT),)),))


def system(unknowns, *rows):
    return LinearSystem(tuple(unknowns), tuple(equation(row[:-1], row[-1]) for row in rows))


ONE = system("xy", (2, 4, 4), (1, -2, 4))
MANY = system("xyz", (1, 1, 1, 6), (1, -1, 0, 1))
PLANE = system("xyz", (1, 1, 1, 6), (2, 2, 2, 12))
NONE = system("xyz", (1, 1, 1, 6), (2, -1, 0, 1), (5, -1, 1, 9))


@pytest.mark.parametrize(
    "answer",
    [
        "x = 3, y = -1/2",
        "y=-1/2,x=3",
        "x = 6/2\ny = -0.5",
        "x = 3; y = −1/2;",
        "$x = 3$, $y = -\\frac{1}{2}$",
        "x = +3, y = (1 - 2)/2",
    ],
)
def test_a_solution_may_be_written_in_many_ways(answer):
    assert ONE.verify(answer)


@pytest.mark.parametrize("answer", ["x = 3, y = 1/2", "x = 3, y = -0.5001", "x = -1/2, y = 3", "x = 3 + t, y = -1/2"])
def test_a_wrong_value_is_wrong(answer):
    assert ONE.verify(answer).status == "wrong"


@pytest.mark.parametrize(
    "answer",
    "|x = 3|x = 3, y|3, -1/2|x = 3, y = -1/2, z = 0|x = 3, y = -1/2, x = 3|x = 3, y = |x = 3, y = -1/0|"
    "x = 3, y = -1/2 1|x = 3, y = -1 1/2|x = 3, y = --1/2|x = 3, y = -1//2|x = y = 3|x = 3, y = -1/2(1)|"
    "x = 3, y = -2**-1|x = ٣, y = -1/2|x = 3, y = -1/2 .|X = 3, Y = -1/2|x = 3 y = -1/2|inconsistent|"
    "x = 3, y = -1/2*".split("|"),
)
def test_what_gives_no_value_for_each_unknown_is_malformed(answer):
    assert ONE.verify(answer).status == "malformed"


@pytest.mark.parametrize(
    "answer",
    [
        "x = 1 + t, y = t, z = 5 - 2t",
        "x = 1 + 3*t, y = 3t, z = 5 - 6 t",
        "x = 1 + t/2, y = 1/2t, z = 5 - t",
        "x = 1 - (3/2)k, y = -(3k)/2, z = 5 + 3*k",
        "x = 2(t - s) + 1, y = 2(t - s), z = 5 - 4(t - s)",
        "x = 1 + t_1, y = t_{1}, z = 5 - 2\\cdot t1",
        "x = (7 - z)/2, y = (5 - z)/2, z = z",
        "x = 11/9 + t, y = t + 2/9, z = 41/9 - 2t",
    ],
)
def test_any_parametrisation_of_all_solutions_is_right(answer):
    assert MANY.verify(answer)


@pytest.mark.parametrize("answer", ["x = 1, y = 0, z = 5", "x = 1 + t - t, y = 0, z = 5", "x = 1 + 0*t, y = 0, z = 5"])
def test_one_of_many_solutions_is_not_all_of_them(answer):
    assert MANY.verify(answer).reason.startswith("these are solutions, but not all: 1 independent")


def test_parameters_that_depend_on_one_another_count_once():
    assert PLANE.verify("x = 6 - t - s, y = t, z = s")
    assert PLANE.verify("x = 6 - 2t - 2s, y = t + s + r, z = t + s - r")
    assert PLANE.verify("x = 6 - 2t - 2s, y = t + s, z = t + s").status == "wrong"


@pytest.mark.parametrize(
    "answer",
    [
        "x = 1 + y, y = t, z = 5 - 2t",
        "x = 1 + t*t, y = t*t, z = 5 - 2t*t",
        "x = 1 + ts, y = ts, z = 5 - 2ts",
        "x = 1 + 1/t, y = 1/t, z = 5 - 2/t",
        "x = 1 + T, y = T, z = 5 - 2T",
        "x = 1 + t10, y = t10, z = 5 - 2t10",
        "x = 1 + t(1), y = t, z = 5 - 2t",
    ],
)
def test_only_multiples_of_parameters_may_be_added(answer):
    assert MANY.verify(answer).status == "malformed"


@pytest.mark.parametrize(
    "answer",
    [
        "E1 + 2*E2 - E3",
        "E3 - E1 - 2E2",
        "2(E1 + 2E2) - 2*E3",
        "-1/3*E1 - 2E2/3 + E3/3",
        "E_1 + 2E_{2} - E_3",
        "e1+2e2-e3",
    ],
)
def test_every_multiple_of_a_refutation_refutes(answer):
    assert NONE.verify("inconsistent: " + answer)
    assert NONE.verify("Inconsistent : " + answer)


@pytest.mark.parametrize("answer", ["E1", "E1 - E2", "E1 + 2*E2 + E3", "0", "E1 - E1", "0*E1 + 0*E2"])
def test_a_combination_that_shows_nothing_is_wrong(answer):
    assert NONE.verify("inconsistent: " + answer).status == "wrong"


@pytest.mark.parametrize(
    "answer", ["", "E1 + 2*E2 - E4", "E1 + 2*E2 - E3 + 1", "E0", "E1*E2", "E1 + 2*E2 - E3 = 0", "yes"]
)
def test_a_refutation_is_a_combination_of_the_equations(answer):
    assert NONE.verify("inconsistent: " + answer).status == "malformed"


def test_a_consistent_system_cannot_be_refuted():
    assert PLANE.verify("inconsistent: 2*E1 - E2").reason == "that combination reads 0 = 0, which is no contradiction"


def test_equations_count_as_they_are_written_down():
    # (x + y)/2 - 3 = 0, and 4 = x + y: twice the first, plus the second.
    half = Equation((Group(1, (Term(1, 0), Term(1, 1)), 2), Group(1, (Term(-3, CONSTANT),))), ())
    turned = Equation((Group(1, (Term(4, CONSTANT),)),), (Group(1, (Term(1, 0),)), Group(1, (Term(1, 1),))))
    problem = LinearSystem(("x", "y"), (half, turned))
    assert problem.lines == ["(x + y)/2 - 3 = 0", "4 = x + y"]
    assert problem.verify("inconsistent: 2*E1 + E2")
    assert not problem.verify("inconsistent: E1 + E2")


def test_long_numbers_and_deep_brackets_are_a_limit():
    assert ONE.verify(f"x = {'3' * 41}, y = 1").status == "limit"
    assert ONE.verify(f"x = {'(' * 30}3{')' * 30}, y = 1").status == "limit"
    assert ONE.verify("x = " + "99999999*" * 300 + "1, y = 1").status == "limit"


def test_many_fractions_and_parameters_are_judged_quickly():
    terms = " + ".join(f"{10**9 + number}/{10**9 + 2 * number + 7}*t{number % 10}" for number in range(80))
    start = time.perf_counter()
    assert not MANY.verify(f"x = {terms}, y = t, z = s")
    assert time.perf_counter() - start < 0.05


def test_problems_from_outside_are_checked():
    text = encode(ONE)
    for old, new in (('"x","y"', '"x","x"'), ('"x","y"', '"x","y\\n"'), ("[2,0]", "[2,5]"), ("[2,0]", "[9999999,0]")):
        assert old in text
        with pytest.raises(ValueError):
            decode(text.replace(old, new, 1))


def test_scaling_a_row_keeps_the_structure_and_changing_a_number_does_not():
    assert structure_id(system("ab", (2, -1, -4), (4, 2, 4))) == structure_id(ONE)
    assert structure_id(system("xy", (2, 4, 4), (1, -2, 5))) != structure_id(ONE)
    assert structure_id(system("xy", (2, 4, 4), (1, 2, 4))) != structure_id(ONE)


def drafts(difficulty, count, **settings):
    task = taskgen.task("linear_system")
    knobs = msgspec.structs.replace(task.ladder[difficulty - 1], **settings)
    found = (task.draft(Stream.keyed("linear", difficulty, number), knobs) for number in range(count))
    return [draft for draft in found if draft is not None]


def test_shares_of_one_give_one_kind():
    for draft in drafts(6, 20, inconsistent=1.0, underdetermined=0.0):
        assert draft.answer.startswith("inconsistent:")
    for draft in drafts(6, 20, inconsistent=0.0, underdetermined=1.0):
        assert draft.problem.collected.rank < 4
        assert " = t" in draft.answer
    for draft in drafts(6, 20, inconsistent=0.0, underdetermined=0.0):
        assert draft.problem.collected.rank == 4


def test_no_refutation_uses_fewer_equations_than_the_knob_says():
    for draft in drafts(10, 8, inconsistent=1.0, underdetermined=0.0, refuting=4):
        for few in combinations(draft.problem.collected.rows, 3):
            assert rank([row[:-1] for row in few]) == rank(few)


def test_no_equation_is_empty_or_has_a_single_unknown():
    for difficulty in (1, 5, 10):
        for draft in drafts(difficulty, 30):
            for row in draft.problem.collected.rows:
                assert sum(value != 0 for value in row[:-1]) >= 2


def test_impossible_knobs_are_refused_by_name():
    task = taskgen.task("linear_system")
    for settings, name in (
        ({"nullity": 3}, "nullity"),
        ({"refuting": 5}, "refuting"),
        ({"inconsistent": 0.9}, "share"),
    ):
        with pytest.raises(KnobError, match=name):
            task.knobs(settings=settings)
