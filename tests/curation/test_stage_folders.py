"""The folder of a stage: whole or not at all, found again by the same command, never in the way of another."""

import errno
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from taskgen.curation.sources import DataFile, Source, open_source
from taskgen.curation.stages import Plan, StageFolder, default_out, run_stage, stage_folder
from taskgen.engine.errors import Damaged, FolderTaken, UsageError
from taskgen.engine.folders import locked
from tests.curation.odd_folders import left, made, plan, write_numbered
from tests.curation.odd_stage import OddSettings, odd
from tests.engine.conftest import contents


@pytest.fixture
def data(tmp_path):
    """A folder with 60 rows of train and 40 of test."""
    return write_numbered(tmp_path / "set")


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
