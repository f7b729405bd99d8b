"""A stage leaves a folder whole or not at all: the rows it keeps, those it drops with a reason, what led to them."""

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy
import polars
import pyarrow
import pyarrow.parquet
import pytest

from taskgen.curation import sources, split_files
from taskgen.curation.sources import DataFile, Source, open_source
from taskgen.curation.stages import (
    DROPPED,
    Plan,
    Selection,
    StageFolder,
    default_out,
    history,
    read_settings,
    run_stage,
    stage_folder,
)
from taskgen.engine.building import build
from taskgen.engine.errors import Damaged, FolderTaken, UsageError
from taskgen.engine.folders import locked
from taskgen.engine.manifest import read_manifest
from taskgen.engine.orders import place_order
from tests.curation.odd_stage import OddSettings, odd
from tests.engine.conftest import contents


@pytest.fixture
def data(tmp_path):
    """A folder with 60 rows of train and 40 of test."""
    noise = numpy.random.default_rng(0).bytes(50_000).hex(" ", 500).split()
    for split, first, count in (("train", 0, 60), ("test", 60, 40)):
        rows = [{"id": f"{n:032x}", "task": "toy", "n": n, "text": noise[n]} for n in range(first, first + count)]
        (tmp_path / "set").mkdir(exist_ok=True)
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "set" / f"{split}.parquet")
    return tmp_path / "set"


def plan(data, step=3):
    return Plan("odd", OddSettings(step=step), (open_source(str(data)),))


def made(data, out, step=3, **notes):
    return run_stage(plan(data, step), out, odd(step), **notes)


def left(folder):
    """The names in a folder, hidden ones too."""
    return sorted(os.listdir(folder))


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


# Found again


def test_a_complete_result_is_checked_and_left_alone(data, tmp_path):
    first = made(data, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}

    def never(start, table):
        raise AssertionError("the rows are not looked at again")

    assert run_stage(plan(data), tmp_path / "out", never) == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before


def test_a_moved_source_is_still_the_same_source(data, tmp_path):
    first = made(data, tmp_path / "out")
    data.rename(tmp_path / "moved")
    assert made(tmp_path / "moved", tmp_path / "out") == first


@pytest.mark.parametrize("harmed", ["data/train-00000-of-00001.parquet", "dropped.parquet", "pairs.json"])
def test_a_result_that_was_changed_or_lost_is_named(data, tmp_path, harmed):
    def make():
        with stage_folder(plan(data), tmp_path / "out") as folder:
            if isinstance(folder, StageFolder):
                folder.keep(pyarrow.table({"n": [1]}), "train")
                for other in ("dropped.parquet", "pairs.json"):
                    pyarrow.parquet.write_table(pyarrow.table({"n": [1]}), folder.path / other)

    make()
    make()
    file = tmp_path / "out" / harmed
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(Damaged, match=f"{harmed} is not what the manifest says"):
        make()
    file.unlink()
    with pytest.raises(Damaged, match=f"{harmed} is missing"):
        make()


def test_a_folder_with_anything_else_is_refused_and_left_alone(data, tmp_path):
    made(data, tmp_path / "out")
    before = contents(tmp_path / "out")
    for other in (plan(data, 4), Plan("even", OddSettings(), (open_source(str(data)),)), plan(data / "test.parquet")):
        with pytest.raises(FolderTaken, match="out is there already and not from this command"):
            run_stage(other, tmp_path / "out", odd())
    assert contents(tmp_path / "out") == before
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FolderTaken, match="file is there already"):
        made(data, tmp_path / "file")
    assert left(tmp_path) == ["file", "out", "set"]


def test_what_decides_the_result_decides_the_key(data, tmp_path):
    def key(source, step=3, stage="odd"):
        whole = Plan(stage, OddSettings(step=step), (source,))
        return whole.key(whole.inputs())

    (train, test) = (str(data / f"{split}.parquet") for split in ("train", "test"))
    keys = [
        key(open_source(train)),
        key(open_source(test)),
        key(open_source(str(data))),
        key(open_source(train, "test")),
        key(open_source(f"{train}#text")),
        key(open_source(train), step=4),
        key(open_source(train), stage="even"),
    ]
    assert len(set(keys)) == len(keys)
    assert key(Source("elsewhere", [DataFile(Path(train), "train")])) == keys[0]


# Whole or not at all


def test_a_stage_that_fails_leaves_nothing(data, tmp_path):
    def fail(start, table):
        if start:
            raise UsageError("no")
        return odd()(start, table)

    with pytest.raises(UsageError, match="no"):
        run_stage(plan(data), tmp_path / "new" / "deep" / "out", fail)
    assert left(tmp_path) == ["set"]


