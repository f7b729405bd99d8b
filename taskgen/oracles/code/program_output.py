"""A second opinion on programs: CPython runs their text."""

import builtins
import contextlib
import io

from taskgen.seeding import Stream
from taskgen.verifiers.code._program import BUILTIN_NAMES, renamed
from taskgen.verifiers.code.program_output import ProgramOutput

OTHER_NAMES = "alpha beta gamma delta eta theta iota kappa mu nu xi rho sigma tau phi chi psi omega".split()


def solutions(problem: ProgramOutput, limit: int) -> list[str]:
    """What CPython prints for the program, the only answer. The text is ours, and it is given nothing to import."""
    functions = {name: getattr(builtins, name) for name in sorted(BUILTIN_NAMES)}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(problem.source(), "<program>", "exec"), {"__builtins__": {}, **functions})
    return [printed.getvalue()][:limit]


def relabel(problem: ProgramOutput, stream: Stream) -> ProgramOutput:
    """The same program with its variables, functions and parameters named otherwise."""
    count = len(problem.names)
    numbers = stream.shuffled(range(count))
    names = [f"{name}{number}" if number else name for number in range(4) for name in OTHER_NAMES]
    return ProgramOutput(tuple(stream.sample(names, count)), renamed(problem.program, dict(enumerate(numbers))))
