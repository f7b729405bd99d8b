"""Scoring files of completions: rows in, the same rows with verdicts out."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from taskgen.engine.batch import verify_batch
from taskgen.engine.errors import RowError
from taskgen.engine.files import whole_file
from taskgen.problem import Verdict

CHUNK_ROWS = 2048
VERDICT_COLUMNS = ("score", "status", "reason", "partial")

Row = dict[str, Any]


class Tally(msgspec.Struct):
    """Statuses of the completions judged so far, by task."""

    statuses: dict[str, Counter[str]] = {}

    def add(self, problem: Any, verdict: Verdict) -> None:
        """Count one verdict under the task that the problem names."""
        self.statuses.setdefault(_task_named(problem), Counter())[verdict.status] += 1


class _Named(msgspec.Struct):
    task: str


def _task_named(problem: Any) -> str:
    try:
        return msgspec.json.decode(problem, type=_Named).task
    except (msgspec.MsgspecError, TypeError, RecursionError, UnicodeError):
        return "(unreadable)"


class Source:
    """Rows to score: a Parquet file, a file of JSON lines, or JSON lines from standard input (`-`)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.schema: Any = None
        """The Arrow schema of a Parquet file."""
        self._unit = "row" if name.endswith(".parquet") else "line"

    def chunks(self) -> Iterator[list[tuple[int, Row]]]:
        """The rows with their numbers, some at a time. Raises RowError, OSError."""
        rows = self._parquet() if self._unit == "row" else self._jsonl()
        while chunk := list(islice(rows, CHUNK_ROWS)):
            yield chunk

    def error(self, number: int, complaint: str) -> RowError:
        """What is wrong with a row."""
        return RowError(f"{'standard input' if self.name == '-' else self.name} {self._unit} {number}: {complaint}")

    def _parquet(self) -> Iterator[tuple[int, Row]]:
        import pyarrow
        import pyarrow.parquet

        try:
            with open(self.name, "rb") as content, pyarrow.parquet.ParquetFile(content) as file:
                self.schema = file.schema_arrow
                rows = (row for batch in file.iter_batches(CHUNK_ROWS) for row in batch.to_pylist())
                yield from enumerate(rows, 1)
        except pyarrow.ArrowInvalid as error:
            raise RowError(f"{self.name} is not a Parquet file: {str(error).splitlines()[0]}") from None

    def _jsonl(self) -> Iterator[tuple[int, Row]]:
        with nullcontext(sys.stdin.buffer) if self.name == "-" else open(self.name, "rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    row = msgspec.json.decode(line)
                except (ValueError, RecursionError) as error:
                    raise self.error(number, f"not JSON ({error})") from None
                if not isinstance(row, dict):
                    raise self.error(number, f"not a JSON object but {type(row).__name__}")
                yield number, row


class Columns(msgspec.Struct):
    """Where a row holds its problem and its completion, or its list of completions.

    Without a name the second is `completion`, or `completions` where the first row has that instead.
    """

    problem: str = "problem"
    completion: str | None = None

    def check(self, source: Source, number: int, row: Row) -> None:
        """Raise RowError where a row lacks a column or has one of ours already."""
        if self.completion is None:
            self.completion = "completions" if "completion" not in row and "completions" in row else "completion"
        for column in (self.problem, self.completion):
            if column not in row:
                raise source.error(number, f"no column {column} (columns: {', '.join(row)})")
        for column in VERDICT_COLUMNS:
            if column in row:
                raise source.error(number, f"there is a column {column} already; rename it")


def score(source: Source, columns: Columns, write: Callable[[list[Row]], None], workers: int) -> Tally:
    """Judge every row of a source and write it with its verdict columns. Raises RowError, OSError."""
    tally = Tally()
    for chunk in source.chunks():
        for number, row in chunk:
            columns.check(source, number, row)
        rows = [row for _, row in chunk]
        write([row | verdict for row, verdict in zip(rows, _judge(rows, columns, tally, workers), strict=True)])
    return tally


def _judge(rows: Sequence[Row], columns: Columns, tally: Tally, workers: int) -> Iterator[Row]:
    """The verdict columns of some rows: one value each, or lists where a row holds a list of completions."""
    cells = [row[columns.completion or "completion"] for row in rows]
    problems, completions = [], []
    for row, cell in zip(rows, cells, strict=True):
        own = cell if isinstance(cell, list) else [cell]
        problems += [row[columns.problem]] * len(own)
        completions += own
    verdicts = verify_batch(problems, completions, workers)
    for problem, verdict in zip(problems, verdicts, strict=True):
        tally.add(problem, verdict)
    remaining = iter(verdicts)
    for cell in cells:
        if isinstance(cell, list):
            listed = [next(remaining) for _ in cell]
            yield {name: [getattr(verdict, name) for verdict in listed] for name in VERDICT_COLUMNS}
        else:
            verdict = next(remaining)
            yield {name: getattr(verdict, name) for name in VERDICT_COLUMNS}


@contextmanager
def open_sink(path: Path, source: Source) -> Iterator[Callable[[list[Row]], None]]:
    """A file for scored rows, Parquet or JSON lines by its name, and the function that adds rows to it.

    It appears whole or not at all.
    """
    with whole_file(path) as file:
        if path.suffix == ".parquet":
            sink = _ParquetSink(file, source)
            yield sink.write
            sink.close()
        else:
            yield lambda rows: write_jsonl(file, rows)


def write_jsonl(file: BinaryIO, rows: Sequence[Row]) -> None:
    """Add rows as JSON lines, and let a reader at the other end of a pipe have them."""
    file.write(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    file.flush()


class _ParquetSink:
    """Writes rows as Parquet; the source's schema or the first rows decide the types of the columns."""

    def __init__(self, file: BinaryIO, source: Source) -> None:
        self._file = file
        self._source = source
        self._writer: Any = None
        self._schema: Any = None

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows. Raises RowError where they do not fit the first ones."""
        import pyarrow

        from taskgen.engine.schema import parquet_writer

        if self._writer is None:
            self._schema = self._schema_for(rows)
            self._writer = parquet_writer(self._file, self._schema)
        try:
            self._writer.write_table(pyarrow.Table.from_pylist(list(rows), schema=self._schema))
        except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as error:
            raise RowError(f"the rows do not fit one Parquet schema: {str(error).splitlines()[0]}") from None

    def _schema_for(self, rows: Sequence[Row]) -> Any:
        import pyarrow

        found = pyarrow.Table.from_pylist(list(rows)).schema
        if self._source.schema is None:
            return found
        verdicts = [found.field(name) for name in VERDICT_COLUMNS if name in found.names]
        return pyarrow.schema([*self._source.schema, *verdicts])

    def close(self) -> None:
        """Finish the file."""
        if self._writer is None:
            self.write([])
        self._writer.close()
