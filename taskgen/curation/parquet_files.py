"""Parquet files as Arrow tables of plain types, whichever program wrote them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from taskgen.curation.text_files import TABLE_BYTES

_BUFFER = 4 << 20
"""Bytes read ahead of each column, instead of the whole column of a row group."""


def parquet_columns(path: Path) -> tuple[Any, int]:
    """The schema of a Parquet file, in plain types, and its number of rows."""
    with open(path, "rb") as content, pyarrow.parquet.ParquetFile(content) as file:
        return plain_schema(file.schema_arrow), file.metadata.num_rows


def parquet_tables(path: Path, schema: Any, columns: Sequence[str], rows: int) -> Iterator[Any]:
    """The rows of a Parquet file under a schema; fewer than `rows` a table where the rows are large."""
    chosen = pyarrow.schema([schema.field(name) for name in columns])
    with open(path, "rb") as content, pyarrow.parquet.ParquetFile(content, buffer_size=_BUFFER) as file:
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        total = sum(group.total_byte_size for group in groups)
        fitting = TABLE_BYTES * file.metadata.num_rows // max(1, total)
        for batch in file.iter_batches(max(1, min(rows, fitting)), columns=list(columns)):
            batch.validate(full=True)
            table = pyarrow.Table.from_batches([batch]).select(list(columns))
            yield table if table.schema.equals(chosen, check_metadata=True) else table.cast(chosen)


def plain_schema(schema: Any) -> Any:
    """A schema without metadata and with one type for text, one for bytes, one for lists; nothing is an encoding."""
    return pyarrow.schema([(field.name, _plain(field.type)) for field in schema])


def _plain(kind: Any) -> Any:
    types = pyarrow.types
    if types.is_dictionary(kind):
        return _plain(kind.value_type)
    if types.is_large_string(kind) or types.is_string_view(kind) or isinstance(kind, pyarrow.JsonType):
        return pyarrow.string()
    if types.is_large_binary(kind) or types.is_binary_view(kind):
        return pyarrow.binary()
    if types.is_list(kind) or types.is_large_list(kind):
        return pyarrow.list_(_plain(kind.value_type))
    if types.is_struct(kind):
        return pyarrow.struct(
            [(kind.field(place).name, _plain(kind.field(place).type)) for place in range(kind.num_fields)]
        )
    return kind
