"""Rows that come in one order and leave in another, on disk: memory is bounded by a run."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy
import pyarrow
import pyarrow.ipc

from taskgen.engine.files import naming

RUN_ROWS = 32_768
MAX_RUNS = 256
_PLACE = "__place"


class OrderedRows:
    """A fixed number of rows, each with its place; `tables` gives them back in order, once.

    The places are cut into runs, a file each; a run is sorted when it is read back.
    """

    def __init__(self, folder: Path, rows: int) -> None:
        self._folder = folder
        self._rows = max(RUN_ROWS, -(-rows // MAX_RUNS))
        self._writers: dict[int, Any] = {}
        self._open = ExitStack()
        folder.mkdir()

    def add(self, table: Any, places: Any) -> None:
        """Add rows, each to its place."""
        table = table.append_column(_PLACE, pyarrow.array(places, pyarrow.int64()))
        runs = places // self._rows
        for run in numpy.unique(runs).tolist():
            path = self._folder / f"{run:05d}.arrow"
            with naming(path):
                if run not in self._writers:
                    self._writers[run] = self._open.enter_context(pyarrow.ipc.new_stream(path, table.schema))
                self._writers[run].write_table(table.filter(pyarrow.array(runs == run)))

    def tables(self) -> Iterator[Any]:
        """All rows in order, a run at a time."""
        self.close()
        for run in sorted(self._writers):
            path = self._folder / f"{run:05d}.arrow"
            with pyarrow.ipc.open_stream(path) as reader:
                table = reader.read_all()
            path.unlink()
            order = numpy.argsort(table[_PLACE].to_numpy())
            yield table.take(pyarrow.array(order)).drop_columns([_PLACE])

    def close(self) -> None:
        """Finish the files; no row may come after."""
        with naming(self._folder):
            self._open.close()
