"""Rows in order of their ids, however many there are."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute
import pyarrow.ipc

ROWS_PER_BUCKET = 50_000
"""Rows that are sorted in memory."""
MOST_BUCKETS = 512
"""Files that are open at a time."""


def regrouped(tables: Iterable[Any], rows: int) -> Iterator[Any]:
    """The same rows in tables of `rows` each, the last one shorter, each in one piece: no trace of how they came."""
    pending: list[Any] = []
    held = 0
    for table in tables:
        pending.append(table)
        held += table.num_rows
        while held >= rows:
            joined = pyarrow.concat_tables(pending)
            yield joined.slice(0, rows).combine_chunks()
            held -= rows
            pending = [joined.slice(rows)] if held else []
    if held:
        yield pyarrow.concat_tables(pending).combine_chunks()


def sorted_by_id(tables: Iterable[Any], rows: int, schema: Any, folder: Path) -> Iterator[Any]:
    """The rows of some tables, `rows` in all, in order of the column `id`; `folder` is for buckets, which do not stay.

    Ids are hex hashes, so their first digits divide any number of rows into buckets of about one size.
    """
    buckets = min(MOST_BUCKETS, -(-rows // ROWS_PER_BUCKET))
    if buckets <= 1:
        yield from (table.sort_by("id") for table in regrouped(tables, max(1, rows)))
        return
    paths = [folder / f"bucket-{number:03d}.arrow" for number in range(buckets)]
    try:
        _fill(tables, schema, paths)
        for path in paths:
            with pyarrow.OSFile(str(path)) as file:
                yield pyarrow.ipc.open_stream(file).read_all().sort_by("id")
            path.unlink()
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


def _fill(tables: Iterable[Any], schema: Any, paths: list[Path]) -> None:
    """Put every row in the bucket that its id belongs to."""
    files = [pyarrow.OSFile(str(path), "wb") for path in paths]
    try:
        writers = [pyarrow.ipc.new_stream(file, schema) for file in files]
        for table in regrouped(tables, ROWS_PER_BUCKET):
            bucket_of = pyarrow.array([int(name[:8], 16) * len(paths) >> 32 for name in table["id"].to_pylist()])
            for number, writer in enumerate(writers):
                writer.write_table(table.filter(pyarrow.compute.equal(bucket_of, number)))
        for writer in writers:
            writer.close()
    finally:
        for file in files:
            file.close()
