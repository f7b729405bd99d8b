"""`taskgen split` and the stage behind it."""

import os
import signal
import time

import numpy
import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgen.curation.mixing import MixSettings, mix
from taskgen.curation.sources import open_source
from taskgen.curation.splitting import SplitSettings, split, split_numbers
from taskgen.engine.building import build
from taskgen.engine.manifest import read_manifest
from taskgen.engine.orders import place_order
from taskgen.problem import SPLITS, split_of
from tests.curation.made_rows import TEST, VALIDATION, identity, read, row, rows, structure, write
from tests.engine.conftest import command, contents, start


def words(structure_id):
    return [int(structure_id[:16], 16), int(structure_id[16:], 16)]


@given(st.binary(min_size=16, max_size=16))
def test_the_split_is_that_of_the_structure(content):
    structure_id = content.hex()
    assert SPLITS[split_numbers(numpy.array([words(structure_id)], numpy.uint64))[0]] == split_of(structure_id)


def test_the_split_is_that_of_the_structure_at_the_bounds():
    ids = [f"{(part << 64) // 20 + near:016x}".rjust(16, "0") + "0" * 16 for part in (1, 2) for near in (-1, 0, 1, 2)]
    found = split_numbers(numpy.array([words(one) for one in ids], numpy.uint64))
    assert [SPLITS[number] for number in found] == [split_of(one) for one in ids]
    assert set(found.tolist()) == {0, 1, 2}


def test_data_of_our_own_stays_where_it_is(toys, tmp_path):
    for name in SPLITS:
        build(place_order([("addition", [5])], count=30, split=name), tmp_path / "set", 1)
    entry = split(open_source(str(tmp_path / "set")), tmp_path / "out", SplitSettings())
    assert entry.notes == {"splits": {"train": 30, "validation": 30, "test": 30}, "moved": {}}
    for name in SPLITS:
        assert read(tmp_path / "out", name).equals(read(tmp_path / "set", name))
    assert (entry.rows_in, entry.rows_out, entry.reasons) == (90, 90, {})


def test_a_row_that_is_in_the_wrong_split_moves(tmp_path):
    content = [
        row("right"),
        row("wrong", structure=structure("wrong", TEST)),
        row("held", split="test"),
        row("odd", split="dev", structure=structure("odd", VALIDATION)),
    ]
    entry = split(open_source(write(tmp_path / "set.parquet", content)), tmp_path / "out", SplitSettings())
    assert read(tmp_path / "out", "train")["id"].to_list() == [identity("right"), identity("held")]
    assert read(tmp_path / "out", "test")["id"].to_list() == [identity("wrong")]
    assert read(tmp_path / "out", "validation")["id"].to_list() == [identity("odd")]
    for name in SPLITS:
        assert set(read(tmp_path / "out", name)["split"]) == {name}
    assert entry.notes["moved"] == {"dev to validation": 1, "test to train": 1, "train to test": 1}


def test_without_a_column_the_file_names_tell_where_rows_were(tmp_path):
    for name in ("train", "test"):
        table = polars.DataFrame(rows(20, name)).drop("split")
        (tmp_path / "set").mkdir(exist_ok=True)
        table.write_parquet(tmp_path / "set" / f"{name}.parquet")
    entry = split(open_source(str(tmp_path / "set")), tmp_path / "out", SplitSettings())
    assert entry.notes == {"splits": {"train": 40, "validation": 0, "test": 0}, "moved": {"test to train": 20}}
    assert read(tmp_path / "out")["split"].to_list() == ["train"] * 40


def test_two_datasets_never_share_a_structure_across_splits(tmp_path):
    names = [f"puzzle {number}" for number in range(200)]
    found = []
    for copy in ("first", "second"):
        content = [row(f"{copy} {name}", structure=identity(name), split="train") for name in names]
        split(open_source(write(tmp_path / f"{copy}.parquet", content)), tmp_path / copy, SplitSettings())
        found.append({name: set(read(tmp_path / copy, name)["structure"]) for name in SPLITS})
    assert found[0] == found[1]
    assert all(found[0][name] for name in SPLITS)


