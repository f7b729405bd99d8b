"""Calibrations: a scale of difficulty measured on models, which an order may use in place of the built-in ladders.

A calibration is a small JSON file that `taskgen calibrate` fits to rollouts: the probability that a model solves a
problem of a cell is 1 / (1 + exp(-a (theta - b))), with the model's ability theta, the cell's difficulty b and the
task's discrimination a, all in logits.
"""

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from taskgen.engine.errors import OrderError, UsageError
from taskgen.engine.files import write_whole
from taskgen.knobs import RUNGS

FORMAT: Literal[1] = 1
"""Version of the file format; another gets its own reader."""
Finite = Annotated[float, Meta(ge=-1e6, le=1e6)]
Deviation = Annotated[float, Meta(ge=0, le=1e6)]
Count = Annotated[int, Meta(ge=0)]


class Ability(msgspec.Struct, frozen=True):
    """A model, sampled with some settings (canonical JSON), and its place on the scale."""

    model: str
    settings: str
    theta: Finite
    standard_error: Deviation
    trials: Count
    correct: Count


class Discrimination(msgspec.Struct, frozen=True):
    """How sharply a task tells models apart; 1 for the average task."""

    task: str
    a: Annotated[float, Meta(gt=0, le=1e6)]
    standard_error: Deviation


class CalibratedCell(msgspec.Struct, frozen=True):
    """A task's setting and its place on the scale.

    `bound` is `at_least` where nobody ever solved it and `at_most` where everybody always did: then b is no more than
    that. `pass_rates` has one entry for each model of the calibration; None where the model was not sampled.
    """

    task: str
    difficulty: int
    knobs: dict[str, Any]
    b: Finite
    standard_error: Deviation
    bound: Literal["none", "at_least", "at_most"]
    records: Count
    trials: Count
    pass_rates: tuple[float | None, ...]


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """One scale over tasks and models. `levels` are the b of difficulty 1 to 10, evenly spaced.

    `correlation` is how alike the rollouts of one record are (0: as those of different records; 1: all the same).
    """

    format: Literal[1]
    taskgen: str
    response_model: Literal["Rasch", "2PL"]
    levels: Annotated[tuple[Finite, ...], Meta(min_length=RUNGS, max_length=RUNGS)]
    correlation: float
    models: tuple[Ability, ...]
    tasks: tuple[Discrimination, ...]
    cells: tuple[CalibratedCell, ...]

    def __post_init__(self) -> None:
        if any(high <= low for low, high in pairwise(self.levels)):
            raise ValueError("levels do not rise")


def read_calibration(path: Path) -> Calibration:
    """The calibration in a file. Raises UsageError where there is none, or one of another format."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist; `taskgen calibrate ROLLOUTS` writes calibrations") from None
    try:
        return msgspec.json.decode(content, type=Calibration)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not a calibration of format {FORMAT}: {error}") from None


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write a calibration to a file; it appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, msgspec.json.format(msgspec.json.encode(calibration), indent=2) + b"\n")


def setting_at(calibration: Calibration, task: str, level: int) -> dict[str, Any]:
    """The knobs of a task's cell whose b is nearest to that of a level, 1 to 10; of equals, the surest.

    Bounds do not count as measured. Raises OrderError where no cell is within half a level.
    """
    if not 1 <= level <= RUNGS:
        raise OrderError(f"{task}: difficulty {level} is out of range: 1 to {RUNGS}")
    cells = _measured(calibration, task)
    if not cells:
        sampled = any(cell.task == task for cell in calibration.cells)
        why = "each was solved always or never" if sampled else "it was not sampled"
        raise OrderError(f"the calibration has no measured setting of {task}: {why}; order it without --calibration")
    cell = _nearest(cells, calibration.levels[level - 1])
    if not _within_half_a_level(calibration, cell, level):
        reached = levels_reached(calibration, task)
        offer = f"difficulty {spans(reached)} can be had" if reached else "all are beyond the ten levels"
        raise OrderError(
            f"the calibration has no measured setting of {task} within half a level of difficulty {level}; {offer}"
        )
    return cell.knobs


def levels_reached(calibration: Calibration, task: str) -> list[int]:
    """The levels at which a task has a measured setting."""
    cells = _measured(calibration, task)
    return [
        level
        for level, b in enumerate(calibration.levels, start=1)
        if cells and _within_half_a_level(calibration, _nearest(cells, b), level)
    ]


def _measured(calibration: Calibration, task: str) -> list[CalibratedCell]:
    return [cell for cell in calibration.cells if cell.task == task and cell.bound == "none"]


def _nearest(cells: list[CalibratedCell], b: float) -> CalibratedCell:
    return min(cells, key=lambda cell: (abs(cell.b - b), cell.standard_error))


def _within_half_a_level(calibration: Calibration, cell: CalibratedCell, level: int) -> bool:
    half = (calibration.levels[-1] - calibration.levels[0]) / (RUNGS - 1) / 2
    return abs(cell.b - calibration.levels[level - 1]) <= half + 1e-9


def spans(numbers: list[int]) -> str:
    """Rising numbers as a person writes them: 2-5,7."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts)
