"""The loop: who gets how many completions, dialogues, and input that cannot be sampled."""

import json
from collections import Counter

import msgspec
import pyarrow
import pyarrow.parquet
import pytest

from taskgen.curation.pass_rates import more_samples
from taskgen.curation.rollouts.tallies import TALLIES, tallies
from taskgen.curation.stopping import StoppingRule
from taskgen.engine.errors import FolderTaken, UsageError
from tests.curation.rollouts.conftest import make_records, right, rollouts_in, sample, tagged, verdicts_in, write


def test_records_that_are_clear_get_fewer_samples_than_those_that_are_not(serve, tmp_path):
    easy, doubtful = make_records("linear_system", 10), make_records("linear_system", 6, difficulty=2)
    wrong = {one.prompt: [n for n in range(16) if (n % 4 == 0) == (place % 2)] for place, one in enumerate(doubtful)}
    server = serve(right(easy + doubtful), wrong=wrong)
    data = write(easy + doubtful, tmp_path / "data.parquet")
    summary = sample(data, tmp_path / "out", server.policy, max_samples=16)
    asked = Counter(entry["prompt"] for entry in server.seen)
    clear = sum(asked[record.prompt] for record in easy) / len(easy)
    unclear = sum(asked[record.prompt] for record in doubtful) / len(doubtful)
    assert clear < 3 < unclear <= 16
    assert summary.rounds > 1
    assert summary.completions == len(server.seen) == summary.trials


def test_sampling_ends_when_the_rule_asks_for_no_more(data, records, serve, tmp_path):
    server = serve(
        right(records), wrong={record.prompt: list(range(place)) for place, record in enumerate(records[:5])}
    )
    sample(data, tmp_path / "out", server.policy, max_samples=8, band="0.1:0.9")
    table = tallies(tmp_path / "out")
    cells = [0] * table.num_rows
    correct, trials = (table[name].to_numpy() for name in ("correct", "trials"))
    rule = StoppingRule(low=0.1, high=0.9)
    assert not more_samples(cells, correct, trials, rule, 8 - trials, cells).any()


def test_fixed_gives_every_record_as_many(data, records, serve, tmp_path):
    server = serve(right(records))
    sample(data, tmp_path / "out", server.policy, max_samples=5, fixed=True)
    assert Counter(entry["prompt"] for entry in server.seen) == {record.prompt: 5 for record in records}


def test_a_censored_completion_counts_towards_the_most_samples(data, records, serve, tmp_path):
    server = serve(right(records), always={"finish": "length"})
    summary = sample(data, tmp_path / "out", server.policy, max_samples=3)
    assert (summary.censored, summary.trials) == (30, 0)
    assert len(server.seen) == 30


def test_a_record_that_is_there_twice_is_sampled_once(records, serve, tmp_path):
    server = serve(right(records))
    data = write([*records, records[0], records[0]], tmp_path / "data.parquet")
    summary = sample(data, tmp_path / "out", server.policy, max_samples=1)
    assert (summary.records, len(server.seen)) == (10, 10)


def test_a_dialogue_is_played_turn_by_turn(serve, tmp_path):
    (game,) = make_records("mastermind", 1)
    turns = json.loads(game.answer)
    server = serve({game.prompt: [f"Let me see. {tagged(action)}" for action, _ in turns]})
    data = write([game], tmp_path / "data.parquet")
    summary = sample(data, tmp_path / "out", server.policy, max_samples=1, system="Play.")
    last = server.seen[-1]["request"]["messages"]
    assert [message["role"] for message in last] == ["system", "user", *["assistant", "user"] * (len(turns) - 1)]
    assert [message["content"] for message in last[3::2]] == [observation for _, observation in turns[:-1]]
    (row,) = rollouts_in(tmp_path / "out")
    assert row["completion"] == tagged(game.answer)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (100 * len(turns), 20 * len(turns))
    assert summary.correct == 1


def test_a_dialogue_with_a_turn_that_is_cut_short_is_censored(serve, tmp_path):
    (game,) = make_records("mastermind", 1)
    server = serve({game.prompt: ["<answer>A A A A</answer>"] * 20}, faults={"2": {"finish": "length"}})
    data = write([game], tmp_path / "data.parquet")
    summary = sample(data, tmp_path / "out", server.policy, max_samples=1)
    assert (summary.completions, summary.censored, len(server.seen)) == (1, 1, 3)


