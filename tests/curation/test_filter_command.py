"""`taskgen filter` as a person meets it."""

import json
import shlex
import signal
import time

import msgspec
import pyarrow
import pyarrow.parquet
import pytest

from taskgen.engine.building import build
from taskgen.engine.orders import place_order
from taskgen.records import load
from tests.curation.filter_inputs import CELL, identity, kept
from tests.curation.filter_inputs import data as data
from tests.curation.filter_inputs import rollouts as rollouts
from tests.curation.in_process import in_process
from tests.curation.made_rows import read
from tests.curation.rollout_folders import write_folder
from tests.engine.conftest import contents, start

NO_ROLLOUTS = "holds no rollouts (no records.parquet); `taskgen rollout` makes them"


def test_the_command_finds_the_rollouts_beside_the_data(data, rollouts, tmp_path, capsys):
    code, said, complaints = in_process(capsys, "filter", data)
    assert (code, complaints) == (0, "")
    assert "filter: 13 rows in, 5 rows out" in said
    assert "by 163 rollouts of solver; 3 more were cut short" in said
    assert len(kept(tmp_path / "data-filter")) == 5


def test_the_command_says_what_it_marked(data, rollouts, tmp_path, capsys):
    options = ("--rollouts", rollouts, "--mark", "--by", "observed", "--out", tmp_path / "marked")
    code, said, _ = in_process(capsys, "filter", data, *options)
    assert code == 0
    assert "filter: 13 rows in, 13 rows out" in said
    assert [line.strip() for line in said.splitlines() if "marked " in line] == [
        "marked too_easy: 4",
        "marked too_hard: 2",
        "marked no_rollouts: 2",
    ]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("--pass-rate 0.8:0.2", "band 0.8:0.2 is out of range: 0 to 1, the lower rate first"),
        ("--pass-rate half", "band half cannot be read; write it as 0.2:0.8"),
        ("--pass-rate nan:0.8", "band nan:0.8 is out of range: 0 to 1, the lower rate first"),
        ("--pass-rate 0.2:0.8 --drop-extremes", "pass_rate and drop_extremes exclude each other; choose one"),
        ("--by luck", "by luck is out of range: by takes one of observed, posterior"),
        ("--model tiny", "there are no rollouts of tiny; --model takes one of 'solver'"),
        ("--settings {}", "there are no rollouts of {}; --model takes one of 'solver'"),
        ("--rollouts nowhere", f"nowhere {NO_ROLLOUTS}"),
        ("--rollouts data.parquet", f"data.parquet {NO_ROLLOUTS}"),
    ],
)
def test_wrong_options_end_in_one_line(data, rollouts, tmp_path, capsys, monkeypatch, options, complaint):
    monkeypatch.chdir(tmp_path)
    before = contents(tmp_path)
    code, said, complaints = in_process(capsys, "filter", data, *shlex.split(options))
    assert (code, said, complaints) == (2, "", f"taskgen: {complaint}\n")
    assert contents(tmp_path) == before


def spoil_records(folder):
    (folder / "records.parquet").write_bytes(b"PAR1 and no more")


def drop_column(folder):
    file = folder / "verdicts" / "00000.parquet"
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(file).drop_columns(["score"]), file)


def remove_verdicts(folder):
    (folder / "verdicts" / "00000.parquet").unlink()


def truncate(folder):
    file = folder / "rollouts" / "00000.parquet"
    file.write_bytes(file.read_bytes()[:-30])


@pytest.mark.parametrize("spoil", [spoil_records, drop_column, remove_verdicts, truncate])
def test_damaged_rollouts_end_in_one_line_and_change_nothing(data, rollouts, tmp_path, capsys, spoil):
    spoil(rollouts)
    before = contents(tmp_path)
    code, said, complaints = in_process(capsys, "filter", data)
    assert code in (1, 2)
    assert said == ""
    assert len(complaints.splitlines()) == 1
    assert str(rollouts) in complaints
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: pyarrow.parquet.write_table(pyarrow.table({"x": [1]}), path),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-20]),
        lambda path: pyarrow.parquet.write_table(pyarrow.table({"id": pyarrow.array([], pyarrow.string())}), path),
        lambda path: pyarrow.parquet.write_table(pyarrow.table({"id": [None, None]}), path),
        lambda path: pyarrow.parquet.write_table(pyarrow.table({"id": [["a"], ["b"]]}), path),
    ],
)
def test_data_that_cannot_be_joined_end_in_one_line_and_change_nothing(data, rollouts, tmp_path, capsys, spoil):
    spoil(tmp_path / "data.parquet")
    before = contents(tmp_path)
    code, said, complaints = in_process(capsys, "filter", data)
    assert (code, said) == (2, "")
    assert len(complaints.splitlines()) == 1
    assert complaints.startswith("taskgen: ")
    assert contents(tmp_path) == before


def test_interrupted_it_leaves_nothing(tmp_path):
    outcomes = {CELL: [[1]] * 30}
    write_folder(tmp_path / "data-rollouts", outcomes)
    data = tmp_path / "data.jsonl"
    names = [identity(CELL, place % 40) for place in range(150_000)]
    data.write_text("\n".join(json.dumps({"id": name, "prompt": "?" * 50}) for name in names))
    process = start("filter", data, cwd=tmp_path)
    while not (tmp_path / ".data-filter.partial" / "data").exists() and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints.decode().splitlines()[-1]) == (130, "taskgen: stopped")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data-rollouts", "data.jsonl"]


def test_what_was_generated_and_sampled_is_filtered(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    build(place_order([("knights_and_knaves", (1, 2))], count=20), tmp_path / "set", workers=1)
    records = list(load(tmp_path / "set"))
    lines = [
        {"id": record.id, "completion": f"<answer>{record.answer if number in right else 'no'}</answer>"}
        for place, record in enumerate(records)
        for right in [(range(4), range(2), range(0))[place % 3]]
        for number in range(4)
    ]
    (tmp_path / "replies.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    rollout = "rollout set --policy replay:replies.jsonl --max-samples 4 --fixed -w 1"
    assert in_process(capsys, *shlex.split(rollout))[0] == 0
    code, said, _ = in_process(capsys, "filter", "set", "--by", "observed", "--pass-rate", "0.4:0.6")
    assert code == 0, said
    assert kept(tmp_path / "set-filter") == [record.id for record in records[1::3]]
    assert set(read(tmp_path / "set-filter")["rollouts"]) == {4}
