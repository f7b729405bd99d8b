"""A dataset of three tasks, one of them of many turns, as `generate` would leave it."""

import functools

import pyarrow.parquet

import taskgen
from taskgen.engine.schema import parquet_writer, to_table

TASKS = ("knights_and_knaves", "linear_system", "mastermind")
SINGLE = TASKS[:2]
COUNTS = {"train": 4, "test": 2}


@functools.cache
def records(split):
    return [
        taskgen.task(name).generate(difficulty=1, seed=7, split=split, index=index)
        for name in TASKS
        for index in range(COUNTS[split])
    ]


def single(split):
    return [record for record in records(split) if record.task in SINGLE]


def write_dataset(folder, splits=("train", "test"), change=lambda table: table):
    """A folder of data files; `change` may alter the table of a split."""
    for split in splits:
        path = folder / "data" / f"{split}-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        table = change(to_table(records(split)))
        with open(path, "wb") as file, parquet_writer(file, table.schema) as writer:
            writer.write_table(table)
    return folder


def read(path):
    return pyarrow.parquet.read_table(path).to_pylist()