def test_foreign_data_is_split_by_its_text(tmp_path):
    content = [{"question": f"What is {number} + {number}?", "level": 1} for number in range(300)]
    polars.DataFrame(content).write_ndjson(tmp_path / "web.jsonl")
    entry = split(open_source(str(tmp_path / "web.jsonl")), tmp_path / "out", SplitSettings())
    found = read(tmp_path / "out")
    assert found.columns == ["question", "level", "split"]
    assert found.height == 300
    assert all(entry.notes["splits"].values())
    assert entry.notes["moved"] == {}
    polars.DataFrame(content[::-1]).write_csv(tmp_path / "web.csv")
    split(open_source(str(tmp_path / "web.csv")), tmp_path / "again", SplitSettings())
    for name in SPLITS:
        assert set(read(tmp_path / "again", name)["question"]) == set(read(tmp_path / "out", name)["question"])


def test_the_order_within_a_split_is_the_source_s(tmp_path):
    source = open_source(write(tmp_path / "set.parquet", [row(str(n), structure=identity(str(n))) for n in range(300)]))
    split(source, tmp_path / "out", SplitSettings())
    order = {identity(str(number)): number for number in range(300)}
    for name in SPLITS:
        places = [order[one] for one in read(tmp_path / "out", name)["id"]]
        assert places == sorted(places)


def test_the_stages_of_a_mix_stay(tmp_path):
    content = [
        row(str(number), structure=identity(str(number)), split=split_of(identity(str(number)))) for number in range(60)
    ]
    mix([open_source(write(tmp_path / "set.parquet", content))], tmp_path / "mix", MixSettings(stages=2))
    split(open_source(str(tmp_path / "mix")), tmp_path / "out", SplitSettings())
    data = [contents(tmp_path / folder / "data") for folder in ("mix", "out")]
    assert data[0] == data[1]
    assert "train-00001-of-00002-stage-2.parquet" in data[0]


def test_a_finished_split_is_recognised(tmp_path):
    source = open_source(write(tmp_path / "set.parquet", rows(20)))
    split(source, tmp_path / "out", SplitSettings())
    before = contents(tmp_path / "out")
    split(source, tmp_path / "out", SplitSettings())
    assert contents(tmp_path / "out") == before


def test_the_command_counts_what_it_did(tmp_path):
    write(tmp_path / "set.parquet", [*rows(9), row("held", split="test")])
    code, output, complaints = command("split", "set.parquet", cwd=tmp_path)
    assert (code, complaints) == (0, "")
    assert output == (
        "split: 10 rows in, 10 rows out, in set-split\n"
        "  train 10, validation 0, test 0\n"
        "  moved from test to train: 1\n"
    )
    assert read_manifest(tmp_path / "set-split").stages[-1].stage == "split"


def broken_id(path):
    write(path, [row("one", structure="no id")])


def corrupt(path):
    write(path, rows(50))
    path.write_bytes(path.read_bytes()[:-100])


def empty(path):
    path.touch()


@pytest.mark.parametrize(
    ("spoil", "complaint"), [(broken_id, "32 hexadecimal digits"), (corrupt, "set.parquet"), (empty, "set.parquet")]
)
def test_data_that_cannot_be_read_is_one_line_and_changes_nothing(tmp_path, spoil, complaint):
    spoil(tmp_path / "set.parquet")
    before = contents(tmp_path)
    code, output, complaints = command("split", "set.parquet", cwd=tmp_path)
    assert (code, output, complaints.count("\n")) == (2, "", 1)
    assert complaint in complaints
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["set.parquet"]


def test_ctrl_c_leaves_nothing_behind(tmp_path):
    write(tmp_path / "set.parquet", rows(60_000))
    process = start("split", "set.parquet", cwd=tmp_path)
    while not (tmp_path / ".set-split.partial" / "data").exists():
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGINT)
    _, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints.decode()) == (130, "taskgen: stopped\n")
    assert [path.name for path in tmp_path.iterdir()] == ["set.parquet"]
