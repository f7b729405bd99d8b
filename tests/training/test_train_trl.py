"""The TRL script that every dataset carries, run as its user runs it: in the folder, on a model that is a folder."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("trl")

import taskgen
from taskgen.engine.building import build
from taskgen.engine.orders import place_order
from taskgen.training import train_trl
from tests.training.tiny_policy import write_policy

MARGIN = 0.15
"""By so much held-out reward must rise. It is a mean over 1,024 completions: its standard error is at most 0.016, that
of a difference 0.022. Three seeds of TRL's gave 0.27 to 0.59, 0.29 to 0.59 and 0.28 to 0.56.
"""
KNOBS = {"tier": 1, "spread": 0, "terms": 2, "coefficient": 9}
SAMPLING = "--num_generations 8 --gradient_accumulation_steps 1 --max_completion_length 20"
BATCHES = f"{SAMPLING} --per_device_train_batch_size 128 --per_device_eval_batch_size 512"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Terms such as -3*w^2 + 6 to be integrated, and the script beside them."""
    folder = tmp_path_factory.mktemp("trl") / "set"
    for split, count in (("train", 3000), ("test", 128)):
        order = place_order([("antiderivative", [1])], knobs=KNOBS, count=count, split=split, wording="terse")
        build(order, folder, workers=1)
    shutil.copy(train_trl.__file__, folder)
    return folder


def run(folder, model, options):
    """What `python train_trl.py` prints."""
    settings = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder.parent / "hub"), "COLUMNS": "400"}
    words = [sys.executable, "train_trl.py", "--model", str(model), *options.split()]
    done = subprocess.run(
        words, cwd=folder, env=os.environ | settings, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def rewards(output):
    return [float(value) for value in re.findall(r"held-out reward \w+ training: ([0-9.]+)", output)]


def test_held_out_reward_rises_by_a_wide_margin(dataset):
    write_policy(dataset, dataset.parent / "warm", steps=1000)
    output = run(dataset, dataset.parent / "warm", f"{BATCHES} --max_steps 60 --learning_rate 1e-3 --held_out 128")
    before, after = rewards(output)
    assert before > 0.1
    assert before + MARGIN < after
    assert (dataset / "runs/trl/model.safetensors").is_file()
    assert {path.name for path in dataset.iterdir()} >= {"data", "manifest.json", "train_trl.py", "runs"}


def test_a_model_with_a_chat_template_is_asked_in_chat_and_a_run_goes_on_where_it_stopped(dataset):
    template = "{% for message in messages %}[{{ message.role }}] {{ message.content }}{% endfor %}"
    write_policy(dataset, dataset.parent / "chat", steps=1, chat_template=template)
    few = (
        f"{SAMPLING} --per_device_train_batch_size 8 --per_device_eval_batch_size 8 --held_out 2 --output_dir runs/chat"
    )
    output = run(
        dataset, dataset.parent / "chat", f"{few} --max_steps 1 --save_steps 1 --logging_steps 1 --log_completions"
    )
    assert re.search(r"USER .*\n.*Antiderivative with", output)
    assert len(rewards(output)) == 2
    again = run(dataset, dataset.parent / "chat", f"{few} --max_steps 2 --save_steps 1 --held_out 0")
    assert rewards(again) == []  # nothing is held out, nothing is measured
    assert {path.name for path in (dataset / "runs/chat").glob("checkpoint-*")} == {"checkpoint-1", "checkpoint-2"}


def test_a_correct_answer_is_worth_1_and_any_other_0():
    record = taskgen.task("countdown").generate(difficulty=1)
    right, wrong = f"<answer>{record.answer}</answer>", "<answer>1</answer>"
    assert train_trl.reward([right, wrong, "no idea"], problem=[record.problem] * 3, prompts=["?"] * 3) == [
        1.0,
        0.0,
        0.0,
    ]
    chats = [[{"role": "assistant", "content": text}] for text in (right, wrong)]
    assert train_trl.reward(chats, problem=[record.problem] * 2) == [1.0, 0.0]


def test_what_the_verifier_cannot_judge_has_no_reward():
    assert train_trl.reward(["<answer>1</answer>"], problem=['{"task":"no_such_task","version":1,"fields":{}}']) == [
        None
    ]


def test_the_script_is_short_and_imports_of_taskgen_only_what_a_training_node_has():
    text = Path(train_trl.__file__).read_text()
    assert len(text.splitlines()) < 80
    assert re.findall(r"^(?:import|from) (taskgen\S*)", text, re.MULTILINE) == ["taskgen"]
