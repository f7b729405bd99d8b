"""What there is: every task with its domain, levels and knobs. Loads rules and makers, no solver and no kernel."""

from typing import Any

import msgspec

from taskgen.knobs import RUNGS, describe
from taskgen.registry import Task, all_tasks


class KnobEntry(msgspec.Struct, frozen=True):
    """A knob: its range in words, its default, and its value at every level."""

    name: str
    range: str
    meaning: str
    default: Any
    levels: tuple[Any, ...]


class TaskEntry(msgspec.Struct, frozen=True):
    """A task; `error` says why it cannot be loaded, as may happen to one from another package."""

    task: str
    domain: str
    levels: str = ""
    knobs: tuple[KnobEntry, ...] = ()
    error: str = ""

    def knobs_in_short(self) -> str:
        """Every knob with its values at the first and the last level."""
        return ", ".join(_in_short(knob) for knob in self.knobs)


def overview() -> list[TaskEntry]:
    """Every task, by domain and name."""
    return sorted((_entry(task) for task in all_tasks().values()), key=lambda entry: (entry.domain, entry.task))


def _entry(task: Task) -> TaskEntry:
    try:
        knobs = tuple(
            KnobEntry(name, span, meaning, default, tuple(getattr(rung, name) for rung in task.ladder))
            for name, span, meaning, default in describe(task.knobs_type)
        )
    except Exception as error:
        return TaskEntry(task.name, task.domain, error=f"cannot be loaded: {type(error).__name__}: {error}")
    return TaskEntry(task.name, task.domain, f"1-{RUNGS}", knobs)


def _in_short(knob: KnobEntry) -> str:
    first, last = _value(knob.levels[0]), _value(knob.levels[-1])
    return f"{knob.name} {first}" if first == last else f"{knob.name} {first}→{last}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        separator = "x" if all(isinstance(part, int) for part in value) else "+"
        return separator.join(map(_value, value))
    return str(value)
