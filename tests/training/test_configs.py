"""The ready configurations in a dataset: each script exports the dataset and starts its trainer with options it knows.

The trainers need GPUs. In their place stand modules that write down what they were started with. That the real ones
take these options was checked by hand: verl 0.9.1 (its configuration composes, its own check passes, it loads and calls
the reward function), OpenRLHF 0.11.2 (its parser and the checks behind it), verifiers 0.4.0 (it resolves the `env`
blocks and loads the Taskset); prime-rl's other keys are those of its documentation at 0.8.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pyarrow.parquet
import pytest

import taskgen
from taskgen.training.bundle import training_files
from tests.engine.conftest import command

VERL = set(
    """
    algorithm.adv_estimator
    data.train_files data.val_files data.val_max_samples data.train_batch_size data.max_prompt_length
    data.max_response_length data.filter_overlong_prompts
    reward.custom_reward_function.path reward.custom_reward_function.name
    actor_rollout_ref.model.path actor_rollout_ref.actor.optim.lr actor_rollout_ref.actor.ppo_mini_batch_size
    actor_rollout_ref.actor.use_dynamic_bsz actor_rollout_ref.actor.ppo_max_token_len_per_gpu
    actor_rollout_ref.actor.clip_ratio_high actor_rollout_ref.rollout.name actor_rollout_ref.rollout.n
    actor_rollout_ref.rollout.tensor_model_parallel_size actor_rollout_ref.rollout.gpu_memory_utilization
    trainer.n_gpus_per_node trainer.nnodes trainer.total_epochs trainer.test_freq trainer.save_freq trainer.logger
    trainer.project_name trainer.experiment_name trainer.default_local_dir hydra.run.dir
    """.split()
)
OPENRLHF = set(
    """
    --data.prompt_dataset --data.input_key --data.label_key --data.apply_chat_template --data.max_len
    --eval.dataset --eval.steps --reward.remote_url
    --actor.model_name_or_path --actor.adam.lr --actor.eps_clip_low_high --actor.gradient_checkpointing_enable
    --actor.num_nodes --actor.num_gpus_per_node --algo.advantage.estimator --algo.kl.init_coef
    --rollout.n_samples_per_prompt --rollout.batch_size --rollout.max_new_tokens
    --train.batch_size --train.num_episodes --train.max_epochs --train.dynamic_batch_enable --train.max_tokens_per_gpu
    --train.colocate_all --vllm.num_engines --vllm.tensor_parallel_size --vllm.gpu_memory_utilization
    --vllm.enable_sleep --ds.enable_sleep --ds.zero_stage --ds.packing_samples --ds.attn_implementation
    --ckpt.output_dir --ckpt.path --ckpt.save_steps
    """.split()
)
PRIME_RL = set(
    """
    output_dir max_steps seq_len deployment.num_train_gpus deployment.num_infer_gpus model.name trainer.optim.lr
    ckpt.interval orchestrator.batch_size orchestrator.train.sampling.max_completion_tokens
    orchestrator.train.source.name orchestrator.train.source.group_size orchestrator.train.source.env.taskset.id
    orchestrator.train.source.env.agent.harness.id orchestrator.train.source.env.agent.runtime.type
    orchestrator.eval.interval orchestrator.eval.sampling.max_completion_tokens
    orchestrator.eval.source.name orchestrator.eval.source.env.taskset.id
    orchestrator.eval.source.env.agent.harness.id orchestrator.eval.source.env.agent.runtime.type
    """.split()
)
WRITES_DOWN = """
import json, os, sys
open(os.environ["STARTED"], "w").write(json.dumps({"words": sys.argv[1:], "path": os.environ.get("PYTHONPATH", "")}))
"""


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory):
    """A folder with modules and a command that are called as the trainers are."""
    folder = tmp_path_factory.mktemp("trainers")
    for module in ("verl/trainer/main_ppo.py", "openrlhf/cli/train_ppo_ray.py"):
        (folder / module).parent.mkdir(parents=True)
        (folder / module).write_text(WRITES_DOWN)
    (folder / "rl").write_text(f"#!{sys.executable}\n{WRITES_DOWN}")
    (folder / "rl").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """A dataset with a test split, in a folder whose name means something to every shell and trainer."""
    folder = tmp_path_factory.mktemp("place") / "a set, d1,3"
    for split, count in (("train", 6), ("test", 3)):
        order = ("-t", "countdown", "-d", "1,3", "-n", count, "--split", split)
        code, _, complaints = command("generate", *order, "-o", folder, cwd=folder.parent)
        assert code == 0, complaints
    _add_training_files(folder)
    return folder


@pytest.fixture(scope="module")
def without_test_split(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place") / "alone"
    assert command("generate", "-t", "countdown", "-d", 1, "-n", 4, "-o", folder, cwd=folder.parent)[0] == 0
    _add_training_files(folder)
    return folder


def _add_training_files(folder):
    for path, content in training_files().items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(content)


def start(folder, script, stand_ins, *words, **environment):
    """Run a script from elsewhere; what its trainer was started with."""
    note = stand_ins / "started.json"
    note.unlink(missing_ok=True)
    path = os.pathsep.join([str(stand_ins), str(Path(sys.executable).parent), os.environ["PATH"]])
    modules = os.pathsep.join([str(stand_ins), str(Path(taskgen.__file__).parents[1])])
    environment = os.environ | {"PATH": path, "PYTHONPATH": modules, "STARTED": str(note)} | environment
    line = ["bash", f"{folder.name}/configs/{script}", *words]
    done = subprocess.run(line, cwd=folder.parent, env=environment, capture_output=True, text=True, check=False)
    return done, json.loads(note.read_text()) if note.exists() else None


def overrides(words):
    """Hydra's overrides, quotes taken off."""
    return {name: value.strip("'") for name, _, value in (word.partition("=") for word in words)}


