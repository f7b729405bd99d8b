"""verify_batch: the verdicts of verify, in order, whatever the completions do."""

import os
import threading

import msgspec
import pytest

import taskgen
from taskgen.engine import batch
from taskgen.problem import Verdict, encode


def additions(*answers):
    problems = [f'{{"task":"addition","version":1,"fields":{{"first":{n},"second":1}}}}' for n in range(len(answers))]
    return problems, [f"<answer>{answer}</answer>" for answer in answers]


@pytest.mark.parametrize("workers", [1, 2])
def test_verdicts_come_in_order_for_every_kind_of_problem(workers):
    task = taskgen.task("knights_and_knaves")
    records = [task.generate(difficulty=1, index=index) for index in range(40)]
    kinds = [record.problem for record in records]
    kinds[0] = records[0]
    kinds[1] = {"problem": records[1].problem}
    kinds[2] = taskgen.judging.read_problem(records[2])
    kinds[3] = "no problem"
    kinds[4] = {"nothing": 1}
    kinds[5] = None
    completions = [f"<answer>{record.answer}</answer>" for record in records]
    completions[6] = None
    completions[7] = "\ud800<answer>\udfff</answer>"
    completions[8] = "nothing"
    verdicts = taskgen.verify_batch(kinds, completions, workers=workers)
    statuses = [verdict.status for verdict in verdicts]
    assert statuses[:9] == ["correct"] * 3 + ["verifier_error"] * 3 + ["no_answer", "malformed", "no_answer"]
    assert statuses[9:] == ["correct"] * 31
    assert [verdict.answer for verdict in verdicts[9:]] == [record.answer for record in records[9:]]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(verdicts), type=list[Verdict]) == verdicts


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="got 1 problems and 2 completions"):
        taskgen.verify_batch(["a"], ["b", "c"])


def test_a_hang_costs_its_own_item_only(toys, monkeypatch):
    monkeypatch.setattr(batch, "STALL_SECONDS", 2.0)
    problems, completions = additions(1, 2, "hang", 4, 5, 7, 7, 8)
    verdicts = taskgen.verify_batch(problems, completions, workers=2)
    assert [verdict.status for verdict in verdicts] == [
        *("correct", "correct", "limit", "correct", "correct", "wrong", "correct", "correct")
    ]
    assert verdicts[2].reason == "not judged within 2 s"


def test_a_crash_costs_its_own_item_only(toys):
    problems, completions = additions(1, 2, 3, "die", *range(5, 40))
    verdicts = taskgen.verify_batch(problems, completions, workers=2)
    assert [place for place, verdict in enumerate(verdicts) if not verdict] == [3]
    assert verdicts[3].status == "verifier_error"
    assert verdicts[3].reason == "the worker that judged this died: exit code 3"


def test_any_thread_may_ask(toys):
    problems, completions = additions(*range(1, 30))
    scores = []

    def ask():
        scores.append(sum(verdict.score for verdict in taskgen.verify_batch(problems, completions, workers=2)))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert scores == [29.0] * 3


def test_a_forked_child_starts_workers_of_its_own(toys):
    problems, completions = additions(*range(1, 10))
    taskgen.verify_batch(problems, completions, workers=2)
    child = os.fork()
    if child == 0:
        verdicts = taskgen.verify_batch(problems, completions, workers=2)
        batch._POOL.close()
        os._exit(0 if all(verdicts) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert all(taskgen.verify_batch(problems, completions, workers=2))


def test_problems_travel_as_their_json_string(toys):
    problem = taskgen.task("addition").problem_type(2, 3)
    assert taskgen.verify_batch([problem, encode(problem)], ["<answer>5</answer>"] * 2, workers=2)[0].score == 1
