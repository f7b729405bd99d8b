"""Croissant metadata: valid, and a reader of it gets every row with its split."""

import json
from hashlib import sha256

import mlcroissant
import pyarrow.dataset
import pytest

from taskgen.publishing.croissant import croissant
from taskgen.publishing.facts import gather


@pytest.fixture(params=["generated", "curated", "foreign"])
def folder(request):
    return request.getfixturevalue(request.param)


def test_it_is_valid_but_for_a_date_and_a_citation_that_nobody_knows(folder):
    issues = mlcroissant.Dataset(jsonld=str(folder / "croissant.json")).metadata.ctx.issues
    assert not issues.errors
    unknown = [warning for warning in issues.warnings if "citeAs" not in warning and "datePublished" not in warning]
    assert all("license" in warning for warning in unknown)


def test_it_conforms_to_the_newest_version_that_the_reader_knows(folder):
    context = mlcroissant.Dataset(jsonld=str(folder / "croissant.json")).metadata.ctx
    assert context.is_v1_1()


def test_its_records_are_the_rows_with_their_splits(folder):
    data = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    found = [
        {name.removeprefix("records/"): plain(value) for name, value in record.items()}
        for record in data.records("records")
    ]
    expected = []
    for path in sorted((folder / "data").iterdir()):
        for row in pyarrow.dataset.dataset(path).to_table().to_pylist():
            row = {name: value for name, value in row.items() if not isinstance(value, list)}
            expected.append(row | {"file_split": path.name.partition("-")[0]})
    assert found == expected


def test_its_splits_are_those_of_the_folder(folder):
    data = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert [record["splits/name"] for record in data.records("splits")] == [
        split.name for split in gather(folder).splits
    ]


def test_every_data_file_is_there_with_its_hash(folder):
    files = [
        entry for entry in json.loads((folder / "croissant.json").read_bytes())["distribution"] if "sha256" in entry
    ]
    assert {entry["contentUrl"]: entry["sha256"] for entry in files} == {
        f"data/{path.name}": sha256(path.read_bytes()).hexdigest() for path in (folder / "data").iterdir()
    }


def test_equal_datasets_have_equal_metadata(generated):
    assert croissant(gather(generated)) == (generated / "croissant.json").read_bytes()


def plain(value):
    return value.decode() if isinstance(value, bytes) else value
