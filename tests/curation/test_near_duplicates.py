"""Near duplicates: what is found, what is matched with what, and that nothing goes unasked."""

import msgspec
import pyarrow
import pyarrow.parquet
import pytest
from datasketch import MinHashLSH

import taskgen
from taskgen.curation.minhash import PERMUTATIONS, bands_for, payload_sets, text_sets
from taskgen.curation.near_duplicates import NearDuplicatesSettings, near_duplicates
from taskgen.curation.sources import open_source
from taskgen.curation.stages import read_settings
from taskgen.engine.errors import UsageError
from taskgen.engine.manifest import read_manifest
from taskgen.seeding import Stream
from tests.curation.in_process import in_process
from tests.curation.native_rows import dropped_rows, hex_id, problem_numbers, read_rows, row, write_rows
from tests.curation.test_minhash import listed, reference
from tests.engine.conftest import command, contents
from tests.engine.test_interruptions import tiny_disk as tiny_disk


def puzzle(number, values, task="countdown"):
    """A record whose problem holds these values."""
    fields = msgspec.json.encode(list(values)).decode()
    return row(number, task=task, problem=f'{{"task":"{task}","version":1,"fields":{{"numbers":{fields}}}}}')


def changed(values, *places):
    """The values with others at some places."""
    return [-value - 1 if place in places else value for place, value in enumerate(values)]


def found(tmp_path, rows, **settings):
    """The folder that the stage leaves of some rows."""
    source = open_source(write_rows(tmp_path / "in.parquet", rows))
    near_duplicates(source, tmp_path / "out", read_settings(NearDuplicatesSettings, **settings))
    return tmp_path / "out"


def pairs(folder):
    """Row and matched row of every near duplicate."""
    rows = pyarrow.parquet.read_table(folder / "near_duplicates.parquet").to_pylist()
    return [(pair["row"], pair["matched_row"]) for pair in rows]


LONG = list(range(100, 200))


def test_a_row_is_listed_with_the_row_it_is_like_and_how_much(tmp_path):
    out = found(tmp_path, [puzzle(5, LONG), puzzle(6, range(300, 400)), puzzle(7, changed(LONG, 50))])
    (pair,) = pyarrow.parquet.read_table(out / "near_duplicates.parquet").to_pylist()
    # 98 shingles each, of which the 3 around the changed value differ.
    assert pair == {
        "row": 2,
        "id": hex_id(7),
        "task": "countdown",
        "matched_row": 0,
        "matched_id": hex_id(5),
        "jaccard": 95 / 101,
    }


def test_unless_removal_is_asked_for_every_row_stays(tmp_path):
    rows = [puzzle(1, LONG), puzzle(2, changed(LONG, 50)), puzzle(3, LONG)]
    out = found(tmp_path, rows)
    assert read_rows(out) == rows
    assert dropped_rows(out) == []
    assert len(pairs(out)) == 2


def test_with_remove_the_later_rows_go_and_say_why(tmp_path):
    rows = [puzzle(1, LONG), puzzle(2, changed(LONG, 50)), puzzle(3, range(9)), puzzle(4, LONG)]
    out = found(tmp_path, rows, remove=True, yes=True)
    assert problem_numbers(out) == [1, 3]
    assert [(drop["row"], drop["reason"], drop["matched"], drop["detail"]) for drop in dropped_rows(out)] == [
        (1, "near_duplicate", "row 0", "jaccard 0.941"),
        (3, "near_duplicate", "row 0", "jaccard 1.000"),
    ]
    assert pairs(out) == [(1, 0), (3, 0)]


def test_likeness_is_not_passed_on_from_row_to_row(tmp_path):
    middle, end = changed(LONG, 20, 50), changed(LONG, 20, 30, 50, 60)
    out = found(tmp_path, [puzzle(1, LONG), puzzle(2, middle), puzzle(3, end)], threshold=0.85)
    assert pairs(out) == [(1, 0)], "the third is like the second, which goes, and not like the first"


