"""What a stage leaves: the rows it keeps, those it drops with a reason, and what led to them."""

import msgspec
import numpy
import polars
import pyarrow
import pyarrow.parquet
import pytest

from taskgen.curation import sources, split_files
from taskgen.curation.sources import open_source
from taskgen.curation.stages import DROPPED, Plan, Selection, history, read_settings, run_stage
from taskgen.engine.building import build
from taskgen.engine.errors import UsageError
from taskgen.engine.manifest import read_manifest
from taskgen.engine.orders import place_order
from tests.curation.odd_folders import left, made, plan, write_numbered
from tests.curation.odd_stage import OddSettings, odd
from tests.engine.conftest import contents


@pytest.fixture
def data(tmp_path):
    """A folder with 60 rows of train and 40 of test."""
    return write_numbered(tmp_path / "set")


# What it leaves


def test_kept_rows_stay_in_order_in_a_file_of_their_split(data, tmp_path):
    entry = made(data, tmp_path / "out")
    assert sorted(contents(tmp_path / "out")) == [
        "data/test-00000-of-00001.parquet",
        "data/train-00000-of-00001.parquet",
        "dropped.parquet",
        "manifest.json",
    ]
    kept = [row["n"] for table in open_source(str(tmp_path / "out")).tables() for row in table.to_pylist()]
    numbers = [*range(60, 100), *range(60)]
    assert kept == [n for place, n in enumerate(numbers) if place % 3 != 0]
    assert (entry.rows_in, entry.rows_out, entry.reasons) == (100, 66, {"multiple": 34})


def test_every_dropped_row_has_its_number_id_task_reason_match_and_detail(data, tmp_path):
    made(data, tmp_path / "out", 50)
    dropped = pyarrow.parquet.read_table(tmp_path / "out" / "dropped.parquet")
    assert dropped.schema.equals(DROPPED)
    assert dropped.to_pylist() == [
        {"row": 0, "id": f"{60:032x}", "task": "toy", "reason": "multiple", "matched": "row 0", "detail": "step 50"},
        {"row": 50, "id": f"{10:032x}", "task": "toy", "reason": "multiple", "matched": "row 50", "detail": "step 50"},
    ]


def test_rows_without_id_and_task_are_dropped_with_their_number(tmp_path):
    (tmp_path / "a.csv").write_text("q\nx\ny\n")
    run_stage(Plan("odd", OddSettings(), (open_source(str(tmp_path / "a.csv")),)), tmp_path / "out", odd())
    assert polars.read_parquet(tmp_path / "out" / "dropped.parquet").row(0) == (
        0,
        None,
        None,
        "multiple",
        "row 0",
        "step 3",
    )


def test_a_row_cannot_go_without_a_reason(data, tmp_path):
    def choose(start, table):
        return Selection(numpy.zeros(table.num_rows, bool), ())

    with pytest.raises(pyarrow.ArrowInvalid):
        run_stage(plan(data), tmp_path / "out", choose)
    assert left(tmp_path) == ["set"]


def test_a_stage_may_add_columns(data, tmp_path):
    def choose(start, table):
        added = table.append_column("row", pyarrow.array(range(start, start + table.num_rows)))
        return Selection([False] + [True] * (table.num_rows - 1), ["first"], table=added)

    run_stage(plan(data), tmp_path / "out", choose)
    out = open_source(str(tmp_path / "out"))
    assert out.schema.names == ["id", "task", "n", "text", "row"]
    assert [row for table in out.tables(["row"]) for row in table["row"].to_pylist()] == [
        *range(1, 40),
        *range(41, 100),
    ]


def test_a_result_without_rows_has_the_columns_that_were_added(data, tmp_path):
    def choose(start, table):
        added = table.append_column("row", pyarrow.array(range(start, start + table.num_rows)))
        return Selection([False] * table.num_rows, ["all"] * table.num_rows, table=added)

    run_stage(plan(data), tmp_path / "out", choose)
    assert polars.read_parquet(tmp_path / "out" / "data" / "*.parquet").columns == ["id", "task", "n", "text", "row"]


def test_the_manifest_says_what_went_in_and_what_came_of_it(data, tmp_path):
    made(data, tmp_path / "out", cells={"a": 1})
    manifest = read_manifest(tmp_path / "out")
    (entry,) = manifest.stages
    (given,) = entry.inputs
    assert (entry.stage, entry.settings, entry.notes) == ("odd", {"step": 3, "name": None}, {"cells": {"a": 1}})
    assert (given.name, given.rows, given.sha256) == ("set", 100, open_source(str(data)).fingerprints())
    assert [(file.path, file.rows) for file in manifest.files] == [
        ("data/test-00000-of-00001.parquet", 26),
        ("data/train-00000-of-00001.parquet", 40),
    ]
    assert [(file.path, file.rows) for file in manifest.others] == [("dropped.parquet", 34)]
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.json").read_text()


def test_a_result_without_rows_is_read_by_all(data, tmp_path):
    import datasets

    made(data, tmp_path / "out", 1)
    (file,) = (tmp_path / "out" / "data").iterdir()
    assert file.name == "train-00000-of-00001.parquet"
    assert pyarrow.parquet.read_table(file).schema.equals(open_source(str(data)).schema)
    assert polars.read_parquet(file).shape == (0, 4)
    assert list(datasets.load_dataset(str(tmp_path / "out"), streaming=True)["train"]) == []
    with pytest.raises(UsageError, match="out holds no rows"):
        open_source(str(tmp_path / "out"))


