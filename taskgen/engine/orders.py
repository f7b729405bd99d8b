"""Orders: what a dataset shall hold, said in full before the first record is made."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from taskgen.engine.errors import OrderError
from taskgen.knobs import KnobError, canonical
from taskgen.problem import SPLITS, Split
from taskgen.prompts import choose
from taskgen.records import Record, make_record
from taskgen.registry import Task, task
from taskgen.seeding import Stream


class Cell(msgspec.Struct, frozen=True):
    """One task at one rung: `count` records from the stream that its knobs (canonical JSON) name."""

    task: str
    difficulty: int
    knobs: str
    count: int


class Order(msgspec.Struct, frozen=True):
    """All that decides the bytes of one split of a dataset."""

    split: Split
    seed: int
    wording: str | None
    cells: tuple[Cell, ...]

    @property
    def count(self) -> int:
        """How many records are asked for."""
        return sum(cell.count for cell in self.cells)


def place_order(
    difficulties: Sequence[tuple[str, Sequence[int]]],
    *,
    knobs: Mapping[str, Any] | None = None,
    count: int = 1000,
    seed: int = 0,
    split: str = "train",
    wording: str | None = None,
) -> Order:
    """An order for tasks, each with its rungs, the count spread evenly over them (earlier cells take the remainder).

    A knob named `task.knob` is meant for that task only, any other for all. Raises UnknownTask, KnobError and
    OrderError, each with one line for the user.
    """
    settings = [
        (name, rung, canonical(task(name).knobs(rung, _settings_for(name, knobs or {}))))
        for name, rungs in difficulties
        for rung in rungs
    ]
    names = [name for name, _ in difficulties]
    _check(names, count, seed, wording)
    _check_addresses(names, knobs or {})
    if len(set(settings)) < len(settings):
        raise OrderError("one task and difficulty is asked for twice")
    share, rest = divmod(count, len(settings))
    cells = [Cell(name, rung, setting, share + (place < rest)) for place, (name, rung, setting) in enumerate(settings)]
    return Order(_known_split(split), seed, wording, tuple(cell for cell in cells if cell.count))


def _check(names: Sequence[str], count: int, seed: int, wording: str | None) -> None:
    if not names:
        raise OrderError("name at least one task: --task NAME (`taskgen list` shows all)")
    if count < 1:
        raise OrderError(f"count {count} is out of range: 1 or more")
    if not -(2**63) <= seed < 2**63:
        raise OrderError(f"seed {seed} is out of range: a 64-bit integer")
    if wording is not None:
        for name in names:
            try:
                choose(task(name).template, wording, Stream.keyed("wording"))
            except ValueError as error:
                raise OrderError(f"{name}: {error}") from None


def _known_split(name: str) -> Split:
    for split in SPLITS:
        if split == name:
            return split
    raise OrderError(f"unknown split {name} (splits: {', '.join(SPLITS)})")


def _settings_for(name: str, knobs: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that are meant for a task."""
    chosen = {}
    for key, value in knobs.items():
        owner, dot, knob = key.rpartition(".")
        if not dot or owner == name:
            chosen[knob] = value
    return chosen


def _check_addresses(names: Sequence[str], knobs: Mapping[str, Any]) -> None:
    for key in knobs:
        owner = key.rpartition(".")[0]
        if owner and owner not in names:
            raise KnobError(f"knob {key} is meant for the task {owner}, which is not among {', '.join(names)}")


def task_of(cell: Cell) -> tuple[Task, Any]:
    """The task of a cell and its knobs."""
    found = task(cell.task)
    return found, msgspec.json.decode(cell.knobs, type=found.knobs_type)


def one_record(order: Order, index: int) -> Record:
    """Record number `index` of the order's first cell. Raises KnobError where no problem is found."""
    cell = order.cells[0]
    found, knobs = task_of(cell)
    return make_record(found, cell.difficulty, knobs, order.seed, order.split, index, order.wording)
