"""Exact deduplication: what goes, what stays and why, however the work is cut."""

import msgspec
import numpy
import pyarrow
import pyarrow.parquet
import pytest

import taskgen
from taskgen.curation import dedup as module
from taskgen.curation.dedup import DedupSettings, dedup
from taskgen.curation.sources import open_source
from taskgen.engine.errors import UsageError
from taskgen.engine.manifest import read_manifest
from taskgen.problem import encode, instance_id, structure_id
from taskgen.seeding import Stream
from tests.curation.native_rows import (
    dropped_rows,
    hex_id,
    problem_numbers,
    read_rows,
    row,
    write_rows,
)
from tests.engine.conftest import contents

ALL = {"max_loss": 1.0}


def deduplicated(tmp_path, rows, **settings):
    """The folder that deduplication leaves of some rows."""
    source = open_source(write_rows(tmp_path / "in.parquet", rows))
    dedup(source, tmp_path / "out", DedupSettings(**ALL | settings), workers=1)
    return tmp_path / "out"


def reasons(folder):
    """Row, reason and match of every row that was dropped."""
    return [(drop["row"], drop["reason"], drop["matched"]) for drop in dropped_rows(folder)]


def test_of_equal_instances_the_first_row_stays(tmp_path):
    out = deduplicated(tmp_path, [row(5), row(3), row(5), row(7), row(3), row(5)])
    assert problem_numbers(out) == [5, 3, 7]
    assert reasons(out) == [
        (2, "duplicate_instance", "row 0"),
        (4, "duplicate_instance", "row 1"),
        (5, "duplicate_instance", "row 0"),
    ]


def test_by_instance_relabelled_puzzles_stay(tmp_path):
    assert problem_numbers(deduplicated(tmp_path, [row(1, 9), row(2, 9), row(3, 9)])) == [1, 2, 3]


def test_by_structure_the_first_puzzle_stays(tmp_path):
    out = deduplicated(tmp_path, [row(1, 9), row(4), row(2, 9), row(3, 9)], by="structure")
    assert problem_numbers(out) == [1, 4]
    assert reasons(out) == [(2, "duplicate_structure", "row 0"), (3, "duplicate_structure", "row 0")]


def test_keep_is_the_number_of_different_puzzles_that_stay_of_a_structure(tmp_path):
    out = deduplicated(tmp_path, [row(1, 9), row(2, 9), row(3, 9), row(4, 9)], by="structure", keep=3)
    assert problem_numbers(out) == [1, 2, 3]


def test_copies_never_fill_a_slot(tmp_path):
    out = deduplicated(tmp_path, [row(1, 9), row(1, 9), row(1, 9), row(2, 9)], by="structure", keep=2)
    assert problem_numbers(out) == [1, 2]


def test_a_copy_is_matched_with_the_row_of_the_same_problem(tmp_path):
    out = deduplicated(tmp_path, [row(1, 9), row(2, 9), row(2, 9), row(1, 9)], by="structure", keep=2)
    assert reasons(out) == [(2, "duplicate_instance", "row 1"), (3, "duplicate_instance", "row 0")]


def test_a_copy_of_a_puzzle_that_goes_is_matched_with_the_row_that_stays_of_its_structure(tmp_path):
    out = deduplicated(tmp_path, [row(1, 9), row(2, 9), row(2, 9)], by="structure")
    assert reasons(out) == [(1, "duplicate_structure", "row 0"), (2, "duplicate_structure", "row 0")]


def test_one_problem_under_two_structures_is_two_by_structure_however_many_buckets_there_are(tmp_path, monkeypatch):
    rows = [row(1, 2), row(1, 4), row(5), row(6)]
    assert problem_numbers(deduplicated(tmp_path, rows, by="structure")) == [1, 1, 5, 6]
    monkeypatch.setattr(module, "BUCKET_ROWS", 1)
    assert problem_numbers(deduplicated(tmp_path / "buckets", rows, by="structure")) == [1, 1, 5, 6]


def test_a_dropped_row_is_listed_with_its_id_and_task(tmp_path):
    out = deduplicated(tmp_path, [row(1), row(1, task="sudoku")])
    (drop,) = dropped_rows(out)
    assert (drop["row"], drop["id"], drop["task"]) == (1, hex_id(1), "sudoku")


