"""Reads exports with the trainers' own loaders and judges through them, in a process that they may bend as they like.

    python -m tests.publishing.exports.loading EXPORTS ANSWERS RESULTS NAME...

EXPORTS holds a folder a trainer. TASKGEN_LOADERS names the folder where `loaders.txt` was installed. Of packages whose
`__init__` needs what no test can install (ray, vllm, deepspeed), the modules that load data are imported without it.
RESULTS gets a file a trainer: what its loader made of the training rows, and the rewards of a right and of a wrong
completion of each.
"""

import asyncio
import json
import os
import sys
import traceback
import types
from pathlib import Path
from types import SimpleNamespace

LOADERS = Path(os.environ.get("TASKGEN_LOADERS", "nowhere"))
CHAT_TEMPLATE = "{% for message in messages %}[{{ message.role }}]{{ message.content }}{% endfor %}[assistant]"
LENGTH = 4096


def bare_package(*names):
    """Let modules of packages be imported without the packages' own `__init__`."""
    for name in names:
        if name in sys.modules:
            continue
        package = types.ModuleType(name)
        package.__path__ = [str(LOADERS.joinpath(*name.split(".")))]
        sys.modules[name] = package
        parent, _, own = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], own, package)


def tokenizer():
    """Characters as tokens, and a chat template."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {chr(code): code for code in range(128)} | {"<unk>": 128}
    made = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    return PreTrainedTokenizerFast(
        tokenizer_object=made, chat_template=CHAT_TEMPLATE, pad_token="\0", eos_token="\x03", unk_token="<unk>"
    )


def load_file(path):
    """A Python file as a module, the way trainers load a user's functions."""
    import importlib.util

    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def trl(folder, answers):
    """GRPOTrainer takes one optimisation step on the export; what reaches the reward function is kept."""
    from datasets import load_dataset
    from transformers import LlamaConfig, LlamaForCausalLM
    from trl import GRPOConfig, GRPOTrainer

    reward = load_file(folder / "reward.py").reward
    seen = []

    def watch(prompts, completions, problem, **columns):
        rewards = reward(completions, problem)
        for place, (prompt, own) in enumerate(zip(prompts, problem, strict=True)):
            tried = [[{"role": "assistant", "content": text}] for text in answers[own]]
            facts = {name: columns[name][place] for name in ("index", "split", "task", "id", "difficulty", "pass_rate")}
            scores = reward(tried, [own] * 2)
            seen.append({"prompt": prompt, "problem": own, "scores": scores, "facts": facts, "sampled": rewards[place]})
        return rewards

    model = LlamaForCausalLM(
        LlamaConfig(vocab_size=129, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=1)
    )
    settings = GRPOConfig(
        str(folder.parent / "run"),
        per_device_train_batch_size=8,
        num_generations=2,
        max_completion_length=4,
        max_steps=2,
        shuffle_dataset=False,
        report_to="none",
        use_cpu=True,
        save_strategy="no",
    )
    data = load_dataset("parquet", data_files=str(folder / "train.parquet"), split="train")
    trainer = GRPOTrainer(model, watch, settings, data, processing_class=tokenizer())
    trainer.train()
    rows = {row["problem"]: row for row in seen}
    return sorted(rows.values(), key=lambda row: row["facts"]["index"])


def verl(folder, answers):
    """RLHFDataset with verl's own default settings, and its loader of reward functions."""
    bare_package("verl")
    from omegaconf import OmegaConf
    from verl.utils.dataset.rl_dataset import RLHFDataset, collate_fn
    from verl.utils.import_utils import load_extern_object

    config = OmegaConf.load(LOADERS / "verl/trainer/config/data/legacy_data.yaml")
    config.update({"cache_dir": str(folder.parent / "cache"), "max_prompt_length": LENGTH})
    config.filter_overlong_prompts = True
    dataset = RLHFDataset(str(folder / "train.parquet"), tokenizer(), config)
    batch = collate_fn([dataset[place] for place in range(len(dataset))])
    score = load_extern_object(str(folder / "reward.py"), "compute_score")
    rows = []
    for place, source in enumerate(batch["data_source"]):
        problem, facts = batch["reward_model"][place]["ground_truth"], batch["extra_info"][place]
        scores = [score(source, text, problem, facts)["score"] for text in answers[problem]]
        rows.append(
            {
                "prompt": batch["raw_prompt"][place],
                "problem": problem,
                "scores": scores,
                "facts": facts,
                "source": source,
                "index": int(batch["index"][place]),
            }
        )
    return rows


