"""The tiny path for real: 4x4 sudoku from nothing, then the trained model as a policy of `taskgen rollout`."""

import json

import pytest

from taskgen.curation.rollouts.sampling import rollout
from taskgen.curation.rollouts.settings import RolloutSettings
from taskgen.curation.sources import open_source
from tests.training.runs import dataset, train

pytest.importorskip("transformers")
pytestmark = pytest.mark.xdist_group("train_grpo_learns")  # one training for all tests

ROWS = 400


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("learns") / "set"
    dataset(folder, count=1000)
    dataset(folder, count=ROWS, split="test", wording="terse")
    model = ["--width", "96", "--layers", "3", "--warm", "800", "--steps", "120", "--prompts", "8", "--group", "16"]
    return folder, train(folder, *model, "--look-rows", str(ROWS), "--look-samples", "4", "--look-every", "120")


def held_out(lines, phase):
    return next(line["held_out"] for line in reversed(lines) if line["phase"] == phase and "held_out" in line)


def test_the_warm_start_teaches_puzzles_that_were_never_seen(trained):
    """A model that has not been trained solves none; the standard error of 400 puzzles is 0.025 at most."""
    assert held_out(trained[1], "before") == 0
    assert held_out(trained[1], "warmed up") > 0.2


def test_grpo_raises_the_held_out_reward(trained):
    """The same puzzles before and after; the standard error of the gain is about 0.015."""
    assert held_out(trained[1], "grpo") > held_out(trained[1], "warmed up") + 0.03


def test_the_saved_model_is_the_policy_that_was_looked_at(trained, tmp_path):
    folder, lines = trained
    (tmp_path / "data").mkdir()
    name = "test-00000-of-00001.parquet"
    (tmp_path / "data" / name).write_bytes((folder / "data" / name).read_bytes())
    policy = f"transformers:{folder / 'runs' / 'tiny' / 'model'}"
    settings = RolloutSettings(policy=policy, max_samples=4, fixed=True, max_tokens=64, concurrency=256)
    summary = rollout(open_source(str(tmp_path)), tmp_path / "out", settings, workers=1)
    assert summary.completions == 4 * ROWS
    assert summary.correct / summary.completions == pytest.approx(held_out(lines, "end"), abs=0.04)


def test_the_metrics_are_lines_of_json_with_a_plot_beside_them(trained):
    run = trained[0] / "runs" / "tiny"
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert {"reward", "groups", "flat", "kept"} <= set(next(line for line in lines if "reward" in line))
    assert (run / "plot.png").read_bytes().startswith(b"\x89PNG")
