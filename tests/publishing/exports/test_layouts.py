"""What each export holds, compared with what the trainers' sources read.

What was read of those that no registry has:

hiyouga/EasyR1 8700709f084033b4236e2ae1e6b059acacb25160 verl/utils/dataset.py
hiyouga/EasyR1 46c6c210fddc939f81cf638f7d41d180ffdb17b7 verl/workers/reward/function.py, examples/config.yaml
THUDM/slime 3c9aa092ef7f302f720aecc69fdbcfe6e7743974 slime/utils/data.py
THUDM/slime 0b420f1ef4161f02d2a00d47c1318eec955a4e2e slime/rollout/rm_hub/__init__.py
NVIDIA-NeMo/Gym 04400f58d61ce86094cbece25ba3ecfeee5fd64e nemo_gym/train_data_utils.py
NVIDIA-NeMo/Gym 473f503b48663114ad05327f79a5206d949e05e3 nemo_gym/base_resources_server.py
allenai/open-instruct 00440da3346a5d64c33ce9fd2af00c9ebed358eb open_instruct/dataset_transformation.py
allenai/open-instruct 0039262ac8f69db3cb5c279849bb623688a67858 open_instruct/ground_truth_utils.py
"""

import asyncio
import importlib.util
import json
import subprocess
import sys
import types
from types import SimpleNamespace

import pyarrow
import pyarrow.parquet
import pytest
import yaml
from datasets import load_dataset
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import BaseModel, ConfigDict, TypeAdapter

import taskgen
from taskgen.curation.sources import open_source
from taskgen.publishing.exports.formats import FORMATS
from taskgen.publishing.exports.guide import options
from taskgen.publishing.exports.writing import export
from tests.publishing.exports.mixed import read, records, single, write_dataset