def openrlhf(folder, answers):
    """blending_datasets, PromptDataset, and the executor that calls a reward function."""
    bare_package("openrlhf", "openrlhf.datasets", "openrlhf.utils")
    from openrlhf.datasets.prompts_dataset import PromptDataset
    from openrlhf.datasets.utils import blending_datasets
    from openrlhf.utils.agent import SingleTurnAgentExecutor

    data = SimpleNamespace(input_key="input", label_key="label", apply_chat_template=True)
    strategy = SimpleNamespace(args=SimpleNamespace(data=data, use_ms=False), is_rank_0=lambda: True, print=print)
    blended = blending_datasets(str(folder / "train.parquet"), strategy=strategy)
    dataset = PromptDataset(blended, tokenizer(), strategy)
    executor = SingleTurnAgentExecutor([str(folder / "reward.py")])
    rows = []
    for source, prompt, problem, images in zip(*dataset.collate_fn(list(dataset)), strict=True):
        queries = [f"{prompt}{text}\x03" for text in answers[problem]]
        judged = asyncio.run(executor._fetch_rewards_via_func(queries, [prompt] * 2, [problem] * 2))
        scores = [float(one["rewards"][0]) for one in judged]
        rows.append({"prompt": prompt, "problem": problem, "scores": scores, "source": source, "images": images})
    return rows


def skyrl(folder, answers):
    """PromptDataset of skyrl, and the environment made by skyrl_gym as its generator makes it."""
    import skyrl_gym
    from skyrl.train.dataset.dataset import PromptDataset

    sys.path.append(str(folder))
    skyrl_gym.register(id="taskgen", entry_point="taskgen_env:TaskgenEnv")
    files = [str(folder / name) for name in ("train.parquet", "train-dialogues.parquet")]
    dataset = PromptDataset(files, tokenizer(), LENGTH, num_workers=1)
    rows = []
    for given in dataset.collate_fn([dataset[place] for place in range(len(dataset))]):
        extras = given["env_extras"]
        problem = extras["reward_spec"]["ground_truth"]
        played = []
        for text in answers[problem]:
            env = skyrl_gym.make(given["env_class"], env_config={}, extras=extras | {"max_turns": 10})
            chat, _ = env.init(given["prompt"])
            turns = (
                [action for action, _ in json.loads(text)] if extras["extra_info"]["task"] == "mastermind" else [text]
            )
            steps = [env.step(turn) for turn in turns]
            played.append([(step["reward"], step["done"], len(step["observations"])) for step in steps])
        scores = [steps[-1][0] for steps in played]
        facts = extras["extra_info"]
        rows.append({"prompt": chat, "problem": problem, "scores": scores, "facts": facts, "played": played})
    return rows


def verifiers(folder, answers):
    """The Taskset in the export, read as verifiers reads one."""
    bare_package("verifiers", "verifiers.v1")
    from verifiers.v1.utils.decorators import discover_decorated

    taskset = load_file(folder / "taskgen_taskset.py")
    loaded = taskset.TaskgenTaskset(taskset.TaskgenConfig())
    assert loaded.task_type() is taskset.TaskgenTask
    rows = []
    for task in loaded.shuffle(seed=0).take(100):
        replies = [SimpleNamespace(last_reply=text) for text in answers[task.data.problem]]
        (reward,) = discover_decorated(task, "reward")
        scores = [asyncio.run(reward(reply)) for reply in replies]
        prompt = [{"role": message.role, "content": message.content} for message in task.data.prompt]
        facts = {"index": task.data.idx, "id": task.data.id}
        rows.append({"prompt": prompt, "problem": task.data.problem, "scores": scores, "facts": facts, "key": task.key})
    return sorted(rows, key=lambda row: row["facts"]["index"])


def nemo_gym(folder, answers):
    """Rows of NeMo Gym as verifiers' NeMo Gym taskset parses them."""
    bare_package("verifiers", "verifiers.v1")
    from verifiers.v1.dialects.responses import ResponsesDialect

    rows = []
    for line in (folder / "train.jsonl").read_text().splitlines():
        row = json.loads(line)
        request = ResponsesDialect().parse_request(row["responses_create_params"])
        prompt = [{"role": message.role, "content": message.content} for message in request.messages]
        rows.append({"prompt": prompt, "problem": row["problem"], "agent": row["agent_ref"]["name"]})
    return rows


def ms_swift(folder, answers):
    """load_dataset with its preprocessing as GRPO asks for it, and the plugin in its table of rewards."""
    bare_package("modelscope", "modelscope.hub")
    from swift.dataset import load_dataset
    from swift.rewards import orms

    load_file(folder / "reward.py")
    train, _ = load_dataset([str(folder / "train.parquet")], remove_unused_columns=False, strict=True)
    judge = orms["taskgen"]()
    rows = []
    for row in train:
        scores = judge(completions=answers[row["problem"]], problem=[row["problem"]] * 2)
        rows.append(
            {"prompt": row["messages"], "problem": row["problem"], "scores": scores, "source": row["data_source"]}
        )
    return rows


def main():
    exports, answers, results, *names = sys.argv[1:]
    sys.path.append(str(LOADERS))
    import torch

    torch.set_num_threads(1)
    known = json.loads(Path(answers).read_text())
    for name in names:
        try:
            result = {"rows": globals()[name.replace("-", "_")](Path(exports) / name, known)}
        except Exception:
            result = {"error": traceback.format_exc()}
        (Path(results) / f"{name}.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main()
