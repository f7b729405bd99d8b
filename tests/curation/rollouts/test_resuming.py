"""Kills, Ctrl-C, torn files, two runs at once: what was paid for is kept and is not paid for again."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from taskgen.curation.rollouts.dialogues import Reply
from taskgen.curation.rollouts.journal import TurnLog
from taskgen.curation.rollouts.scoring import rescore
from taskgen.curation.rollouts.tallies import tallies
from taskgen.engine.errors import Damaged, FolderTaken, UsageError
from tests.curation.rollouts.conftest import (
    ROOT,
    keys_in,
    make_records,
    right,
    rollouts_in,
    sample,
    tagged,
    verdicts_in,
    write,
)


def start(data, out, server, *options):
    """The command, in a process of its own."""
    arguments = ["rollout", data, "--policy", server.policy, "--out", out, "--fixed", "--max-samples", "4", *options]
    return subprocess.Popen(
        [sys.executable, "-m", "taskgen", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def kept_in_journal(out):
    return sum(path.read_bytes().count(b"\n") for path in out.glob("journal/[0-9]*"))


def wait_for(out, count, process):
    while kept_in_journal(out) < count:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)


def test_a_killed_run_resumes_without_paying_twice(data, records, serve, tmp_path):
    server, out = serve(right(records), seconds=0.15), tmp_path / "out"
    process = start(data, out, server, "--concurrency", "4")
    wait_for(out, 12, process)
    process.kill()
    process.communicate()
    kept, before = kept_in_journal(out), len(server.seen)
    assert 12 <= kept < 40
    assert not (out / "rollouts").exists()
    server.change(seconds=0)
    summary = sample(data, out, server.policy, max_samples=4, fixed=True)
    assert len(server.seen) - before == summary.new == 40 - kept
    assert sorted(keys_in(out)) == sorted(set(keys_in(out)))
    assert len(keys_in(out)) == len(verdicts_in(out)) == summary.correct == 40
    assert kept_in_journal(out) == 0


def test_ctrl_c_keeps_what_has_arrived_and_says_so(data, records, serve, tmp_path):
    server, out = serve(right(records), seconds=0.15), tmp_path / "out"
    process = start(data, out, server, "--concurrency", "4")
    wait_for(out, 12, process)
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=10)
    kept = kept_in_journal(out)
    assert process.returncode == 130
    assert complaints.decode() == f"taskgen: stopped; {kept} completions are kept; the same command resumes\n"


def test_ctrl_c_before_the_first_completion_leaves_nothing(data, records, serve, tmp_path):
    server, out = serve(right(records), always={"hang": 60}), tmp_path / "out"
    process = start(data, out, server)
    while not server.seen:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=20)
    assert process.returncode == 130
    assert complaints.decode() == "taskgen: stopped; 0 completions are kept; the same command resumes\n"
    assert not out.exists()


def test_a_torn_last_line_is_sampled_again(data, records, serve, tmp_path):
    server, out = serve(right(records), faults={"3": {"status": 401}}), tmp_path / "out"
    with pytest.raises(UsageError, match="refused the key"):
        sample(data, out, server.policy, max_samples=1, fixed=True, concurrency=1)
    journal = out / "journal" / "00000.jsonl"
    journal.write_bytes(journal.read_bytes()[:-10])
    summary = sample(data, out, server.policy, max_samples=1, fixed=True)
    assert (summary.completions, summary.new) == (10, 8)
    assert len(server.seen) == 4 + 8


def test_a_run_killed_between_a_part_and_its_journal_counts_nothing_twice(data, records, serve, tmp_path):
    server, out = serve(right(records)), tmp_path / "out"
    sample(data, out, server.policy, max_samples=2, fixed=True)
    rows = rollouts_in(out)
    (out / "journal").mkdir()
    (out / "journal" / "00000.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for part in (out / "verdicts").iterdir():
        part.unlink()
    summary = sample(data, out, server.policy, max_samples=2, fixed=True)
    assert (summary.completions, summary.new, summary.trials) == (20, 0, 20)
    assert len(rollouts_in(out)) == 20
    assert len(server.seen) == 20


def test_two_runs_do_not_share_a_folder(data, records, serve, tmp_path):
    server, out = serve(right(records), seconds=0.2), tmp_path / "out"
    process = start(data, out, server, "--concurrency", "2")
    wait_for(out, 1, process)
    with pytest.raises(FolderTaken, match="another taskgen is writing to"):
        sample(data, out, server.policy)
    process.kill()
    process.communicate()


def test_a_finished_command_asks_for_nothing(data, records, serve, tmp_path):
    server, out = serve(right(records)), tmp_path / "out"
    first = sample(data, out, server.policy)
    asked = len(server.seen)
    contents = {path: path.read_bytes() for path in out.rglob("*.parquet")}
    again = sample(data, out, server.policy)
    assert (again.completions, again.new, again.rounds) == (first.completions, 0, 0)
    assert len(server.seen) == asked == first.completions
    assert {path: path.read_bytes() for path in out.rglob("*.parquet")} == contents


def test_another_model_or_another_setting_is_another_key(data, records, serve, tmp_path):
    server, out = serve(right(records), models=["toy", "other"]), tmp_path / "out"
    sample(data, out, server.policy, max_samples=1)
    other = sample(data, out, server.policy.replace("#toy", "#other"), max_samples=1)
    cooler = sample(data, out, server.policy, max_samples=1, temperature=0.2)
    assert (other.new, other.completions, cooler.new, cooler.completions) == (10, 10, 10, 10)
    assert len({key[:3] for key in keys_in(out)}) == len(keys_in(out)) == 30


def test_more_samples_are_added_to_those_that_there_are(data, records, serve, tmp_path):
    server, out = serve(right(records)), tmp_path / "out"
    sample(data, out, server.policy, max_samples=2, fixed=True)
    part = (out / "rollouts" / "00000.parquet").read_bytes()
    summary = sample(data, out, server.policy, max_samples=3, fixed=True)
    assert (summary.new, summary.completions) == (10, 30)
    assert (out / "rollouts" / "00000.parquet").read_bytes() == part
    assert sorted(key[3] for key in keys_in(out)) == [0] * 10 + [1] * 10 + [2] * 10


def test_more_records_are_added_to_those_that_there_are(records, serve, tmp_path):
    server, out = serve(right(records)), tmp_path / "out"
    sample(write(records[:4], tmp_path / "four.parquet"), out, server.policy, max_samples=1)
    summary = sample(write(records[2:], tmp_path / "eight.parquet"), out, server.policy, max_samples=1)
    assert (summary.records, summary.completions, summary.new) == (8, 8, 6)
    assert [key[0] for key in keys_in(out)] == [record.id for record in records]


def test_dialogues_go_on_where_they_were(serve, tmp_path):
    games = make_records("mastermind", 4)
    moves = {game.prompt: [tagged(action) for action, _ in json.loads(game.answer)] for game in games}
    turns = sum(map(len, moves.values()))
    server, out = serve(moves, seconds=0.15), tmp_path / "out"
    data = write(games, tmp_path / "data.parquet")
    process = start(data, out, server, "--concurrency", "3")
    log = out / "journal" / "turns.jsonl"
    while not log.exists() or log.read_bytes().count(b"\n") < 10:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.kill()
    process.communicate()
    paid, before = log.read_bytes().count(b"\n"), len(server.seen)
    assert 10 <= paid < 4 * turns
    server.change(seconds=0)
    summary = sample(data, out, server.policy, max_samples=4, fixed=True)
    assert len(server.seen) - before == 4 * turns - paid
    assert (summary.completions, summary.correct) == (16, 16)
    assert not log.exists()


def test_a_dialogue_that_ended_just_before_the_kill_is_not_played_again(serve, tmp_path):
    (game,) = make_records("mastermind", 1)
    answers = [tagged(action) for action, _ in json.loads(game.answer)]
    server, out = serve({game.prompt: answers}), tmp_path / "out"
    data = write([game], tmp_path / "data.parquet")
    sample(data, out, server.policy, max_samples=1)
    (key,) = keys_in(out)
    for turn, answer in enumerate(answers):
        log = TurnLog(out, key[1], key[2])
        log.add(game.id, 1, turn, Reply(answer, "stop", 100, 20, 0.1))
        log.close()
    summary = sample(data, out, server.policy, max_samples=2, fixed=True)
    assert (summary.new, summary.correct) == (1, 2)
    assert len(server.seen) == len(answers)
    assert rollouts_in(out)[1] == rollouts_in(out)[0] | {"number": 1, "seconds": pytest.approx(0.1 * len(answers))}


def test_turns_of_another_model_are_not_forgotten(serve, tmp_path):
    games = make_records("mastermind", 2)
    moves = {game.prompt: [tagged(action) for action, _ in json.loads(game.answer)] for game in games}
    server, out = serve(moves, models=["toy", "other"], faults={"3": {"status": 401}}), tmp_path / "out"
    data = write(games, tmp_path / "data.parquet")
    with pytest.raises(UsageError):
        sample(data, out, server.policy, max_samples=1, fixed=True, concurrency=1)
    sample(data, out, server.policy.replace("#toy", "#other"), max_samples=1, fixed=True)
    before = len(server.seen)
    summary = sample(data, out, server.policy, max_samples=1, fixed=True)
    assert len(server.seen) - before == sum(map(len, moves.values())) - 3
    assert summary.correct == 2


def test_records_of_another_folder_are_noticed(data, records, serve, tmp_path):
    server, out = serve(right(records)), tmp_path / "out"
    sample(data, out, server.policy, max_samples=1)
    sample(write(records[:2], tmp_path / "two.parquet"), tmp_path / "other", server.policy, max_samples=1)
    (tmp_path / "other" / "records.parquet").replace(out / "records.parquet")
    with pytest.raises(Damaged, match=r"records\.parquet lacks record .*; it is of another folder"):
        rescore(out, everything=True, workers=1)
    with pytest.raises(Damaged, match="lacks record"):
        tallies(out)
