"""A dataset is the same bytes however it came to be, and holds exactly what was asked for."""

import os

import polars
import pytest

import taskgen
from taskgen.engine import building
from taskgen.engine.building import build
from taskgen.engine.errors import Damaged, FolderTaken
from taskgen.engine.folders import locked
from taskgen.engine.orders import place_order
from taskgen.engine.schema import SCHEMA
from taskgen.knobs import KnobError
from taskgen.problem import split_of, structure_id
from taskgen.records import GeneratorFault
from taskgen.registry import Draft
from tests.engine.conftest import contents

KNIGHTS = place_order([("knights_and_knaves", (1, 3))], count=120)


@pytest.fixture
def order(toys):
    """A small order, made in this process in no time."""
    return place_order([("addition", (6, 7))], count=40)


def test_the_bytes_do_not_depend_on_the_number_of_workers(tmp_path):
    build(KNIGHTS, tmp_path / "one", workers=1)
    build(KNIGHTS, tmp_path / "two", workers=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert sorted(contents(tmp_path / "one")) == ["data/train-00000-of-00001.parquet", "manifest.json"]


def test_every_record_is_where_and_what_it_should_be(tmp_path):
    build(KNIGHTS, tmp_path, workers=1)
    rows = polars.read_parquet(tmp_path / "data" / "*.parquet")
    assert rows["difficulty"].to_list() == [1] * 60 + [3] * 60
    for rung in (1, 3):
        cell = rows.filter(polars.col("difficulty") == rung)
        assert cell["id"].to_list() == sorted(cell["id"])
        assert sorted(cell["index"]) == list(range(60))
    assert rows["id"].n_unique() == 120
    for record in taskgen.load(tmp_path):
        assert taskgen.verify(record, f"<answer>{record.answer}</answer>").score == 1
    again = taskgen.task("knights_and_knaves").generate(difficulty=3, index=7)
    assert [record for record in taskgen.load(tmp_path) if record.difficulty == 3 and record.index == 7] == [again]


def test_datasets_loads_the_folder_with_its_splits(tmp_path, monkeypatch, toys):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_CACHE_HOME", str(tmp_path / "cache"))
    for split in ("train", "test"):
        build(place_order([("addition", (6,))], count=30, split=split), tmp_path / "set")
    loaded = datasets.load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == {"train": 30, "test": 30}
    assert loaded["train"].features.arrow_schema.names == SCHEMA.names


def test_two_splits_share_no_structure(tmp_path, toys):
    orders = {
        split: place_order([("addition", (3,))], count=300, split=split) for split in ("train", "validation", "test")
    }
    found = {}
    for split, order in orders.items():
        build(order, tmp_path, workers=1)
        found[split] = {record.structure for record in taskgen.load(tmp_path, split)}
        assert {split_of(structure) for structure in found[split]} == {split}
        assert len(found[split]) == 300
    assert not found["train"] & found["test"]


def test_cells_with_the_same_knobs_share_no_problem(tmp_path, toys):
    order = place_order([("addition", (3, 4, 5))], knobs={"largest": 100}, count=600)
    entry = build(order, tmp_path, workers=1).entry
    assert [cell.found for cell in entry.cells] == [200, 200, 200]
    assert len({record.id for record in taskgen.load(tmp_path)}) == 600


def test_a_small_space_gives_all_it_holds_and_says_so(tmp_path, toys):
    kind = taskgen.task("addition").problem_type
    space = [kind(first, second) for first in range(11) for second in range(11)]
    in_split = sum(split_of(structure_id(problem)) == "train" for problem in space)
    entry = build(place_order([("addition", (2,))], knobs={"largest": 10}, count=500), tmp_path, workers=1).entry
    (cell,) = entry.cells
    assert (cell.asked, cell.found, cell.exhausted) == (500, in_split, True)
    assert cell.draws == cell.found + cell.duplicates
    assert entry.rows == len(taskgen.load(tmp_path)) == in_split


@pytest.mark.parametrize("count", [5, 60], ids=["in this process", "with workers"])
def test_a_space_without_problems_is_an_error_that_leaves_nothing(tmp_path, toys, count):
    with pytest.raises(KnobError, match="addition: found no problem"):
        build(place_order([("addition", (2,))], knobs={"failing": 1}, count=count), tmp_path / "out", workers=2)
    assert not (tmp_path / "out").exists()


def test_a_wrong_reference_answer_is_never_written(tmp_path, toys, monkeypatch):
    order = place_order([("addition", (6,))], count=5)
    kind = taskgen.task("addition").problem_type
    monkeypatch.setattr("toys.generator.generate", lambda stream, knobs: Draft(kind(1, 1), "3", effort=1))
    with pytest.raises(GeneratorFault, match="the reference answer was judged wrong"):
        build(order, tmp_path)
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_rare_failure_does_not_end_a_cell(tmp_path, toys, monkeypatch):
    monkeypatch.setattr("taskgen.records.MAX_ATTEMPTS", 8)
    entry = build(place_order([("addition", (6,))], knobs={"failing": 0.7}, count=40), tmp_path).entry
    (cell,) = entry.cells
    assert cell.found == 40
    assert cell.draws > 40


def test_the_same_order_again_checks_and_changes_nothing(tmp_path, order):
    first = build(order, tmp_path)
    times = {file: os.stat(file).st_mtime_ns for file in tmp_path.rglob("*")}
    second = build(order, tmp_path)
    assert (first.made, second.made) == (True, False)
    assert first.entry == second.entry
    assert times == {file: os.stat(file).st_mtime_ns for file in tmp_path.rglob("*")}


def test_a_damaged_file_is_noticed(tmp_path, order):
    build(order, tmp_path)
    (file,) = tmp_path.rglob("*.parquet")
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)
    with pytest.raises(Damaged, match="is not what the manifest says"):
        build(order, tmp_path)
    file.unlink()
    with pytest.raises(Damaged, match="is missing"):
        build(order, tmp_path)