def flags(words):
    """Flags with what follows each."""
    found = {}
    for word in words:
        if word.startswith("--"):
            values = found[word] = []
        else:
            values.append(word)
    return found


def judge(file):
    """The module that judges in an export."""
    specification = importlib.util.spec_from_file_location("judge", file)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def answers(folder):
    """A problem with a right and a wrong completion."""
    record = taskgen.load(folder)[0]
    return record.problem, f"<answer>{record.answer}</answer>", "<answer>1</answer>"


def test_verl_is_started_on_the_export_with_options_that_it_knows(generated, stand_ins):
    _, started = start(generated, "verl.sh", stand_ins)
    options = overrides(started["words"])
    assert options.keys() <= VERL
    assert pyarrow.parquet.read_table(options["data.train_files"]).num_rows == 6
    assert pyarrow.parquet.read_table(options["data.val_files"]).num_rows == 3
    assert options["trainer.default_local_dir"] == str(generated / "runs/verl")


def test_without_a_held_out_split_verl_is_measured_on_some_of_what_it_trains_on(without_test_split, stand_ins):
    _, started = start(without_test_split, "verl.sh", stand_ins)
    options = overrides(started["words"])
    assert options.keys() <= VERL
    assert options["data.val_files"] == options["data.train_files"]
    assert options["data.val_max_samples"] == "256"


def test_the_reward_function_that_verl_is_told_tells_right_from_wrong_and_fails_aloud(generated, stand_ins):
    _, started = start(generated, "verl.sh", stand_ins)
    options = overrides(started["words"])
    score = getattr(judge(options["reward.custom_reward_function.path"]), options["reward.custom_reward_function.name"])
    problem, right, wrong = answers(generated)
    assert [score("taskgen/countdown", text, problem)["score"] for text in (right, wrong)] == [1.0, 0.0]
    with pytest.raises(RuntimeError):
        score("taskgen/countdown", right, "no problem")


def test_openrlhf_is_started_on_the_export_with_flags_that_it_knows(generated, stand_ins):
    _, started = start(generated, "openrlhf.sh", stand_ins)
    options = flags(started["words"])
    assert options.keys() <= OPENRLHF
    rows = pyarrow.parquet.read_table(options["--data.prompt_dataset"][0])
    assert (rows.num_rows, set(options["--data.input_key"] + options["--data.label_key"]) <= {*rows.schema.names}) == (
        6,
        True,
    )
    assert pyarrow.parquet.read_table(options["--eval.dataset"][0]).num_rows == 3
    assert "," not in Path(options["--data.prompt_dataset"][0]).parent.name, "OpenRLHF would read two datasets"


def test_without_a_held_out_split_openrlhf_does_not_evaluate(without_test_split, stand_ins):
    _, started = start(without_test_split, "openrlhf.sh", stand_ins)
    assert not [word for word in started["words"] if word.startswith("--eval")]


