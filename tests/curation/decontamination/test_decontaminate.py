"""The stage: which rows go, what the report says of them, and that the same command leaves the same bytes."""

import json
import random

import pyarrow.parquet
import pytest

from taskgen.curation.decontamination.decontaminate import DecontaminateSettings, decontaminate, save_index
from taskgen.curation.decontamination.text_layer import MAX_FAMILIES
from taskgen.curation.sources import open_source
from taskgen.curation.stages import read_settings
from taskgen.engine.errors import FolderTaken, UsageError
from taskgen.engine.manifest import read_manifest
from taskgen.problem import decode
from taskgen.prompts import wordings
from taskgen.registry import task
from taskgen.seeding import Stream
from tests.curation.decontamination.datasets import data_rows, dropped, record, remade, write_lines, write_records
from tests.curation.decontamination.test_text_layer import BAKERY, RENAMED, UNRELATED
from tests.engine.conftest import contents

FAMILIES = ["zebra_puzzle", "knights_and_knaves", "countdown", "shortest_path", "sudoku"]


def run(tmp_path, training, *evaluation, out="out", **settings):
    """The folder that decontamination leaves."""
    folder = tmp_path / out
    decontaminate(open_source(training), folder, DecontaminateSettings(against=evaluation, **settings))
    return folder


def questions(texts, **columns):
    return [{"question": text, **columns} for text in texts]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_copy_goes_and_so_does_a_relabelled_or_reworded_one(tmp_path, family):
    item, other = record(family, 0), record(family, 1)
    moved = task(family).oracle.relabel(decode(item.problem), Stream.keyed("relabel", family))
    wording = next(own for own in sorted(wordings(task(family).template)) if own not in ("terse", item.wording))
    rows = [other, item, remade(item, moved), remade(item, decode(item.problem), wording), record(family, 2)]
    training = write_records(tmp_path / "train.parquet", rows)
    out = run(tmp_path, training, write_records(tmp_path / "evaluation.parquet", [record(family, 3), item]))
    assert data_rows(out, "id") == [other.id, record(family, 2).id]
    same = "evaluation_instance" if remade(item, moved).id == item.id else "evaluation_structure"
    assert dropped(out) == [
        (1, "evaluation_instance", "evaluation.parquet row 1"),
        (2, same, "evaluation.parquet row 1"),
        (3, "evaluation_instance", "evaluation.parquet row 1"),
    ]


def test_puzzles_that_only_share_their_template_stay(tmp_path):
    rows = [record(family, index, difficulty=3) for family in FAMILIES for index in range(23)]
    training = write_records(tmp_path / "train.parquet", [row for row in rows if row.index >= 3])
    evaluation = write_records(tmp_path / "evaluation.parquet", [row for row in rows if row.index < 3])
    out = run(tmp_path, training, evaluation)
    assert dropped(out) == []
    assert len(data_rows(out, "id")) == 100
    assert len(dropped(run(tmp_path, training, evaluation, out="published", preset="s1-8"))) == 100


def test_an_evaluation_set_of_others_is_read_as_problems_where_a_parser_knows_it(tmp_path):
    rows = [{"nums": [44, 19, 35], "target": 98, "prompt": "x"}, {"nums": [63, 95, 96], "target": 64, "prompt": "y"}]
    evaluation = write_lines(tmp_path / "countdown.jsonl", rows)
    item = record("countdown", 0)
    problem = decode(item.problem)
    same = type(problem)(numbers=(96, 63, 95), target=64, use_all=True)
    training = write_records(tmp_path / "train.parquet", [item, remade(item, same)])
    assert dropped(run(tmp_path, training, evaluation)) == [(1, "evaluation_structure", "countdown.jsonl row 1")]


def test_free_text_goes_by_its_text(tmp_path):
    texts = [UNRELATED[0], BAKERY, RENAMED, *UNRELATED[1:], BAKERY.lower()]
    training = write_lines(tmp_path / "train.jsonl", questions(texts))
    evaluation = write_lines(tmp_path / "evaluation.jsonl", questions(["What is 2 + 2?", BAKERY]))
    out = run(tmp_path, training, evaluation)
    assert data_rows(out, "question") == list(UNRELATED)
    assert dropped(out) == [
        (1, "evaluation_instance", "evaluation.jsonl row 1"),
        (2, "text_overlap", "evaluation.jsonl row 1"),
        (len(texts) - 1, "text_overlap", "evaluation.jsonl row 1"),
    ]


