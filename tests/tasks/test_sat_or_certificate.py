"""Models and refutations: what the formats are, what replays, and what blind answers earn."""

import time
from itertools import product

import pytest

import taskgen
from taskgen.judging import judge
from taskgen.knobs import KnobError
from taskgen.oracles.logic.sat_or_certificate import accepts
from taskgen.problem import decode
from taskgen.prompts import render, wordings
from taskgen.verifiers.logic.sat_or_certificate import SatOrCertificate

ALL_SIGNS = tuple(product((1, -1), (2, -2), (3, -3)))
CONTRADICTION = SatOrCertificate(3, ALL_SIGNS, 8)
SATISFIABLE = SatOrCertificate(3, ALL_SIGNS[1:], 8, ("lamp", "fan", "door"))


@pytest.mark.parametrize(
    "answer",
    [
        "sat: -lamp -fan -door",
        "SAT: not door, not fan, not lamp",
        "sat:\n-lamp\n-fan\nnot  door",
        "sat: -lamp -fan -door 0",
    ],
)
def test_a_model_may_be_written_in_any_order_and_with_either_sign_of_negation(answer):
    assert SATISFIABLE.verify(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "SAT: -LAMP -Fan -door",
        "Sat: NOT lamp, Not fan, not door",
        "sat: ¬lamp ~fan !door",
        "sat: \u2212lamp \u2212fan \u2212door",
        "**sat:** -lamp -fan -door",
        "**sat: -lamp -fan -door**",
        "**SAT**: -lamp -fan -door",
    ],
)
def test_case_emphasis_and_the_sign_of_negation_mean_nothing(answer):
    assert SATISFIABLE.verify(answer)
    assert accepts(SATISFIABLE, answer)


@pytest.mark.parametrize(
    "answer", ["sat: ¬¬lamp -fan -door", "sat: lamp! -fan -door", "sat: notlamp -fan -door", "-sat: lamp"]
)
def test_signs_out_of_place_are_malformed(answer):
    assert SATISFIABLE.verify(answer).status == "malformed"
    assert not accepts(SATISFIABLE, answer)


@pytest.mark.parametrize("last", ["empty", "EMPTY.", "'empty'", '"empty"', "**empty**", "*Empty*", "⊥", "0", "empty\r"])
def test_the_last_line_may_be_marked(last):
    answer = f"**unsat:**\n1 2\n1\n-1 2\n{last}"
    assert CONTRADICTION.verify(answer)
    assert accepts(CONTRADICTION, answer)


@pytest.mark.parametrize("last", ["", "empty empty", "the empty clause", "-empty", "..", "⊥⊥", "1 -1"])
def test_another_last_line_is_no_end(last):
    answer = f"unsat:\n1 2\n1\n-1 2\n{last}"
    assert not CONTRADICTION.verify(answer)
    assert not accepts(CONTRADICTION, answer)


def test_an_answer_may_stand_in_a_fenced_block():
    assert taskgen.verify(SATISFIABLE, "So:\n```\nsat: -lamp -fan -door\n```")


@pytest.mark.parametrize(
    "names",
    [("lamp", "fan"), ("lamp", "fan", "fan"), ("lamp", "fan", "empty"), ("a", "b", "c", "d"), ("a", "b", "c", "c")],
)
def test_names_are_one_for_each_variable_and_none_is_a_word_of_the_format(names):
    with pytest.raises(ValueError, match="a name of its own"):
        SatOrCertificate(3, ALL_SIGNS, 8, names)


def test_a_single_line_is_a_line():
    template = taskgen.task("sat_or_certificate").template
    problem = SatOrCertificate(1, ((1,), (-1,)), 1)
    for wording in wordings(template):
        assert "at most 1 line" in render(template, problem, wording)
        assert "1 lines" not in render(template, problem, wording)


def test_no_wording_uses_a_word_that_names_a_variable():
    from taskgen.generators.logic.sat_or_certificate import WORDS

    template = taskgen.task("sat_or_certificate").template
    for wording in wordings(template):
        text = render(template, CONTRADICTION, wording).casefold()
        assert not {word for word in WORDS if f" {word} " in text or f" {word}s" in text}


def test_a_wrong_model_is_told_which_clause_fails():
    verdict = SATISFIABLE.verify("sat: -lamp fan door")
    assert (verdict.status, verdict.reason) == ("wrong", "every literal of clause 3 is false")
    assert verdict.partial == pytest.approx(6 / 7)


