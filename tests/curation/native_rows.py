"""Datasets in taskgen's own columns whose problems and structures are numbers."""

import pyarrow
import pyarrow.parquet

from taskgen.engine.schema import SCHEMA
from tests.curation.made_rows import row as made_row
from tests.curation.made_rows import write as write_rows

__all__ = ["dropped_rows", "hex_id", "problem_numbers", "read_rows", "row", "table", "write_rows"]


def hex_id(number):
    return f"{number:032x}"


def row(number, symmetry=None, **columns):
    """A record of problem `number`; problems of one `symmetry`, if not their own number, have one structure."""
    ids = {"id": hex_id(number), "structure": hex_id(number if symmetry is None else symmetry)}
    return made_row(f"{number}", **{"task": "countdown"} | columns) | ids


def table(rows):
    return pyarrow.Table.from_pylist(rows, schema=SCHEMA)


def read_rows(folder, *columns):
    """The rows of a stage's folder, file by file."""
    files = sorted((folder / "data").iterdir())
    tables = [pyarrow.parquet.read_table(file, columns=list(columns) or None) for file in files]
    return pyarrow.concat_tables(tables).to_pylist()


def problem_numbers(folder):
    """The numbers of the problems that are left, in order."""
    return [int(kept["id"], 16) for kept in read_rows(folder, "id")]


def dropped_rows(folder):
    return pyarrow.parquet.read_table(folder / "dropped.parquet").to_pylist()
