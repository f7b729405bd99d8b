"""The second opinion: an oracle that shares no code with the generator agrees with the labels."""

import taskgen
from taskgen.judging import judge
from tests.every_task.sampling import RUNGS, problem, rung


def test_the_oracle_agrees(name):
    task = taskgen.task(name)
    answered = 0
    for difficulty in RUNGS:
        for record in rung(name, difficulty)[:2]:
            statement = problem(record)
            answers = task.oracle.solutions(statement, 2)
            if answers is None:
                continue
            answered += 1
            assert answers, f"the oracle found no answer at rung {difficulty}"
            for answer in answers:
                assert judge(statement, answer), judge(statement, answer)
            if task.problem_type.unique:
                assert len(answers) == 1, f"two answers at rung {difficulty}: {answers}"
    assert answered >= 6, "the oracle can answer too few of the rungs"


def test_the_oracle_accepts_the_reference_answer(name):
    accepts = getattr(taskgen.task(name).oracle, "accepts", None)
    if accepts is not None:
        for difficulty in RUNGS:
            for record in rung(name, difficulty):
                assert accepts(problem(record), record.answer), f"rung {difficulty}"
