"""The data files of a folder, written row by row: a file a split, a new one after so many rows."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pyarrow

from taskgen.engine.files import naming, sha256_of, whole_file
from taskgen.engine.manifest import FileEntry
from taskgen.engine.schema import ROWS_PER_FILE, ROWS_PER_GROUP, parquet_writer


class GroupedRows:
    """Rows on their way to a Parquet writer, in groups of ROWS_PER_GROUP: the bytes do not tell how they came in."""

    def __init__(self, write: Callable[[Any], None]) -> None:
        self._write = write
        self._pending: list[Any] = []
        self._waiting = 0

    def add(self, table: Any) -> None:
        """Take rows; whole groups are written."""
        self._pending.append(table)
        self._waiting += table.num_rows
        if self._waiting >= ROWS_PER_GROUP:
            pending = pyarrow.concat_tables(self._pending)
            start = 0
            while pending.num_rows - start >= ROWS_PER_GROUP:
                self._write(pending.slice(start, ROWS_PER_GROUP).combine_chunks())
                start += ROWS_PER_GROUP
            rest = pending.slice(start)
            self._pending, self._waiting = [rest], rest.num_rows

    def finish(self) -> None:
        """Write what is left."""
        if self._waiting:
            self._write(pyarrow.concat_tables(self._pending).combine_chunks())
            self._pending, self._waiting = [], 0


class SplitFiles:
    """Collects the rows of every split; equal rows leave equal bytes, however they came in.

    All tables have one schema. `close` gives the files their names, `SPLIT-00000-of-00002.parquet`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._splits: dict[str, _OneSplit] = {}

    def add(self, table: Any, split: str) -> None:
        """Add rows to a split."""
        if split not in self._splits:
            self._splits[split] = _OneSplit(self._folder, split, table.schema)
        self._splits[split].add(table)

    def close(self, empty_schema: Any) -> list[FileEntry]:
        """Finish all files. A split without rows gets none, because `datasets` reads no dataset that has one; where no
        row came at all, there is one file, of the schema that rows would have had or else of the given one.
        """
        filled = {split: self._splits[split] for split in sorted(self._splits) if self._splits[split].rows}
        if not filled:
            schemas = [split.schema for split in self._splits.values()]
            filled = {"train": _OneSplit(self._folder, "train", schemas[0] if schemas else empty_schema)}
        self._splits = filled
        return [entry for split in filled.values() for entry in split.close()]

    def abandon(self) -> None:
        """Close what is open; nothing of it is needed any more."""
        for split in self._splits.values():
            split.abandon()


class _OneSplit:
    def __init__(self, folder: Path, split: str, schema: Any) -> None:
        self._folder = folder
        self._split = split
        self.schema = schema
        self.rows = 0
        self._groups = GroupedRows(self._write)
        self._rows: list[int] = []
        """Rows of each file begun so far."""
        self._open = ExitStack()
        self._writer: Any = None

    def add(self, table: Any) -> None:
        self.rows += table.num_rows
        self._groups.add(table)

    def _write(self, group: Any) -> None:
        if not self._rows or self._rows[-1] >= ROWS_PER_FILE:
            self._begin_file()
        with naming(self._path(len(self._rows) - 1)):
            self._writer.write_table(group)
        self._rows[-1] += group.num_rows

    def _begin_file(self) -> None:
        self._open.close()
        file = self._open.enter_context(whole_file(self._path(len(self._rows))))
        self._writer = self._open.enter_context(parquet_writer(file, self.schema))
        self._rows.append(0)

    def _path(self, number: int) -> Path:
        return self._folder / f"{self._split}-{number:05d}.parquet"

    def close(self) -> list[FileEntry]:
        self._groups.finish()
        if not self._rows:
            self._begin_file()  # without a row group: `datasets` cannot read one of no rows
        self._open.close()
        entries = []
        for number, rows in enumerate(self._rows):
            name = f"{self._split}-{number:05d}-of-{len(self._rows):05d}.parquet"
            target = self._path(number).rename(self._folder / name)
            entries.append(FileEntry(f"{self._folder.name}/{name}", rows, sha256_of(target)))
        return entries

    def abandon(self) -> None:
        with suppress(OSError, pyarrow.ArrowException):
            self._open.close()
