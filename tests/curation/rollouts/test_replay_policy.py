"""Replayed completions: which one is whose, and files that are no good."""

import json

import pyarrow
import pyarrow.parquet
import pytest

from taskgen.curation.rollouts.policies import PolicyTrouble
from taskgen.engine.errors import UsageError
from tests.curation.rollouts.conftest import make_records, rollouts_in, sample, tagged, verdicts_in, write


def jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return f"replay:{path}"


def test_completions_come_in_the_order_of_their_numbers(data, records, tmp_path):
    rows = [
        {"id": record.id, "number": number, "completion": f"{record.id} {number}"}
        for number in (7, 2, 5)
        for record in records
    ]
    sample(data, tmp_path / "out", jsonl(tmp_path / "file.jsonl", rows), max_samples=2, fixed=True)
    kept = [(row["id"], row["number"], row["completion"]) for row in rollouts_in(tmp_path / "out")]
    assert kept == [
        (record.id, place, f"{record.id} {number}") for record in records for place, number in enumerate((2, 5))
    ]


def test_lists_of_completions_are_replayed_from_parquet(data, records, tmp_path):
    path = tmp_path / "file.parquet"
    columns = {
        "id": [record.id for record in records],
        "completions": [[f"{record.id} a", tagged(record.answer)] for record in records],
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    summary = sample(data, tmp_path / "out", f"replay:{path}", max_samples=4, fixed=True)
    assert [row["completion"] for row in rollouts_in(tmp_path / "out")[:2]] == [
        f"{records[0].id} a",
        tagged(records[0].answer),
    ]
    assert (summary.trials, summary.correct) == (20, 10)


def test_a_record_with_too_few_completions_gets_fewer_and_that_is_said(data, records, tmp_path):
    rows = [{"id": record.id, "completion": "x"} for record in records[1:]] + [{"id": "unknown", "completion": "y"}]
    policy = jsonl(tmp_path / "file.jsonl", rows)
    summary = sample(data, tmp_path / "out", policy, max_samples=3, fixed=True)
    assert (summary.completions, summary.missing) == (9, {"no_completion": 21})
    assert summary.examples == {"no_completion": f"record {records[0].id} has none"}


def test_a_replayed_completion_that_was_cut_short_is_censored(data, records, tmp_path):
    finishes = ["length", "stop", None, *["stop"] * 7]
    rows = [
        {"id": record.id, "completion": tagged(record.answer), "finish": finish}
        for record, finish in zip(records, finishes, strict=True)
    ]
    summary = sample(data, tmp_path / "out", jsonl(tmp_path / "file.jsonl", rows), max_samples=1, fixed=True)
    assert (summary.censored, summary.trials, summary.correct) == (1, 9, 9)


def test_the_same_command_leaves_the_same_bytes(data, records, tmp_path):
    policy = jsonl(tmp_path / "file.jsonl", [{"id": record.id, "completion": "x"} for record in records])
    folders = [tmp_path / name for name in ("one", "two")]
    for out in folders:
        sample(data, out, policy, max_samples=1)
    one, two = (
        {path.relative_to(out): path.read_bytes() for path in sorted(out.rglob("*.parquet"))} for out in folders
    )
    assert one == two
    assert len(one) == 3


def test_a_changed_file_is_another_policy(data, records, tmp_path):
    rows = [{"id": record.id, "completion": "x"} for record in records]
    first = sample(data, tmp_path / "out", jsonl(tmp_path / "file.jsonl", rows), max_samples=1)
    rows = [{"id": record.id, "completion": tagged(record.answer)} for record in records]
    second = sample(data, tmp_path / "out", jsonl(tmp_path / "file.jsonl", rows), max_samples=1)
    assert (first.correct, second.correct, second.new) == (0, 10, 10)
    assert first.model == second.model == "replay:file.jsonl"
    assert first.settings != second.settings


def test_multi_turn_transcripts_are_replayed_whole(tmp_path):
    games = make_records("mastermind", 3)
    data = write(games, tmp_path / "data.parquet")
    rows = [{"id": game.id, "completion": tagged(game.answer)} for game in games]
    policy = jsonl(tmp_path / "file.jsonl", rows)
    summary = sample(data, tmp_path / "out", policy, max_samples=1, fixed=True)
    assert (summary.trials, summary.correct) == (3, 3)
    assert [verdict["status"] for verdict in verdicts_in(tmp_path / "out")] == ["correct"] * 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"id": "a"}', "has no column completion"),
        ('{"completion": "a"}', "has no column id"),
        ('{"id": "a", "completion": 7}', "column completion holds int64, not text"),
        ('{"id": 7, "completion": "a"}', "column id holds int64, not text"),
        ('{"id": "a", "completions": "b"}', "column completions holds string, not lists of text"),
        ('{"id": "a", "completion": "b", "number": "c"}', "column number holds string, not integers"),
        ('{"id": "a"', "line 1: not JSON"),
        ("", "(has|holds) no (rows|columns)"),
    ],
)
def test_a_file_of_another_kind_ends_in_one_line_and_leaves_nothing(content, message, data, tmp_path):
    (tmp_path / "file.jsonl").write_text(content)
    with pytest.raises(UsageError, match=message) as raised:
        sample(data, tmp_path / "out", f"replay:{tmp_path / 'file.jsonl'}")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_a_file_without_any_of_the_records_is_an_error(data, records, tmp_path):
    policy = jsonl(tmp_path / "file.jsonl", [{"id": "unknown", "completion": "x"}])
    with pytest.raises(PolicyTrouble, match=f"not one completion .record {records[0].id} has none"):
        sample(data, tmp_path / "out", policy)
    assert not (tmp_path / "out").exists()