@pytest.mark.parametrize(
    "answer",
    "sat: -lamp -fan|sat: -lamp -fan -fan|sat: -lamp -fan -door lamp|sat: -lamp -fan -1|-lamp -fan -door|sat|sat:|"
    "sat: not|sat: -lamp -fan --door|sat: -lamp or -fan or -door|unsat: lamp lamp -lamp\nempty".split("|"),
)
def test_what_is_no_model_and_no_refutation_is_malformed(answer):
    assert SATISFIABLE.verify(answer).status == "malformed"


@pytest.mark.parametrize(
    "answer",
    ["unsat:\n1 2\n1\n-1 2\nempty", "unsat: 1 2 0; 1 0; -1 2 0; 0", "UNSAT:\n\n2, 1\n1\n 2 or -1 or -1\nEMPTY"],
)
def test_a_refutation_may_be_written_in_the_ways_of_people_and_of_solvers(answer):
    assert CONTRADICTION.verify(answer)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("unsat:\nempty", "line 1 does not follow by unit propagation"),
        ("unsat:\n1\nempty", "line 1 does not follow by unit propagation"),
        ("unsat:\n1 2\n1\nempty", "line 3 does not follow by unit propagation"),
        ("unsat:\n1\n1 2\n-1 2\nempty", "line 1 does not follow by unit propagation"),
        ("unsat:\n1 2\n1\n-1 2", "a refutation ends with the line 'empty'"),
        ("unsat:" + "\n1 2" * 8 + "\nempty", "the refutation has 9 lines, more than 8"),
    ],
)
def test_a_refutation_with_a_gap_is_wrong(answer, reason):
    verdict = CONTRADICTION.verify(answer)
    assert (verdict.status, verdict.reason) == ("wrong", reason)


def test_lines_after_the_empty_clause_are_not_taken():
    assert not CONTRADICTION.verify("unsat:\n1 2\n1\n-1 2\nempty\n1")


def test_a_satisfiable_formula_has_no_refutation():
    assert SATISFIABLE.verify("unsat:\nlamp fan\nlamp\n-lamp fan\nempty").status == "wrong"


def test_unit_clauses_propagate():
    chain = SatOrCertificate(3, ((1,), (-1, 2), (-2, 3), (-3, -1)), 2)
    assert chain.verify("unsat: empty")
    assert chain.verify("unsat: 3; empty")


def test_replaying_is_bounded():
    clauses = tuple((-v, v + 1) for v in range(1, 80)) + tuple((-v, w) for v in range(1, 30) for w in range(50, 67))
    problem = SatOrCertificate(80, clauses, 200)
    line = "-1 80 " + " ".join(f"-{v}" for v in range(2, 22))
    start = time.perf_counter()
    assert judge(problem, "unsat:\n" + f"{line}\n" * 199 + "empty").status in ("wrong", "limit")
    assert judge(problem, "unsat:\n" + "1 " * 9_000 + "\nempty").status == "wrong"
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize("difficulty", [1, 3, 5])
def test_splitting_the_cases_of_the_first_variables_refutes_next_to_nothing(difficulty):
    task = taskgen.task("sat_or_certificate")
    problems = [
        decode(task.generate(difficulty=difficulty, seed=8, index=index, knobs={"unsat": 1}).problem)
        for index in range(30)
    ]
    depth = problems[0].lines.bit_length() - 1
    hits = 0
    for problem in problems:
        names = problem.names or [str(v) for v in range(1, problem.variables + 1)]
        hits += bool(problem.verify("unsat:\n" + "\n".join(case_split(names[:depth]))))
    assert hits <= 1


def case_split(names):
    """The lines that refute every case of these variables, if each case is refuted by propagation."""
    if not names:
        return ["empty"]
    first, *rest = names
    left = [f"{first} {line}" if line != "empty" else first for line in case_split(rest)]
    right = [f"-{first} {line}" for line in case_split(rest)[:-1]]
    return [*left, *right, "empty"]


def test_knobs_set_the_share_of_unsatisfiable_formulas_and_the_limit_on_lines():
    task = taskgen.task("sat_or_certificate")
    for share, kind in ((0, "sat:"), (1, "unsat:")):
        record = task.generate(difficulty=4, knobs={"unsat": share, "lines": 9})
        assert record.answer.startswith(kind)
        assert decode(record.problem).lines == 9
    with pytest.raises(KnobError, match="proof=20 is more than lines=12"):
        task.knobs(settings={"proof": 20})
