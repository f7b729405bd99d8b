"""The identity of a row: which problem it is, whatever its text looks like.

Rows of ours carry their ids. Rows of others are parsed into problems of ours where a parser knows their family; what no
parser knows is compared by its text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow
import pyarrow.compute

from taskgen.curation import parsers
from taskgen.curation.parsers import Identity, Puzzle, Row, identity, recognise
from taskgen.curation.texts import text_columns, text_id, texts
from taskgen.engine.errors import UsageError
from taskgen.problem import Problem, decode
from taskgen.registry import UnknownTask, all_tasks, task

NATIVE = ("id", "structure", "task", "task_version")
TEXT_FAMILY = "text"
"""The family of rows of which nothing but the text is known."""

_PROBLEM_BEGINS = '{"task":"'


@dataclass(frozen=True)
class Identities:
    """Instance id, structure id (128 bits, hex) and family of every row of a table, in order."""

    instance: Sequence[str]
    structure: Sequence[str]
    family: Sequence[str]


def is_native(schema: Any) -> bool:
    """Whether a dataset's rows carry our ids."""
    return set(NATIVE) <= set(schema.names)


def columns_read(schema: Any) -> list[str] | None:
    """The columns that `identify` needs of a dataset with this schema; None for all."""
    if not is_native(schema):
        return None
    return [*NATIVE, "problem"] if "problem" in schema.names and _some_task_has_changed() else list(NATIVE)


def identify(table: Any, column: str | None = None) -> Identities:
    """The identities of a table's rows; `column` names the one that holds the text of a foreign dataset.

    Raises UsageError where a row has neither a problem that is known nor a text.
    """
    if is_native(table.schema):
        return _native(table)
    found = list(_foreign(table, column))
    instance, structure, family = zip(*found, strict=True) if found else ((), (), ())
    return Identities(instance, structure, family)


def _native(table: Any) -> Identities:
    """The ids in the columns; where an earlier version of the task made them, those of the problem as read now."""
    instance, structure, family, versions = (table[name].to_pylist() for name in NATIVE)
    outdated = {pair for pair in set(zip(family, versions, strict=True)) if _outdated(*pair)}
    if outdated and "problem" in table.column_names:
        for row, pair in enumerate(zip(family, versions, strict=True)):
            found = _decoded(table["problem"][row].as_py()) if pair in outdated else None
            if found is not None:
                instance[row], structure[row], _ = identity(found)
    return Identities(instance, structure, family)


@lru_cache(maxsize=1)
def _some_task_has_changed() -> bool:
    """Whether a task is in its second version or later: else no row is outdated, and no problem need be read."""
    return any(known.version > 1 for known in all_tasks().values())


@lru_cache(maxsize=1024)
def _outdated(name: str, version: int | str | None) -> bool:
    """Whether the task has changed since; a task that is not installed has not, as far as we know.

    CSV cells are text, and rows of others in a mix have no version.
    """
    try:
        return version is not None and task(name).version > int(version)
    except (UnknownTask, ValueError):
        return False


def _decoded(text: str | None) -> Problem | None:
    try:
        return decode(text) if text else None
    except ValueError:
        return None


def _foreign(table: Any, column: str | None) -> Iterator[Identity]:
    columns = text_columns(table.schema, column)
    asked = texts(table, columns) if columns else [""] * table.num_rows
    fields = {name: table[name].to_pylist() for name in parsers.columns() if name in table.column_names}
    problems = _problem_strings(table)
    for row, text in enumerate(asked):
        found: Problem | Puzzle | None = _decoded(next((strings[row] for strings in problems if strings[row]), None))
        if found is None:
            own = {name: values[row] for name, values in fields.items() if values[row] is not None}
            found = recognise(Row(text, own))
        if found is not None:
            yield identity(found)
        elif columns:
            content = text_id(text or _whole_row(table, row))
            yield Identity(content, content, TEXT_FAMILY)
        else:
            raise UsageError(
                f"no column holds a text to compare (columns: {', '.join(table.column_names)}); name one after #"
            )


def _whole_row(table: Any, row: int) -> str:
    """All cells of a row: where it has no text, nothing less tells it from others."""
    return repr(table.slice(row, 1).to_pylist())


def _problem_strings(table: Any) -> list[list[str | None]]:
    """The columns in which some row carries a problem string of ours, as exporters for trainers leave it."""
    found = []
    for values in _strings(table):
        ours = pyarrow.compute.starts_with(values, _PROBLEM_BEGINS).fill_null(False)
        if pyarrow.compute.any(ours).as_py():
            found.append(pyarrow.compute.if_else(ours, values, None).to_pylist())
    return found


def _strings(table: Any) -> Iterator[Any]:
    """Every column of strings, and those inside of structs."""
    for name in table.column_names:
        yield from _inside(table[name].combine_chunks())


def _inside(values: Any) -> Iterator[Any]:
    types = pyarrow.types
    if types.is_string(values.type) or types.is_large_string(values.type):
        yield values
    elif types.is_struct(values.type):
        for part in values.flatten():
            yield from _inside(part)
