"""Datasets for the tests of cards: generated, curated by a recipe, and rows of others; each is made once."""

import json

import pyarrow
import pyarrow.parquet
import pytest

import taskgen
from taskgen.curation.recipes.reading import read_recipe
from taskgen.curation.recipes.running import run_recipe
from taskgen.curation.recipes.steps import LoadSettings, Step, load_step
from taskgen.curation.sources import open_source
from taskgen.curation.stages import no_report
from taskgen.engine.building import build
from taskgen.engine.orders import place_order
from taskgen.publishing.cards.card import write_card
from taskgen.publishing.croissant import croissant
from taskgen.publishing.facts import gather

RECIPE = """\
name: small
stages:
  - generate:
      tasks:
        - {task: knights_and_knaves, difficulty: 1-2, count: {train: 40, test: 6}}
        - {task: countdown, difficulty: 1, count: 20}
      seed: 3
  - dedup: {by: structure}
  - decontaminate: {against: [evaluation.jsonl]}
  - rollout: {policy: "replay:completions.jsonl", max_samples: 8}
  - filter: {pass_rate: "0.1:0.9"}
  - mix: {curriculum: true, stages: 2}
  - split
"""
ORDERS = [
    {"count": 40, "seed": 5},
    {"count": 6, "seed": 5, "split": "test"},
]


@pytest.fixture(scope="session")
def generated(tmp_path_factory):
    """Two tasks at rungs 2 and 3, with a test split."""
    folder = tmp_path_factory.mktemp("generated") / "set"
    for order in ORDERS:
        build(place_order([("sudoku", (2, 3)), ("linear_system", (2, 3))], **order), folder, workers=1)
    return dressed(folder)


@pytest.fixture(scope="session")
def curated(tmp_path_factory):
    """What a recipe leaves of two tasks after decontamination, filter and mix, in two stages."""
    place = tmp_path_factory.mktemp("curated")
    recipe = place / "recipe.yaml"
    recipe.write_text(RECIPE)
    records = [
        taskgen.task(name).generate(difficulty=rung, seed=3, split=split, index=index)
        for name, rung, split, count in [
            ("knights_and_knaves", 1, "train", 26),
            ("knights_and_knaves", 2, "train", 26),
            ("knights_and_knaves", 1, "test", 5),
            ("knights_and_knaves", 2, "test", 5),
            ("countdown", 1, "train", 24),
        ]
        for index in range(count)
    ]
    write_lines(place / "evaluation.jsonl", [{"problem": record.problem} for record in records[:4]])
    write_lines(place / "completions.jsonl", [row for record in records for row in replayed(record)])
    run_recipe(read_recipe(recipe), place / "out", workers=1)
    return dressed(place / "out")


@pytest.fixture(scope="session")
def foreign(tmp_path_factory):
    """Questions of somebody else's, with a chat and a date, as `load` takes them."""
    place = tmp_path_factory.mktemp("foreign")
    rows = [
        {"question": f"What | is {n} + {n}?", "answer": str(2 * n), "chat": [{"role": "user", "content": "?"}], "n": n}
        for n in range(30)
    ]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), place / "questions.parquet")
    source = open_source(str(place / "questions.parquet"))
    load_step(Step(source, place / "out", place, (), 1, no_report), LoadSettings(str(place / "questions.parquet")))
    return dressed(place / "out")


def dressed(folder, training=()):
    """The folder, with its card and its Croissant metadata."""
    facts = gather(folder)
    (folder / "README.md").write_text(write_card(facts, [], {}, training))
    (folder / "croissant.json").write_bytes(croissant(facts))
    return folder


def replayed(record):
    """Eight completions, right as often as the first digit of the record's id is high."""
    right = int(record.id[0], 16) // 2
    for number in range(8):
        answer = record.answer if number < right else "?"
        yield {"id": record.id, "number": number, "completion": f"<answer>{answer}</answer>"}


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
