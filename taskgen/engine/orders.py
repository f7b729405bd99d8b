"""Orders: what a dataset shall hold, said in full before the first record is made."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from taskgen.engine.calibrations import Calibration, setting_at
from taskgen.engine.errors import OrderError
from taskgen.knobs import BaseKnobs, KnobError, canonical
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
    calibration: Calibration | None = None,
) -> Order:
    """An order for tasks, each with its rungs, the count spread evenly over them (earlier cells take the remainder).

    A knob named `task.knob` is meant for that task only, any other for all. With a calibration, rungs are levels of
    its scale and each task has the calibrated setting that is nearest. Raises UnknownTask, KnobError and OrderError,
    each with one line for the user.
    """
    if calibration is not None and knobs:
        raise OrderError(f"knob {next(iter(knobs))} cannot be set: a calibration has measured all knobs as they are")
    settings = [
        (name, rung, canonical(_knobs(name, rung, knobs or {}, calibration)))
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


def _knobs(name: str, rung: int, knobs: Mapping[str, Any], calibration: Calibration | None) -> BaseKnobs:
    """The knobs of a rung, of the task's ladder or a calibration's."""
    found = task(name)
    if calibration is None:
        return found.knobs(rung, _settings_for(name, knobs))
    try:
        return found.knobs(None, setting_at(calibration, name, rung))
    except KnobError as error:
        raise KnobError(f"the calibration is of another version of the task: {error}") from None


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


def parse_difficulties(text: str) -> tuple[int, ...]:
    """The rungs in '5', '3-7' or '2,4,6'."""
    rungs: list[int] = []
    for part in text.split(","):
        low, _, high = part.strip().partition("-")
        if not low.isdecimal() or not (high or low).isdecimal() or part.strip().endswith("-"):
            raise OrderError(f"difficulty {text} cannot be read; write 5, 3-7 or 2,4,6")
        if int(high or low) < int(low) or int(high or low) > 10 or int(low) < 1:
            raise OrderError(f"difficulty {text} is out of range: 1 to 10, the lower one first")
        rungs += range(int(low), int(high or low) + 1)
    return tuple(sorted(set(rungs)))