def test_rows_are_numbered_through_all_files_and_stay_in_their_splits(tmp_path):
    write_rows(tmp_path / "in" / "data" / "test-0.parquet", [row(1), row(2)])
    write_rows(tmp_path / "in" / "data" / "train-0.parquet", [row(2), row(3), row(1)])
    dedup(open_source(str(tmp_path / "in")), tmp_path / "out", DedupSettings(**ALL), workers=1)
    assert [drop["row"] for drop in dropped_rows(tmp_path / "out")] == [2, 4]
    files = {file.name: pyarrow.parquet.read_table(file).num_rows for file in (tmp_path / "out" / "data").iterdir()}
    assert files == {"test-00000-of-00001.parquet": 2, "train-00000-of-00001.parquet": 1}


def test_rows_that_stay_are_what_they_were(tmp_path):
    rows = [row(1, prompt="first"), row(1, prompt="second"), row(2, prompt="third", effort=0.25)]
    assert read_rows(deduplicated(tmp_path, rows)) == [rows[0], rows[2]]


def test_relabelled_puzzles_of_real_tasks_are_found_by_structure_and_no_others(tmp_path):
    rows, originals = [], []
    for name in ("knights_and_knaves", "sudoku", "shortest_path"):
        task = taskgen.task(name)
        for index in range(10):
            record = task.generate(difficulty=3, seed=4, index=index)
            problem = taskgen.problem.decode(record.problem)
            renamed = task.oracle.relabel(problem, Stream.keyed("test", name, index))
            originals.append(record.id)
            for version in (problem, renamed):
                identity = {"id": instance_id(version), "structure": structure_id(version)}
                rows.append(row(0, task=name, problem=encode(version)) | identity)
    assert len({listed["id"] for listed in rows}) == 60, "relabelling made other problems"
    by_structure = deduplicated(tmp_path, rows, by="structure")
    assert [kept["id"] for kept in read_rows(by_structure, "id")] == originals
    assert len(read_rows(deduplicated(tmp_path / "instance", rows))) == 60


def expected(rows, by, keep):
    """The rows that must stay, found one after the other."""
    problems, stay = {}, []
    for number, listed in enumerate(rows):
        seen = problems.setdefault(listed["id" if by == "instance" else "structure"], set())
        if listed["id"] not in seen and len(seen) < keep:
            seen.add(listed["id"])
            stay.append(number)
    return stay


@pytest.mark.parametrize(("by", "keep"), [("instance", 1), ("structure", 1), ("structure", 3)])
def test_parts_buckets_windows_and_workers_change_no_byte(tmp_path, monkeypatch, by, keep):
    stream = Stream.keyed("dedup", by, keep)
    rows = []
    for index in range(3000):
        problem = stream.below(1500) << 64 | stream.below(2)
        rows.append(row(problem, problem % 400 << 64 | problem % 7, index=index, task=f"task{problem % 5}"))
    write_rows(tmp_path / "in" / "train-0.parquet", rows[:1100])
    write_rows(tmp_path / "in" / "train-1.parquet", rows[1100:1150])
    write_rows(tmp_path / "in" / "train-2.parquet", rows[1150:])
    source = open_source(str(tmp_path / "in"))
    settings = DedupSettings(by=by, keep=keep, **ALL)
    dedup(source, tmp_path / "plain", settings, workers=1)
    assert [kept["index"] for kept in read_rows(tmp_path / "plain", "index")] == expected(rows, by, keep)
    monkeypatch.setattr(module, "PART_ROWS", 500)
    monkeypatch.setattr(module, "BUCKET_ROWS", 100)
    monkeypatch.setattr(module, "WINDOW_ROWS", 70)
    for workers in (1, 2):
        dedup(source, tmp_path / f"{workers}", settings, workers=workers)
        assert contents(tmp_path / f"{workers}") == contents(tmp_path / "plain")


def test_a_finished_result_is_recognised_and_not_made_again(tmp_path):
    source = open_source(write_rows(tmp_path / "in.parquet", [row(1), row(1)]))
    said = []
    first = dedup(source, tmp_path / "out", DedupSettings(), 1, lambda stage, done: said.append(stage))
    assert said == ["reading ids", "writing rows"]
    again = dedup(source, tmp_path / "out", DedupSettings(), 1, lambda stage, done: said.append(stage))
    assert (again, len(said)) == (first, 2)


def test_the_manifest_tells_settings_rows_and_reasons(tmp_path):
    out = deduplicated(tmp_path, [row(1, 9), row(1, 9), row(2, 9), row(4)], by="structure")
    entry = read_manifest(out).stages[-1]
    assert (entry.stage, entry.rows_in, entry.rows_out) == ("dedup", 4, 2)
    assert entry.reasons == {"duplicate_instance": 1, "duplicate_structure": 1}
    assert entry.settings == {"by": "structure", "keep": 1, "max_loss": 1.0, "yes": False}


