"""Rows in order of their ids, however many there are."""

from collections.abc import Iterable, Iterator
from itertools import groupby, repeat
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute
import pyarrow.ipc

ROWS_PER_BUCKET = 50_000
"""Rows that are sorted in memory."""
MOST_BUCKETS = 512
"""Files that are open at a time."""


def group_sizes(cells: Iterable[int], most: int) -> Iterator[int]:
    """Rows of each row group for cells of so many rows: at most `most`, and none over the edge of a large cell.

    So the bytes of a cell stay what they are when another grows, and a second upload is short. Cells of less than a
    quarter of a group share groups.
    """
    for small, run in groupby(cells, key=lambda rows: 4 * rows < most):
        for rows in [sum(run)] if small else run:
            yield from repeat(most, rows // most)
            if rows % most:
                yield rows % most


def regrouped(tables: Iterable[Any], sizes: Iterable[int]) -> Iterator[Any]:
    """The same rows in tables of these sizes, each in one piece: no trace of how they came."""
    pending: list[Any] = []
    held, source = 0, iter(tables)
    for size in sizes:
        while held < size:
            pending.append(next(source))
            held += pending[-1].num_rows
        joined = pyarrow.concat_tables(pending)
        yield joined.slice(0, size).combine_chunks()
        pending, held = [joined.slice(size)], held - size


def sorted_by_id(tables: Iterable[Any], rows: int, schema: Any, folder: Path) -> Iterator[Any]:
    """The rows of some tables, `rows` in all, in order of the column `id`; `folder` is for buckets, which do not stay.

    Ids are hex hashes, so their first digits divide any number of rows into buckets of about one size.
    """
    buckets = min(MOST_BUCKETS, -(-rows // ROWS_PER_BUCKET))
    if buckets <= 1:
        yield from (table.sort_by("id") for table in regrouped(tables, [rows] if rows else []))
        return
    paths = [folder / f"bucket-{number:03d}.arrow" for number in range(buckets)]
    try:
        _fill(tables, rows, schema, paths)
        for path in paths:
            with pyarrow.OSFile(str(path)) as file:
                yield pyarrow.ipc.open_stream(file).read_all().sort_by("id")
            path.unlink()
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


def _fill(tables: Iterable[Any], rows: int, schema: Any, paths: list[Path]) -> None:
    """Put every row in the bucket that its id belongs to."""
    files = [pyarrow.OSFile(str(path), "wb") for path in paths]
    try:
        writers = [pyarrow.ipc.new_stream(file, schema) for file in files]
        for table in regrouped(tables, group_sizes([rows], ROWS_PER_BUCKET)):
            bucket_of = pyarrow.array([int(name[:8], 16) * len(paths) >> 32 for name in table["id"].to_pylist()])
            for number, writer in enumerate(writers):
                writer.write_table(table.filter(pyarrow.compute.equal(bucket_of, number)))
        for writer in writers:
            writer.close()
    finally:
        for file in files:
            file.close()
