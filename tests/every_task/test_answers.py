"""Right answers score 1, everything else 0."""

import taskgen
from taskgen.engine.policies import completion, mutations, normal_form, null_completions
from taskgen.judging import judge
from taskgen.seeding import Stream
from tests.every_task.sampling import ladder, problem, rung, some


def test_the_reference_answer_scores_one(name):
    for record in ladder(name):
        verdict = taskgen.verify(record.problem, f"Let me think.</think>So: {completion(record.answer)}\n")
        assert (verdict.score, verdict.status, verdict.partial) == (1.0, "correct", 1.0), (record.index, verdict)


def test_null_policies_score_nothing(name):
    for difficulty in (1, 2, 4, 6, 8, 10):
        records = rung(name, difficulty)
        for record, other in zip(records, records[1:] + records[:1], strict=True):
            for policy, text in null_completions(record.prompt, other.answer).items():
                verdict = taskgen.verify(record.problem, text)
                assert verdict.score == 0.0, f"{policy} solves rung {difficulty} number {record.index}"
                assert verdict.status != "verifier_error", verdict


def test_a_mutated_answer_scores_nothing_unless_the_rules_allow_it(name):
    task = taskgen.task(name)
    accepts = getattr(task.oracle, "accepts", None)
    assert task.problem_type.unique or accepts, "a task with many answers needs the oracle's accepts()"
    for record in ladder(name):
        statement = problem(record)
        for mutant in mutations(record.answer, Stream.keyed("mutant", record.id)):
            verdict = judge(statement, mutant)
            assert verdict.status != "verifier_error", verdict
            if accepts is not None:
                expected = bool(accepts(statement, mutant))
                assert bool(verdict) == expected, f"verifier: {verdict}; oracle: {expected}"
            elif verdict:
                assert normal_form(mutant) == normal_form(record.answer), f"accepted: {mutant!r}"


def test_an_answer_outside_the_tags_or_inside_the_reasoning_is_no_answer(name):
    for record in some(name)[:3]:
        assert taskgen.verify(record, record.answer).score == 0.0 or "fenced" in problem(record).forms
        assert taskgen.verify(record, f"<think>{completion(record.answer)}").status == "no_answer"


def test_a_wrong_verdict_says_why_in_one_line(name):
    for record in some(name):
        for mutant in mutations(record.answer, Stream.keyed("why", record.id)):
            verdict = judge(problem(record), mutant)
            if not verdict:
                assert verdict.reason
                assert "\n" not in verdict.reason
                assert len(verdict.reason) < 300
                assert 0.0 <= verdict.partial < 1.0