def test_between_the_passes_everything_lies_in_the_folder_that_is_being_written(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not there"))
    source = open_source(write_rows(tmp_path / "in.parquet", [row(1), row(1)]))
    seen = set()

    def look(stage, done):
        seen.update(path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("part-*"))
        seen.update(path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("drops-*"))

    dedup(source, tmp_path / "out", DedupSettings(), 1, look)
    assert seen == {".out.partial"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"data", "dropped.parquet", "manifest.json"}


LOSING = [row(1), row(1), row(1), row(2, task="sudoku")]


def test_a_family_that_would_lose_too_much_stops_it_and_nothing_is_left(tmp_path):
    source = open_source(write_rows(tmp_path / "in.parquet", LOSING))
    with pytest.raises(UsageError, match=r"^.*: countdown would lose 2 of 3 rows, more than 50%; look at the .* --yes"):
        dedup(source, tmp_path / "out", DedupSettings(), workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_with_yes_or_a_larger_max_loss_it_goes_on(tmp_path):
    source = open_source(write_rows(tmp_path / "in.parquet", LOSING))
    for name, settings in {"yes": DedupSettings(yes=True), "loss": DedupSettings(max_loss=0.7)}.items():
        assert dedup(source, tmp_path / name, settings, workers=1).rows_out == 2


def test_a_loss_of_just_the_share_is_allowed(tmp_path):
    source = open_source(write_rows(tmp_path / "in.parquet", [row(1), row(1)]))
    assert dedup(source, tmp_path / "out", DedupSettings(max_loss=0.5), workers=1).rows_out == 1


def test_ids_that_share_their_first_half_are_told_apart():
    entries = numpy.zeros(3, module.ENTRY)
    entries["row"] = [0, 1, 2]
    entries["key"] = entries["instance"] = [(7, 1), (7, 2), (7, 1)]
    drops, _ = module.drops_among(module._repeated(entries), keep=1)
    assert drops.tolist() == [(2, 0, True)]


def jsonl(path, rows):
    path.write_bytes(b"".join(msgspec.json.encode(listed) + b"\n" for listed in rows))
    return str(path)


def test_rows_of_others_are_compared_by_their_text(tmp_path):
    questions = ["How many legs have 3 cats?", "What is 2 + 2?", "How many legs have 3 cats?", "What is 2 + 3?"]
    rows = [{"question": question, "answer": str(number)} for number, question in enumerate(questions)]
    dedup(open_source(jsonl(tmp_path / "in.jsonl", rows)), tmp_path / "out", DedupSettings(), workers=1)
    assert read_rows(tmp_path / "out") == [rows[0], rows[1], rows[3]]
    (drop,) = dropped_rows(tmp_path / "out")
    assert (drop["row"], drop["id"], drop["reason"], drop["matched"]) == (2, None, "duplicate_instance", "row 0")


def test_the_column_of_text_may_be_named(tmp_path):
    rows = [{"alpha": "one", "beta": "same"}, {"alpha": "two", "beta": "same"}]
    name = jsonl(tmp_path / "in.jsonl", rows)
    for column, left in {"alpha": 2, "beta": 1}.items():
        source = open_source(f"{name}#{column}")
        assert dedup(source, tmp_path / column, DedupSettings(), workers=1).rows_out == left


def test_rows_of_others_that_hold_problems_of_ours_are_compared_as_problems(tmp_path):
    task = taskgen.task("sudoku")
    record = task.generate(difficulty=1, seed=4, index=0)
    problem = taskgen.problem.decode(record.problem)
    renamed = encode(task.oracle.relabel(problem, Stream.keyed("renamed")))
    rows = [{"prompt": "first", "problem": record.problem}, {"prompt": "second", "problem": renamed}]
    source = open_source(jsonl(tmp_path / "in.jsonl", rows))
    assert dedup(source, tmp_path / "instance", DedupSettings(), workers=1).rows_out == 2
    assert dedup(source, tmp_path / "structure", DedupSettings(by="structure"), workers=1).rows_out == 1
    with pytest.raises(UsageError, match="sudoku would lose 1 of 2 rows"):
        dedup(source, tmp_path / "refused", DedupSettings(by="structure", max_loss=0.4), workers=1)
