"""A progress bar on standard error; where that is no terminal, a line now and then."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

LINE_SECONDS = 10.0


class Bar:
    """Shows what is being done, how much of it, how fast, and the time that is left."""

    def __init__(self, total: int, unit: str, at_first: str = "") -> None:
        self._total = total
        self._unit = unit
        self._at_first = at_first
        self._begin = self._said = time.monotonic()
        self._base: int | None = None
        self._moving = False
        self._progress: Any = None
        self._row: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.completed:,.0f} of {task.total:,.0f}  {task.fields[pace]}"),
                console=Console(stderr=True),
                transient=True,
            )
            self._row = self._progress.add_task(self._at_first, total=self._total, pace="")
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def report(self, stage: str, done: int) -> None:
        """Say what is being done and how much of it there is."""
        if self._base is None:
            self._base = done
        if done > self._base and not self._moving:
            self._moving, self._base, self._begin = True, done, time.monotonic()  # start-up says nothing of the pace
        if not self._moving and self._at_first:
            stage = f"{stage}; {self._at_first}"
        if self._progress is not None:
            self._progress.update(self._row, description=stage, completed=done, pace=self._pace(done))
        elif time.monotonic() - self._said >= LINE_SECONDS:
            self._said = time.monotonic()
            print(f"{stage}: {done:,} of {self._total:,} {self._unit}  {self._pace(done)}", file=sys.stderr)

    def _pace(self, done: int) -> str:
        new, elapsed = done - (self._base or 0), time.monotonic() - self._begin
        if new <= 0 or elapsed <= 0:
            return ""
        rate = new / elapsed
        left = int(max(0, self._total - done) / rate)
        return f"{rate:,.1f} {self._unit}/s  {left // 3600}:{left // 60 % 60:02}:{left % 60:02} left"


class StageBars:
    """The bars of a recipe's stages, one after the other."""

    def __init__(self) -> None:
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def begin(self, number: int, name: str, rows: int) -> Callable[[str, int], None]:
        """Start the bar of a stage; the result is what the stage reports to."""
        self._bar = Bar(rows, "rows").__enter__()
        report = self._bar.report
        return lambda stage, done: report(f"{number}. {name}: {stage}", done)

    def end(self) -> None:
        """Take the bar away, if there is one."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