def test_the_reward_function_that_openrlhf_is_told_tells_right_from_wrong_and_fails_aloud(generated, stand_ins):
    _, started = start(generated, "openrlhf.sh", stand_ins)
    reward = judge(flags(started["words"])["--reward.remote_url"][0]).reward_func
    problem, right, wrong = answers(generated)
    assert [reward([f"? {text}"], ["? "], [problem])["rewards"].item() for text in (right, wrong)] == [1.0, 0.0]
    with pytest.raises(RuntimeError):
        reward([right], [""], ["no problem"])


def test_prime_rl_is_started_with_keys_that_it_knows_where_it_finds_the_taskset(generated, stand_ins):
    _, started = start(generated, "prime_rl.sh", stand_ins)
    words = started["words"]
    assert words[:4] == ["@", "configs/prime_rl.toml", "@", "configs/prime_rl_eval.toml"]
    assert {key for file in (words[1], words[3]) for key in keys(read(generated / file))} <= PRIME_RL
    assert words[4] == "--orchestrator.eval.source.0.env.taskset.file"
    assert len(Path(words[5]).read_text().splitlines()) == 3
    (source,) = read(generated / words[1])["orchestrator"]["train"]["source"]
    export = Path(started["path"].split(os.pathsep)[0])
    assert (export / f"{source['env']['taskset']['id']}.py").is_file()
    assert len((export / "train.jsonl").read_text().splitlines()) == 6


def read(file):
    return tomllib.loads(file.read_text())


def keys(table, above=""):
    """The dotted keys of all values; of a list of tables, those of each."""
    for key, value in table.items():
        inner = value if isinstance(value, list) and isinstance(value[0], dict) else [value]
        for item in inner:
            if isinstance(item, dict):
                yield from keys(item, f"{above}{key}.")
            else:
                yield f"{above}{key}"


def test_without_a_held_out_split_prime_rl_does_not_evaluate(without_test_split, stand_ins):
    _, started = start(without_test_split, "prime_rl.sh", stand_ins)
    assert started["words"] == ["@", "configs/prime_rl.toml"]


@pytest.mark.parametrize(
    ("script", "option"),
    [("verl.sh", "trainer.nnodes=2"), ("openrlhf.sh", "--train.colocate_all"), ("prime_rl.sh", "--dry-run")],
)
def test_options_of_the_user_come_last_and_a_second_start_is_the_same(without_test_split, stand_ins, script, option):
    first, again = (start(without_test_split, script, stand_ins, option)[1] for _ in range(2))
    assert first["words"][-1] == option
    assert again == first


def test_model_and_gpus_are_named_in_the_environment(without_test_split, stand_ins):
    _, verl = start(without_test_split, "verl.sh", stand_ins, MODEL="my/model", GPUS="2")
    assert overrides(verl["words"])["actor_rollout_ref.model.path"] == "my/model"
    assert overrides(verl["words"])["trainer.n_gpus_per_node"] == "2"
    _, openrlhf = start(without_test_split, "openrlhf.sh", stand_ins, MODEL="my/model", GPUS="2")
    options = flags(openrlhf["words"])
    assert options["--actor.model_name_or_path"] == ["my/model"]
    assert options["--actor.num_gpus_per_node"] == options["--vllm.num_engines"] == ["2"]


@pytest.mark.parametrize("script", ["verl.sh", "openrlhf.sh", "prime_rl.sh"])
def test_where_the_export_fails_no_trainer_is_started(without_test_split, stand_ins, tmp_path, script):
    folder = tmp_path / "set"
    (folder / "data").mkdir(parents=True)
    _add_training_files(folder)
    done, started = start(folder, script, stand_ins)
    assert (done.returncode, started) == (2, None)
    assert done.stderr.startswith("taskgen: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_dataset_carries_the_very_files_that_lie_in_the_package():
    import taskgen.training

    here = Path(taskgen.training.__file__).parent
    files = training_files()
    assert set(files) == {
        "train_grpo.py",
        "train_trl.py",
        "configs/verl.sh",
        "configs/openrlhf.sh",
        "configs/prime_rl.sh",
        "configs/prime_rl.toml",
        "configs/prime_rl_eval.toml",
    }
    assert all((here / path).read_bytes() == content for path, content in files.items())
