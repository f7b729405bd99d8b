"""The columns of a mix: those of all its sources, nulls where a source has none of a kind."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow

from taskgen.curation.identities import is_native
from taskgen.curation.sources import Source
from taskgen.engine.errors import UsageError
from taskgen.engine.schema import SCHEMA

OURS = ("id", "structure", "task", "task_version", "split")
"""What every row of a mix has, whoever made it, so that later stages know the row."""


def renamed(source: Source) -> dict[str, str]:
    """The columns of a foreign source that bear a name of ours, with the name that they get."""
    if is_native(source.schema):
        return {}
    return {name: f"source_{name}" for name in ("id", "structure", "task") if name in source.schema.names}


def united_schema(sources: Sequence[Source], added: Sequence[tuple[str, Any]]) -> Any:
    """All columns: taskgen's own first, then the others in order of appearance, then those that the mix adds.

    Numbers of different width become the wider one, or taskgen's own type in its own columns. Raises UsageError where
    two sources have different types under one name.
    """
    kinds: dict[str, Any] = {name: SCHEMA.field(name).type for name in OURS}
    owners: dict[str, Source] = {}
    for source in sources:
        names = renamed(source)
        for field in source.schema:
            name = names.get(field.name, field.name)
            if name in dict(added) or name == "split":
                continue
            if name in kinds:
                kinds[name] = _agreed(name, kinds[name], field.type, owners.get(name), source)
            else:
                kinds[name] = field.type
            owners.setdefault(name, source)
    native = [name for name in SCHEMA.names if name in kinds]
    others = [name for name in kinds if name not in native]
    return pyarrow.schema([*((name, kinds[name]) for name in (*native, *others)), *added])


def _agreed(name: str, first: Any, second: Any, owner: Source | None, source: Source) -> Any:
    own = SCHEMA.field(name).type if name in SCHEMA.names else None
    if first == second:
        return first
    if {first, second} == {own, pyarrow.string()}:
        return own  # the text is a CSV file's: its cells have to fit
    try:
        pair = [pyarrow.schema([(name, kind)]) for kind in (first, second)]
        wider = pyarrow.unify_schemas(pair, promote_options="permissive").field(0).type
    except (pyarrow.ArrowTypeError, pyarrow.ArrowInvalid):
        holder = owner.name if owner else "a taskgen dataset"
        raise UsageError(
            f"column {name} is {first} in {holder} but {second} in {source.name}; rename or convert one of them"
        ) from None
    return own if own in (first, second) else wider


def conform(table: Any, source: Source, schema: Any, given: Mapping[str, Any]) -> Any:
    """The rows of a source under the schema of the mix; `given` are the columns that the mix fills itself."""
    table = table.rename_columns([renamed(source).get(name, name) for name in table.column_names])
    columns = []
    for field in schema:
        if field.name in given:
            columns.append(pyarrow.array(given[field.name], field.type))
        elif field.name in table.column_names:
            columns.append(_cast(table[field.name], field, source))
        else:
            columns.append(pyarrow.nulls(table.num_rows, field.type))
    return pyarrow.Table.from_arrays(columns, schema=schema)


def _cast(column: Any, field: Any, source: Source) -> Any:
    try:
        return column.cast(field.type)
    except pyarrow.ArrowInvalid as error:
        raise UsageError(f"{source.name}: column {field.name} does not fit {field.type}: {error}") from None
