"""`taskgen dedup`: what it prints, what it refuses, and what is left of a run that was stopped."""

import os
import signal
import time

import pyarrow
import pyarrow.parquet
import pytest

from taskgen.curation import dedup as module
from taskgen.curation.dedup import DedupSettings, dedup
from taskgen.curation.sources import open_source
from taskgen.engine.errors import UsageError
from taskgen.seeding import Stream
from tests.curation.in_process import in_process
from tests.curation.native_rows import hex_id, problem_numbers, row, table, write_rows
from tests.engine.conftest import command, contents, start
from tests.engine.test_interruptions import tiny_disk as tiny_disk


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Runs `taskgen dedup` where it must fail and change nothing: exit code and complaint."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        before = contents(tmp_path), sorted(tmp_path.rglob("*"))
        code, _, complaints = in_process(capsys, "dedup", *arguments)
        assert (contents(tmp_path), sorted(tmp_path.rglob("*"))) == before
        assert len(complaints.splitlines()) == 1
        return code, complaints.removeprefix("taskgen: ").strip()

    return run


def test_the_command_prints_what_became_of_the_rows(tmp_path):
    write_rows(tmp_path / "in.parquet", [row(1, 9), row(2, 9), row(1, 9)])
    code, output, complaints = command(
        *("dedup", "in.parquet", "--by", "structure", "--yes", "--workers", 2), cwd=tmp_path
    )
    assert (code, complaints) == (0, "")
    assert "dedup: 3 rows in, 1 rows out, in in-dedup" in output
    assert [line.split() for line in output.splitlines() if "duplicate_" in line] == [
        ["duplicate_instance", "1"],
        ["duplicate_structure", "1"],
    ]
    assert problem_numbers(tmp_path / "in-dedup") == [1]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--by", "text"), "by text is out of range: by takes"),
        (("--keep", "0"), "--keep"),
        (("--keep", "2"), "keep is for by structure"),
        (("--max-loss", "2"), "--max-loss"),
        (("--workers", "0"), "--workers"),
        (("--nonsense",), "--nonsense"),
    ],
)
def test_a_wrong_option_is_named(refused, tmp_path, arguments, complaint):
    write_rows(tmp_path / "in.parquet", [row(1)])
    code, said = refused("in.parquet", *arguments)
    assert code == 2
    assert complaint in said


def test_data_that_is_not_there(refused, tmp_path):
    code, said = refused("none.parquet")
    assert (code, said.split(";")[0]) == (2, "none.parquet does not exist")


def test_an_empty_file(refused, tmp_path):
    (tmp_path / "in.parquet").touch()
    code, said = refused("in.parquet")
    assert (code, said.split()[0]) == (2, "in.parquet")


def test_a_file_without_rows(refused, tmp_path):
    write_rows(tmp_path / "in.parquet", [])
    assert refused("in.parquet") == (2, "in.parquet holds no rows")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_with_damaged_pages(refused, tmp_path, workers):
    rows = [row(Stream.keyed("page", number).bits64()) for number in range(300)]
    write_rows(tmp_path / "in" / "train-0.parquet", rows)
    path = tmp_path / "in" / "train-0.parquet"
    damaged = bytearray(path.read_bytes())
    damaged[200:1200] = bytes(1000)
    path.write_bytes(damaged)
    code, said = refused("in", "--workers", workers)
    assert code == 2
    assert said.startswith("in/train-0.parquet is damaged")


def test_an_id_that_is_none_is_named_with_its_row(refused, tmp_path):
    write_rows(tmp_path / "in.parquet", [row(1), row(2) | {"id": "problem-2"}])
    code, said = refused("in.parquet")
    assert (code, said) == (2, "in.parquet row 1: 'problem-2' is no id of taskgen's, 32 hexadecimal digits")


def test_a_fault_in_a_file_is_one_line_from_a_worker_too(tmp_path, monkeypatch):
    write_rows(tmp_path / "in" / "train-0.parquet", [row(1)])
    write_rows(tmp_path / "in" / "train-1.parquet", [row(1) | {"id": "x"}])
    monkeypatch.setattr(module, "PART_ROWS", 1)
    with pytest.raises(UsageError, match=r"^.*in row 1: 'x' is no id of taskgen's"):
        dedup(open_source(str(tmp_path / "in")), tmp_path / "out", DedupSettings(), workers=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_an_out_folder_of_something_else_is_left_alone(refused, tmp_path):
    write_rows(tmp_path / "in.parquet", [row(1)])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    code, said = refused("in.parquet", "--out", "out")
    assert (code, said) == (
        1,
        "out is there already and not from this command; choose another --out or delete it",
    )


@pytest.fixture(scope="module")
def many_rows(tmp_path_factory):
    """A dataset that takes a second or two, and what deduplication leaves of it."""
    folder = tmp_path_factory.mktemp("many")
    count, repeats = 2000, 100
    numbers = [Stream.keyed("many", number).bits64() for number in range(count)]
    once = table([row(number, prompt=hex_id(number) * 20) for number in numbers])
    (folder / "in").mkdir()
    for number in range(4):
        listed = [once.slice(number * 500)] + [once] * (repeats // 4)
        pyarrow.parquet.write_table(pyarrow.concat_tables(listed), folder / "in" / f"train-{number}.parquet")
    dedup(open_source(str(folder / "in")), folder / "reference", DedupSettings(yes=True), workers=1)
    return folder


def interrupted(many_rows, tmp_path, sign):
    """Exit code and complaints of a run that is stopped while it writes."""
    process = start("dedup", many_rows / "in", "--yes", "--out", tmp_path / "out", cwd=tmp_path)
    while not (tmp_path / ".out.partial" / "data").exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.005)
    process.send_signal(sign)
    _, complaints = process.communicate(timeout=60)
    assert not (tmp_path / "out").exists()
    return process.returncode, complaints.decode()


def test_ctrl_c_leaves_nothing(tmp_path, many_rows):
    assert interrupted(many_rows, tmp_path, signal.SIGINT) == (130, "taskgen: stopped\n")
    assert os.listdir(tmp_path) == []


def test_after_a_kill_the_same_command_leaves_the_same_bytes(tmp_path, many_rows):
    assert interrupted(many_rows, tmp_path, signal.SIGKILL)[0] == -signal.SIGKILL
    assert os.listdir(tmp_path) == [".out.partial"]
    dedup(open_source(str(many_rows / "in")), tmp_path / "out", DedupSettings(yes=True), workers=1)
    assert os.listdir(tmp_path) == ["out"]
    assert contents(tmp_path / "out") == contents(many_rows / "reference")


@pytest.mark.parametrize("place", ["between the passes", "at the result"])
def test_a_full_disk_is_one_clear_line_and_nothing_is_left(tmp_path, tiny_disk, place):
    stream = Stream.keyed("disk")
    rows = 4000 if place == "between the passes" else 1500
    numbers = [[stream.bits64() for _ in range(12)] for _ in range(rows)]
    write_rows(tmp_path / "in.parquet", [row(own[0], prompt=str(own)) for own in numbers])
    code, _, complaints = command("dedup", "in.parquet", "--out", tiny_disk / "out", cwd=tmp_path)
    assert (code, len(complaints.splitlines())) == (1, 1)
    assert complaints.strip().endswith("No space left on device")
    assert ("part-" in complaints) == (place == "between the passes")
    assert list(tiny_disk.iterdir()) == []


def test_rows_without_anything_to_compare(refused, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"number": 1}\n{"number": 1}\n')
    code, said = refused("in.jsonl")
    assert (code, "no column holds a text to compare (columns: number)" in said) == (2, True)
