"""Runs variants of a program of `program_output`, each with one statement left out or changed.

The program is compiled once, as Python text of our own making in which every statement stands under a switch; that is
some twenty times as fast as interpreting each variant. What a program prints is still for the interpreter to say.
"""

import builtins
from typing import Any

from taskgen.verifiers.code._program import (
    BUILTIN_NAMES,
    Assign,
    Define,
    For,
    If,
    Int,
    Statement,
    While,
)
from taskgen.verifiers.code._program_source import INDENT, SourceWriter

MAX_TICKS = 600
_BUILTINS = {name: getattr(builtins, name) for name in sorted(BUILTIN_NAMES)}


class _Stop(Exception):
    """The variant prints another line, or runs too long."""


class Probe:
    """A program with switches. Statements are numbered in the order of the text."""

    def __init__(self, program: tuple[Statement, ...], names: list[str]) -> None:
        writer = _SwitchedWriter(names)
        text = "\n".join(writer.block(program, ()))
        self.statements = writer.listed_statements
        self.lines: list[str] = []
        count = len(self.statements)
        self._ends = writer.ends
        self.present = [True] * count
        self.always = [False] * count
        self._code = compile(text, "<program>", "exec")
        # The lines of the program as it is; None where it fails or runs too long.
        self.expected: list[str] | None = None
        self.expected = self.lines if self._run(flip=-1, bump=-1, more=0) else None

    def drop(self, number: int) -> bool:
        """Leave a statement out, for good if the output stays the same; returns whether it does."""
        inside = range(number, self._ends[number])
        before = [self.present[inner] for inner in inside]
        self.present[number] = False
        if self.same():
            self.present[inside.start : inside.stop] = [False] * len(inside)
            return True
        self.present[inside.start : inside.stop] = before
        return False

    def unwrap(self, number: int) -> bool:
        """Take a test for true, for good if the output stays the same; returns whether it does."""
        self.always[number] = True
        self.always[number] = self.same()
        return self.always[number]

    def same(self, flip: int = -1, bump: int = -1, more: int = 0) -> bool:
        """Whether the output stays the same with test `flip` negated, and `more` added in assignment `bump`."""
        return self._run(flip, bump, more) and self.lines == self.expected

    def _run(self, flip: int, bump: int, more: int) -> bool:
        self.lines = []
        lines, expected = self.lines, self.expected
        ticks = 0

        def tick() -> bool:
            nonlocal ticks
            ticks += 1
            if ticks > MAX_TICKS:
                raise _Stop
            return True

        def show(*values: Any) -> None:
            line = " ".join(map(str, values))
            if expected is not None and (len(lines) == len(expected) or line != expected[len(lines)]):
                raise _Stop
            lines.append(line)

        switches = {"_present": self.present, "_always": self.always, "_flip": flip, "_bump": bump, "_more": more}
        scope: dict[str, Any] = {"__builtins__": {}, **_BUILTINS, **switches, "_tick": tick, "print": show}
        try:
            exec(self._code, scope)
        except (_Stop, ArithmeticError, LookupError, NameError, RecursionError, TypeError, ValueError, AttributeError):
            return False
        return True


class _SwitchedWriter(SourceWriter):
    """Writes each statement under a switch, and counts the rounds of loops and the calls of functions."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(names)
        self.listed_statements: list[Statement] = []
        self.ends: list[int] = []

    def statement(self, statement: Statement, enclosing: tuple[set[int], ...]) -> list[str]:
        number = len(self.listed_statements)
        self.listed_statements.append(statement)
        self.ends.append(0)
        match statement:
            case Assign((name,), Int(value)):
                lines = [f"{self.names[name]} = {value} + (_more if _bump == {number} else 0)"]
            case If(test, then, otherwise):
                switched = f"if _always[{number}] or (not ({self.text(test)})) == (_flip == {number}):"
                lines = [switched, *self.inner(then, enclosing)]
                if otherwise:
                    lines += ["else:", *self.inner(otherwise, enclosing)]
            case While(test, body):
                lines = [f"while _tick() and ({self.text(test)}):", *self.inner(body, enclosing)]
            case For():
                first, *rest = super().statement(statement, enclosing)
                lines = [first, f"{INDENT}_tick()", *rest]
            case Define(_, _, _, outer):
                first, *rest = super().statement(statement, enclosing)
                lines = [first, *rest[: len(outer)], f"{INDENT}_tick()", *rest[len(outer) :]]
            case _:
                lines = super().statement(statement, enclosing)
        self.ends[number] = len(self.listed_statements)
        return [f"if _present[{number}]:", *(INDENT + line for line in lines)]
