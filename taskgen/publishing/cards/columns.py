"""The columns that a dataset of taskgen's may have: the one table of them, for cards and documentation alike."""

from typing import Any, NamedTuple

import pyarrow

from taskgen.engine.schema import SCHEMA


class Column(NamedTuple):
    """A column: its Arrow type, what it means, and the command that adds it."""

    kind: str
    meaning: str
    added_by: str


COLUMNS: dict[str, Column] = {
    "id": Column("string", "hash of the problem: equal ids are the same problem", "generate"),
    "structure": Column(
        "string",
        "hash of the problem modulo renaming, reordering, turning: equal means the same puzzle in disguise",
        "generate",
    ),
    "task": Column("string", "the family of problems", "generate"),
    "task_version": Column("int32", "the version of the family's verifier", "generate"),
    "domain": Column("string", "the family's field", "generate"),
    "difficulty": Column("int8", "rung of the ladder, 1 to 10 (0: knobs set by hand)", "generate"),
    "split": Column("string", "train, validation or test; read off `structure`", "generate"),
    "prompt": Column("string", "what the model is asked", "generate"),
    "answer": Column("string", "one valid answer, in the format the prompt asks for", "generate"),
    "problem": Column("string", "self-describing JSON: all that judging needs", "generate"),
    "knobs": Column("string", "JSON of the generator's settings", "generate"),
    "effort": Column("double", "what the reference solver had to do: a model-free difficulty", "generate"),
    "trace": Column("string", "a worked solution, where the task makes one", "generate"),
    "wording": Column("string", "which wording of the prompt was drawn", "generate"),
    "seed": Column("int64", "seed of the stream that the record comes from", "generate"),
    "index": Column("int64", "place of the record in that stream", "generate"),
    "pass_rate": Column(
        "double", "how often the model solves the problem: posterior mean; null where no rollout was judged", "filter"
    ),
    "pass_rate_low": Column("double", "5 % quantile of that posterior", "filter"),
    "pass_rate_high": Column("double", "95 % quantile of that posterior", "filter"),
    "rollouts": Column("int32", "completions of the model that were judged", "filter"),
    "rollouts_correct": Column("int32", "how many of them were correct", "filter"),
    "rollouts_censored": Column("int32", "completions that were cut short: neither right nor wrong", "filter"),
    "pass_rate_model": Column("string", "whose completions they were", "filter"),
    "pass_rate_settings": Column("string", "JSON of the settings they were sampled with", "filter"),
    "keep": Column("bool", "whether the pass rate lies in the band", "filter --mark"),
    "reason": Column("string", "why it does not; empty where it does", "filter --mark"),
    "prompt_tokens": Column("int32", "length of the prompt, counted by a tokenizer", "mix --max-prompt-tokens"),
    "prompt_tokens_estimate": Column(
        "int32", "length of the prompt, four characters a token", "mix --max-prompt-tokens"
    ),
    "curriculum_rank": Column("int32", "place from easy to hard in its split, from 0", "mix --curriculum"),
    "difficulty_bin": Column("int8", "tenth of its split, easy to hard, from 0", "mix --curriculum"),
    "mix_weight": Column(
        "double", "weight under which rows drawn at random show the tasks in their shares; 1 on average",
        "mix --curriculum",
    ),
    "source_id": Column("string", "`id` of a row from elsewhere, as its source has it", "mix"),
    "source_structure": Column("string", "`structure` of a row from elsewhere, as its source has it", "mix"),
    "source_task": Column("string", "`task` of a row from elsewhere, as its source has it", "mix"),
}  # fmt: skip
"""By name, in the order in which the commands add them. The types of `source_` columns are those of the source."""


class Described(NamedTuple):
    """A column as a card lists it."""

    name: str
    kind: str
    meaning: str


def described(schema: Any) -> list[Described]:
    """The columns of a pyarrow schema in order; of those that taskgen has not made only the type is known."""
    foreign = set() if set(SCHEMA.names) <= set(schema.names) else set(SCHEMA.names)  # an `id` may be anything there
    known = {name: column.meaning for name, column in COLUMNS.items() if name not in foreign}
    return [Described(field.name, str(field.type), known.get(field.name, "")) for field in schema]


def kind_of(name: str) -> Any:
    """The pyarrow type of a column of the table."""
    return pyarrow.type_for_alias(COLUMNS[name].kind)
