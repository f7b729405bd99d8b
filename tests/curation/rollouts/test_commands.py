"""`taskgen rollout` and `taskgen rescore` as they are typed."""

import json

import pytest

from tests.curation.in_process import in_process
from tests.curation.rollouts.conftest import keys_in, right
from tests.engine.conftest import contents


@pytest.fixture
def replay(records, tmp_path):
    """Three completions of every record, the first of them wrong."""
    path = tmp_path / "completions.jsonl"
    rows = [
        {"id": record.id, "number": number, "completion": f"<answer>{record.answer if number else '?'}</answer>"}
        for record in records
        for number in range(3)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_rollout_says_what_came_of_it_and_rescore_finds_nothing_to_do(capsys, monkeypatch, data, replay, tmp_path):
    monkeypatch.chdir(tmp_path)
    arguments = ["rollout", data, "--policy", f"replay:{replay}", "--fixed", "--max-samples", "4"]
    code, output, complaints = in_process(capsys, *arguments)
    assert code == 0
    assert output.splitlines() == [
        "rollout: 30 completions (30 new, in 1 round) of 10 records by replay:completions.jsonl, in "
        f"{tmp_path}/data-rollouts",
        "  20 of 30 judged are correct (66.7%), 0 were cut short; 0 tokens",
    ]
    assert complaints.splitlines()[0].startswith("taskgen: warning: 10 completions are missing: no completion (record ")
    before = contents(tmp_path / "data-rollouts")
    code, output, complaints = in_process(capsys, "rescore", "data-rollouts")
    assert (code, output, complaints) == (
        0,
        "rescore: 0 of 30 completions judged, 0 scores changed, in data-rollouts\n",
        "",
    )
    assert contents(tmp_path / "data-rollouts") == before


def test_a_budget_that_is_spent_is_said(capsys, monkeypatch, data, records, serve, tmp_path):
    monkeypatch.chdir(tmp_path)
    server = serve(right(records))
    options = ["--fixed", "--token-budget", "4000", "--max-tokens", "100", "--out", "out", "--concurrency", "2"]
    code, output, complaints = in_process(capsys, "rollout", data, "-p", server.policy, *options)
    spent = 120 * len(keys_in(tmp_path / "out"))
    assert code == 0
    assert f"{spent:,} tokens" in output
    assert complaints == (
        f"taskgen: warning: the token budget has no room for another completion ({spent:,} tokens are spent)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--policy", "replay:nowhere.jsonl"], "nowhere.jsonl does not exist"),
        (["--policy", "gpt"], "policy gpt cannot be read; write openai:URL#MODEL"),
        (["--policy", "replay:x", "--max-samples", "0"], "max_samples 0 is out of range: max_samples takes 1 to 512"),
        (["--policy", "replay:x", "--temperature", "3"], "temperature 3.0 is out of range"),
        (["--policy", "replay:x", "--concurrency", "many"], "--concurrency"),
        ([], "--policy"),
    ],
)
def test_a_wrong_option_ends_in_one_line_and_leaves_nothing(capsys, monkeypatch, arguments, complaint, data, tmp_path):
    monkeypatch.chdir(tmp_path)
    code, output, complaints = in_process(capsys, "rollout", data, *arguments)
    assert (code, output) == (2, "")
    assert len(complaints.splitlines()) == 1
    assert complaint in complaints
    assert [path.name for path in tmp_path.iterdir()] == ["data.parquet"]


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("corrupt.parquet", b"PAR1 but no more", "corrupt.parquet is"),
        ("foreign.jsonl", b'{"question": "1 + 1"}\n', "foreign.jsonl has no column id"),
        ("empty.jsonl", b"", "empty.jsonl"),
        ("note.txt", b"hello", "note.txt is none of"),
    ],
)
def test_data_of_another_kind_ends_in_one_line_and_leaves_nothing(
    capsys, monkeypatch, file, content, complaint, tmp_path
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / file).write_bytes(content)
    code, output, complaints = in_process(capsys, "rollout", file, "--policy", "replay:x.jsonl")
    assert (code, output) == (2, "")
    assert len(complaints.splitlines()) == 1
    assert complaint in complaints
    assert [path.name for path in tmp_path.iterdir()] == [file]


def test_rescore_of_something_else_ends_in_one_line(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    code, _, complaints = in_process(capsys, "rescore", "nowhere")
    assert (code, complaints) == (
        2,
        "taskgen: nowhere holds no rollouts (no records.parquet); `taskgen rollout` makes them\n",
    )
