"""The policy behind a server: what it sends, what it keeps, and what it does when the server misbehaves."""

import pytest

from taskgen.curation.rollouts.openai_policy import seconds_asked
from taskgen.curation.rollouts.policies import PolicyTrouble
from taskgen.engine.errors import UsageError
from tests.curation.rollouts.conftest import right, rollouts_in, sample, tagged, verdicts_in


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """Do not wait for long before a request is tried again."""
    monkeypatch.setattr("taskgen.curation.rollouts.openai_policy.FIRST_WAIT", 0.005)


def test_every_completion_is_kept_with_its_key_its_cost_and_its_verdict(data, records, serve, tmp_path):
    server = serve(right(records), wrong={records[0].prompt: [0]})
    summary = sample(data, tmp_path / "out", server.policy, max_samples=2, fixed=True)
    rows = rollouts_in(tmp_path / "out")
    assert [(row["id"], row["number"]) for row in rows] == [(record.id, n) for record in records for n in (0, 1)]
    assert {(row["model"], row["settings"], row["finish"]) for row in rows} == {
        ("toy", '{"max_tokens":4096,"temperature":1.0,"top_p":1.0}', "stop")
    }
    assert {(row["prompt_tokens"], row["completion_tokens"]) for row in rows} == {(100, 20)}
    assert [row["completion"] for row in rows[2:]] == [tagged(record.answer) for record in records[1:] for _ in (0, 1)]
    verdicts = verdicts_in(tmp_path / "out")
    assert sorted(verdict["score"] for verdict in verdicts) == [0.0] + [1.0] * 19
    assert (summary.completions, summary.trials, summary.correct, summary.tokens) == (20, 20, 19, 2400)
    assert len(server.seen) == 20


def test_the_request_carries_the_prompt_the_system_message_and_the_sampling_settings(data, records, serve, tmp_path):
    server = serve(right(records))
    settings = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 77, "system": "Be brief."}
    sample(data, tmp_path / "out", server.policy, max_samples=1, fixed=True, **settings)
    sent = [entry["request"] for entry in server.seen]
    assert {(one["temperature"], one["top_p"], one["max_tokens"], one["model"]) for one in sent} == {
        (0.5, 0.9, 77, "toy")
    }
    expected = [
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": record.prompt}] for record in records
    ]
    assert sorted((one["messages"] for one in sent), key=str) == sorted(expected, key=str)
    assert rollouts_in(tmp_path / "out")[0]["settings"] == (
        '{"max_tokens":77,"system":"Be brief.","temperature":0.5,"top_p":0.9}'
    )


def test_the_key_comes_from_the_environment(data, records, serve, tmp_path, monkeypatch):
    server = serve(right(records), key="secret")
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    sample(data, tmp_path / "out", server.policy, max_samples=1, fixed=True)
    assert {entry["key"] for entry in server.seen} == {"Bearer secret"}


def test_a_completion_that_is_cut_short_is_censored_not_wrong(data, records, serve, tmp_path):
    server = serve(right(records), faults={"0": {"finish": "length"}})
    summary = sample(data, tmp_path / "out", server.policy, max_samples=1, fixed=True)
    assert (summary.completions, summary.censored, summary.trials, summary.correct) == (10, 1, 9, 9)
    assert len(verdicts_in(tmp_path / "out")) == 9


def test_reasoning_that_the_server_parsed_out_is_put_back(data, records, serve, tmp_path):
    server = serve(right(records), always={"message_extra": {"reasoning_content": "Hmm.\n<answer>7</answer>"}})
    summary = sample(data, tmp_path / "out", server.policy, max_samples=1, fixed=True)
    first = rollouts_in(tmp_path / "out")[0]["completion"]
    assert first == f"<think>\nHmm.\n<answer>7</answer>\n</think>\n\n{tagged(records[0].answer)}"
    assert summary.correct == 10


def test_text_that_no_file_can_hold_is_mended(data, records, serve, tmp_path):
    server = serve({record.prompt: "half a pair: \ud83d" for record in records})
    sample(data, tmp_path / "out", server.policy, max_samples=1, fixed=True)
    assert rollouts_in(tmp_path / "out")[0]["completion"] == "half a pair: ?"


def test_no_more_requests_are_in_flight_than_allowed(data, records, serve, tmp_path):
    server = serve(right(records), seconds=0.05)
    sample(data, tmp_path / "out", server.policy, max_samples=3, fixed=True, concurrency=4)
    assert max(entry["busy"] for entry in server.seen) == 4


