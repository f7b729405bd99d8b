"""Every reader opens what `generate` writes, without any code of ours."""

import datasets
import duckdb
import polars
import pyarrow.dataset
import pyarrow.parquet
import pytest

from taskgen.engine.building import build
from taskgen.engine.orders import place_order
from taskgen.engine.schema import SCHEMA

COUNTS = {"train": 60, "test": 12}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("layout")
    for split, count in COUNTS.items():
        build(place_order([("linear_system", (1, 2)), ("sudoku", (3,))], count=count, split=split), out, workers=1)
    return out


@pytest.fixture(scope="module")
def rows(folder):
    """What pyarrow reads of each split."""
    found = {}
    for split in COUNTS:
        table = pyarrow.parquet.read_table(folder / "data" / f"{split}-00000-of-00001.parquet")
        assert table.schema == SCHEMA
        found[split] = table.to_pylist()
    return found


def test_pyarrow_reads_the_splits_and_only_native_columns(folder, rows):
    assert {split: len(found) for split, found in rows.items()} == COUNTS
    assert pyarrow.dataset.dataset(folder / "data").count_rows() == sum(COUNTS.values())


def test_datasets_reads_the_same_rows_under_the_same_splits(folder, rows):
    assert {split: list(found) for split, found in datasets.load_dataset(str(folder)).items()} == rows


def test_polars_reads_the_same_rows(folder, rows):
    assert polars.read_parquet(folder / "data" / "train-*.parquet").to_dicts() == rows["train"]


def test_duckdb_reads_the_same_rows(folder, rows):
    columns = ", ".join(f'"{name}"' for name in SCHEMA.names)
    found = duckdb.sql(f"SELECT {columns} FROM '{folder}/data/train-*.parquet'").fetchall()
    assert found == [tuple(row.values()) for row in rows["train"]]


def test_files_are_zstd_with_a_page_index(folder):
    group = pyarrow.parquet.ParquetFile(folder / "data" / "train-00000-of-00001.parquet").metadata.row_group(0)
    columns = [group.column(place) for place in range(group.num_columns)]
    assert {column.compression for column in columns} == {"ZSTD"}
    assert all(column.has_offset_index and column.has_column_index for column in columns)


def test_json_columns_are_plain_strings_to_every_reader(folder):
    assert [SCHEMA.field(name).type for name in ("problem", "knobs")] == [pyarrow.string()] * 2
    kinds = duckdb.sql(f"SELECT typeof(problem), typeof(knobs) FROM '{folder}/data/test-*.parquet' LIMIT 1").fetchall()
    assert kinds == [("VARCHAR", "VARCHAR")]
