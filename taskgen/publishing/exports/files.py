"""The data files of an export while they are written: a file a split, and another for its multi-turn problems."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import msgspec
import pyarrow

from taskgen.curation.split_files import GroupedRows
from taskgen.engine.files import sha256_of, whole_file
from taskgen.engine.manifest import FileEntry
from taskgen.engine.schema import parquet_writer
from taskgen.problem import SPLITS
from taskgen.publishing.exports.formats import OPTIONAL, Format
from taskgen.publishing.exports.reading import kind_of
from taskgen.publishing.exports.rows import Rows

DIALOGUES = "-dialogues"
"""What the name of a file ends in that holds multi-turn problems."""


class ExportFiles:
    """Takes rows for any split; a file begins with its first row, so an empty split has none."""

    def __init__(self, folder: Path, form: Format) -> None:
        self._folder = folder
        self._form = form
        self._open = ExitStack()
        self._add: dict[str, Callable[[Any], Any]] = {}
        self._rows: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    def add(self, split: str, table: Any, tasks: Sequence[str]) -> None:
        """Add rows to the files of a split, each to the one for its kind of task."""
        dialogue = [kind_of(name).dialogue for name in tasks]
        for ending, wanted in (("", False), (DIALOGUES, True)):
            names = [name for name, own in zip(tasks, dialogue, strict=True) if own is wanted]
            if names:
                mask = pyarrow.array([own is wanted for own in dialogue])
                self._write(split, f"{split}{ending}.{self._form.suffix}", table.filter(mask), names)

    def _write(self, split: str, name: str, table: Any, tasks: Sequence[str]) -> None:
        rows = _rows(table, tasks, split, self._rows[name])
        columns = {column: make(rows) for column, make in self._form.columns.items()}
        columns |= {fact: rows.facts[fact] for fact in self._form.flat if fact in rows.facts}
        made = pyarrow.table(columns)
        if name not in self._add:
            start = _parquet_file if self._form.suffix == "parquet" else _json_lines_file
            self._add[name] = self._open.enter_context(start(self._folder / name, made.schema))
        self._add[name](made)
        self._rows[name] += made.num_rows

    def entries(self) -> tuple[FileEntry, ...]:
        """The files with their rows and hashes, once they are closed: train first."""
        names = sorted(self._rows, key=_place)
        return tuple(FileEntry(name, self._rows[name], sha256_of(self._folder / name)) for name in names)


def _rows(table: Any, tasks: Sequence[str], split: str, first: int) -> Rows:
    count = table.num_rows
    columns = {name: _in_one_piece(table[name]) for name in table.column_names}
    names = pyarrow.array(tasks, pyarrow.string())
    facts = {
        "index": pyarrow.array(range(first, first + count), pyarrow.int64()),
        "split": pyarrow.repeat(split, count),
        "task": names,
        **{name: columns[name] for name in OPTIONAL if name in columns},
    }
    domains = pyarrow.array([kind_of(name).domain for name in tasks], pyarrow.string())
    return Rows(columns["prompt"], columns["problem"], names, domains, facts)


def _in_one_piece(column: Any) -> Any:
    return column.chunk(0) if column.num_chunks == 1 else pyarrow.concat_arrays(column.chunks)


def _place(name: str) -> tuple[int, str]:
    split = name.partition(".")[0].removesuffix(DIALOGUES)
    return (SPLITS.index(split) if split in SPLITS else len(SPLITS), name.replace(DIALOGUES, "~"))


@contextmanager
def _parquet_file(path: Path, schema: Any) -> Iterator[Callable[[Any], Any]]:
    with whole_file(path) as file, parquet_writer(file, schema) as writer:
        rows = GroupedRows(writer.write_table)
        yield rows.add
        rows.finish()


@contextmanager
def _json_lines_file(path: Path, schema: Any) -> Iterator[Callable[[Any], Any]]:
    encoder = msgspec.json.Encoder()
    with whole_file(path) as file:
        yield lambda table: file.write(encoder.encode_lines(table.to_pylist()))
