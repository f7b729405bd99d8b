"""Rows on their way to a trainer, some at a time, as Arrow columns; and the columns that the formats are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow
import pyarrow.compute


@dataclass(frozen=True)
class Rows:
    """Rows of one file to be written; every column is as long as the others."""

    prompt: Any
    problem: Any
    task: Any
    """The task's name, as the problem tells it."""
    domain: Any
    facts: dict[str, Any]
    """Scalars that say which row it is: index in the file, split, task and, where known, id, difficulty, pass_rate."""


Column = Callable[[Rows], Any]
"""Makes a pyarrow.Array out of rows."""


def prompt(rows: Rows) -> Any:
    """The prompt as text."""
    return rows.prompt


def problem(rows: Rows) -> Any:
    """The self-describing JSON string, which is all that the verifier needs."""
    return rows.problem


def domain(rows: Rows) -> Any:
    """The domain of the task: grids, logic, math, ..."""
    return rows.domain


def source(rows: Rows) -> Any:
    """taskgen/TASK: where trainers keep a metric for each source."""
    return pyarrow.compute.binary_join_element_wise("taskgen", rows.task, "/")


def chat(rows: Rows) -> Any:
    """The prompt as a list of one message of the user."""
    count = len(rows.prompt)
    messages = pyarrow.StructArray.from_arrays([word("user")(rows), rows.prompt], names=["role", "content"])
    return pyarrow.ListArray.from_arrays(pyarrow.array(range(count + 1), pyarrow.int32()), messages)


def facts(rows: Rows) -> Any:
    """A struct of flat scalars, which has the same fields whatever the task."""
    return pyarrow.StructArray.from_arrays(list(rows.facts.values()), names=list(rows.facts))


def fact(name: str) -> Column:
    """One of the facts that every row has."""
    return lambda rows: rows.facts[name]


def word(text: str) -> Column:
    """The same text in every row."""
    return lambda rows: pyarrow.repeat(text, len(rows.prompt))


def struct(**columns: Column) -> Column:
    """A struct of columns; its fields are the same in every row."""
    return lambda rows: pyarrow.StructArray.from_arrays(
        [column(rows) for column in columns.values()], names=list(columns)
    )


def info(rows: Rows) -> Any:
    """Problem and facts as one JSON object, for trainers that hand over one string."""
    columns = {"problem": rows.problem} | rows.facts
    values = pyarrow.StructArray.from_arrays(list(columns.values()), names=list(columns)).to_pylist()
    return pyarrow.array([msgspec.json.encode(value).decode() for value in values], pyarrow.string())
