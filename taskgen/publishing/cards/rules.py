"""What a task says of itself: what is asked, what counts, what a setting means; in the words of its own modules."""

import inspect
from dataclasses import dataclass

from taskgen.environment import MultiTurnProblem
from taskgen.knobs import describe
from taskgen.problem import Problem
from taskgen.prompts import wordings
from taskgen.publishing.cards.markdown import paragraphs
from taskgen.registry import all_tasks, task


@dataclass(frozen=True)
class KnobRules:
    """A knob: the values that it takes and what it means, in words."""

    name: str
    span: str
    meaning: str


@dataclass(frozen=True)
class Rules:
    """What is to be known of a task before one trusts its verdicts."""

    asked: str
    background: tuple[str, ...]
    """More of it: where the task comes from, what exactly is decided and how."""
    problem: str
    counts: str
    forgotten: str
    """What two problems with one structure id may differ in."""
    unique: bool
    forms: tuple[str, ...]
    """Where an answer may stand beside `<answer>`."""
    max_answer: int
    version: int
    multi_turn: bool
    knobs: tuple[KnobRules, ...]
    wordings: tuple[str, ...]


def rules_of(name: str) -> Rules | None:
    """The rules of a task; None where this taskgen has no task of that name."""
    if name not in all_tasks():
        return None
    own = task(name)
    kind = own.problem_type
    asked, *background = paragraphs(inspect.getmodule(kind).__doc__) or [""]
    return Rules(
        asked=asked,
        background=tuple(background),
        problem=_told(kind),
        counts=_told(kind.outcome if issubclass(kind, MultiTurnProblem) else kind.verify),
        forgotten=_told(kind.structure),
        unique=kind.unique,
        forms=tuple(form for form in kind.forms if form != "answer"),
        max_answer=kind.max_answer,
        version=kind.version,
        multi_turn=issubclass(kind, MultiTurnProblem),
        knobs=tuple(KnobRules(knob, span, meaning) for knob, span, meaning, _ in describe(own.knobs_type)),
        wordings=tuple(wordings(own.template)),
    )


def _told(thing: object) -> str:
    """What a docstring says, as one paragraph; nothing where it is only the one that every Problem has."""
    told = inspect.getdoc(thing)
    inherited = {inspect.getdoc(base) for base in (Problem, Problem.verify, Problem.structure)}
    return "" if told in inherited else " ".join(paragraphs(told))
