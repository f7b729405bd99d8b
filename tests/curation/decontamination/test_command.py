"""`taskgen decontaminate` and `taskgen index` as typed."""

import os
import signal
import time

import pytest

from tests.curation.decontamination.datasets import record, write_lines, write_records
from tests.curation.decontamination.test_text_layer import BAKERY, RENAMED, UNRELATED
from tests.curation.in_process import in_process
from tests.engine.conftest import command, contents, start


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a training set and an evaluation set, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    write_lines(tmp_path / "train.jsonl", [{"question": text} for text in (*UNRELATED, RENAMED, BAKERY)])
    write_lines(tmp_path / "evaluation.jsonl", [{"question": BAKERY}])
    return tmp_path


def test_it_says_what_became_of_the_rows(folder, capsys):
    code, output, complaints = in_process(capsys, "decontaminate", "train.jsonl", "--against", "evaluation.jsonl")
    rows = len(UNRELATED)
    assert code == 0
    assert "taskgen:" not in complaints  # on a slow machine a line of progress may stand there
    assert f"decontaminate: {rows + 2:,} rows in, {rows:,} rows out, in train-decontaminate" in output
    assert "evaluation_instance" in output
    assert "text_overlap" in output
    assert (folder / "train-decontaminate" / "dropped.parquet").exists()


def test_a_rule_that_takes_most_of_a_family_is_named(folder, capsys):
    write_records(folder / "own.parquet", [record("sudoku", index) for index in range(6)])
    write_records(folder / "held.parquet", [record("sudoku", 7)])
    command_line = ("decontaminate", "own.parquet", "--against", "held.parquet", "--preset", "s1-8")
    _, output, _ = in_process(capsys, *command_line)
    assert "sudoku lost 6 of 6 rows to this rule: a prompt shares an 8-gram of words" in output


def test_an_index_can_be_made_saved_and_used(folder, capsys):
    first = in_process(capsys, "index", "evaluation.jsonl", "--out", "first.parquet")
    assert first == (0, "1 items, prompts and solutions, in first.parquet\n", "")
    common = ("decontaminate", "train.jsonl", "--against")
    assert in_process(capsys, *common, "evaluation.jsonl", "--save-index", "second.parquet", "-o", "one")[0] == 0
    assert (folder / "first.parquet").read_bytes() == (folder / "second.parquet").read_bytes()
    assert in_process(capsys, *common, "first.parquet", "--out", "two")[0] == 0
    assert contents(folder / "one" / "data") == contents(folder / "two" / "data")
    assert (folder / "one" / "dropped.parquet").read_bytes() == (folder / "two" / "dropped.parquet").read_bytes()


def test_the_bytes_do_not_depend_on_the_process(folder):
    for number, seed in enumerate(("1", "2")):
        arguments = ("decontaminate", "train.jsonl", "--against", "evaluation.jsonl", "--out", f"out{number}")
        assert command(*arguments, "--save-index", f"{number}.parquet", cwd=folder, PYTHONHASHSEED=seed)[0] == 0
    assert contents(folder / "out0") == contents(folder / "out1")
    assert (folder / "0.parquet").read_bytes() == (folder / "1.parquet").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("train.jsonl", "Missing option '--against' / '-a'."),
        ("train.jsonl --against nowhere.jsonl", "nowhere.jsonl does not exist"),
        ("train.jsonl --against evaluation.jsonl --preset s1", "preset s1 is out of range"),
        ("train.jsonl --against evaluation.jsonl --template-share 0", "template_share 0"),
        ("train.jsonl --against evaluation.jsonl#answer", "evaluation.jsonl#answer has no column answer"),
        ("train.jsonl --against numbers.jsonl", "no column of text to compare (columns: x)"),
        ("numbers.jsonl --against evaluation.jsonl", "no column of text to compare (columns: x)"),
        ("train.jsonl --against evaluation.jsonl --key-file nowhere", "nowhere: No such file or directory"),
        ("train.jsonl --against evaluation.jsonl --embeddings words", "write URL#MODEL"),
        ("train.jsonl --against evaluation.jsonl --save-index x.bin", "x.bin does not end in .parquet"),
        ("train.jsonl --against evaluation.jsonl --out taken", "taken is there already"),
        ("train.jsonl --against damaged.parquet", "damaged.parquet"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_nothing_changes(folder, capsys, arguments, complaint):
    write_lines(folder / "numbers.jsonl", [{"x": 1}])
    (folder / "damaged.parquet").write_bytes(b"PAR1 nothing PAR1")
    (folder / "taken").mkdir()
    (folder / "taken" / "file").write_text("mine")
    before = contents(folder)
    code, output, said = in_process(capsys, "decontaminate", *arguments.split())
    assert (code in (1, 2), output) == (True, "")
    assert said.startswith("taskgen: ")
    assert complaint in said
    assert len(said.splitlines()) == 1
    assert contents(folder) == before


def test_ctrl_c_leaves_nothing(folder):
    rows = [{"question": f"{text} {number}"} for number in range(400) for text in UNRELATED]
    write_lines(folder / "train.jsonl", rows)
    arguments = ("decontaminate", "train.jsonl", "--against", "evaluation.jsonl", "--out", "out")
    process = start(*arguments, cwd=folder)
    while not list((folder / ".out.partial" / "data").glob(".*.partial")):  # by now all compiled code is loaded
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints.decode()) == (130, "taskgen: stopped\n")
    assert sorted(os.listdir(folder)) == ["evaluation.jsonl", "train.jsonl"]
