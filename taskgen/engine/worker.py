"""A worker process: `python -m taskgen.engine.worker` reads calls from standard input and answers on standard output.

A call is [function, argument], the function named `module:name`, called as `function(argument, tick)`. The answers are
["tick", n] any number of times, then ["done", result] or ["failed", failure]. The process ends when its input does.
"""

import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from io import RawIOBase
from typing import Any

import msgspec

from taskgen.engine.errors import UsageError
from taskgen.engine.frames import receive, send
from taskgen.knobs import KnobError
from taskgen.records import GeneratorFault

TICK_SECONDS = 0.2

Tick = Callable[[int], None]
Job = Callable[[Any, Tick], Any]


class Failure(msgspec.Struct, frozen=True):
    """An exception on its way between processes."""

    kind: str
    message: str
    errno: int | None = None
    path: str | None = None


class WorkerFault(RuntimeError):
    """An unexpected exception in a worker; the message holds its traceback."""


def resolve(function: str) -> Job:
    """The function that `module:name` names."""
    module, _, name = function.partition(":")
    job: Job = getattr(import_module(module), name)
    return job


def pack(error: BaseException) -> Failure:
    """An exception as a message."""
    if isinstance(error, KnobError):
        return Failure("knobs", str(error))
    if isinstance(error, UsageError):
        return Failure("usage", str(error))
    if isinstance(error, GeneratorFault):
        return Failure("generator", str(error))
    if isinstance(error, OSError) and error.errno is not None:
        return Failure("system", error.strerror or str(error), error.errno, str(error.filename or ""))
    return Failure("fault", traceback.format_exc())


def unpack(failure: Failure) -> Exception:
    """The exception that a message stands for."""
    if failure.kind == "knobs":
        return KnobError(failure.message)
    if failure.kind == "usage":
        return UsageError(failure.message)
    if failure.kind == "generator":
        return GeneratorFault(failure.message)
    if failure.kind == "system" and failure.errno is not None:
        return OSError(failure.errno, failure.message, failure.path or None)
    return WorkerFault(failure.message)


def main() -> None:
    """Serve calls until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    calls, answers = _take_over_pipes()
    inbox: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(calls, inbox), daemon=True).start()
    while True:
        function, argument = inbox.get()
        send(answers, _answer(function, argument, answers))


def _take_over_pipes() -> tuple[RawIOBase, RawIOBase]:
    """Keep the pipes for messages; a stray print goes to standard error and a stray read finds nothing."""
    calls, answers = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return calls, answers


def _read(calls: RawIOBase, inbox: "queue.SimpleQueue[tuple[str, Any]]") -> None:
    """Pass calls on; when the parent has gone, end at once, even in the middle of a call."""
    while True:
        try:
            function, argument = receive(calls)
        except (EOFError, OSError):
            os._exit(0)
        inbox.put((function, argument))


def _answer(function: str, argument: Any, answers: RawIOBase) -> tuple[str, Any]:
    last = time.monotonic()
    waiting = 0

    def tick(steps: int) -> None:
        nonlocal last, waiting
        waiting += steps
        if time.monotonic() - last >= TICK_SECONDS:
            send(answers, ("tick", waiting))
            last, waiting = time.monotonic(), 0

    try:
        return "done", resolve(function)(argument, tick)
    except Exception as error:
        return "failed", pack(error)


if __name__ == "__main__":
    main()
