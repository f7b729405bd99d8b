"""The examples run as their first lines say, on a machine without a network."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import datasets
import pyarrow.parquet
import pytest

from tests.hub.server import WRITER, running_hub, settings

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
LOAD = """
import datasets, json
print(json.dumps([row for part in datasets.load_dataset("org/small").values() for row in part]))
"""


def test_the_offline_example_curates_a_set_from_nothing(tmp_path):
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    for command in (["examples/offline/make_inputs.py"], ["-m", "taskgen", "curate", "examples/offline/recipe.yaml"]):
        subprocess.run([sys.executable, *command], cwd=tmp_path, check=True, capture_output=True, timeout=300)
    out = tmp_path / "taskgen-data/offline"
    stages = json.loads((out / "manifest.json").read_bytes())["stages"]
    assert [stage["stage"] for stage in stages] == [
        "generate", "dedup", "decontaminate", "rollout", "filter", "mix", "split",
    ]  # fmt: skip
    for before, after in pairwise(stages):
        assert after["rows_in"] == before["rows_out"]
        assert after["rows_out"] + sum(after["reasons"].values()) == after["rows_in"]
    rows = datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache"))
    assert sum(split.num_rows for split in rows.values()) == stages[-1]["rows_out"] > 100
    assert all(0.2 <= rate <= 0.8 for rate in rows["train"]["pass_rate"])
    evaluation = [json.loads(line) for line in (tmp_path / "examples/offline/evaluation.jsonl").open()]
    kept = {structure for split in rows.values() for structure in split["structure"]}
    assert not kept & {item["structure"] for item in evaluation}
    dropped = pyarrow.parquet.read_table(out / "dropped/03-decontaminate.parquet")
    assert set(dropped["reason"].to_pylist()) == {"evaluation_structure"}
    assert dropped.num_rows == stages[2]["reasons"]["evaluation_structure"] >= 20


@pytest.mark.xdist_group("hub_push")
def test_a_set_goes_from_recipe_to_card_to_hub_to_training_with_a_model_trained_here_as_its_policy(tmp_path):
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    hub, home = tmp_path / "hub", tmp_path / "home"
    hub.mkdir()
    with running_hub(hub) as address:
        environment = os.environ | settings(home, address, WRITER) | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

        def run(*command):
            done = subprocess.run(
                [sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=400
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        recipe = (EXAMPLES / "small_model/recipe.yaml").read_text()
        lessons = shlex.split(
            recipe.replace("\n#  ", "").replace("\\", "").partition("taskgen generate")[2].split("python")[0]
        )
        run("-m", "taskgen", "generate", *lessons)
        run("examples/small_model/lessons/train_grpo.py", "--name", "policy", "--warm", "800", "--steps", "5")
        run("-m", "taskgen", "curate", "examples/small_model/recipe.yaml")
        out = tmp_path / "taskgen-data/small_model"
        run("-m", "taskgen", "push", str(out), "org/small", "--tag", "v1")
        rows = json.loads(run("-c", LOAD))
        run("-m", "taskgen", "pull", "org/small", "--revision", "v1", "--out", "pulled")
        trained = run("pulled/train_grpo.py", "--warm", "100", "--steps", "2")

    card = (out / "README.md").read_text()
    assert "`model@" in card
    assert (out / "plots/pass_rate.png").exists()
    local = [
        row for part in datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache")).values() for row in part
    ]
    assert rows == local
    assert {row["task"] for row in rows} == {"antiderivative", "sudoku"}
    assert all(0.05 <= row["pass_rate"] <= 0.9 for row in rows)
    assert "held-out pass rate" in trained
    assert (tmp_path / "pulled/runs/tiny/metrics.jsonl").exists()
