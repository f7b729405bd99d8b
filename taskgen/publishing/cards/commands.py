"""Orders as the commands that place them."""

import shlex
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import msgspec

from taskgen.engine.calibrations import spans
from taskgen.engine.errors import OrderError
from taskgen.engine.orders import Cell, Order, parse_difficulties, place_order
from taskgen.knobs import KnobError, canonical
from taskgen.problem import SPLITS
from taskgen.registry import UnknownTask, task


def generate_command(order: Order, out: str) -> str | None:
    """The `taskgen generate` that places an order, quoted for a shell.

    None where no one command does: a calibration has set the knobs of each rung, or this taskgen knows other rungs.
    """
    try:
        groups = [_Group(name, list(cells)) for name, cells in groupby(order.cells, key=lambda cell: cell.task)]
        settings = dict(_settings(order.cells))
        placed = place_order(
            [(group.task, parse_difficulties(group.difficulties)) for group in groups],
            knobs=settings,
            count=order.count,
            seed=order.seed,
            split=order.split,
            wording=order.wording,
        )
    except (KnobError, OrderError, UnknownTask, IndexError, msgspec.MsgspecError):
        return None
    if placed != order:
        return None
    return shlex.join(_words(order, groups, settings, out))


class _Group:
    """Cells of one task that stand together."""

    def __init__(self, name: str, cells: Sequence[Cell]) -> None:
        self.task = name
        self.difficulties = spans([cell.difficulty for cell in cells])


def _words(order: Order, groups: Sequence[_Group], settings: dict[str, str], out: str) -> Iterator[str]:
    yield from ("taskgen", "generate")
    same = len({group.difficulties for group in groups}) == 1
    for group in groups:
        yield from ("--task", group.task)
        if not same:
            yield from ("--difficulty", group.difficulties)
    if same:
        yield from ("--difficulty", groups[0].difficulties)
    for name, value in settings.items():
        yield from ("--knob", f"{name}={value}")
    yield from ("--count", str(order.count), "--seed", str(order.seed))
    if order.split != SPLITS[0]:
        yield from ("--split", order.split)
    if order.wording is not None:
        yield from ("--wording", order.wording)
    yield from ("--out", out)


def _settings(cells: Sequence[Cell]) -> Iterator[tuple[str, str]]:
    """The knobs that were set anew: those that a task's cells do not have from its ladder. Raises UnknownTask."""
    names = list(dict.fromkeys(cell.task for cell in cells))
    for name in names:
        ladder = task(name).ladder
        changed: dict[str, Any] = {}
        for cell in cells:
            if cell.task == name:
                own = msgspec.json.decode(cell.knobs)
                rung = msgspec.json.decode(canonical(ladder[cell.difficulty - 1]))
                changed |= {knob: value for knob, value in own.items() if rung.get(knob) != value}
        for knob, value in changed.items():
            yield (knob if len(names) == 1 else f"{name}.{knob}"), _written(value)


def _written(value: Any) -> str:
    """The value of a knob as it is typed."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(part, int) and part >= 0 for part in value):
        return "x".join(map(str, value)) if len(value) > 1 else msgspec.json.encode(value).decode()
    return msgspec.json.encode(value).decode()
