"""Curated folders to be made again, and what went into them."""

import json

import pyarrow.parquet
import pytest

from taskgen.curation.recipes.reading import read_recipe
from taskgen.curation.recipes.running import run_recipe

TRAIN = "data/train-00000-of-00001.parquet"
GENERATE = "stages:\n  - generate: {tasks: [{task: addition, difficulty: 1, count: {train: 120, test: 9}}], seed: 4}\n"
DEDUP = "  - dedup: {by: structure, max_loss: 0.9}\n"
LOAD = "stages:\n  - load: {data: rows.jsonl}\n  - dedup\n  - decontaminate: {against: [exam.jsonl]}\n"


def curate(folder, recipe):
    """A curated folder, `made`, and the recipe that it came from."""
    (folder / "recipe.yaml").write_text(recipe)
    return run_recipe(read_recipe(folder / "recipe.yaml"), folder / "made", workers=1).out


@pytest.fixture
def work(tmp_path):
    """A folder with the inputs of recipes."""
    folder = tmp_path / "work"
    folder.mkdir()
    rows = [f"what is {number} and {number * 7} together, if anything" for number in (1, 2, 2, 3)]
    (folder / "rows.jsonl").write_text("".join(json.dumps({"question": text}) + "\n" for text in rows))
    (folder / "exam.jsonl").write_text(json.dumps({"question": rows[3]}) + "\n")
    return folder


SAMPLED = """\
  - rollout: {{policy: "{policy}", max_samples: 4, fixed: true}}
  - filter: {{pass_rate: "0.2:0.8"}}
"""
PUBLISH = "  - publish: {rollouts: true}\n"


@pytest.fixture
def sampled(work, serve):
    """A recipe that asks a server, which is wrong in every other answer to every other prompt."""
    few = GENERATE.replace("train: 120, test: 9", "train: 12")
    rows = pyarrow.parquet.read_table(curate(work, few) / TRAIN).to_pylist()
    answers = {row["prompt"]: f"<answer>{row['answer']}</answer>" for row in rows}
    server = serve(answers, wrong={row["prompt"]: [0, 2] for row in rows[::2]})
    return few + SAMPLED.format(policy=server.policy), server
