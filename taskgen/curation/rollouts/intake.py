"""The records that are to be sampled: checked, numbered, and stored in the ROLLOUTS folder."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pyarrow

from taskgen.curation.rollouts.store import RECORDS, RECORDS_FILE, opened
from taskgen.curation.sources import Source
from taskgen.engine.errors import UsageError
from taskgen.engine.files import whole_file
from taskgen.engine.schema import ROWS_PER_GROUP, parquet_writer
from taskgen.environment import MultiTurnProblem
from taskgen.problem import decode


@dataclass(frozen=True)
class Intake:
    """The different records of a source, in order: what the loop needs to know of each."""

    digests: dict[str, bytes]
    """A hash of prompt and problem, by id."""
    cells: Any
    """The number of each record's cell (task, difficulty, knobs)."""
    tasks: Any
    """The number of its task."""
    turns: Any
    """Whether that is played in several turns."""


def take_in(source: Source) -> Intake:
    """Look at every record of a source. Raises UsageError, which names the row, where one cannot be sampled."""
    source.require(*RECORDS.names)
    digests: dict[str, bytes] = {}
    cells: dict[tuple[str, int, str], int] = {}
    tasks: dict[str, int] = {}
    places: list[tuple[int, int, bool]] = []
    for start, table in _tables(source):
        for place, row in enumerate(table.to_pylist()):
            if row["id"] in digests:
                continue
            try:
                turns = isinstance(decode(row["problem"]), MultiTurnProblem)
            except ValueError as error:
                raise UsageError(f"{source.name} row {start + place + 1} cannot be judged: {error}") from None
            digests[row["id"]] = _digest(row["prompt"], row["problem"])
            cell = cells.setdefault((row["task"], row["difficulty"], row["knobs"]), len(cells))
            places.append((cell, tasks.setdefault(row["task"], len(tasks)), turns))
    columns = numpy.array(places, numpy.int64).T
    return Intake(digests, columns[0], columns[1], columns[2].astype(bool))


def add_records(folder: Path, source: Source, intake: Intake) -> None:
    """Store the records that the folder does not have. Raises UsageError where it has others under their ids."""
    path = folder / RECORDS_FILE
    known = set()
    if path.exists():
        with opened(path) as file:
            for batch in file.iter_batches(columns=["id", "prompt", "problem"]):
                for row in batch.to_pylist():
                    known.add(row["id"])
                    if intake.digests.get(row["id"], b"") not in (b"", _digest(row["prompt"], row["problem"])):
                        raise UsageError(
                            f"{folder} holds rollouts of record {row['id']} with another prompt; choose another --out"
                        )
    if intake.digests.keys() <= known:
        return
    with whole_file(path) as content, parquet_writer(content, RECORDS) as writer:
        if path.exists():
            with opened(path) as file:
                for batch in file.iter_batches(ROWS_PER_GROUP):
                    writer.write_batch(batch)
        for _, table in _tables(source):
            new = numpy.zeros(table.num_rows, bool)
            for place, identity in enumerate(table["id"].to_pylist()):
                new[place] = identity not in known
                known.add(identity)
            if new.any():
                writer.write_table(table.filter(pyarrow.array(new)))


def _tables(source: Source) -> Iterator[tuple[int, Any]]:
    """The records of a source with the number of the first; every column has its type and no nulls."""
    start = 0
    for table in source.tables(RECORDS.names, ROWS_PER_GROUP):
        columns = []
        for field in RECORDS:
            column = table[field.name]
            try:
                columns.append(column.cast(field.type))
            except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as error:
                reason = str(error).splitlines()[0]
                raise UsageError(f"{source.name}: column {field.name} does not hold {field.type}: {reason}") from None
            if column.null_count:
                raise UsageError(f"{source.name}: column {field.name} has rows without a value")
        yield start, pyarrow.Table.from_arrays(columns, schema=RECORDS)
        start += table.num_rows


def _digest(prompt: str, problem: str) -> bytes:
    return hashlib.blake2b(f"{prompt}\0{problem}".encode(), digest_size=16).digest()
