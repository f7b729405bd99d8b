"""Answers of servers with habits of their own: read where they can be, and never judged for what the server did."""

import pytest

from taskgen.curation.rollouts.policies import PolicyTrouble
from tests.curation.rollouts.conftest import make_records, right, rollouts_in, sample, tagged, verdicts_in, write


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """Do not wait for long before a request is tried again."""
    monkeypatch.setattr("taskgen.curation.rollouts.openai_policy.FIRST_WAIT", 0.005)


def test_content_may_come_in_parts(records, data, serve, tmp_path):
    (record,) = make_records("linear_system", 1)
    parts = [
        {"type": "text", "text": "<answer>"},
        {"type": "image"},
        {"type": "text", "text": f"{record.answer}</answer>"},
    ]
    server = serve({}, always={"message_extra": {"content": parts}})
    summary = sample(write([record], tmp_path / "one.parquet"), tmp_path / "out", server.policy, max_samples=1)
    assert rollouts_in(tmp_path / "out")[0]["completion"] == tagged(record.answer)
    assert (summary.correct, len(server.seen)) == (1, 1)


@pytest.mark.parametrize(
    "fault",
    [
        {"finish": "content_filter"},
        {"finish": "tool_calls", "message_extra": {"content": None, "tool_calls": []}},
        {"message_extra": {"content": None}},
    ],
    ids=["filtered", "a call of a tool", "no text at all"],
)
def test_what_the_server_keeps_back_is_censored_not_wrong(fault, data, records, serve, tmp_path):
    server = serve(right(records), faults={"0": fault})
    summary = sample(data, tmp_path / "out", server.policy, max_samples=1, fixed=True)
    assert (summary.censored, summary.trials, summary.correct) == (1, 9, 9)


def test_a_refusal_is_what_the_model_says(data, records, serve, tmp_path):
    server = serve(right(records), always={"message_extra": {"content": None, "refusal": "No."}})
    summary = sample(data, tmp_path / "out", server.policy, max_samples=1, fixed=True)
    assert (summary.trials, summary.correct, summary.censored) == (10, 0, 0)
    assert {row["completion"] for row in rollouts_in(tmp_path / "out")} == {"No."}
    assert len(verdicts_in(tmp_path / "out")) == 10


def test_usage_may_be_empty(data, records, serve, tmp_path):
    body = '{"choices": [{"message": {"content": "7"}}], "usage": {"prompt_tokens": null, "completion_tokens": null}}'
    server = serve(right(records), always={"body": body})
    assert sample(data, tmp_path / "out", server.policy, max_samples=1, fixed=True).tokens == 0
    assert len(server.seen) == 10


def test_a_server_of_another_kind_is_not_asked_for_long(data, records, serve, tmp_path):
    server = serve(right(records), always={"body": "data: {}\n\ndata: [DONE]\n\n"})
    with pytest.raises(PolicyTrouble, match=r"the answer is not a chat completion: .* \(tried 3 times\)"):
        sample(data, tmp_path / "out", server.policy, max_samples=1, concurrency=1)
    assert len(server.seen) == 3
    assert not (tmp_path / "out").exists()


def test_a_server_that_is_busy_and_says_0_seconds_is_not_asked_without_pause(
    data, records, serve, tmp_path, monkeypatch
):
    monkeypatch.setattr("taskgen.curation.rollouts.openai_policy.FIRST_WAIT", 0.05)
    faults = {str(number): {"status": 503, "retry_after": "0"} for number in range(1, 1000)}
    server = serve(right(records), faults=faults)
    with pytest.raises(PolicyTrouble, match="503"):
        sample(data, tmp_path / "out", server.policy, max_samples=1, concurrency=1, timeout=0.5)
    assert len(server.seen) < 15


def test_a_lost_answer_counts_as_spent(data, records, serve, tmp_path):
    server = serve(right(records), always={"hang": 5})
    most = max(len(record.prompt.encode()) for record in records) + 32 + 200
    settings = {"max_tokens": 200, "token_budget": 3 * most, "timeout": 0.1, "concurrency": 4}
    with pytest.raises(PolicyTrouble, match="may be spent on answers that were lost"):
        sample(data, tmp_path / "out", server.policy, **settings)
    assert 3 <= len(server.seen) <= 4