def test_requests_begin_no_more_often_than_the_rate(data, records, serve, tmp_path):
    server = serve(right(records))
    sample(data, tmp_path / "out", server.policy, max_samples=1, fixed=True, requests_per_minute=1200)
    times = sorted(entry["time"] for entry in server.seen)
    assert times[-1] - times[0] >= 9 * 0.05 - 0.03
    assert len(times) == 10


FAULTS = {
    "429": {"status": 429},
    "500": {"status": 500},
    "503": {"status": 503},
    "a dropped connection": {"drop": True},
    "no JSON": {"body": "<html>Bad gateway</html>"},
    "JSON that is no completion": {"body": '{"choices": []}'},
    "no answer in time": {"hang": 3},
    "an answer that trickles in": {"drip": 0.1},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_tried_again_and_paid_for_once(fault, data, records, serve, tmp_path):
    server = serve(right(records), faults={"0": fault, "5": fault})
    summary = sample(data, tmp_path / "out", server.policy, max_samples=1, fixed=True, timeout=0.4)
    assert (summary.completions, summary.correct) == (10, 10)
    assert len(server.seen) == 12


def test_a_server_that_asks_for_a_pause_gets_it(data, records, serve, tmp_path):
    server = serve(right(records), faults={"0": {"status": 429, "retry_after": "0.5"}})
    sample(data, tmp_path / "out", server.policy, max_samples=1, fixed=True, concurrency=1)
    times = [entry["time"] for entry in server.seen]
    assert times[1] - times[0] >= 0.5
    assert len(times) == 11


def test_a_pause_holds_for_all_requests(data, records, serve, tmp_path):
    server = serve(right(records), faults={"1": {"status": 503, "retry_after": "0.6"}}, seconds=0.02)
    sample(data, tmp_path / "out", server.policy, max_samples=2, fixed=True, concurrency=2)
    times = [entry["time"] for entry in server.seen]
    assert min(time - times[1] for time in times[2:]) >= 0.6


def test_a_pause_may_be_given_as_a_date():
    assert seconds_asked("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert seconds_asked("Fri, 31 Dec 9999 23:59:59 GMT") > 1e9
    assert seconds_asked("12.5") == 12.5
    assert [seconds_asked(header) for header in (None, "soon", "nan")] == [None, None, None]


def test_a_server_that_asks_for_hours_is_left_alone(data, records, serve, tmp_path):
    server = serve(right(records), always={"status": 429, "retry_after": "86400"})
    with pytest.raises(PolicyTrouble, match=r"asks us to wait 86,400 s \(429: .*a fault"):
        sample(data, tmp_path / "out", server.policy, max_samples=1)


def test_a_request_that_the_server_refuses_is_counted_and_left_out(data, records, serve, tmp_path):
    fault = {"status": 400, "message": "This model's maximum context length is 10 tokens"}
    server = serve(right(records), faults={"3": fault})
    summary = sample(data, tmp_path / "out", server.policy, max_samples=2, fixed=True, concurrency=1)
    assert (summary.completions, summary.missing) == (19, {"refused": 1})
    assert "maximum context length is 10" in summary.examples["refused"]
    assert len(server.seen) == 20


def test_a_server_that_refuses_everything_is_not_asked_for_ever(records, data, serve, tmp_path):
    server = serve(right(records), always={"status": 400, "message": "temperature is not allowed"})
    with pytest.raises(PolicyTrouble, match=r"toy: not one completion \(400: .*temperature is not allowed"):
        sample(data, tmp_path / "out", server.policy, max_samples=200, fixed=True, concurrency=1)
    assert len(server.seen) == 20
    assert not (tmp_path / "out").exists()


def test_the_limit_is_renamed_where_the_server_wants_that(data, records, serve, tmp_path):
    message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    server = serve(right(records), faults={"0": {"status": 400, "message": message}})
    summary = sample(data, tmp_path / "out", server.policy, max_samples=1, fixed=True, concurrency=1)
    assert summary.completions == 10
    assert [entry["request"].get("max_completion_tokens") for entry in server.seen] == [None] + [4096] * 10


def test_a_request_that_fails_for_ever_does_not_hold_up_the_others(data, records, serve, tmp_path):
    server = serve(right(records), poison={records[4].prompt: {"status": 500}}, seconds=0.1)
    summary = sample(data, tmp_path / "out", server.policy, max_samples=1, fixed=True, concurrency=2)
    assert (summary.completions, summary.missing) == (9, {"failed": 1})
    assert len(server.seen) == 9 + 8


@pytest.mark.parametrize(
    ("plan", "policy", "error", "message"),
    [
        ({"key": "secret"}, "{url}#toy", UsageError, "refused the key in OPENAI_API_KEY"),
        ({}, "{url}#other", UsageError, "has no model other .*does not exist.*; it has toy"),
        ({}, "{url}/v2#toy", UsageError, "is not the address of an API"),
        ({"no_usage": True}, "{url}#toy", UsageError, "does not say how many tokens it used"),
    ],
)
def test_what_cannot_work_ends_in_one_line_and_leaves_nothing(
    plan, policy, error, message, data, records, serve, tmp_path
):
    server = serve(right(records), **plan)
    with pytest.raises(error, match=message) as raised:
        sample(data, tmp_path / "out", f"openai:{policy.format(url=server.url)}", token_budget=10**6)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_a_server_that_is_not_there_is_named(data, serve, tmp_path):
    with pytest.raises(PolicyTrouble, match=r"http://127.0.0.1:9/v1: cannot be reached: .*; is the server running"):
        sample(data, tmp_path / "out", "openai:http://127.0.0.1:9/v1#toy")
    assert not (tmp_path / "out").exists()


def test_a_server_that_goes_away_leaves_what_it_has_answered(data, records, serve, tmp_path):
    server = serve(right(records), faults={str(number): {"drop": True} for number in range(5, 100)})
    with pytest.raises(PolicyTrouble, match="5 completions are kept; the same command resumes"):
        sample(data, tmp_path / "out", server.policy, max_samples=1, fixed=True, concurrency=1, timeout=0.5)
    server.change(faults={})
    before = len(server.seen)
    summary = sample(data, tmp_path / "out", server.policy, max_samples=1, fixed=True)
    assert (summary.completions, summary.new) == (10, 5)
    assert len(server.seen) == before + 5


def test_no_more_tokens_are_spent_than_the_budget_has(data, records, serve, tmp_path):
    server = serve(right(records))
    most = max(len(record.prompt.encode()) for record in records) + 32 + 200
    settings = {"max_samples": 4, "fixed": True, "max_tokens": 200, "token_budget": 4000}
    summary = sample(data, tmp_path / "out", server.policy, **settings)
    assert summary.exhausted
    assert 4000 - most < summary.tokens <= 4000
    assert summary.completions == len(server.seen) == summary.tokens // 120


def test_a_budget_counts_what_an_earlier_run_has_spent(data, records, serve, tmp_path):
    server = serve(right(records))
    settings = {"max_samples": 4, "fixed": True, "max_tokens": 200, "token_budget": 4000}
    first = sample(data, tmp_path / "out", server.policy, **settings)
    again = sample(data, tmp_path / "out", server.policy, **settings)
    assert (again.exhausted, again.new, again.tokens) == (True, 0, first.tokens)


def test_a_budget_without_room_for_one_request_is_an_error(data, records, serve, tmp_path):
    server = serve(right(records))
    with pytest.raises(UsageError, match="token_budget 50 has no room for a prompt and 200 tokens"):
        sample(data, tmp_path / "out", server.policy, max_tokens=200, token_budget=50)
    assert server.seen == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "url", ["http://#m", "http:///v1#m", "http://host:abc/v1#m", "http://[::1/v1#m", "http://a b/v1#m"]
)
def test_what_is_no_address_is_said_to_be_none(url, data, tmp_path):
    with pytest.raises(UsageError, match="cannot be read; write openai:http://HOST:PORT/v1#MODEL"):
        sample(data, tmp_path / "out", f"openai:{url}")


def test_a_system_message_that_is_no_text_is_refused(data, served, tmp_path):
    with pytest.raises(UsageError, match="the system message is not UTF-8"):
        sample(data, tmp_path / "out", served.policy, system="\udcff")


def test_a_key_that_no_header_can_hold_is_refused(data, served, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "schl\u00fcssel")
    with pytest.raises(UsageError, match="the key in OPENAI_API_KEY holds characters that no key has"):
        sample(data, tmp_path / "out", served.policy)
