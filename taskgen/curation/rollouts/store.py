"""The ROLLOUTS folder: the records, what policies wrote, and what the verifiers said to it.

records.parquet            every record that was sampled
rollouts/00000.parquet     completions; parts are never changed
verdicts/00000.parquet     for the part of that number: a row for each completion that was not cut short, in its order
journal/                   what has arrived and is in no part yet
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pyarrow
import pyarrow.compute
import pyarrow.parquet

from taskgen.curation.rollouts.journal import FOLDER, Rollout, journal_file, journal_numbers, read_lines
from taskgen.engine.errors import Damaged, UsageError
from taskgen.engine.files import whole_file
from taskgen.engine.schema import ROWS_PER_GROUP, parquet_writer

RECORDS = pyarrow.schema(
    [
        ("id", pyarrow.string()),
        ("structure", pyarrow.string()),
        ("task", pyarrow.string()),
        ("task_version", pyarrow.int32()),
        ("difficulty", pyarrow.int8()),
        ("knobs", pyarrow.string()),
        ("effort", pyarrow.float64()),
        ("prompt", pyarrow.string()),
        ("problem", pyarrow.string()),
    ]
)
KEY = [
    ("id", pyarrow.string()),
    ("model", pyarrow.string()),
    ("settings", pyarrow.string()),
    ("number", pyarrow.int32()),
]
ROLLOUTS = pyarrow.schema(
    [
        *KEY,
        ("completion", pyarrow.string()),
        ("finish", pyarrow.string()),
        ("prompt_tokens", pyarrow.int64()),
        ("completion_tokens", pyarrow.int64()),
        ("seconds", pyarrow.float64()),
    ]
)
VERDICTS = pyarrow.schema(
    [
        *KEY,
        ("task_version", pyarrow.int32()),
        ("score", pyarrow.float64()),
        ("status", pyarrow.string()),
        ("reason", pyarrow.string()),
        ("partial", pyarrow.float64()),
    ]
)
RECORDS_FILE = "records.parquet"


class RowOf(dict[str, int]):
    """The row of each id. Raises Damaged for an id that the records do not have."""

    def __init__(self, path: Path, ids: Sequence[str]) -> None:
        super().__init__((identity, row) for row, identity in enumerate(ids))
        self._path = path

    def __missing__(self, identity: str) -> int:
        raise Damaged(f"{self._path} lacks record {identity}, of which there are rollouts; it is of another folder")


class RecordFile:
    """The records of a folder, found by id and read as they are needed. Raises UsageError where there are none."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / RECORDS_FILE
        if not self.path.is_file():
            raise UsageError(f"{folder} holds no rollouts (no {RECORDS_FILE}); `taskgen rollout` makes them")
        with opened(self.path) as file:
            _require(file, self.path, RECORDS.names)
            ids = file.read(columns=["id"])["id"].to_pylist()
            groups = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
        self.row_of = RowOf(self.path, ids)
        self._starts = numpy.cumsum([0, *groups])

    def read(self, rows: Any, columns: Sequence[str]) -> Iterator[Any]:
        """Some columns of some rows, given in rising order, as tables that hold them in that order."""
        with opened(self.path) as file:
            bounds = numpy.searchsorted(rows, self._starts)
            for group, (first, last) in enumerate(pairwise(bounds.tolist())):
                if first < last:
                    table = file.read_row_group(group, columns=list(columns)).select(list(columns))
                    yield table.take(pyarrow.array(rows[first:last] - self._starts[group]))


def part_numbers(folder: Path) -> list[int]:
    """The numbers of all parts."""
    return sorted(int(path.stem) for path in (folder / "rollouts").glob("[0-9]*.parquet"))


def next_number(folder: Path) -> int:
    """A number that no part and no journal has."""
    return max([-1, *part_numbers(folder), *journal_numbers(folder)]) + 1


def read_part(folder: Path, number: int, columns: Sequence[str]) -> Any:
    """Some columns of a part."""
    return _read(_part(folder, number), columns)


def read_verdicts(folder: Path, number: int, columns: Sequence[str]) -> Any:
    """Some columns of the verdicts on a part; None where it has not been judged."""
    path = _verdicts(folder, number)
    return _read(path, columns) if path.exists() else None


def write_verdicts(folder: Path, number: int, table: Any) -> None:
    """Write the verdicts on a part, in place of those that there were."""
    _write(_verdicts(folder, number), table)


def misfit(folder: Path, number: int) -> Damaged:
    """What is wrong where the verdicts on a part are not on its completions."""
    path = _verdicts(folder, number)
    return Damaged(f"{path} does not fit the completions of that number; delete it and rescore {folder}")


def judged_rows(part: Any) -> Any:
    """The rows of a part that verdicts are for: those that were not cut short."""
    return part.filter(pyarrow.compute.not_equal(part["finish"], "length"))


def make_parts(folder: Path, row_of: Mapping[str, int]) -> list[int]:
    """Turn every journal into a part, its rows in the order of the records; the numbers of the new parts."""
    made = []
    for number in journal_numbers(folder):
        journal = journal_file(folder, number)
        if not _part(folder, number).exists():
            rollouts = list(read_lines(journal, Rollout))
            rollouts.sort(key=lambda rollout: (row_of[rollout.id], rollout.model, rollout.settings, rollout.number))
            if rollouts:
                rows = [msgspec.structs.asdict(rollout) for rollout in rollouts]
                _write(_part(folder, number), pyarrow.Table.from_pylist(rows, schema=ROLLOUTS))
                made.append(number)
        journal.unlink()
    with suppress(OSError):  # turns of dialogues that go on may be there
        (folder / FOLDER).rmdir()
    return made


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A ParquetFile of ours. Raises Damaged where it cannot be read."""
    try:
        with open(path, "rb") as content, pyarrow.parquet.ParquetFile(content) as file:
            yield file
    except (pyarrow.ArrowInvalid, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise Damaged(f"{path} is damaged: {str(error).splitlines()[0]}") from None


def _read(path: Path, columns: Sequence[str]) -> Any:
    with opened(path) as file:
        _require(file, path, columns)
        return file.read(columns=list(columns)).select(list(columns))


def _require(file: Any, path: Path, columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in file.schema_arrow.names]
    if missing:
        raise Damaged(f"{path} is no file of ours: it has no column {', '.join(missing)}")


def _write(path: Path, table: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    with whole_file(path) as file, parquet_writer(file, table.schema) as writer:
        writer.write_table(table, row_group_size=ROWS_PER_GROUP)


def _part(folder: Path, number: int) -> Path:
    return folder / "rollouts" / f"{number:05d}.parquet"


def _verdicts(folder: Path, number: int) -> Path:
    return folder / "verdicts" / f"{number:05d}.parquet"
