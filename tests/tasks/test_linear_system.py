import pytest

import taskgen
from taskgen.judging import judge
from taskgen.knobs import KnobError
from taskgen.verifiers.math.linear_system import Equation, Group, LinearSystem, Term


def system(names, *rows):
    """Equations from rows of coefficients and a right-hand side."""
    equations = [
        Equation(
            tuple(Group(1, 1, (Term(value, place),)) for place, value in enumerate(row[:-1]) if value),
            (Group(1, 1, (Term(row[-1], -1),)),),
        )
        for row in rows
    ]
    return LinearSystem(tuple(names), tuple(equations))


UNIQUE = system("xy", (2, 4, 5), (1, -1, 1))  # x = 3/2, y = 1/2
MANY = system("xyz", (1, 1, 1, 6), (1, -1, 0, 2))  # x = 4 - z/2, y = 2 - z/2
NONE = system("xy", (2, 4, 5), (3, 6, 1))


@pytest.mark.parametrize(
    "answer",
    [
        "x = 3/2, y = 1/2",
        "y=1/2\nx=3/2",
        "x = 1.5, y = 0.5",
        r"x = \frac{3}{2}, y = \frac{1}{2}",
        "$x = 6/4$; $y = 1/2$,",
        "x = 1 + 1/2, y = 1/2",
    ],
)
def test_a_solution_may_be_written_in_several_ways(answer):
    assert UNIQUE.verify(answer)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("x = 3/2, y = 1/2 + 1/1000000000", "wrong"),
        ("x = 3/2", "malformed"),
        ("x = 3/2, x = 3/2, y = 1/2", "malformed"),
        ("x = 3/2, y = 1/2, z = 0", "malformed"),
        ("x = 3/0, y = 1/2", "malformed"),
        ("x = 3/2 + t, y = 1/2 - t", "wrong"),
        ("x = 3/2, y = x - 1", "malformed"),
        ("x = y + 1, y = y", "wrong"),
        ("3/2, 1/2", "malformed"),
        ("inconsistent: E1 - 2*E2", "wrong"),
        ("inconsistent:", "malformed"),
    ],
)
def test_what_is_not_the_solution_is_refused(answer, status):
    assert UNIQUE.verify(answer).status == status


@pytest.mark.parametrize(
    "answer",
    [
        "x = 4 - t, y = 2 - t, z = 2t",
        "x = 4 - z/2, y = 2 - z/2, z = z",
        "x = 3 - (k - 1)/2, y = 1 - (k-1)/2, z = k + 1",
        "x = s + t, y = s + t - 2, z = 8 - 2s - 2t",
        "x = 4 - 1/2*t_1, y = 2 - t_1/2, z = t_{1}",
    ],
)
def test_every_parametrisation_of_all_solutions_counts(answer):
    assert MANY.verify(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "x = 4, y = 2, z = 0",
        "x = 4 - t, y = 2 - t, z = t",
        "x = 4 - z/2, y = 2 - z/2, z = t",
        "x = r, y = s, z = t",
        "x = 4 + 0*t, y = 2, z = 0",
        "x = 4 - t*t, y = 2 - t*t, z = 2*t*t",
    ],
)
def test_a_part_of_the_solutions_or_more_than_them_does_not_count(answer):
    assert not MANY.verify(answer)


def test_directions_that_depend_on_each_other_do_not_make_up_for_a_missing_parameter():
    plane = system("xyz", (1, 1, 1, 3))
    assert plane.verify("x = 3 - s - t, y = s, z = t")
    assert plane.verify("x = 3 - 2s - 2t, y = s + t, z = s + t").status == "wrong"


@pytest.mark.parametrize("answer", ["inconsistent: 3*E1 - 2*E2", "Inconsistent: E2/3 - E1/2", "inconsistent: 3E1-2E2"])
def test_a_combination_that_reads_zero_equals_something_refutes(answer):
    assert NONE.verify(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "inconsistent",
        "inconsistent: E1 - E2",
        "inconsistent: 0*E1",
        "inconsistent: 3*E1 - 2*E2 + 1",
        "inconsistent: E3",
    ],
)
def test_a_bare_claim_of_inconsistency_pays_nothing(answer):
    assert not NONE.verify(answer)


def test_combinations_that_read_zero_equals_zero_refute_nothing():
    verdict = system("xy", (1, 1, 2), (2, 2, 4)).verify("inconsistent: 2*E1 - E2")
    assert verdict.status == "wrong"
    assert "0 = 0" in verdict.reason


def test_equations_are_judged_as_they_are_written_with_brackets_and_divisors():
    # -(x - 2y)/3 = 1 + x/3 and 2(x + 1) = 3y + 6
    left = Equation(
        (Group(-1, 3, (Term(1, 0), Term(-2, 1))),), (Group(1, 1, (Term(1, -1),)), Group(1, 3, (Term(1, 0),)))
    )
    right = Equation(
        (Group(2, 1, (Term(1, 0), Term(1, -1))),), (Group(1, 1, (Term(3, 1),)), Group(1, 1, (Term(6, -1),)))
    )
    problem = LinearSystem(("x", "y"), (left, right))
    assert problem.text(left) == "-(x - 2y)/3 = 1 + x/3"
    assert problem.text(right) == "2(x + 1) = 3y + 6"
    assert problem.verify("x = -17/2, y = -7")
    assert not problem.verify("x = 17/2, y = 7")


@pytest.mark.parametrize(
    "answer",
    [
        "x = " + "9" * 3_000 + ", y = 1",
        "x = " + "+".join(f"1/{number}" for number in range(10**6, 10**6 + 300)) + ", y = 1",
        "x = " + " + ".join(f"{letter}{digit}" for letter in "abc" for digit in range(10)) + ", y = t",
        "x = " + "(" * 1_500 + ", y = 1",
        "inconsistent: " + "9^9^9^9*E1",
        "x = ٣/2, y = 1/2",
    ],
)
def test_hostile_answers_get_a_verdict(answer):
    assert judge(UNIQUE, answer).status in ("wrong", "malformed", "limit")


def test_each_share_makes_its_own_kind_of_answer():
    task = taskgen.task("linear_system")
    unique = task.generate(knobs={"inconsistent": 0, "many": 0}).answer
    many = task.generate(knobs={"inconsistent": 0, "many": 1, "nullity": 2}).answer
    none = task.generate(knobs={"inconsistent": 1, "many": 0}).answer
    assert "t" not in unique
    assert " = t" in many
    assert none.startswith("inconsistent: ")


def test_impossible_knobs_say_what_to_do():
    task = taskgen.task("linear_system")
    with pytest.raises(KnobError, match="lower nullity"):
        task.knobs(settings={"unknowns": 2, "nullity": 2})
    with pytest.raises(KnobError, match="lower one"):
        task.knobs(settings={"inconsistent": 0.7, "many": 0.7})
