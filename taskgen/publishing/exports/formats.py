"""What each trainer reads, as a table: the columns of its files, their kind, and the file that judges for it.

The names of columns are the trainers' own defaults where they have any, so that few options need to be set. Which
version of which project was read is said in its part of `options/`.
"""

from dataclasses import dataclass
from typing import Literal

from taskgen.engine.errors import UsageError
from taskgen.publishing.exports.rows import (
    Column,
    chat,
    domain,
    fact,
    facts,
    info,
    problem,
    prompt,
    source,
    struct,
    word,
)

ID, DIFFICULTY, PASS_RATE = OPTIONAL = ("id", "difficulty", "pass_rate")
"""Facts that a row has where the dataset has such a column."""
ALL = ("index", "split", "task", *OPTIONAL)


@dataclass(frozen=True)
class Format:
    """The files that a trainer reads."""

    columns: dict[str, Column]
    judge: str = "reward.py"
    """The file in the export by which taskgen judges for this trainer."""
    flat: tuple[str, ...] = ()
    """Facts that are columns of their own, where the dataset has them."""
    suffix: Literal["parquet", "jsonl"] = "parquet"
    plays_dialogues: bool = False
    """Whether the judge plays multi-turn problems, too."""


FORMATS = {
    "trl": Format({"prompt": chat, "problem": problem}, flat=ALL),
    "verl": Format(
        {
            "data_source": source,
            "prompt": chat,
            "ability": domain,
            "reward_model": struct(style=word("rule"), ground_truth=problem),
            "extra_info": facts,
        }
    ),
    "openrlhf": Format({"input": prompt, "label": problem, "datasource": source}, flat=OPTIONAL),
    "easyr1": Format({"prompt": prompt, "answer": problem, "data_source": source}, flat=OPTIONAL),
    "skyrl": Format(
        {
            "data_source": source,
            "prompt": chat,
            "env_class": word("taskgen"),
            "reward_spec": struct(method=word("rule"), ground_truth=problem),
            "extra_info": facts,
        },
        judge="taskgen_env.py",
        plays_dialogues=True,
    ),
    "slime": Format({"input": chat, "label": problem, "metadata": facts}),
    "nemo-gym": Format(
        {
            "responses_create_params": struct(input=chat),
            "problem": problem,
            "agent_ref": struct(type=word("responses_api_agents"), name=word("taskgen_simple_agent")),
            "data_source": source,
        },
        judge="app.py",
        flat=ALL,
        suffix="jsonl",
    ),
    "verifiers": Format(
        {
            "example_id": fact("index"),
            "task": source,
            "prompt": chat,
            "info": info,
        },
        judge="taskgen_taskset.py",
        suffix="jsonl",
    ),
    "ms-swift": Format({"messages": chat, "problem": problem, "data_source": source}, flat=OPTIONAL),
    "open-instruct": Format(
        {"messages": chat, "ground_truth": problem, "dataset": word("taskgen"), "data_source": source}, flat=OPTIONAL
    ),
}


def find_format(name: str) -> Format:
    """The format of a trainer. Raises UsageError, which lists them, where there is none of this name."""
    if name not in FORMATS:
        raise UsageError(f"--to {name} is none of {', '.join(FORMATS)}")
    return FORMATS[name]