def test_a_row_is_matched_with_the_first_row_that_stays(tmp_path):
    left, right = changed(LONG, 10, 40, 70), changed(LONG, 20, 50, 80)
    rows = [puzzle(1, range(50)), puzzle(2, left), puzzle(3, right), puzzle(4, LONG)]
    assert pairs(found(tmp_path, rows, threshold=0.8)) == [(3, 1)], "like both, which are not like each other"


def test_problems_are_compared_within_their_task_only(tmp_path):
    rows = [puzzle(1, LONG), puzzle(2, LONG, task="sudoku"), puzzle(3, LONG, task="sudoku")]
    assert pairs(found(tmp_path, rows)) == [(2, 1)]


def test_problems_without_values_are_like_none(tmp_path):
    assert pairs(found(tmp_path, [puzzle(1, []), puzzle(2, [])])) == []


def one_after_the_other(sets, threshold):
    """Each set that is like one that stays, with the first of those: among all pairs, and among those of datasketch."""
    results = []
    for all_pairs in (True, False):
        index = MinHashLSH(num_perm=PERMUTATIONS, params=bands_for(threshold))
        stay, matches = [], []
        for number, (own, sketch) in enumerate(zip(sets, reference(sets), strict=True)):
            others = stay if all_pairs else sorted(index.query(sketch))
            like = [other for other in others if len(own & sets[other]) / len(own | sets[other]) >= threshold]
            if like:
                matches.append((number, like[0]))
            else:
                stay.append(number)
                index.insert(number, sketch)
        results.append(matches)
    return results


@pytest.mark.parametrize(("changes", "threshold"), [(2, 0.6), (12, 0.7)], ids=["alike or not", "all degrees"])
def test_among_many_rows_the_result_is_that_of_going_through_them_one_after_the_other(tmp_path, changes, threshold):
    stream = Stream.keyed("near", changes)
    values = [[stream.below(40) for _ in range(120)] for _ in range(40)]
    rows = []
    for number in range(500):
        original = values[stream.below(len(values))]
        rows.append(puzzle(number, changed(original, *stream.sample(range(120), stream.below(changes)))))
    sets = listed(payload_sets([listed["problem"] for listed in rows], "row", 0))
    everything, expected = one_after_the_other(sets, threshold)
    assert pairs(found(tmp_path, rows, threshold=threshold)) == expected
    if changes == 2:
        assert expected == everything, "what is well above the threshold is not missed"
    assert 150 < len(expected) < 500


def test_different_puzzles_of_real_tasks_are_no_near_duplicates_though_their_prompts_are(tmp_path):
    rows = [
        msgspec.to_builtins(taskgen.task(name).generate(difficulty=3, seed=2, index=index))
        for name in ("countdown", "sudoku", "knights_and_knaves")
        for index in range(60)
    ]
    assert pairs(found(tmp_path, rows)) == []
    prompts = pairs(found(tmp_path / "prompts", rows, text="prompt"))
    assert prompts == one_after_the_other(listed(text_sets([listed["prompt"] for listed in rows])), 0.8)[1]
    assert len([pair for pair in prompts if pair[0] < 60]) > 20


TEXTS = [
    "A train leaves the station at noon and travels east at 60 km per hour for 3 hours.",
    "How many ways are there to put 4 rooks on a chess board so that none attacks another?",
    "a train leaves the station  at noon and travels east at 60 km per hour for 3 hours.",
    "",
    "",
]


def jsonl(tmp_path, *rows):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(listed) + b"\n" for listed in rows))
    return open_source(str(path))


