"""A recipe that makes more problems at the level that a policy fails, and just below it.

After SwS (Liang et al., "Self-aware weakness-driven problem synthesis", 2025): what a policy fails decides what is made
next. Where that work writes new problems from the concepts of failed ones, a cell has knobs to make them with.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from taskgen.curation.cell_counts import CellName, Policy
from taskgen.curation.weaknesses import CellRate, Weaknesses
from taskgen.engine.errors import FolderTaken
from taskgen.engine.files import write_whole
from taskgen.knobs import RUNGS, canonical
from taskgen.registry import task
from taskgen.seeding import Stream

BAND = "0.1:0.8"
"""Pass rates that the recipe keeps."""
MAX_SAMPLES = 16
SAMPLING = ("temperature", "top_p", "max_tokens", "system")
"""Settings of a rollout that a policy's own settings tell."""


@dataclass(frozen=True)
class Target:
    """Problems to be made: a cell and how many."""

    cell: CellName
    count: int


@dataclass(frozen=True)
class WeaknessRecipe:
    """The recipe's text, what it makes, and a line for each failed cell that it makes nothing for."""

    text: str
    targets: tuple[Target, ...]
    left_out: tuple[str, ...]


def weakness_recipe(weaknesses: Weaknesses, count: int, seed: int) -> WeaknessRecipe:
    """A recipe for `count` problems in all, made from a seed of their own.

    A failed cell asks for its share in proportion to its failure rate. The share goes to the two hardest cells of its
    task, from itself downwards, that are sometimes solved, in proportion to p (1 - p), the variance that a policy can
    learn from. Where none is, it goes to the rung below the lowest that is never solved or, where that one is always
    solved, to the lowest that is never. A cell that is never solved, as nothing easier is, gets nothing.

    Raises UnknownTask and KnobError where the cells are of a task, or of knobs, that this version does not have.
    """
    cells = (*weaknesses.failed, *weaknesses.others)
    wanted: dict[tuple[str, str], tuple[CellName, float]] = {}
    left_out = []
    for cell in weaknesses.failed:
        shares = _shares(cell, [other for other in cells if other.name.task == cell.name.task])
        if not shares:
            left_out.append(_why_left_out(cell.name))
        total = sum(share for _, share in shares)
        for name, share in shares:
            first, before = wanted.get((name.task, name.knobs), (name, 0.0))
            wanted[name.task, name.knobs] = first, before + (1 - cell.rate) * share / total
    goals = sorted(wanted.values())
    numbers = _apportion([weight for _, weight in goals], count)
    targets = tuple(Target(name, number) for (name, _), number in zip(goals, numbers, strict=True) if number)
    text = _text(weaknesses.policy, targets, seed)
    return WeaknessRecipe(text, targets, tuple(left_out))


def save_recipe(recipe: WeaknessRecipe, path: Path) -> None:
    """Write a recipe to a file. Raises FolderTaken where another one is there: it may have been edited."""
    content = recipe.text.encode()
    if path.exists() and path.read_bytes() != content:
        raise FolderTaken(f"{path} is there already and holds something else; choose another --out or delete it")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)


def _shares(cell: CellRate, own: Sequence[CellRate]) -> list[tuple[CellName, float]]:
    """The cells that a failed one's share goes to, of all cells of its task, each with a weight."""
    easier = [other for other in own if other.name.difficulty < cell.name.difficulty]
    easier.sort(key=lambda other: (-other.name.difficulty, other.rate, other.name.knobs))
    chosen = [other for other in (cell, *easier) if _can_be_made(other)][:2]
    if chosen:
        return [(other.name, other.rate * (1 - other.rate)) for other in chosen]
    lowest = cell.name
    for rung in range(cell.name.difficulty - 1, 0, -1):
        there = [other for other in own if other.name.difficulty == rung]
        if not there:
            return [(CellName(lowest.task, rung, canonical(task(lowest.task).knobs(rung))), 1.0)]
        if any(other.correct for other in there):
            return [(lowest, 1.0)]
        lowest = there[0].name
    return []


def _why_left_out(name: CellName) -> str:
    if not 1 <= name.difficulty <= RUNGS:
        return f"{name.task}: difficulty {name.difficulty} is no rung; nothing is made for it"
    return f"{name.task} d{name.difficulty}: never solved, nor is anything easier; nothing is made for it"


def _can_be_made(cell: CellRate) -> bool:
    """Whether more problems of a cell are worth making, and a ladder has its rung."""
    return cell.sometimes and 1 <= cell.name.difficulty <= RUNGS


def _apportion(weights: Sequence[float], count: int) -> list[int]:
    """Whole numbers in proportion to weights with the sum `count`, by largest remainder; none for no weights."""
    total = sum(weights)
    exact = [weight / total * count for weight in weights]
    counts = [int(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda place: (counts[place] - exact[place], place))
    for place in order[: count - sum(counts)]:
        counts[place] += 1
    return counts


def _text(policy: Policy, targets: Sequence[Target], seed: int) -> str:
    """The YAML that makes the targets, samples the policy on them and keeps what it sometimes solves."""
    import yaml

    settings = msgspec.json.decode(policy.settings, type=dict[str, Any])
    sampling = {key: settings[key] for key in SAMPLING if key in settings}
    stages = [
        {"generate": {"tasks": [_task_order(target) for target in targets], "seed": seed}},
        {"dedup": {"by": "structure"}},
        {"rollout": {"policy": _address(policy), "max_samples": MAX_SAMPLES, "band": BAND, **sampling}},
        {"filter": {"pass_rate": BAND}},
    ]
    body = yaml.safe_dump(
        {"name": "weaknesses", "stages": stages},
        sort_keys=False,
        allow_unicode=True,
        width=120,
        default_flow_style=None,
    )
    return (
        f"# Problems at the level that {policy.model} fails and just below it; policy says where it is served.\n{body}"
    )


def _task_order(target: Target) -> dict[str, Any]:
    """A cell as a recipe's generate stage names it: knobs only where they are not the rung's own."""
    name = target.cell
    found = task(name.task)
    rung = msgspec.to_builtins(found.knobs(name.difficulty))
    own = msgspec.to_builtins(found.knobs(None, msgspec.json.decode(name.knobs)))
    knobs = {knob: _plain(value) for knob, value in own.items() if rung[knob] != value}
    order: dict[str, Any] = {"task": name.task, "difficulty": name.difficulty, "count": target.count}
    return order | ({"knobs": knobs} if knobs else {})


def _plain(value: Any) -> Any:
    """A value as YAML has it: lists, no tuples."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _address(policy: Policy) -> str:
    """A policy as a recipe names it; rollouts tell the model but not where it is, so a likely place is named."""
    model, _, weights = policy.model.rpartition("@")
    if re.fullmatch("[0-9a-f]{12}", weights):
        return f"transformers:{model}"
    return "openai:http://127.0.0.1:8000/v1#" + ("MODEL" if policy.model.startswith("replay:") else policy.model)


def new_seed(ids: Sequence[str]) -> int:
    """A seed that follows from the ids of the records sampled: for other data another, and none that people choose."""
    return 10**6 + Stream.keyed("weaknesses", "\n".join(ids)).below(2**31)
