"""Reading what is exported: the columns that count, the task of every row; one line where a row is not taskgen's."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow

from taskgen.curation.sources import Source
from taskgen.engine.errors import UsageError
from taskgen.environment import MultiTurnProblem
from taskgen.publishing.exports.formats import DIFFICULTY, ID, OPTIONAL, PASS_RATE
from taskgen.registry import UnknownTask, task

_TYPES = {ID: pyarrow.string(), DIFFICULTY: pyarrow.int64(), PASS_RATE: pyarrow.float64()}
_OURS = "export takes what `taskgen generate` or `taskgen curate` made"


class Kind(NamedTuple):
    """What the files of an export need to know of a task."""

    domain: str
    dialogue: bool


class _Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As much of a problem's JSON as says whose it is."""

    task: str
    version: int
    fields: msgspec.Raw


_decoder = msgspec.json.Decoder(_Named)


def read_columns(source: Source) -> list[str]:
    """The columns that an export reads. Raises UsageError where prompt or problem is missing, or no text."""
    for name in ("prompt", "problem"):
        if name not in source.schema.names:
            raise UsageError(f"{source.name} has no column {name}; {_OURS}")
        kind = source.schema.field(name).type
        if kind != pyarrow.string():
            raise UsageError(f"{source.name}: column {name} holds {kind}, not text; {_OURS}")
    return ["prompt", "problem", *(name for name in OPTIONAL if name in source.schema.names)]


def read_tables(source: Source, columns: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """The split and the rows of each piece of a source, with the facts in their types. Raises UsageError."""
    for number, file in enumerate(source.files):
        for table in source.file_tables(number, columns):
            for place, name in enumerate(columns):
                if name in _TYPES:
                    table = table.set_column(place, name, _cast(table[name], file.path, name))
            yield file.split, table


def _cast(column: Any, path: Path, name: str) -> Any:
    try:
        return column.cast(_TYPES[name])
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as error:
        raise UsageError(f"{path}: column {name}: {' '.join(str(error).split())[:200]}") from None


def read_tasks(source: Source, table: Any, start: int) -> list[str]:
    """The task of every row, as its problem tells; the first row has the number `start`.

    Raises UsageError where a row has no prompt, or no problem of a task that is installed.
    """
    names = []
    asked = table["prompt"].is_valid().to_pylist()
    for number, (text, has_prompt) in enumerate(zip(table["problem"].to_pylist(), asked, strict=True), start):
        try:
            names.append(_decoder.decode(text).task)
            kind_of(names[-1])
        except UnknownTask as error:
            raise UsageError(f"{source.name}: row {number}: {error}") from None
        except (msgspec.MsgspecError, TypeError, RecursionError):
            raise UsageError(
                f"{source.name}: row {number} has no problem of taskgen's in column problem; {_OURS}"
            ) from None
        if not has_prompt:
            raise UsageError(f"{source.name}: row {number} has no prompt")
    return names


@cache
def kind_of(name: str) -> Kind:
    """The kind of a task. Raises UnknownTask."""
    found = task(name)
    return Kind(found.domain, issubclass(found.problem_type, MultiTurnProblem))