def test_texts_of_others_are_compared_by_their_words(tmp_path):
    source = jsonl(tmp_path, *({"question": text} for text in TEXTS))
    entry = near_duplicates(source, tmp_path / "out", NearDuplicatesSettings(text="question"))
    (pair,) = pyarrow.parquet.read_table(tmp_path / "out" / "near_duplicates.parquet").to_pylist()
    assert pair == {"row": 2, "id": None, "task": None, "matched_row": 0, "matched_id": None, "jaccard": 1.0}
    assert entry.notes["families"] == {"all rows": {"rows": 5, "near_duplicates": 1, "distinct": 4}}


def test_texts_are_compared_across_tasks(tmp_path):
    source = jsonl(tmp_path, *({"text": TEXTS[0], "task": task} for task in ("trains", "roads", "trains")))
    entry = near_duplicates(source, tmp_path / "out", NearDuplicatesSettings(text="text"))
    assert pairs(tmp_path / "out") == [(1, 0), (2, 0)]
    assert entry.notes["families"] == {
        "roads": {"rows": 1, "near_duplicates": 1, "distinct": 0},
        "trains": {"rows": 2, "near_duplicates": 1, "distinct": 1},
    }


def test_the_column_may_be_named_with_the_data(tmp_path):
    name = jsonl(tmp_path, *({"question": text} for text in TEXTS)).name
    entry = near_duplicates(open_source(f"{name}#question"), tmp_path / "out", NearDuplicatesSettings())
    assert (entry.settings["text"], pairs(tmp_path / "out")) == ("question", [(2, 0)])


def test_rows_are_numbered_through_all_files_and_stay_in_their_splits(tmp_path):
    write_rows(tmp_path / "in" / "test-0.parquet", [puzzle(1, LONG), puzzle(2, range(50))])
    write_rows(tmp_path / "in" / "train-0.parquet", [puzzle(3, range(40, 90)), puzzle(4, LONG)])
    settings = NearDuplicatesSettings(remove=True, yes=True)
    near_duplicates(open_source(str(tmp_path / "in")), tmp_path / "out", settings)
    assert pairs(tmp_path / "out") == [(3, 0)]
    assert sorted(file.name.split("-")[0] for file in (tmp_path / "out" / "data").iterdir()) == ["test", "train"]


def test_the_manifest_tells_what_was_compared_and_what_each_family_has(tmp_path):
    out = found(tmp_path, [puzzle(1, LONG), puzzle(2, LONG), puzzle(3, range(9), task="sudoku")])
    entry = read_manifest(out).stages[-1]
    assert (entry.stage, entry.rows_in, entry.rows_out, entry.reasons) == ("near_duplicates", 3, 3, {})
    assert entry.notes == {
        "bands": 14,
        "band_width": 9,
        "recall_at_threshold": 0.867,
        "pairs_compared": 1,
        "families": {
            "countdown": {"rows": 2, "near_duplicates": 1, "distinct": 1},
            "sudoku": {"rows": 1, "near_duplicates": 0, "distinct": 1},
        },
    }


def test_the_same_rows_leave_the_same_bytes_and_a_finished_result_is_recognised(tmp_path):
    rows = [puzzle(number, changed(LONG, number)) for number in range(20)]
    first, second = found(tmp_path / "first", rows), found(tmp_path / "second", rows)
    assert contents(first) == contents(second)
    said = []
    source = open_source(str(tmp_path / "first" / "in.parquet"))
    near_duplicates(source, first, NearDuplicatesSettings(), lambda stage, done: said.append(stage))
    assert said == []


def test_a_family_that_would_lose_too_much_stops_a_removal_and_nothing_is_left(tmp_path):
    source = open_source(write_rows(tmp_path / "in.parquet", [puzzle(1, LONG), puzzle(2, LONG)]))
    with pytest.raises(UsageError, match=r"countdown would lose 1 of 2 rows, more than 10%; .* with --yes or a larger"):
        near_duplicates(source, tmp_path / "out", NearDuplicatesSettings(remove=True))
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]
    assert near_duplicates(source, tmp_path / "out", NearDuplicatesSettings(remove=True, max_loss=0.5)).rows_out == 1