def test_answers_are_checked_as_well_as_prompts(tmp_path):
    solution = "First the cashier adds the loaves, 48 and 20, and takes away 37 and 15 of them, so that 16 remain over."
    rows = [
        {"question": UNRELATED[0], "solution": f"Recall this problem: {BAKERY}", "answer": "16"},
        {"question": UNRELATED[1], "solution": f"{solution} Done.", "answer": "16"},
        {"question": UNRELATED[2], "solution": "It is easy.", "answer": "16"},
    ]
    training = write_lines(tmp_path / "train.jsonl", rows)
    evaluation = write_lines(
        tmp_path / "evaluation.jsonl", [{"question": BAKERY, "solution": solution, "answer": "16"}]
    )
    out = run(tmp_path, training, evaluation)
    assert [row for row, _, _ in dropped(out)] == [0, 1]
    details = pyarrow.parquet.read_table(out / "dropped.parquet")["detail"].to_pylist()
    assert details[0].startswith("solution against prompt: rarity 1.00, ")
    assert details[1].startswith("solution against solution: rarity 1.00, ")
    assert dropped(run(tmp_path, training, evaluation, out="published", preset="s1-8")) == []


def test_a_chat_is_read_by_what_the_user_says(tmp_path):
    chat = [{"role": "system", "content": "Think."}, {"role": "user", "content": f"Please: {BAKERY}"}]
    rows = [{"messages": chat}, {"messages": [{"role": "user", "content": UNRELATED[0]}]}]
    training = write_lines(tmp_path / "train.jsonl", rows)
    evaluation = write_lines(tmp_path / "evaluation.jsonl", questions([BAKERY]))
    assert dropped(run(tmp_path, training, evaluation)) == [(0, "text_overlap", "evaluation.jsonl row 0")]


def test_the_column_of_text_can_be_named(tmp_path):
    training = write_lines(tmp_path / "train.jsonl", [{"prompt": "nothing", "body": f"Well, {BAKERY}"}, {"body": "x"}])
    evaluation = write_lines(tmp_path / "evaluation.jsonl", [{"Question": BAKERY}])
    assert len(dropped(run(tmp_path, f"{training}#body", f"{evaluation}#Question"))) == 1
    with pytest.raises(UsageError, match="no column of text to compare"):
        run(tmp_path, f"{training}#body", evaluation, out="other")


def test_several_sets_and_indexes_are_compared_at_once(tmp_path):
    first = write_lines(tmp_path / "first.jsonl", questions([BAKERY]))
    second = write_records(tmp_path / "second.parquet", [record("sudoku", 0)])
    index = str(tmp_path / "first.index.parquet")
    assert save_index([open_source(first)], tmp_path / "first.index.parquet") == 1
    rows = [{"prompt": f"Ah: {BAKERY}"}, {"prompt": record("sudoku", 0).prompt}, {"prompt": UNRELATED[0]}]
    training = write_lines(tmp_path / "train.jsonl", rows)
    out = run(tmp_path, training, first, second)
    assert dropped(out) == [(0, "text_overlap", "first.jsonl row 0"), (1, "text_overlap", "second.parquet row 0")]
    again = run(tmp_path, training, index, second, out="again")
    assert dropped(again) == dropped(out)
    notes = read_manifest(out).stages[-1].notes
    assert [(own["name"], own["rows"], own["rows_dropped"]) for own in notes["sets"]] == [
        ("first.jsonl", 1, 1),
        ("second.parquet", 1, 1),
    ]
    assert read_manifest(again).stages[-1].notes == notes


def test_the_notes_say_what_was_done(tmp_path):
    rows = [record("knights_and_knaves", i) for i in range(30)]
    training = write_records(tmp_path / "train.parquet", rows)
    evaluation = write_lines(tmp_path / "evaluation.jsonl", questions([rows[4].prompt, rows[9].prompt]))
    stage = read_manifest(run(tmp_path, training, evaluation)).stages[-1]
    assert stage.notes["hits"] == {"family": 0, "text": 2}
    assert stage.notes["template_share"] == 0.002
    assert stage.notes["rule"].startswith("a prompt or solution holds")
    family = stage.notes["families"]["knights_and_knaves"]
    assert (family["rows"], family["dropped"]) == (30, 2)
    assert family["template_ngrams"] > 50
    assert stage.reasons == {"text_overlap": 2}
    assert str(tmp_path) not in json.dumps([stage.settings, stage.notes])


