"""Small datasets on disk: records of tasks, and questions of others."""

from functools import cache

import msgspec
import pyarrow
import pyarrow.parquet

from taskgen.engine.schema import to_table
from taskgen.problem import encode, instance_id, structure_id
from taskgen.prompts import render
from taskgen.records import make_record
from taskgen.registry import task


@cache
def record(name, index, difficulty=1):
    """Record `index` of a task."""
    kind = task(name)
    return make_record(kind, difficulty, kind.ladder[difficulty - 1], 3, "train", index, None)


def remade(of, problem, wording=None):
    """The record of another problem, or in another wording, and otherwise the same."""
    wording = wording or of.wording
    return msgspec.structs.replace(
        of,
        id=instance_id(problem),
        structure=structure_id(problem),
        problem=encode(problem),
        prompt=render(task(of.task).template, problem, wording),
        wording=wording,
    )


def write_records(path, records):
    pyarrow.parquet.write_table(to_table(records), path)
    return str(path)


def write_lines(path, rows):
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    return str(path)


def data_rows(folder, column):
    """A column of what a stage has kept, in order."""
    files = sorted((folder / "data").iterdir())
    return [value for file in files for value in pyarrow.parquet.read_table(file)[column].to_pylist()]


def dropped(folder):
    """Row, reason and match of what a stage has dropped."""
    rows = pyarrow.parquet.read_table(folder / "dropped.parquet").to_pylist()
    return [(row["row"], row["reason"], row["matched"]) for row in rows]