MESSAGE = "list<element: struct<role: string, content: string>>"
FACTS = "struct<index: int64, split: string, task: string, id: string, difficulty: int64>"
LAYOUTS = {
    "trl": {
        "prompt": MESSAGE,
        "problem": "string",
        "index": "int64",
        "split": "string",
        "task": "string",
        "id": "string",
        "difficulty": "int64",
    },
    "verl": {
        "data_source": "string",
        "prompt": MESSAGE,
        "ability": "string",
        "reward_model": "struct<style: string, ground_truth: string>",
        "extra_info": FACTS,
    },
    "openrlhf": {
        "input": "string",
        "label": "string",
        "datasource": "string",
        "id": "string",
        "difficulty": "int64",
    },
    "easyr1": {
        "prompt": "string",
        "answer": "string",
        "data_source": "string",
        "id": "string",
        "difficulty": "int64",
    },
    "skyrl": {
        "data_source": "string",
        "prompt": MESSAGE,
        "env_class": "string",
        "reward_spec": "struct<method: string, ground_truth: string>",
        "extra_info": FACTS,
    },
    "slime": {"input": MESSAGE, "label": "string", "metadata": FACTS},
    "ms-swift": {
        "messages": MESSAGE,
        "problem": "string",
        "data_source": "string",
        "id": "string",
        "difficulty": "int64",
    },
    "open-instruct": {
        "messages": MESSAGE,
        "ground_truth": "string",
        "dataset": "string",
        "data_source": "string",
        "id": "string",
        "difficulty": "int64",
    },
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A way to get the export for a trainer, made once."""
    folder = tmp_path_factory.mktemp("exports")
    source = open_source(str(write_dataset(folder / "mixed")))

    def made(name):
        export(source, name, folder / name)
        return folder / name

    return made


def chat(record):
    return [{"role": "user", "content": record.prompt}]


@pytest.mark.parametrize("to", LAYOUTS)
def test_parquet_columns_are_plain_and_no_struct_depends_on_the_task(exported, to):
    schema = pyarrow.parquet.read_schema(exported(to) / "train.parquet")
    assert {field.name: str(field.type) for field in schema} == LAYOUTS[to]


def test_every_format_is_checked():
    assert set(LAYOUTS) | {"nemo-gym", "verifiers"} == set(FORMATS)


@pytest.mark.parametrize(
    ("to", "problem"),
    [
        ("trl", lambda row: row["problem"]),
        ("verl", lambda row: row["reward_model"]["ground_truth"]),
        ("openrlhf", lambda row: row["label"]),
        ("easyr1", lambda row: row["answer"]),
        ("skyrl", lambda row: row["reward_spec"]["ground_truth"]),
        ("slime", lambda row: row["label"]),
        ("ms-swift", lambda row: row["problem"]),
        ("open-instruct", lambda row: row["ground_truth"]),
    ],
)
def test_the_string_that_reaches_the_reward_is_all_that_judging_needs(exported, to, problem):
    rows = read(exported(to) / "train.parquet")
    assert [problem(row) for row in rows] == [record.problem for record in single("train")]
    for row, record in zip(rows, single("train"), strict=True):
        assert taskgen.verify(problem(row), f"<answer>{record.answer}</answer>").score == 1


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_verifiers_rows_have_messages_and_their_info_as_a_json_string(exported):
    rows = lines(exported("verifiers") / "train.jsonl")
    assert [row["prompt"] for row in rows] == [chat(record) for record in single("train")]
    assert [row["example_id"] for row in rows] == list(range(8))
    for row, record in zip(rows, single("train"), strict=True):
        assert row["task"] == f"taskgen/{record.task}"
        assert json.loads(row["info"]) == {
            "problem": record.problem,
            "index": row["example_id"],
            "split": "train",
            "task": record.task,
            "id": record.id,
            "difficulty": 1,
        }


def test_nemo_gym_rows_fit_the_request_of_its_servers(exported):
    """A row is a BaseRunRequest: `responses_create_params` as the OpenAI package types them, and fields of our own."""
    request = TypeAdapter(ResponseCreateParamsNonStreaming)
    rows = lines(exported("nemo-gym") / "train.jsonl")
    for row, record in zip(rows, single("train"), strict=True):
        request.validate_python(row["responses_create_params"])
        assert row["responses_create_params"] == {"input": chat(record)}
        assert row["agent_ref"] == {"type": "responses_api_agents", "name": "taskgen_simple_agent"}
        assert (row["problem"], row["task"], row["split"]) == (record.problem, record.task, "train")


def test_nemo_gym_configuration_names_the_agent_of_the_rows(exported):
    folder = exported("nemo-gym")
    made = export(open_source(str(folder.parent / "mixed")), "nemo-gym", folder)
    config = yaml.safe_load(options("nemo-gym", str(folder), made.files))
    agent = config["taskgen_simple_agent"]["responses_api_agents"]["simple_agent"]
    assert agent["resources_server"]["name"] in config
    assert {entry["type"]: entry["jsonl_fpath"] for entry in agent["datasets"]} == {
        "train": str(folder / "train.jsonl"),
        "validation": str(folder / "test.jsonl"),
    }


def test_easyr1_finds_text_and_one_string_under_the_keys_that_the_options_name(exported):
    data = load_dataset("parquet", data_files=str(exported("easyr1") / "train.parquet"), split="train")
    assert not {"images", "videos"} & set(data.column_names)  # they would make it a multi-modal set
    assert data["prompt"][:] == [record.prompt for record in single("train")]
    assert data["answer"][:] == [record.problem for record in single("train")]


def test_slime_finds_messages_a_label_and_a_dictionary(exported):
    """Its reader takes `to_pylist()` of every Parquet batch; metadata must be a dictionary that it may add to."""
    file = pyarrow.parquet.ParquetFile(exported("slime") / "train.parquet")
    rows = [row for batch in file.iter_batches() for row in batch.to_pylist()]
    assert [row["input"] for row in rows] == [chat(record) for record in single("train")]
    assert [row["label"] for row in rows] == [record.problem for record in single("train")]
    assert {type(row["metadata"]) for row in rows} == {dict}
    assert "rm_type" not in rows[0]["metadata"]  # it would choose another reward


def test_open_instruct_finds_messages_a_ground_truth_and_its_verifier(exported):
    data = load_dataset("parquet", data_files=str(exported("open-instruct") / "train.parquet"), split="train")
    assert data["messages"][:] == [chat(record) for record in single("train")]
    assert set(data["dataset"]) == {"taskgen"}
    assert not {"index", "dataset_source", "input_ids_prompt", "labels"} & set(data.column_names)  # its own columns


# The files that judge, where loading.py cannot call them through the trainer


def load(path, **modules):
    """A file of an export as a module, `modules` standing for what its trainer would provide."""
    for name, content in modules.items():
        parts = name.replace("__", ".").split(".")
        for end in range(1, len(parts) + 1):
            sys.modules.setdefault(".".join(parts[:end]), types.ModuleType(".".join(parts[:end])))
        vars(sys.modules[".".join(parts)]).update(content)
    spec = importlib.util.spec_from_file_location(f"judge_{path.parent.name.replace('-', '_')}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def clean_modules(monkeypatch):
    monkeypatch.setattr(sys, "modules", sys.modules.copy())


def tried(record):
    return f"so <answer>{record.answer}</answer>", "<answer>I do not know</answer>"


def test_easyr1_rewards_a_batch(exported):
    judge = load(exported("easyr1") / "reward.py")
    given = [
        {"response": text, "response_length": len(text), "ground_truth": record.problem}
        for record in single("train")
        for text in tried(record)
    ]
    assert judge.compute_score(given) == [{"overall": 1.0}, {"overall": 0.0}] * 8
    with pytest.raises(RuntimeError, match="not a taskgen problem"):
        judge.compute_score([{"response": "x", "response_length": 1, "ground_truth": "{}"}])


def test_slime_awaits_a_reward(exported):
    judge = load(exported("slime") / "reward.py")
    for record in single("train"):
        for text, score in zip(tried(record), (1.0, 0.0), strict=True):
            sample = SimpleNamespace(prompt=record.prompt, response=text, label=record.problem, metadata={})
            assert asyncio.run(judge.reward(None, sample)) == score
    with pytest.raises(RuntimeError, match="not a taskgen problem"):
        asyncio.run(judge.reward(None, SimpleNamespace(response="x", label="{}")))


def test_open_instruct_calls_a_verifier_of_the_name_in_the_rows(exported, clean_modules):
    class VerifierFunction:
        def __init__(self, name, weight=1.0, verifier_config=None):
            self.name = name

    result = lambda score: SimpleNamespace(score=score)  # noqa: E731
    provided = {"VerifierFunction": VerifierFunction, "VerificationResult": result}
    load(exported("open-instruct") / "reward.py", open_instruct__ground_truth_utils=provided)
    (found,) = VerifierFunction.__subclasses__()
    verifier = found(None)
    assert verifier.name == read(exported("open-instruct") / "train.parquet")[0]["dataset"]
    for record in single("train"):
        scores = [verifier([1], text, record.problem, "query", None).score for text in tried(record)]
        assert scores == [1.0, 0.0]
    with pytest.raises(RuntimeError, match="not a taskgen problem"):
        verifier([1], "x", "{}")


def test_nemo_gym_verifies_the_text_of_a_response(exported, clean_modules):
    class Open(BaseModel):
        model_config = ConfigDict(extra="allow", arbitrary_types_allowed=True)

    class Verify(Open):
        responses_create_params: dict
        response: SimpleNamespace

    class Verified(Verify):
        reward: float

    provided = {
        "BaseResourcesServerConfig": Open,
        "BaseVerifyRequest": Verify,
        "BaseVerifyResponse": Verified,
        "SimpleResourcesServer": object,
    }
    judge = load(exported("nemo-gym") / "app.py", nemo_gym__base_resources_server=provided)
    row = lines(exported("nemo-gym") / "train.jsonl")[0]
    for text, score in zip(tried(single("train")[0]), (1.0, 0.0), strict=True):
        parts = [SimpleNamespace(type="output_text", text=text[:5]), SimpleNamespace(type="output_text", text=text[5:])]
        output = [SimpleNamespace(type="reasoning"), SimpleNamespace(type="message", content=parts)]
        body = judge.TaskgenVerifyRequest(**row, response=SimpleNamespace(output=output))
        assert asyncio.run(judge.TaskgenServer().verify(body)).reward == score
    with pytest.raises(RuntimeError, match="not a taskgen problem"):
        asyncio.run(judge.TaskgenServer().verify(body.model_copy(update={"problem": "{}"})))


@pytest.mark.parametrize("to", FORMATS)
def test_a_file_that_judges_reads_well_where_it_lands(exported, to):
    path = exported(to) / FORMATS[to].judge
    for check in (
        ["check", "--isolated", "--line-length", "120"],
        ["format", "--check", "--isolated", "--line-length", "120"],
    ):
        found = subprocess.run([sys.executable, "-m", "ruff", *check, path], capture_output=True, text=True)
        assert found.returncode == 0, found.stdout


def test_problems_of_many_turns_stand_in_files_of_their_own(exported):
    for name in FORMATS:
        folder = exported(name)
        suffix = FORMATS[name].suffix
        found = (
            read(folder / f"test-dialogues.{suffix}") if suffix == "parquet" else lines(folder / "test-dialogues.jsonl")
        )
        expected = [record.problem for record in records("test") if record.task == "mastermind"]
        assert [json.dumps(row).count("mastermind") > 0 for row in found] == [True] * len(expected)
