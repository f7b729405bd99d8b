"""Judging again: which completions, and what stays as it is."""

import json

import pyarrow.parquet
import pytest

import taskgen
from taskgen.curation.rollouts.scoring import rescore
from taskgen.curation.rollouts.tallies import tallies
from taskgen.engine.errors import Damaged, UsageError
from taskgen.problem import correct
from tests.curation.rollouts.conftest import sample, tagged, verdicts_in


@pytest.fixture
def out(data, records, tmp_path):
    """Twenty completions, three of them wrong, one cut short."""
    answers = ["?"] * 3 + [record.answer for record in records[3:]] + [record.answer for record in records]
    rows = [
        {"id": record.id, "completion": tagged(answer), "finish": "stop"}
        for record, answer in zip(records * 2, answers, strict=True)
    ]
    rows[-1]["finish"] = "length"
    (tmp_path / "file.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    sample(data, tmp_path / "out", f"replay:{tmp_path / 'file.jsonl'}", max_samples=2, fixed=True)
    return tmp_path / "out"


def test_what_is_up_to_date_is_left_alone(out):
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.parquet")}
    summary = rescore(out, workers=1)
    assert (summary.completions, summary.judged, summary.changed) == (19, 0, 0)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.parquet")} == before


def test_a_newer_verifier_judges_again_without_sampling(out, monkeypatch):
    parts = {path: path.read_bytes() for path in out.glob("rollouts/*")}
    rules = taskgen.task("linear_system").problem_type
    monkeypatch.setattr(rules, "version", rules.version + 1)
    monkeypatch.setattr(rules, "verify", lambda self, answer: correct("generous"))
    summary = rescore(out, workers=1)
    assert (summary.completions, summary.judged, summary.changed) == (19, 19, 3)
    assert {(row["task_version"], row["score"], row["reason"]) for row in verdicts_in(out)} == {
        (rules.version, 1.0, "generous")
    }
    assert sum(tallies(out)["correct"].to_pylist()) == 19
    assert {path: path.read_bytes() for path in out.glob("rollouts/*")} == parts


def test_all_judges_what_is_up_to_date_too(out, monkeypatch):
    rules = taskgen.task("linear_system").problem_type
    monkeypatch.setattr(rules, "verify", lambda self, answer: correct())
    summary = rescore(out, everything=True, workers=1)
    assert (summary.judged, summary.changed) == (19, 3)


def test_a_verdict_that_says_nothing_is_no_trial_and_is_tried_again(out, monkeypatch):
    rules = taskgen.task("linear_system").problem_type

    def faulty(self, answer):
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(rules, "verify", faulty)
        rescore(out, everything=True, workers=1)
    table = tallies(out)
    assert (sum(table["trials"].to_pylist()), sum(table["correct"].to_pylist())) == (0, 0)
    summary = rescore(out, workers=1)
    assert (summary.judged, summary.changed) == (19, 16)
    assert sum(tallies(out)["trials"].to_pylist()) == 19


def test_only_the_verdicts_that_are_missing_are_made(out):
    (verdicts,) = out.glob("verdicts/*")
    before = verdicts.read_bytes()
    verdicts.unlink()
    assert sum(tallies(out)["trials"].to_pylist()) == 0
    assert rescore(out, workers=1).judged == 19
    assert verdicts.read_bytes() == before


def test_worker_processes_judge_the_same(out):
    (verdicts,) = out.glob("verdicts/*")
    before = verdicts.read_bytes()
    rescore(out, everything=True, workers=2)
    assert verdicts.read_bytes() == before


def test_verdicts_on_other_completions_are_noticed(out):
    (verdicts,) = out.glob("verdicts/*")
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(verdicts).slice(1), verdicts)
    with pytest.raises(Damaged, match=r"00000\.parquet does not fit the completions"):
        rescore(out, workers=1)
    with pytest.raises(Damaged, match=r"00000\.parquet does not fit the completions"):
        tallies(out)


@pytest.mark.parametrize("part", ["records.parquet", "rollouts/00000.parquet", "verdicts/00000.parquet"])
def test_a_damaged_file_is_named(part, out):
    (out / part).write_bytes((out / part).read_bytes()[:-30])
    with pytest.raises(Damaged, match=f"{part} is damaged") as raised:
        rescore(out, workers=1)
    assert "\n" not in str(raised.value)


def test_a_folder_without_rollouts_is_left_alone(tmp_path):
    with pytest.raises(UsageError, match="holds no rollouts"):
        rescore(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
