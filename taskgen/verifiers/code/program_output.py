"""What does this program print? The program is written in a small subset of Python 3 and means what it means there."""

import keyword
from collections.abc import Hashable
from functools import lru_cache
from typing import Annotated, ClassVar

from msgspec import Meta

from taskgen.problem import Forms, Problem, Verdict, correct, malformed, wrong
from taskgen.verifiers.code._program import (
    BUILTIN_NAMES,
    MAX_NAMES,
    MAX_NODES,
    MAX_TOP_LEVEL,
    Statement,
    canonical,
    mentioned,
    nodes,
)
from taskgen.verifiers.code._program_interpreter import Program
from taskgen.verifiers.code._program_machine import ProgramError
from taskgen.verifiers.code._program_source import source

Identifier = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,15}\Z")]


class ProgramOutput(Problem, frozen=True, cache_hash=True):
    """A program as a syntax tree, and the identifiers that its names stand for."""

    unique: ClassVar[bool] = True
    forms: ClassVar[Forms] = ("answer", "fenced")
    max_answer: ClassVar[int] = 4_000

    names: Annotated[tuple[Identifier, ...], Meta(min_length=1, max_length=MAX_NAMES)]
    program: Annotated[tuple[Statement, ...], Meta(min_length=1, max_length=MAX_TOP_LEVEL)]

    def __post_init__(self) -> None:
        if len(set(self.names)) < len(self.names):
            raise ValueError("two names are the same")
        for name in self.names:
            if keyword.iskeyword(name) or name in BUILTIN_NAMES:
                raise ValueError(f"{name} has a meaning of its own")
        if sum(map(nodes, self.program)) > MAX_NODES:
            raise ValueError(f"the program has more than {MAX_NODES} nodes")
        if max((max(mentioned(statement), default=0) for statement in self.program), default=0) >= len(self.names):
            raise ValueError("the program mentions a name that is not there")

    def source(self) -> str:
        """The program's text."""
        return source(self.program, self.names)

    def verify(self, answer: str) -> Verdict:
        """The lines that the program prints, word for word; the amount of white space between words is free."""
        given = [line.split() for line in _unfenced(answer).splitlines()]
        if not given:
            return malformed("the answer is empty")
        printed = _printed(self)
        if isinstance(printed, ProgramError):
            raise ProgramError(str(printed))
        fitting = sum(one == other for one, other in zip(given, printed, strict=False))
        if len(given) == len(printed) == fitting:
            return correct()
        partial = fitting / max(len(given), len(printed))
        if fitting == min(len(given), len(printed)):
            return wrong(f"the program prints {len(printed)} lines, the answer has {len(given)}", partial)
        first = next(number for number, (one, other) in enumerate(zip(given, printed, strict=False)) if one != other)
        return wrong(f"line {first + 1} is not what the program prints", partial)

    def structure(self) -> Hashable:
        """The syntax tree with its names numbered by first appearance."""
        return canonical(self.program, {})


def _unfenced(answer: str) -> str:
    """The answer without a fence around it and blank lines at its ends."""
    text = answer.strip()
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        text = text.partition("\n")[2][:-3].strip()
    return text


@lru_cache(maxsize=1024)
def _printed(problem: ProgramOutput) -> list[list[str]] | ProgramError:
    """The words of each line that the program prints, or why there are none; a run out of fuel is remembered too."""
    try:
        text = "\n".join(Program(problem.program).run()).strip()
    except ProgramError as error:
        return ProgramError(str(error))
    return [line.split() for line in text.splitlines()] or ProgramError("the program prints nothing")