def test_a_source_that_is_damaged_inside_leaves_nothing(data, tmp_path):
    whole = (data / "train.parquet").read_bytes()
    (data / "train.parquet").write_bytes(whole[:200] + bytes(200) + whole[400:])
    with pytest.raises(UsageError, match=r"train\.parquet is damaged"):
        made(data, tmp_path / "out")
    assert left(tmp_path) == ["set"]


def test_a_full_disk_leaves_nothing_and_is_named(data, tmp_path):
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in (100, 1000, 5000, 10_000, 20_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            with pytest.raises(OSError, match="File too large") as error:
                made(data, tmp_path / "out")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        assert error.value.errno == errno.EFBIG
        assert str(error.value.filename).startswith(str(tmp_path / ".out.partial"))
        assert left(tmp_path) == ["set"]
    made(data, tmp_path / "out")


def start(data, out, seconds):
    """The stage in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.curation.odd_stage", data, out, str(seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def begun(data, out):
    """One that is in the middle of its rows."""
    process = start(data, out, 60)
    assert process.stdout.readline() == "begun\n"
    return process


def test_ctrl_c_leaves_nothing(data, tmp_path):
    process = begun(data, tmp_path / "out")
    assert left(tmp_path) == [".out.partial", "set"]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert left(tmp_path) == ["set"]


def test_what_a_killed_run_leaves_is_no_dataset_and_goes_with_the_next(data, tmp_path):
    made(data, tmp_path / "whole")
    process = begun(data, tmp_path / "out")
    process.kill()
    process.communicate()
    assert left(tmp_path) == [".out.partial", "set", "whole"]
    made(data, tmp_path / "out")
    assert left(tmp_path) == ["out", "set", "whole"]
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_two_runs_at_once_do_not_meet(data, tmp_path):
    process = begun(data, tmp_path / "out")
    try:
        with pytest.raises(FolderTaken, match=r"another taskgen is writing to .*/out; wait for it"):
            made(data, tmp_path / "out")
        assert left(tmp_path) == [".out.partial", "set"]
    finally:
        process.kill()
        process.communicate()


def test_a_run_that_another_came_before_takes_what_is_there(data, tmp_path, monkeypatch):
    from taskgen.curation import stages

    def meanwhile(folder):
        monkeypatch.undo()
        entries.append(made(data, tmp_path / "out"))
        return locked(folder)

    entries = []
    monkeypatch.setattr(stages, "locked", meanwhile)
    assert made(data, tmp_path / "out") == entries[0]
    assert left(tmp_path) == ["out", "set"]


def test_runs_started_together_end_with_one_whole_result(data, tmp_path):
    processes = [start(data, tmp_path / "out", 0.2) for _ in range(3)]
    complaints = [process.communicate(timeout=60)[1] for process in processes]
    assert 0 in [process.returncode for process in processes]
    assert all(not complaint or "another taskgen is writing to" in complaint for complaint in complaints)
    assert left(tmp_path) == ["out", "set"]
    made(data, tmp_path / "alone")
    assert contents(tmp_path / "out") == contents(tmp_path / "alone")


# Where it goes


def test_an_empty_folder_a_link_to_one_and_a_slash_at_the_end_are_no_trouble(data, tmp_path):
    (tmp_path / "empty").mkdir()
    made(data, Path(f"{tmp_path}/empty/"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    made(data, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert contents(tmp_path / "elsewhere") == contents(tmp_path / "empty")


def test_a_result_in_its_own_source_is_refused(data, tmp_path, monkeypatch):
    before = contents(data)
    for out in (data, data / "out", data / "a" / "b", tmp_path / "x" / ".." / "set" / "out"):
        with pytest.raises(UsageError, match="from which it would be made; choose another --out"):
            made(data, out)
    monkeypatch.chdir(data)
    with pytest.raises(UsageError, match=r"out lies in \."):
        made(".", Path("out"))
    assert contents(data) == before
    made(data / "test.parquet", data / "beside")


@pytest.mark.parametrize(
    ("source", "folder"),
    [
        ("x/set", "x/set-dedup"),
        ("x/set/", "x/set-dedup"),
        ("x/set#prompt", "x/set-dedup"),
        ("x/a.parquet", "x/a-dedup"),
        ("x/a.b.jsonl.gz#prompt", "x/a.b-dedup"),
        ("a.csv", "a-dedup"),
        (".", "../here-dedup"),
        ("x/..", "here-dedup"),
        ("hf:org/set", "taskgen-data/org-set-dedup"),
        ("hf:org/set@v1:easy:test#q", "taskgen-data/org-set-easy-test-dedup"),
    ],
)
def test_a_result_goes_beside_its_source_if_nobody_says_where(tmp_path, monkeypatch, source, folder):
    (tmp_path / "here" / "x").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    if source == "x/..":
        folder = f"../{folder}"
    assert default_out(source, "dedup") == Path(folder)


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
