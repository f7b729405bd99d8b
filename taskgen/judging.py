"""Judging: a problem, a completion, a verdict. Pure, bounded in time; never raises."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from taskgen.problem import Problem, Verdict, decode, limit, no_answer, verifier_error
from taskgen.responses import NoAnswer, extract

if TYPE_CHECKING:
    from taskgen.records import Record


def verify(problem: "str | Problem | Record | Mapping[str, Any]", completion: str) -> Verdict:
    """Judge a completion: extract its answer, apply the rules. Never raises.

    `problem` is the self-describing JSON string, or a Problem, or the record or row that holds the string. Where we
    cannot judge (an unreadable problem, a fault of ours) the status is `verifier_error`, never `wrong`.
    """
    try:
        statement = read_problem(problem)
    except Exception as error:
        return verifier_error(f"{type(error).__name__}: {error}")
    if not isinstance(completion, str):
        return no_answer(f"the completion is not text but {type(completion).__name__}")
    try:
        answer = extract(completion, statement.forms)
    except NoAnswer as reason:
        return no_answer(str(reason))
    return judge(statement, answer)


def judge(problem: Problem, answer: str) -> Verdict:
    """Judge an answer that has been extracted already. Never raises."""
    if len(answer) > problem.max_answer:
        return limit(f"the answer has {len(answer)} characters, more than {problem.max_answer}")
    try:
        verdict = problem.verify(answer)
    except Exception as error:  # a fault of ours must reach the trainer as one, not as a wrong answer
        return verifier_error(f"{problem.task}: {type(error).__name__}: {error}")
    return Verdict(verdict.score, verdict.status, verdict.reason, verdict.partial, answer)


def read_problem(problem: "str | Problem | Record | Mapping[str, Any]") -> Problem:
    """The problem in whatever holds it. Raises ValueError or TypeError."""
    if isinstance(problem, Problem):
        return problem
    text = problem["problem"] if isinstance(problem, Mapping) else getattr(problem, "problem", problem)
    if not isinstance(text, str):
        raise TypeError(f"a problem is a JSON string, not {type(text).__name__}")
    return decode(text)
