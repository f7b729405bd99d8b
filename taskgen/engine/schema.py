"""The native layout of a dataset: one Arrow schema and one way to write Parquet, so that equal rows are equal bytes."""

from collections.abc import Iterable
from typing import Any, BinaryIO

import msgspec
import pyarrow
import pyarrow.parquet

from taskgen.records import Record

ROWS_PER_GROUP = 10_000
"""Most rows in a row group: the longest rows there are make 100 MB of them, the limit of the Hub's viewer."""
ROWS_PER_FILE = 100_000

SCHEMA = pyarrow.schema(
    [
        ("id", pyarrow.string()),
        ("structure", pyarrow.string()),
        ("task", pyarrow.string()),
        ("task_version", pyarrow.int32()),
        ("domain", pyarrow.string()),
        ("difficulty", pyarrow.int8()),
        ("split", pyarrow.string()),
        ("prompt", pyarrow.string()),
        ("answer", pyarrow.string()),
        ("problem", pyarrow.string()),
        ("knobs", pyarrow.string()),
        ("effort", pyarrow.float64()),
        ("trace", pyarrow.string()),
        ("wording", pyarrow.string()),
        ("seed", pyarrow.int64()),
        ("index", pyarrow.int64()),
    ]
)
_REPEATING = ["task", "domain", "split", "knobs", "wording"]


def to_table(records: Iterable[Record]) -> Any:
    """A pyarrow.Table of records in the native schema."""
    return pyarrow.Table.from_pylist([msgspec.structs.asdict(record) for record in records], schema=SCHEMA)


def parquet_writer(file: BinaryIO, schema: Any = SCHEMA) -> Any:
    """A pyarrow ParquetWriter with the settings that every dataset file has."""
    native = set(SCHEMA.names) <= set(schema.names)
    return pyarrow.parquet.ParquetWriter(
        file,
        schema,
        compression="zstd",
        use_dictionary=_REPEATING if native else True,
        write_page_index=True,
        use_content_defined_chunking=True,
    )
