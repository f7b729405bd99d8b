"""Progress of what goes to the Hub or comes from it, one bar after the other."""

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self

from taskgen.cli.progress import Bar

KILOBYTE = 1000


class TransferBars:
    """The bars of a transfer; on a terminal, the Hub's client shows its own while files are on their way."""

    def __init__(self) -> None:
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def begin(self, what: str, size: int) -> Callable[[int], None]:
        """Begin something that so many bytes will take; the result is told how many have been."""
        from taskgen.publishing.hub.contents import CHECKING

        self._end()
        if sys.stderr.isatty() and what != CHECKING:
            return lambda done: None
        self._bar = Bar(size // KILOBYTE, "kB").__enter__()
        report = self._bar.report
        return lambda done: report(what, done // KILOBYTE)

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