def test_families_beyond_what_is_counted_apart_are_counted_together(tmp_path):
    rows = [{"question": text, "source": f"kind {number}"} for number, text in enumerate(UNRELATED * 2)]
    training = write_lines(tmp_path / "train.jsonl", [*rows, {"question": RENAMED, "source": "the last"}])
    out = run(tmp_path, training, write_lines(tmp_path / "evaluation.jsonl", questions([BAKERY])))
    assert [row for row, _, _ in dropped(out)] == [len(rows)]
    families = read_manifest(out).stages[-1].notes["families"]
    assert len(families) == MAX_FAMILIES
    assert families["further families"]["rows"] == len(rows) + 1 - (MAX_FAMILIES - 1)


def test_a_set_without_text_is_compared_where_a_parser_reads_its_columns(tmp_path):
    evaluation = write_lines(tmp_path / "countdown.jsonl", [{"nums": [63, 95, 96], "target": 64}])
    training = write_lines(
        tmp_path / "train.jsonl", [{"nums": [96, 63, 95], "target": 64}, {"nums": [1, 2], "target": 3}]
    )
    assert dropped(run(tmp_path, training, evaluation)) == [(0, "evaluation_structure", "countdown.jsonl row 0")]


def test_a_template_share_can_be_given_to_a_published_rule(tmp_path):
    training = write_records(tmp_path / "train.parquet", [record("sudoku", i) for i in range(5, 155)])
    evaluation = write_records(tmp_path / "evaluation.parquet", [record("sudoku", i) for i in range(3)])
    everything = run(tmp_path, training, evaluation, preset="tulu3-8-50")
    few = run(tmp_path, training, evaluation, out="few", preset="tulu3-8-50", template_share=0.01)
    assert len(dropped(few)) < len(dropped(everything)) / 5


def test_the_order_of_rows_and_their_splits_stay(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    own = [record("countdown", i) for i in range(30)]
    random.Random(1).shuffle(own)
    write_records(folder / "train-00000-of-00001.parquet", own[:20])
    write_records(folder / "test-00000-of-00001.parquet", own[20:])
    evaluation = write_records(tmp_path / "evaluation.parquet", [own[3], own[25]])
    out = run(tmp_path, str(folder), evaluation)
    for split, rows in (("train", own[:20]), ("test", own[20:])):
        kept = pyarrow.parquet.read_table(out / "data" / f"{split}-00000-of-00001.parquet")["id"].to_pylist()
        assert kept == [row.id for row in rows if row.id not in (own[3].id, own[25].id)]


def test_the_same_command_leaves_the_same_bytes_and_knows_its_own_result(tmp_path):
    training = write_lines(tmp_path / "train.jsonl", questions([BAKERY, *UNRELATED]))
    evaluation = write_lines(tmp_path / "evaluation.jsonl", questions([RENAMED]))
    first, second = run(tmp_path, training, evaluation), run(tmp_path, training, evaluation, out="second")
    assert contents(first) == contents(second)
    assert contents(run(tmp_path, training, evaluation)) == contents(second)
    with pytest.raises(FolderTaken):
        run(tmp_path, training, evaluation, preset="s1-8")
    write_lines(tmp_path / "evaluation.jsonl", questions([RENAMED, "more"]))
    with pytest.raises(FolderTaken):
        run(tmp_path, training, evaluation)


def test_memory_that_a_table_takes_does_not_decide(tmp_path, monkeypatch):
    training = write_lines(tmp_path / "train.jsonl", questions([*UNRELATED, BAKERY, RENAMED]))
    evaluation = write_lines(tmp_path / "evaluation.jsonl", questions([BAKERY]))
    whole = run(tmp_path, training, evaluation)
    monkeypatch.setattr("taskgen.curation.decontamination.ngrams.CHARACTERS_AT_ONCE", 300)
    assert contents(run(tmp_path, training, evaluation, out="pieces")) == contents(whole)


@pytest.mark.parametrize(
    "wrong", [{"against": []}, {"preset": "s1"}, {"template_share": 0}, {"template_share": 1.5}, {"threshold": 1}]
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(UsageError):
        read_settings(DecontaminateSettings, **{"against": ["x.jsonl"]} | wrong)
