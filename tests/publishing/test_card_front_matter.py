"""The head of a card: the Hub and every reader find the data rows in it, and nothing else of the folder."""

import re
import shutil
from dataclasses import replace

import datasets
import duckdb
import polars
import pyarrow
import pyarrow.dataset
import pyarrow.parquet
import pytest
import yaml
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs, known_task_ids
from huggingface_hub import DatasetCard

from taskgen.publishing.cards.features import features
from taskgen.publishing.cards.front_matter import front_matter, size_category
from taskgen.publishing.facts import gather

CREATORS = {"found", "crowdsourced", "expert-generated", "machine-generated", "no-annotation", "other"}


@pytest.fixture
def everything(curated, tmp_path):
    """A curated folder with rollouts, reports, runs and exports beside its data, in Parquet and JSON lines."""
    folder = shutil.copytree(curated, tmp_path / "set")
    for path in (
        "rollouts/records.parquet",
        "rollouts/rollouts/0.parquet",
        "reports/train.parquet",
        "runs/test-1.jsonl",
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(pyarrow.table({"other": [1, 2]}), folder / path)
    assert list((folder / "dropped").glob("*.parquet"))
    return folder


@pytest.fixture
def rows(everything):
    """What the data files hold, by split."""
    return {
        split: pyarrow.dataset.dataset(sorted((everything / "data").glob(f"{split}-*"))).to_table()
        for split in ("train", "test")
    }


def test_datasets_reads_the_data_rows_with_their_splits_and_nothing_else(everything, rows, tmp_path):
    found = datasets.load_dataset(str(everything), cache_dir=str(tmp_path / "cache"))
    assert {split: part.to_list() for split, part in found.items()} == {
        split: table.to_pylist() for split, table in rows.items()
    }


def test_datasets_streams_the_same_rows(everything, rows, tmp_path):
    found = datasets.load_dataset(str(everything), split="test", streaming=True, cache_dir=str(tmp_path / "cache"))
    assert list(found) == rows["test"].to_pylist()


def test_polars_duckdb_and_pyarrow_read_the_columns_that_it_names(everything, rows):
    names = [feature["name"] for feature in head(everything)["dataset_info"]["features"]]
    pattern = str(everything / "data" / "train-*.parquet")
    assert polars.read_parquet(pattern).columns == names
    assert duckdb.sql(f"SELECT * FROM '{pattern}'").columns == names
    assert rows["train"].schema.names == names
    assert polars.read_parquet(pattern).to_dicts() == rows["train"].to_pylist()


def test_the_hubs_own_classes_read_it(curated, generated, foreign):
    for folder in (curated, generated, foreign):
        data = DatasetCard.load(folder / "README.md").data
        assert list(MetadataConfigs.from_dataset_card_data(data)) == ["default"]
        (info,) = DatasetInfosDict.from_dataset_card_data(data).values()
        facts = gather(folder)
        assert info.features == datasets.Features.from_arrow_schema(facts.schema)
        assert {split.name: split.num_examples for split in info.splits.values()} == {
            split.name: split.rows for split in facts.splits
        }
        assert info.download_size == sum(path.stat().st_size for path in (folder / "data").iterdir())
        assert info.dataset_size == sum(split.num_bytes for split in info.splits.values())


def test_it_has_the_values_that_the_hub_knows(curated, generated, foreign):
    for folder in (curated, generated, foreign):
        found = head(folder)
        assert found["license"] in ("apache-2.0", "unknown")
        assert all(re.fullmatch("[a-z]{2,3}", language) for language in found["language"])
        assert set(found["task_categories"]) <= set(known_task_ids)
        assert set(found["annotations_creators"]) | set(found["language_creators"]) <= CREATORS
        assert set(found["source_datasets"]) <= {"original", "extended"}
        assert all(isinstance(tag, str) and tag for tag in found["tags"])
        assert isinstance(found["pretty_name"], str)


def test_tags_name_taskgen_the_method_the_domains_and_the_tasks(generated):
    tags = head(generated)["tags"]
    assert tags[:4] == ["taskgen", "reasoning", "verifiable-rewards", "grpo"]
    assert tags[-4:] == ["grids", "math", "linear_system", "sudoku"]


def test_our_records_are_original_and_apache(generated, curated):
    for folder in (generated, curated):
        assert head(folder)["source_datasets"] == ["original"]
        assert head(folder)["license"] == "apache-2.0"


def test_rows_of_others_are_extended_and_their_licence_is_not_ours_to_name(foreign):
    assert head(foreign)["source_datasets"] == ["extended"]
    assert head(foreign)["license"] == "unknown"


def test_a_dataset_of_the_hub_is_named_as_a_source(foreign):
    import msgspec

    facts = gather(foreign)
    (load,) = facts.manifest.stages
    entry = msgspec.structs.replace(load.inputs[0], name="org/questions:main:test", revision="abc")
    stage = msgspec.structs.replace(load, inputs=(entry,))
    hub = replace(facts, manifest=msgspec.structs.replace(facts.manifest, stages=(stage,)))
    assert yaml.safe_load(front_matter(hub))["source_datasets"] == ["org/questions"]


@pytest.mark.parametrize(
    ("rows", "category"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1_000, "1K<n<10K"),
        (9_999, "1K<n<10K"),
        (10_000, "10K<n<100K"),
        (1_000_000, "1M<n<10M"),
        (1_234_567_890, "1B<n<10B"),
    ],
)
def test_the_category_of_size(rows, category):
    assert size_category(rows) == category


KINDS = [
    *(pyarrow.int8(), pyarrow.uint64(), pyarrow.float16(), pyarrow.float32(), pyarrow.float64(), pyarrow.bool_()),
    *(pyarrow.string(), pyarrow.large_string(), pyarrow.binary(), pyarrow.date32(), pyarrow.date64()),
    *(pyarrow.timestamp("us", tz="UTC"), pyarrow.decimal128(10, 2), pyarrow.duration("s"), pyarrow.time64("us")),
    *(pyarrow.list_(pyarrow.int64()), pyarrow.list_(pyarrow.list_(pyarrow.string())), pyarrow.list_(pyarrow.int8(), 3)),
    pyarrow.large_list(pyarrow.int8()),
    pyarrow.struct([("x", pyarrow.int32()), ("y", pyarrow.list_(pyarrow.string()))]),
    pyarrow.list_(pyarrow.struct([("role", pyarrow.string()), ("content", pyarrow.string())])),
    pyarrow.dictionary(pyarrow.int32(), pyarrow.string()),
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_type_is_told_as_datasets_tells_it(kind):
    schema = pyarrow.schema([("column", kind)])
    assert features(schema) == datasets.Features.from_arrow_schema(schema)._to_yaml_list()


def head(folder):
    return yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])