def test_another_order_does_not_touch_the_folder(tmp_path, order):
    build(order, tmp_path)
    before = contents(tmp_path)
    with pytest.raises(FolderTaken, match="another command made"):
        build(place_order([("addition", (6, 7))], count=40, seed=1), tmp_path)
    assert contents(tmp_path) == before


def test_foreign_files_are_never_overwritten(tmp_path, order):
    foreign = tmp_path / "data" / "train-00000-of-00001.parquet"
    foreign.parent.mkdir()
    foreign.write_text("mine")
    (tmp_path / "notes.txt").write_text("mine too")
    with pytest.raises(FolderTaken, match="not from taskgen"):
        build(order, tmp_path)
    assert contents(tmp_path) == {"data/train-00000-of-00001.parquet": b"mine", "notes.txt": b"mine too"}


def test_a_foreign_manifest_is_left_alone(tmp_path, order):
    (tmp_path / "manifest.json").write_text('{"splits": 3}')
    with pytest.raises(Damaged, match="not a manifest of taskgen's"):
        build(order, tmp_path)
    assert contents(tmp_path) == {"manifest.json": b'{"splits": 3}'}


def test_two_runs_cannot_write_to_one_folder(tmp_path, order):
    with locked(tmp_path), pytest.raises(FolderTaken, match="another taskgen is writing"):
        build(order, tmp_path)


def test_large_splits_are_several_files_of_whole_row_groups(tmp_path, toys, monkeypatch):
    import pyarrow.parquet

    monkeypatch.setattr(building, "ROWS_PER_FILE", 100)
    monkeypatch.setattr(building, "ROWS_PER_GROUP", 50)
    build(place_order([("addition", (6, 7))], count=250), tmp_path, workers=1)
    files = sorted((tmp_path / "data").iterdir())
    assert [file.name for file in files] == [f"train-{number:05d}-of-00003.parquet" for number in range(3)]
    groups = [pyarrow.parquet.ParquetFile(file).metadata for file in files]
    assert [[group.row_group(at).num_rows for at in range(group.num_row_groups)] for group in groups] == [
        [50, 50],
        [25, 50],
        [50, 25],
    ]
    assert sorted(record.index for record in taskgen.load(tmp_path)) == sorted([*range(125), *range(125)])
