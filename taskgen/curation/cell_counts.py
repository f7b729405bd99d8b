"""What models did on cells, as ROLLOUTS folders tell it: one count for every record and policy."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy
import pyarrow
import pyarrow.compute

from taskgen.engine.errors import UsageError


class CellName(NamedTuple):
    """A cell: a task at a difficulty, with knobs (canonical JSON)."""

    task: str
    difficulty: int
    knobs: str


class Policy(NamedTuple):
    """A model and the sampling settings (canonical JSON) that its completions came with."""

    model: str
    settings: str


@dataclass(frozen=True)
class Counts:
    """Judged completions; the arrays have one entry for every (record, policy) with at least one.

    `policy` and `cell` are places in `policies` and `cells`; `record` numbers the (record, cell) pairs. `censored` is
    how many completions were cut off: these count neither as right nor as wrong.
    """

    policies: tuple[Policy, ...]
    cells: tuple[CellName, ...]
    ids: Sequence[str]
    policy: Any
    cell: Any
    record: Any
    trials: Any
    correct: Any
    censored: int


def read_counts(folders: Sequence[Path]) -> Counts:
    """The counts of ROLLOUTS folders. Raises UsageError where there are none, or where folders overlap."""
    from taskgen.curation.rollouts.tallies import tallies

    tables = [tallies(folder) for folder in folders]
    check_overlap(folders, tables)
    return count(pyarrow.concat_tables(tables), " and ".join(map(str, folders)))


def count(table: Any, name: str) -> Counts:
    """The counts in a table of tallies; `name` is what an error calls it. Raises UsageError where it has no trial."""
    judged = table.filter(pyarrow.compute.greater(table["trials"], 0))
    censored = int(pyarrow.compute.sum(table["censored"]).as_py() or 0)
    if not judged.num_rows:
        cut_off = f" ({censored:,} were cut off)" if censored else ""
        raise UsageError(f"{name} has no judged completion{cut_off}; `taskgen rollout` makes some")
    policies, policy = _numbered(judged, ["model", "settings"])
    cells, cell = _numbered(judged, ["task", "difficulty", "knobs"])
    _check_json(cells, policies, name)
    ids, identity = _numbered(judged, ["id"])
    _, record = numpy.unique(identity * len(cells) + cell, return_inverse=True)
    return Counts(
        policies=tuple(Policy(*values) for values in policies),
        cells=tuple(CellName(*values) for values in cells),
        ids=[values[0] for values in ids],
        policy=policy,
        cell=cell,
        record=record,
        trials=judged["trials"].to_numpy().astype(numpy.int64),
        correct=judged["correct"].to_numpy().astype(numpy.int64),
        censored=censored,
    )


def policy_labels(policies: Sequence[Policy]) -> list[str]:
    """A short name for each: the model and, where it was sampled in several ways, the settings that differ."""
    labels = []
    for policy in policies:
        others = [_settings(other) for other in policies if other.model == policy.model]
        own = _settings(policy)
        differing = [key for key in own if any(other.get(key) != own[key] for other in others)]
        labels.append(" ".join([policy.model, *(f"{key}={_shown(own[key])}" for key in differing)]))
    return labels


def choose_policy(counts: Counts, model: str | None, settings: str | None = None) -> int:
    """The place of the policy that a user names by its model or label, and its settings; the only one, where none is.

    Raises UsageError where that is none or several.
    """
    labels = policy_labels(counts.policies)
    places = [
        place
        for place, policy in enumerate(counts.policies)
        if model in (None, policy.model, labels[place]) and settings in (None, policy.settings)
    ]
    if len(places) == 1:
        return places[0]
    shown = ", ".join(f"'{label}'" for label in labels)
    if not places:
        named = " with settings ".join(name for name in (model, settings) if name is not None)
        raise UsageError(f"there are no rollouts of {named}; --model takes one of {shown}")
    raise UsageError(f"there are rollouts of {len(places)} policies; choose one with --model: {shown}")


def check_overlap(folders: Sequence[Path], tables: Sequence[Any]) -> None:
    """Raise UsageError where two folders hold rollouts of one record by one policy: they may be the same ones."""
    seen: dict[tuple[str, str, str], int] = {}
    if len(tables) < 2:
        return
    for number, table in enumerate(tables):
        keys = zip(*(table[column].to_pylist() for column in ("id", "model", "settings")), strict=True)
        for key in keys:
            if seen.setdefault(key, number) != number:
                raise UsageError(
                    f"{folders[seen[key]]} and {folders[number]} both have rollouts of record {key[0]} by {key[1]}; "
                    "name one of them"
                )


def _check_json(cells: Sequence[tuple[Any, ...]], policies: Sequence[tuple[Any, ...]], name: str) -> None:
    """Raise UsageError where knobs or settings are not the JSON objects that taskgen writes."""
    texts = [(f"knobs of {cell[0]}", cell[2]) for cell in cells]
    texts += [(f"settings of {policy[0]}", policy[1]) for policy in policies]
    for what, text in texts:
        try:
            msgspec.json.decode(text, type=dict[str, Any])
        except msgspec.MsgspecError:
            raise UsageError(f"{name}: the {what} are not a JSON object: {text[:60]}") from None


def _settings(policy: Policy) -> dict[str, Any]:
    return msgspec.json.decode(policy.settings, type=dict[str, Any])


def _shown(value: Any) -> str:
    return value[:12] if isinstance(value, str) else msgspec.json.encode(value).decode()


def _numbered(table: Any, columns: Sequence[str]) -> tuple[list[tuple[Any, ...]], Any]:
    """The distinct values of some columns, sorted, and for each row the number of its own."""
    codes = numpy.zeros(table.num_rows, numpy.int64)
    distinct = []
    for column in columns:
        encoded = table[column].combine_chunks().dictionary_encode()
        values = encoded.dictionary.to_pylist()
        rank = numpy.empty(len(values), numpy.int64)
        rank[sorted(range(len(values)), key=values.__getitem__)] = numpy.arange(len(values))
        codes = codes * len(values) + rank[encoded.indices.to_numpy()]
        distinct.append(sorted(values))
    found, numbers = numpy.unique(codes, return_inverse=True)
    places = numpy.unravel_index(found, [len(values) for values in distinct])
    names = [[values[place] for place in own.tolist()] for values, own in zip(distinct, places, strict=True)]
    return list(zip(*names, strict=True)), numbers