def test_tallies_count_the_completions_of_every_record(data, records, serve, tmp_path):
    wrong = {records[0].prompt: [0, 1], records[1].prompt: [1]}
    server, out = serve(right(records), wrong=wrong, models=["toy", "a"]), tmp_path / "out"
    sample(data, out, server.policy, max_samples=2, fixed=True)
    sample(data, out, server.policy, max_samples=3, fixed=True)
    server.change(always={"finish": "length"})
    sample(data, out, server.policy.replace("#toy", "#a"), max_samples=1)
    table = tallies(out)
    assert table.schema == TALLIES
    rows = table.to_pylist()
    assert [(row["id"], row["model"]) for row in rows] == [(one.id, model) for one in records for model in ("a", "toy")]
    counts = [(row["trials"], row["correct"], row["censored"], row["tokens"]) for row in rows]
    assert counts == [
        (0, 0, 1, 120),
        (3, 1, 0, 360),
        (0, 0, 1, 120),
        (3, 2, 0, 360),
        *[(0, 0, 1, 120), (3, 3, 0, 360)] * 8,
    ]
    first = {name: rows[0][name] for name in ("structure", "task", "difficulty", "knobs", "effort")}
    assert first == {name: getattr(records[0], name) for name in first}


def test_a_folder_without_rollouts_has_no_tallies(tmp_path):
    with pytest.raises(UsageError, match="holds no rollouts"):
        tallies(tmp_path)


def test_the_folder_describes_the_records_that_were_sampled(data, records, serve, tmp_path):
    server = serve(right(records))
    sample(data, tmp_path / "out", server.policy, max_samples=1)
    rows = pyarrow.parquet.read_table(tmp_path / "out" / "records.parquet").to_pylist()
    assert rows == [{name: getattr(record, name) for name in rows[0]} for record in records]
    assert {verdict["task_version"] for verdict in verdicts_in(tmp_path / "out")} == {records[0].task_version}


def changed(records, **columns):
    return [msgspec.structs.replace(record, **columns) for record in records]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"problem": "{}"}, "data.parquet row 1 cannot be judged: not a taskgen problem"),
        ({"problem": '{"task":"linear_system","version":99,"fields":{}}'}, "row 1 cannot be judged: .*upgrade taskgen"),
    ],
)
def test_a_problem_that_cannot_be_judged_is_not_paid_for(change, message, records, serve, tmp_path):
    server = serve({})
    data = write(changed(records, **change), tmp_path / "data.parquet")
    with pytest.raises(UsageError, match=message) as raised:
        sample(data, tmp_path / "out", server.policy)
    assert "\n" not in str(raised.value)
    assert server.seen == []
    assert not (tmp_path / "out").exists()


def drop(name):
    return lambda table: table.drop_columns([name])


def put(name, values):
    return lambda table: table.set_column(table.column_names.index(name), name, [values])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("problem"), "has no column problem"),
        (lambda table: table.slice(0, 0), "(has|holds) no rows"),
        (put("prompt", [[{"role": "user", "content": "Hello"}]] * 10), "column prompt does not hold string"),
        (put("difficulty", pyarrow.array(["hard"] * 10)), "column difficulty does not hold int8: .*hard"),
        (put("prompt", pyarrow.array([None] * 10, pyarrow.string())), "column prompt has rows without a value"),
    ],
)
def test_a_dataset_of_another_kind_ends_in_one_line_and_leaves_nothing(change, message, data, serve, tmp_path):
    pyarrow.parquet.write_table(change(pyarrow.parquet.read_table(data)), tmp_path / "other.parquet")
    server = serve({})
    with pytest.raises(UsageError, match=message) as raised:
        sample(tmp_path / "other.parquet", tmp_path / "out", server.policy)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_other_prompts_for_the_same_records_are_refused(data, records, serve, tmp_path):
    server, out = serve(right(records)), tmp_path / "out"
    sample(data, out, server.policy, max_samples=1)
    other = write(changed(records, prompt="Guess."), tmp_path / "other.parquet")
    before = {path: path.read_bytes() for path in out.rglob("*.parquet")}
    with pytest.raises(UsageError, match=f"holds rollouts of record {records[0].id} with another prompt"):
        sample(other, out, server.policy)
    assert {path: path.read_bytes() for path in out.rglob("*.parquet")} == before


def test_a_folder_of_something_else_is_not_touched(data, serve, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("chapter 1")
    with pytest.raises(FolderTaken, match="holds no rollouts; choose another --out"):
        sample(data, tmp_path / "out", serve({}).policy)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("policy", "band", "message"),
    [
        ("vllm:model", "0.2:0.8", "policy vllm:model cannot be read; write openai:URL#MODEL, transformers:PATH or"),
        ("replay:", "0.2:0.8", "policy replay: cannot be read"),
        ("openai:http://host/v1", "0.2:0.8", "write openai:http://HOST:PORT/v1#MODEL"),
        ("openai:host/v1#m", "0.2:0.8", "write openai:http://HOST:PORT/v1#MODEL"),
        ("replay:x", "0.8:0.2", "band 0.8:0.2 is out of range: 0 to 1, the lower rate first"),
        ("replay:x", "half", "band half cannot be read; write it as 0.2:0.8"),
    ],
)
def test_settings_that_cannot_be_read_are_named(policy, band, message, data, tmp_path):
    with pytest.raises(UsageError, match=message):
        sample(data, tmp_path / "out", policy, band=band)
    assert not (tmp_path / "out").exists()
