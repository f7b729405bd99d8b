"""What a problem is, how it travels, and what a verifier says about an answer."""

from collections.abc import Hashable
from functools import lru_cache
from hashlib import blake2b
from typing import Annotated, Any, ClassVar, Literal

import msgspec

Status = Literal["correct", "wrong", "no_answer", "malformed", "limit", "verifier_error"]
Split = Literal["train", "validation", "test"]
MAX_PROBLEM = 1_000_000
"""Longest problem string that is read, in characters."""
MAX_REMEMBERED = 50_000
Forms = tuple[Literal["answer", "boxed", "fenced"], ...]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class Verdict(msgspec.Struct, frozen=True):
    """A judgement: `score` is 1 for a valid answer and 0 for anything else; `partial` in [0, 1] is never part of it."""

    score: float
    status: Status
    reason: str = ""
    partial: float = 0.0
    answer: str | None = None

    def __bool__(self) -> bool:
        return self.score == 1.0


def correct(reason: str = "") -> Verdict:
    """The answer solves the problem."""
    return Verdict(1.0, "correct", reason, 1.0)


def wrong(reason: str, partial: float = 0.0) -> Verdict:
    """The answer can be read and breaks a rule; `partial` says how much of it was right."""
    return Verdict(0.0, "wrong", reason, partial)


def malformed(reason: str) -> Verdict:
    """The answer cannot be read in the format that the prompt asked for."""
    return Verdict(0.0, "malformed", reason)


def no_answer(reason: str) -> Verdict:
    """The completion holds no answer."""
    return Verdict(0.0, "no_answer", reason)


def limit(reason: str) -> Verdict:
    """The answer is too long, too deep or too large to be judged."""
    return Verdict(0.0, "limit", reason)


def verifier_error(reason: str) -> Verdict:
    """We could not judge: the problem cannot be read, or the verifier has a fault. Never a wrong answer."""
    return Verdict(0.0, "verifier_error", reason)


class Problem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One statement, complete: all that is needed to judge an answer.

    A task subclasses it once, in `taskgen/verifiers/<domain>/<task>.py`, with typed and bounded fields. Relations
    between fields are checked in `__post_init__`, which raises ValueError.
    """

    task: ClassVar[str] = ""
    """Name of the task: the name of the file that defines it."""
    version: ClassVar[int] = 1
    """Raised whenever the verdict on some answer changes."""
    unique: ClassVar[bool] = False
    """True where a problem has exactly one answer; the oracle proves it."""
    forms: ClassVar[Forms] = ("answer",)
    """Where an answer may stand in a completion; see taskgen.responses."""
    max_answer: ClassVar[int] = 20_000
    """Longest answer that is judged, in characters."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.task = cls.__module__.rpartition(".")[2]

    def verify(self, answer: str) -> Verdict:
        """Judge an answer by the rules. Bounded in time; answers of up to `max_answer` characters arrive here."""
        raise NotImplementedError

    def structure(self) -> Hashable:
        """What is left of the problem when its names, order and orientation are forgotten: tuples, ints, strings."""
        raise NotImplementedError


class _Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    task: Annotated[str, msgspec.Meta(max_length=64)]
    version: Annotated[int, msgspec.Meta(ge=1)]
    fields: msgspec.Raw


def encode(problem: Problem) -> str:
    """The self-describing JSON string of a problem: task, version, fields."""
    body = msgspec.json.encode(problem, order="deterministic")
    return msgspec.json.encode(_Envelope(problem.task, problem.version, msgspec.Raw(body))).decode()


def decode(text: str) -> Problem:
    """The problem in a JSON string. Raises ValueError, in one line, where the string is not a problem of ours."""
    if len(text) > MAX_PROBLEM:
        raise ValueError(f"the problem has {len(text)} characters, more than {MAX_PROBLEM}")
    return _decode_again(text) if len(text) <= MAX_REMEMBERED else _decode(text)


def _decode(text: str) -> Problem:
    from taskgen.registry import task

    try:
        envelope = msgspec.json.decode(text, type=_Envelope)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"not a taskgen problem: {error}") from None
    kind = task(envelope.task).problem_type
    if envelope.version > kind.version:
        raise ValueError(
            f"{envelope.task}: the problem has version {envelope.version}, this taskgen judges up to {kind.version}; "
            "upgrade taskgen"
        )
    try:
        return msgspec.json.decode(envelope.fields, type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"{envelope.task}: the problem does not fit the task: {error}") from None


_decode_again = lru_cache(maxsize=256)(_decode)
"""A trainer judges the completions of one problem together: a few problems are remembered."""


def instance_id(problem: Problem) -> str:
    """128-bit hex hash of the problem itself; two records with one id are the same problem."""
    return _hash(b"taskgen-instance", problem.task, msgspec.json.encode(problem, order="deterministic"))


def structure_id(problem: Problem) -> str:
    """128-bit hex hash of the problem modulo the task's symmetries."""
    return _hash(b"taskgen-struct", problem.task, msgspec.msgpack.encode(problem.structure(), order="deterministic"))


def split_of(structure: str) -> Split:
    """The split that a structure id belongs to, whatever the seed: 5 % test, 5 % validation, 90 % train."""
    position = int(structure[:16], 16) * 20 >> 64
    return "test" if position == 0 else "validation" if position == 1 else "train"


def _hash(person: bytes, task: str, content: bytes) -> str:
    return blake2b(task.encode() + b"\0" + content, digest_size=16, person=person).hexdigest()
