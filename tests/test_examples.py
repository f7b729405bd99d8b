"""The examples run as their first lines say, on a machine without a network."""

import json
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import datasets
import pyarrow.parquet

EXAMPLES = Path(__file__).parents[1] / "examples"


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
