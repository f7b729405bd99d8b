"""Worker processes as their parent sees them."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from io import RawIOBase
from typing import Any, cast

from taskgen.engine import frames


class WorkerGone(RuntimeError):
    """A worker process ended before it had answered; the message says how."""


class Worker:
    """One worker process, which serves one call at a time.

    It is a fresh interpreter with this one's import path, so it neither inherits this process's memory and locks nor
    runs its main module again, and it can be killed at any moment.
    """

    def __init__(self) -> None:
        path = [entry or os.getcwd() for entry in sys.path]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "taskgen.engine.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=environment,
            process_group=0,  # a terminal's Ctrl-C reaches the parent only
        )
        self._calls = cast(RawIOBase, self._process.stdin)
        self._answers = cast(RawIOBase, self._process.stdout)

    def call(self, function: str, argument: Any) -> None:
        """Start a call of `function(argument, tick)`. A worker that has died is noticed when its answer is read."""
        with suppress(BrokenPipeError):
            frames.send(self._calls, (function, argument))

    def answer(self) -> tuple[str, Any]:
        """Wait for the next message: ("tick", n), ("done", result) or ("failed", failure). Raises WorkerGone."""
        try:
            kind, content = frames.receive(self._answers)
        except EOFError:
            raise WorkerGone(self._how_it_ended()) from None
        return kind, content

    def fileno(self) -> int:
        """The descriptor that becomes readable when an answer has come."""
        return self._answers.fileno()

    def kill(self) -> None:
        """End the process at once and collect it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._calls, self._answers):
            with suppress(OSError):
                pipe.close()

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        if code == -signal.SIGKILL:
            return "killed by signal 9, as happens when memory runs out"
        return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
