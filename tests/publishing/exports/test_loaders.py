"""Every trainer whose code can be imported here reads its export with that code and judges through it.

trl is among the requirements of the tests. The others are installed from `loaders.txt` into the folder that
TASKGEN_LOADERS names; without it they are skipped. What was run is said in `loading.py`, a function a trainer. EasyR1,
slime, open-instruct and NeMo Gym are on no registry: `test_layouts.py` compares their exports with what their sources
read.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from taskgen.curation.sources import open_source
from taskgen.publishing.exports.writing import export
from tests.publishing.exports.loading import CHAT_TEMPLATE
from tests.publishing.exports.mixed import records, single, write_dataset

ROOT = Path(__file__).parents[3]
HERE = os.environ.get("TASKGEN_LOADERS")
INSTALLED = ("verl", "openrlhf", "skyrl", "verifiers", "nemo-gym", "ms-swift")
"""ms-swift last: it changes `datasets` and trl when it is imported."""
needs_loaders = pytest.mark.skipif(not HERE, reason="TASKGEN_LOADERS names no folder with loaders.txt installed")
pytestmark = pytest.mark.xdist_group("export-loaders")


def with_pass_rate(table):
    import pyarrow

    return table.append_column("pass_rate", pyarrow.array([place / 100 for place in range(table.num_rows)]))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """What the loaders made of the exports: rows by trainer."""
    folder = tmp_path_factory.mktemp("loading")
    source = open_source(str(write_dataset(folder / "mixed", change=with_pass_rate)))
    names = ("trl", *(INSTALLED if HERE else ()))
    for name in names:
        export(source, name, folder / "exports" / name)
    (folder / "results").mkdir()
    (folder / "answers.json").write_text(
        json.dumps({record.problem: completions(record) for record in records("train")})
    )
    process = subprocess.run(
        [
            *(sys.executable, "-m", "tests.publishing.exports.loading"),
            *(folder / "exports", folder / "answers.json", folder / "results", *names),
        ],
        cwd=ROOT,
        env=os.environ
        | {"HF_HOME": str(folder / "hub"), "HF_HUB_OFFLINE": "1", "MODELSCOPE_CACHE": str(folder / "modelscope")}
        | {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    return {name: json.loads((folder / "results" / f"{name}.json").read_text()) for name in names}


def completions(record):
    """A right one and a wrong one; of a dialogue the moves, and one move that ends nothing."""
    if record.task == "mastermind":
        return [record.answer, json.dumps([["A A A A", ""]])]
    return [f"<think>hm</think><answer>{record.answer}</answer>", "<answer>I do not know</answer>"]


def rows(loaded, name):
    result = loaded[name]
    assert "error" not in result, result["error"]
    return result["rows"]


def chat(record):
    return [{"role": "user", "content": record.prompt}]


def check(found, expected, scored=True):
    """The rows arrive complete, in order, with prompt and problem as they were; right is 1 and wrong is 0."""
    assert [row["prompt"] for row in found] == [chat(record) for record in expected]
    assert [row["problem"] for row in found] == [record.problem for record in expected]
    if scored:
        assert [row["scores"] for row in found] == [[1.0, 0.0]] * len(expected)


def facts(expected, rates):
    return [
        {
            "index": index,
            "split": "train",
            "task": record.task,
            "id": record.id,
            "difficulty": record.difficulty,
            "pass_rate": rate,
        }
        for index, (record, rate) in enumerate(zip(expected, rates, strict=True))
    ]


RATES = [place / 100 for place in range(8)]


def test_trl_trains_on_its_export_and_hands_every_column_to_the_reward(loaded):
    found = rows(loaded, "trl")
    check(found, single("train"))
    assert [row["facts"] for row in found] == facts(single("train"), RATES)
    assert {row["sampled"] for row in found} == {0.0}  # four characters of an untrained model


@needs_loaders
def test_verl_reads_its_export_with_rlhf_dataset(loaded):
    found = rows(loaded, "verl")
    check(found, single("train"))
    assert [row["facts"] for row in found] == facts(single("train"), RATES)
    assert [row["index"] for row in found] == list(range(8))
    assert [row["source"] for row in found] == [f"taskgen/{record.task}" for record in single("train")]


@needs_loaders
def test_openrlhf_reads_its_export_with_prompt_dataset(loaded):
    import jinja2

    found = rows(loaded, "openrlhf")
    template = jinja2.Template(CHAT_TEMPLATE)
    assert [row["prompt"] for row in found] == [template.render(messages=chat(record)) for record in single("train")]
    assert [row["problem"] for row in found] == [record.problem for record in single("train")]
    assert [row["scores"] for row in found] == [[1.0, 0.0]] * 8
    assert {row["source"] for row in found} == {"taskgen/knights_and_knaves", "taskgen/linear_system"}
    assert {row["images"] for row in found} == {None}


@needs_loaders
def test_skyrl_reads_its_export_with_prompt_dataset_and_plays_dialogues(loaded):
    found = rows(loaded, "skyrl")
    expected = [*single("train"), *(record for record in records("train") if record.task == "mastermind")]
    check(found, expected)
    rates = [place / 100 for place in range(12)]
    own = facts(expected[:8], rates[:8]) + facts(expected[8:], rates[8:])
    assert [row["facts"] for row in found] == own
    for row, record in zip(found[8:], expected[8:], strict=True):
        turns = json.loads(record.answer)
        won, lost = row["played"]
        assert won == [[0.0, False, 1]] * (len(turns) - 1) + [[1.0, True, 0]]
        assert lost == [[0.0, False, 1]]


@needs_loaders
def test_verifiers_reads_its_export_as_a_taskset(loaded):
    found = rows(loaded, "verifiers")
    check(found, single("train"))
    assert [row["facts"] for row in found] == [
        {"index": n, "id": record.id} for n, record in enumerate(single("train"))
    ]
    assert len({row["key"] for row in found}) == 8


@needs_loaders
def test_the_nemo_gym_taskset_of_verifiers_parses_the_rows_of_nemo_gym(loaded):
    found = rows(loaded, "nemo-gym")
    check(found, single("train"), scored=False)
    assert {row["agent"] for row in found} == {"taskgen_simple_agent"}


@needs_loaders
def test_ms_swift_reads_its_export_with_load_dataset(loaded):
    found = rows(loaded, "ms-swift")
    check(found, single("train"))
    assert [row["source"] for row in found] == [f"taskgen/{record.task}" for record in single("train")]
