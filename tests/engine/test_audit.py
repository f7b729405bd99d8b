"""The audit finds what is wrong with a task."""

import pytest

import taskgen
from taskgen.engine.audit import (
    RungAudit,
    audit_task,
    check_mutants,
    check_oracle,
    check_relabelling,
    null_floor,
    spearman,
)
from taskgen.problem import correct


@pytest.fixture
def addition(toys):
    return taskgen.task("addition")


@pytest.fixture
def record(addition):
    return addition.generate(difficulty=4)


def test_an_honest_task_has_no_faults():
    audit = audit_task("knights_and_knaves", sample=3)
    assert [rung.difficulty for rung in audit.rungs] == list(range(1, 11))
    assert all(rung.unique == rung.solvable == rung.relabelled == 3 for rung in audit.rungs)
    assert all(rung.mutants >= 30 and rung.milliseconds > 0 and rung.judged_per_second > 0 for rung in audit.rungs)
    assert (audit.floor, audit.faults, audit.unique) == (0.0, [], True)
    assert audit.effort_correlation > 0.8


def test_an_oracle_that_finds_nothing_disagrees(addition, record, monkeypatch):
    rung = RungAudit(4)
    monkeypatch.setattr(addition.oracle, "solutions", lambda problem, limit: [])
    check_oracle(addition, record, rung)
    assert "the oracle proves that there is no answer" in rung.disagreements[0]


def test_an_oracle_with_another_answer_disagrees(addition, record, monkeypatch):
    rung = RungAudit(4)
    monkeypatch.setattr(addition.oracle, "solutions", lambda problem, limit: [record.answer, "1"])
    check_oracle(addition, record, rung)
    assert "the verifier rejects the oracle's answer '1'" in rung.disagreements[0]
    monkeypatch.setattr(addition.oracle, "solutions", lambda problem, limit: [record.answer, "0" + record.answer])
    monkeypatch.setattr(addition.problem_type, "unique", True)
    check_oracle(addition, record, rung)
    assert "the oracle knows another answer" in rung.disagreements[1]


def test_an_oracle_may_pass(addition, record, monkeypatch):
    rung = RungAudit(4)
    monkeypatch.setattr(addition.oracle, "solutions", lambda problem, limit: None)
    check_oracle(addition, record, rung)
    assert (rung.skipped, rung.solvable, rung.disagreements) == (1, 0, [])


def test_a_verifier_that_accepts_everything_is_found_out(addition, record, monkeypatch):
    monkeypatch.setattr(addition.problem_type, "verify", lambda problem, answer: correct())
    rung = RungAudit(4)
    check_mutants(addition, record, rung)
    assert rung.accepted == rung.mutants == len(rung.unconfirmed) > 5
    floor, policy = null_floor([record])
    assert floor == 1.0
    assert policy


def test_an_oracle_can_vouch_for_an_accepted_mutant(addition, record, monkeypatch):
    monkeypatch.setattr(addition.problem_type, "verify", lambda problem, answer: correct())
    monkeypatch.setattr(addition.oracle, "accepts", lambda problem, answer: True, raising=False)
    rung = RungAudit(4)
    check_mutants(addition, record, rung)
    assert (rung.accepted, rung.unconfirmed) == (rung.mutants, [])


def test_a_structure_that_moves_is_reported(addition, record, monkeypatch):
    kind = addition.problem_type
    monkeypatch.setattr(addition.oracle, "relabel", lambda problem, stream: kind(problem.second + 1, problem.first))
    rung = RungAudit(4)
    check_relabelling(addition, record, rung)
    assert "relabelling changes the structure id" in rung.moved[0]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [([1, 2, 3], [10, 20, 30], 1), ([1, 2, 3], [3, 2, 1], -1), ([1, 2, 3], [5, 5, 5], 0), ([1, 2, 2], [1, 2, 2], 1)],
)
def test_spearman(first, second, expected):
    assert spearman(first, second) == pytest.approx(expected)