def test_a_split_without_rows_has_no_file(data, tmp_path):
    import datasets

    def choose(start, table):
        gone = ["test"] * table.num_rows if start == 0 else []
        return Selection([not gone] * table.num_rows, gone)

    run_stage(plan(data), tmp_path / "out", choose)
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {split: rows.num_rows for split, rows in loaded.items()} == {"train": 60}


def test_datasets_loads_the_rows_and_not_the_dropped_ones(data, tmp_path):
    import datasets

    made(data, tmp_path / "out")
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {split: rows.num_rows for split, rows in loaded.items()} == {"train": 40, "test": 26}


# Equal commands, equal bytes


def test_the_same_command_leaves_the_same_bytes(data, tmp_path):
    made(data, tmp_path / "one")
    made(data, tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_bytes_do_not_depend_on_how_the_rows_are_cut(data, tmp_path, monkeypatch):
    monkeypatch.setattr(split_files, "ROWS_PER_GROUP", 7)
    monkeypatch.setattr(split_files, "ROWS_PER_FILE", 21)
    found = []
    for rows in (1, 5, 7, 64, 1000):
        monkeypatch.setattr(sources.Source.file_tables, "__defaults__", (None, rows))
        made(data, tmp_path / f"{rows}", 4)
        found.append(contents(tmp_path / f"{rows}"))
    assert all(other == found[0] for other in found)
    names = [name for name in found[0] if name.startswith("data/train")]
    assert names == [f"data/train-0000{number}-of-00003.parquet" for number in range(3)]
    files = [pyarrow.parquet.read_metadata(tmp_path / "7" / name) for name in names]
    assert [file.num_rows for file in files] == [21, 21, 3]
    assert files[0].num_row_groups == 3


def test_every_row_is_in_some_file_whatever_their_number(tmp_path, monkeypatch):
    monkeypatch.setattr(split_files, "ROWS_PER_GROUP", 5)
    monkeypatch.setattr(split_files, "ROWS_PER_FILE", 10)
    for count in (0, 1, 4, 5, 9, 10, 11, 20):
        folder = tmp_path / str(count)
        folder.mkdir()
        files = split_files.SplitFiles(folder)
        files.add(pyarrow.table({"n": range(count)}), "train")
        entries = files.close(pyarrow.schema([]))
        assert [entry.rows for entry in entries] == [10] * (count // 10) + [count % 10] * (count % 10 > 0 or count == 0)
        assert polars.read_parquet(folder / "*.parquet")["n"].to_list() == list(range(count))


# What led to it


def test_the_history_of_generated_and_curated_folders_goes_along(tmp_path, toys):
    order = place_order([("addition", (6, 7))], count=30)
    build(order, tmp_path / "set")
    build(place_order([("addition", (6,))], count=5, split="test"), tmp_path / "set")
    made(tmp_path / "set", tmp_path / "one")
    made(tmp_path / "one", tmp_path / "two", 5)
    stages = read_manifest(tmp_path / "two").stages
    assert [stage.stage for stage in stages] == ["generate", "generate", "odd", "odd"]
    assert [(stage.rows_in, stage.rows_out) for stage in stages] == [(5, 5), (30, 30), (35, 23), (23, 18)]
    assert stages[1].settings == {"split": "train", "seed": 0, "wording": None}
    assert [cell["found"] for cell in stages[1].notes["cells"]] == [15, 15]


def test_only_the_split_that_was_read_has_a_history(tmp_path, toys):
    for split in ("train", "test"):
        build(place_order([("addition", (6,))], count=5, split=split), tmp_path / "set")
    stages = history([open_source(str(tmp_path / "set"), "test")])
    assert [stage.settings["split"] for stage in stages] == ["test"]


def test_what_led_to_several_sources_is_told_once(data, tmp_path):
    made(data, tmp_path / "one")
    made(tmp_path / "one", tmp_path / "two", 4)
    both = [open_source(str(tmp_path / name)) for name in ("one", "two")]
    assert [stage.settings["step"] for stage in history(both)] == [3, 4]


@pytest.mark.parametrize("content", ["[1, 2]", '{"name": "other", "files": 3}', "not JSON", "{}"])
def test_a_manifest_of_someone_else_is_no_history(data, tmp_path, content):
    (data / "manifest.json").write_text(content)
    made(data, tmp_path / "out")
    assert [stage.stage for stage in read_manifest(tmp_path / "out").stages] == ["odd"]


# Settings


def test_settings_are_read_from_text_and_typed(data):
    assert read_settings(OddSettings, step="7") == OddSettings(step=7)
    assert read_settings(OddSettings) == OddSettings(step=3)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"step": 0}, "step 0 is out of range: step takes 1 to 1000"),
        ({"step": "many"}, "step many is out of range: step takes 1 to 1000"),
        ({"stride": 1}, r"unknown setting stride \(settings: step, name\)"),
    ],
)
def test_settings_out_of_range_are_named_with_their_range(values, words):
    with pytest.raises(UsageError, match=words):
        read_settings(OddSettings, **values)


def test_a_report_counts_the_rows(data, tmp_path, monkeypatch):
    monkeypatch.setattr(sources.Source.file_tables, "__defaults__", (None, 30))
    told = []
    run_stage(plan(data), tmp_path / "out", odd(), lambda stage, done: told.append((stage, done)))
    assert told == [("writing rows", done) for done in (30, 40, 70, 100)]


def test_the_manifest_can_be_read_as_plain_json(data, tmp_path):
    made(data, tmp_path / "out")
    manifest = msgspec.json.decode((tmp_path / "out" / "manifest.json").read_bytes())
    assert sorted(manifest) == ["files", "others", "stages"]
    assert "revision" not in manifest["stages"][0]["inputs"][0]
