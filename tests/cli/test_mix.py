"""`taskgen mix` as a person meets it."""

import os
import signal
import time

import polars
import pytest

from taskgen.cli.main import run
from tests.curation.made_rows import read, row, rows, write
from tests.engine.conftest import command, contents, start


@pytest.fixture
def data(tmp_path, monkeypatch):
    """300 sudokus and 100 zebra puzzles."""
    write(tmp_path / "sudoku.parquet", rows(300, "sudoku", task="sudoku", prompt="x" * 400))
    write(tmp_path / "zebra.parquet", rows(100, "zebra", task="zebra_puzzle", prompt="x" * 800))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_shows_shares_reasons_splits_and_what_was_short(data):
    code, output, complaints = command(
        *("mix", "sudoku.parquet", "zebra.parquet", "--weight", "sudoku=1", "--weight", "logic=2", "-n", 240),
        *("--stages", 2, "--max-prompt-tokens", 200, "--out", "mixed"),
        cwd=data,
    )
    assert code == 0
    assert [line.split() for line in output.splitlines()[3:5]] == [
        ["sudoku", "1.00", "300", "140"],
        ["zebra_puzzle", "2.00", "100", "100"],
    ]
    for expected in (
        "over_weight           160",
        "mix: 400 rows in, 240 rows out, in mixed",
        "mixed/dropped.parquet",
        "train 240, validation 0, test 0",
        "data/train-*-stage-2.parquet: 120",
        "34,000 tokens of prompts, by 4 characters a token",
    ):
        assert expected in output
    assert complaints == "taskgen: warning: logic has 100 of the 160 rows of its share\n"


def test_the_result_lies_beside_the_first_source(data):
    code, output, _ = command("mix", "sudoku.parquet", "zebra.parquet", cwd=data)
    assert (code, "in sudoku-mix" in output) == (0, True)
    assert read(data / "sudoku-mix").height == 400


def test_the_same_command_gives_the_same_bytes(data):
    for out, seed in (("one", "1"), ("two", "2")):
        arguments = ("mix", "sudoku.parquet", "zebra.parquet", "-n", 90, "--curriculum", "--balance-answers")
        assert command(*arguments, "--out", out, cwd=data, PYTHONHASHSEED=seed)[0] == 0
    assert contents(data / "one") == contents(data / "two")


def wrong(capsys, *arguments):
    """The complaint of a command in this process that has to be mended by the user."""
    with pytest.raises(SystemExit) as end:
        run([str(argument) for argument in arguments])
    assert end.value.code == 2
    output, complaint = capsys.readouterr()
    assert (output, complaint.count("\n")) == ("", 1)
    return complaint


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--weight", "sudoku"], "weight sudoku cannot be read; write it as name=2"),
        (["--weight", "sudoku=much"], "weight sudoku=much cannot be read"),
        (["--weight", "sudoku=-1"], "weight sudoku=-1 is out of range"),
        (["--weight", "sudoku=nan"], "weight sudoku=nan is out of range"),
        (["--weight", "sudko=2"], "weight sudko: no row is of a task or domain of that name"),
        (["--count", "0"], "--count"),
        (["--when-short", "ask"], "when_short ask is out of range: when_short takes one of fail, take_all"),
        (["--count", "500", "--when-short", "fail"], "zebra_puzzle has 100 rows, its share of 500 is 250"),
        (["--tokenizer", "nowhere", "--max-prompt-tokens", "5"], "nowhere does not exist"),
        (["--stages", "100"], "--stages"),
        (["--balanced"], "--balanced"),
    ],
)
def test_a_wrong_option_is_one_line_and_changes_nothing(data, capsys, arguments, complaint):
    before = contents(data)
    assert complaint in wrong(capsys, "mix", "sudoku.parquet", "zebra.parquet", *arguments)
    assert contents(data) == before


def foreign(path):
    polars.DataFrame([{"n": 1}]).write_parquet(path)


def disagreeing(path):
    polars.DataFrame([row("one") | {"answer": [1, 2]}]).write_parquet(path)


def corrupt(path):
    write(path, rows(50))
    path.write_bytes(path.read_bytes()[:-100])


def rotten(path):
    """The footer can be read, the rows cannot."""
    write(path, rows(5000))
    content = bytearray(path.read_bytes())
    content[200:4000] = os.urandom(3800)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (foreign, "no column"),
        (disagreeing, "column answer is string in sudoku.parquet but list"),
        (corrupt, "bad.parquet"),
        (rotten, "bad.parquet"),
        (lambda path: path.touch(), "bad.parquet"),
        (lambda path: None, "bad.parquet does not exist"),
    ],
)
def test_data_that_cannot_be_mixed_is_one_line_and_changes_nothing(data, capsys, spoil, complaint):
    spoil(data / "bad.parquet")
    before = contents(data)
    assert complaint in wrong(capsys, "mix", "sudoku.parquet", "bad.parquet")
    assert contents(data) == before
    assert not any(path.is_dir() for path in data.iterdir())


def test_a_folder_of_another_command_is_left_alone(data, capsys):
    (data / "mixed").mkdir()
    (data / "mixed" / "mine.txt").write_text("mine")
    with pytest.raises(SystemExit) as end:
        run(["mix", "sudoku.parquet", "--out", "mixed"])
    assert end.value.code == 1
    assert capsys.readouterr().err == (
        "taskgen: mixed is there already and not from this command; choose another --out or delete it\n"
    )
    assert [path.name for path in (data / "mixed").iterdir()] == ["mine.txt"]


def test_ctrl_c_leaves_nothing_behind(data):
    write(data / "many.parquet", rows(60_000))
    before = sorted(path.name for path in data.iterdir())
    process = start("mix", "many.parquet", cwd=data)
    while not list(data.glob(".many-mix.partial/.rows-*")):
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGINT)
    _, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints.decode()) == (130, "taskgen: stopped\n")
    assert sorted(path.name for path in data.iterdir()) == before
