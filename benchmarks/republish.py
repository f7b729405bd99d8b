"""What a second push costs: bytes that hf_xet uploads when a dataset of ours is pushed again after an edit.

    python benchmarks/republish.py                         (two minutes; --rows 12000: half a minute)

The same rows (countdown and knights_and_knaves, two rungs each, in the order of a dataset: task, difficulty, id) are
written with row groups of several sizes, with content-defined chunking of pages and without, and with row groups that
begin anew at every cell (task and difficulty), unless they are small. Each file is uploaded by the released hf_xet into
a local folder in place of the Hub's storage, then the edited one; the figures are the bytes that the second upload
added there, blocks and shards. The client knows what it has uploaded before, as it does on the machine that pushed
first.
"""

import argparse
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy
import pyarrow
import pyarrow.parquet

from taskgen.engine.building import build
from taskgen.engine.manifest import data_files, read_manifest
from taskgen.engine.ordering import group_sizes, regrouped
from taskgen.engine.orders import place_order
from taskgen.engine.schema import SCHEMA

TASKS = ("countdown", "knights_and_knaves")
RUNGS = (1, 3)
REPEATING = ["task", "domain", "split", "knobs", "wording"]


class Layout(NamedTuple):
    """How a file is written."""

    rows_per_group: int
    chunked: bool
    by_cell: bool = False

    def __str__(self) -> str:
        """As a row of the table is headed."""
        cells = ", anew at every cell" if self.by_cell else ""
        return f"{self.rows_per_group:,}{cells} | {'yes' if self.chunked else 'no'}"


LAYOUTS = [
    *(Layout(rows, chunked) for rows in (5_000, 20_000, 100_000) for chunked in (False, True)),
    *(Layout(rows, True, by_cell=True) for rows in (5_000, 10_000, 20_000)),
]


def make_rows(count: int, seed: int, folder: Path) -> Any:
    """A table of problems in the order of a dataset."""
    out = folder / f"seed-{seed}"
    build(place_order([(task, RUNGS) for task in TASKS], count=count, seed=seed), out, workers=1)
    paths = [out / file.path for file in data_files(read_manifest(out))]
    table = pyarrow.concat_tables(pyarrow.parquet.read_table(path) for path in paths)
    return table.sort_by([("task", "ascending"), ("difficulty", "ascending"), ("id", "ascending")])


def edits(rows: Any, more: Any) -> dict[str, Callable[[], Any]]:
    """What is done to a dataset before it is pushed again."""
    count = rows.num_rows
    third, part = count // 3, count // 100
    draws = numpy.random.default_rng(0).random(count)
    in_cell = cell_mask(rows, TASKS[0], RUNGS[1])  # the second of four cells, where a third of the rows has passed
    inserted = more.filter(cell_mask(more, TASKS[0], RUNGS[1])).slice(0, part)
    join = pyarrow.concat_tables
    return {
        "1 % deleted in a row": lambda: join([rows.slice(0, third), rows.slice(third + part)]),
        "1 % inserted in a row": lambda: join([rows.slice(0, third), inserted, rows.slice(third)]),
        "5 % appended": lambda: join([rows, more.slice(0, count // 20)]),
        "a column added": lambda: rows.append_column("pass_rate", pyarrow.array(numpy.round(draws, 3))),
        "5 % of one cell dropped here and there": lambda: rows.filter(~((draws < 0.05) & in_cell)),
        "0.5 % of all dropped here and there": lambda: rows.filter(draws >= 0.005),
    }


def cell_mask(rows: Any, task: str, difficulty: int) -> Any:
    """Which rows are of a cell."""
    return (rows["task"].to_numpy() == task) & (rows["difficulty"].to_numpy() == difficulty)


def write(table: Any, path: Path, layout: Layout) -> int:
    """Write a file as a dataset's are; gives the uncompressed bytes of its largest row group."""
    schema = pyarrow.schema([*SCHEMA, *(table.schema.field(name) for name in table.column_names[len(SCHEMA) :])])
    with pyarrow.parquet.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=REPEATING,
        write_page_index=True,
        use_content_defined_chunking=layout.chunked,
    ) as writer:
        for group in groups(table, layout):
            writer.write_table(group.combine_chunks(), row_group_size=layout.rows_per_group)
    found = pyarrow.parquet.read_metadata(path)
    return max(found.row_group(number).total_byte_size for number in range(found.num_row_groups))


def groups(table: Any, layout: Layout) -> Iterator[Any]:
    """The row groups of a file; by cell they are as `taskgen generate` makes them."""
    rows = [table.num_rows]
    if layout.by_cell:
        cells = zip(table["task"].to_pylist(), table["difficulty"].to_pylist(), strict=True)
        rows = [len(list(run)) for _, run in groupby(cells)]
    return regrouped([table], group_sizes(rows, layout.rows_per_group))


def upload(path: Path, store: Path) -> int:
    """Bytes that hf_xet adds to a store when it uploads a file."""
    import hf_xet

    before = stored(store)
    session = hf_xet.XetSession()
    with session.new_upload_commit(
        endpoint=f"local://{store.resolve()}", token="local", token_expiry_unix_secs=int(time.time()) + 3600
    ) as commit:
        commit.start_upload_file(str(path), sha256=hf_xet.COMPUTE_SHA256)
    return stored(store) - before


def stored(store: Path) -> int:
    """Bytes in a store: blocks of chunks, and shards."""
    paths = [path for name in ("xorbs", "shards") for path in (store / "xet" / "xorbs" / name).glob("*")]
    return sum(path.stat().st_size for path in paths if path.suffix != ".tagset")


def measure(rows: Any, more: Any, layout: Layout, folder: Path) -> tuple[int, int, list[int]]:
    """The size of the first file, its largest row group, and the bytes that each edit costs."""
    first, second = folder / "first.parquet", folder / "second.parquet"
    largest = write(rows, first, layout)
    costs = []
    for number, edit in enumerate(edits(rows, more).values()):
        store = folder / f"store-{number}"
        store.mkdir()
        upload(first, store)
        write(edit(), second, layout)
        costs.append(upload(second, store))
        shutil.rmtree(store)
    return first.stat().st_size, largest, costs


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=60_000)
    arguments = parser.parse_args()
    os.environ.setdefault("RUST_LOG", "error")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        rows = make_rows(arguments.rows, 0, folder)
        more = make_rows(max(600, arguments.rows // 20), 1, folder)
        names = list(edits(rows, more))
        print(
            f"{rows.num_rows:,} rows, {rows.nbytes / rows.num_rows:,.0f} bytes a row uncompressed; "
            f"pyarrow {version('pyarrow')}, hf-xet {version('hf-xet')}, Python {platform.python_version()}. MB.\n"
        )
        print("| rows per group | chunking | file | largest group | " + " | ".join(names) + " |")
        print("|---|---|" + "---:|" * (2 + len(names)))
        for layout in LAYOUTS:
            size, largest, costs = measure(rows, more, layout, folder)
            print(f"| {layout} | " + " | ".join(f"{value / 1e6:,.2f}" for value in (size, largest, *costs)) + " |")


if __name__ == "__main__":
    main()