def test_the_command_prints_every_family_and_says_that_nothing_went(tmp_path):
    write_rows(tmp_path / "in.parquet", [puzzle(1, LONG), puzzle(2, changed(LONG, 3))])
    code, output, complaints = command("near-duplicates", "in.parquet", cwd=tmp_path)
    assert (code, complaints) == (0, "")
    assert ["countdown", "2", "1", "1", "50.0%"] in [line.split() for line in output.splitlines()]
    assert "near_duplicates: 2 rows in, 2 rows out, in in-near-duplicates" in output
    assert "nothing was removed" in output


def test_the_command_removes_when_asked(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path / "in.parquet", [puzzle(1, LONG), puzzle(2, changed(LONG, 3))])
    code, output, _ = in_process(capsys, "near-duplicates", "in.parquet", "--remove", "--yes", "--out", "out")
    assert (code, "nothing was removed" in output) == (0, False)
    assert problem_numbers(tmp_path / "out") == [1]


@pytest.mark.parametrize(
    ("rows", "arguments", "complaint"),
    [
        ([{"question": "x"}], (), "in.jsonl has no column problem and no column task; name the column of text to"),
        ([{"question": "x"}], ("--text", "prompt"), "in.jsonl has no column prompt; name the column of text to"),
        ([{"question": ["x"]}], ("--text", "question"), "in.jsonl: the column question holds list<"),
        ([{"problem": "x", "task": "y"}], (), "in.jsonl row 0: the problem is not one of taskgen's; to compare texts"),
        ([{"problem": "x", "task": "y"}], ("--threshold", "0.3"), "threshold 0.3 is out of range: threshold takes"),
        ([{"problem": "x", "task": "y"}], ("--max-loss", "2"), "max_loss 2.0 is out of range: max_loss takes"),
        ([], (), "in.jsonl"),
    ],
)
def test_wrong_input_is_one_line_and_changes_nothing(tmp_path, monkeypatch, capsys, rows, arguments, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jsonl").write_bytes(b"".join(msgspec.json.encode(listed) + b"\n" for listed in rows))
    code, _, complaints = in_process(capsys, "near-duplicates", "in.jsonl", *arguments)
    assert (code, len(complaints.splitlines())) == (2, 1)
    assert complaints.startswith(f"taskgen: {complaint}")
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_damaged_file_is_one_line_and_changes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path / "in.parquet", [puzzle(number, range(number)) for number in range(300)])
    damaged = bytearray((tmp_path / "in.parquet").read_bytes())
    damaged[200:3000] = bytes(2800)
    (tmp_path / "in.parquet").write_bytes(damaged)
    code, _, complaints = in_process(capsys, "near-duplicates", "in.parquet")
    assert (code, len(complaints.splitlines())) == (2, 1)
    assert complaints.startswith("taskgen: in.parquet is damaged")
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


@pytest.mark.parametrize("moment", ["reading rows", "comparing rows", "writing rows"])
def test_ctrl_c_leaves_nothing(tmp_path, moment):
    source = open_source(write_rows(tmp_path / "in.parquet", [puzzle(1, LONG), puzzle(2, LONG)]))

    def stop(stage, done):
        if stage == moment:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        near_duplicates(source, tmp_path / "out", NearDuplicatesSettings(), stop)
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_a_full_disk_is_one_clear_line_and_nothing_is_left(tmp_path, tiny_disk, capsys):
    write_rows(tmp_path / "in.parquet", [puzzle(number, range(number, number + 100)) for number in range(300)])
    code, _, complaints = in_process(capsys, "near-duplicates", tmp_path / "in.parquet", "--out", tiny_disk / "out")
    assert (code, len(complaints.splitlines())) == (1, 1)
    assert complaints.strip().endswith("sets: No space left on device")
    assert list(tiny_disk.iterdir()) == []
