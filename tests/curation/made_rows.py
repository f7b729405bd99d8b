"""Rows in taskgen's own columns whose ids, answers and sizes a test decides."""

from collections import Counter
from hashlib import blake2b

import polars
import pyarrow
import pyarrow.parquet

from taskgen.engine.schema import SCHEMA

TRAIN, VALIDATION, TEST = "f", "0d", "0"
"""What a structure id begins with that belongs to a split."""


def identity(name):
    return blake2b(name.encode(), digest_size=16).hexdigest()


def structure(name, start=TRAIN):
    return start + identity(name)[len(start) :] if start != TEST else "00" + identity(name)[2:]


def row(name, **columns):
    """A row whose problem is `name` and whose structure is of the train split, unless the columns say otherwise."""
    task = columns.pop("task", "sudoku")
    return {
        "id": identity(name),
        "structure": structure(name),
        "task": task,
        "task_version": 1,
        "domain": {"sudoku": "grids", "zebra_puzzle": "logic", "knights_and_knaves": "logic"}.get(task, "math"),
        "difficulty": 1,
        "split": "train",
        "prompt": f"Solve {name}.",
        "answer": f"answer of {name}",
        "problem": "{}",
        "knobs": "{}",
        "effort": 1.0,
        "trace": "",
        "wording": "plain",
        "seed": 0,
        "index": 0,
    } | columns


def rows(count, prefix="row", **columns):
    return [row(f"{prefix} {number}", **columns) for number in range(count)]


def write(path, content, **added):
    """A Parquet file of rows; `added` names further columns and their types."""
    schema = SCHEMA
    for name, kind in added.items():
        schema = schema.append(pyarrow.field(name, kind))
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(content, schema=schema), path)
    return str(path)


def read(folder, split="*"):
    """The rows of a stage's result, in the order of its files."""
    files = sorted((folder / "data").glob(f"{split}-*.parquet"))
    return polars.concat([polars.read_parquet(file) for file in files])


def dropped(folder):
    return polars.read_parquet(folder / "dropped.parquet")


def tasks(folder):
    """How many rows of each task a stage's result holds."""
    return dict(Counter(read(folder)["task"].to_list()))
