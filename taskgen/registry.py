"""Tasks and their registry: file names are read, nothing is imported until it is used."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from taskgen.knobs import RUNGS, BaseKnobs, KnobError, change
from taskgen.problem import Problem, Split
from taskgen.seeding import Stream

if TYPE_CHECKING:
    from taskgen.records import Record

ENTRY_POINTS = "taskgen.tasks"


class UnknownTask(ValueError):
    """No task has this name; the message names the nearest."""


@dataclass(frozen=True)
class Draft:
    """What a generator makes: a problem, its reference answer, and the effort the reference solver spent on it."""

    problem: Problem
    answer: str
    effort: float
    trace: str = ""


@dataclass(frozen=True)
class Task:
    """A family of problems. The parts are modules named here and imported when first used."""

    name: str
    domain: str
    rules_module: str
    generator_module: str
    oracle_module: str

    @cached_property
    def problem_type(self) -> type[Problem]:
        """The one Problem subclass that the rules module defines."""
        module = import_module(self.rules_module)
        kinds = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Problem) and value.__module__ == module.__name__
        ]
        if len(kinds) != 1:
            raise TypeError(f"{self.rules_module} defines {len(kinds)} Problem types; a task has exactly one")
        kinds[0].task = self.name
        return kinds[0]

    @cached_property
    def _generator(self) -> ModuleType:
        assert self.problem_type.task == self.name  # named before the generator makes its first problem
        return import_module(self.generator_module)

    @cached_property
    def oracle(self) -> ModuleType:
        """The independent second opinion: `solutions(problem, limit)`, `relabel(problem, stream)`, maybe `accepts`."""
        assert self.problem_type.task == self.name
        return import_module(self.oracle_module)

    @property
    def version(self) -> int:
        """Version of the verifier."""
        return self.problem_type.version

    @property
    def knobs_type(self) -> type[BaseKnobs]:
        """The typed parameters of the generator."""
        kind: type[BaseKnobs] = self._generator.Knobs
        return kind

    @property
    def ladder(self) -> tuple[BaseKnobs, ...]:
        """Knob settings for difficulty 1 to 10."""
        rungs: tuple[BaseKnobs, ...] = self._generator.LADDER
        return rungs

    @property
    def draft(self) -> Callable[[Stream, BaseKnobs], Draft | None]:
        """The generator: a draft, or None where this stream led nowhere."""
        function: Callable[[Stream, BaseKnobs], Draft | None] = self._generator.generate
        return function

    @cached_property
    def template(self) -> Path:
        """The file that holds the prompt's wordings."""
        return Path(str(self._generator.__file__)).with_suffix(".md.jinja")

    def knobs(self, difficulty: int | None = None, settings: Mapping[str, Any] | None = None) -> BaseKnobs:
        """The knobs of a rung (or, without one, the defaults) with some set anew. Raises KnobError."""
        if difficulty is not None and not 1 <= difficulty <= RUNGS:
            raise KnobError(f"{self.name}: difficulty {difficulty} is out of range: 1 to {RUNGS}")
        base = self.knobs_type() if difficulty is None else self.ladder[difficulty - 1]
        try:
            return change(base, settings or {})
        except KnobError as error:
            raise KnobError(f"{self.name}: {error}") from None

    def generate(
        self,
        *,
        difficulty: int | None = None,
        knobs: Mapping[str, Any] | None = None,
        seed: int = 0,
        split: Split = "train",
        index: int = 0,
        wording: str | None = None,
    ) -> "Record":
        """Record number `index` of the endless dataset that the other arguments name, its answer verified.

        Without a difficulty the knobs start from their defaults, and the record's difficulty is 0. Raises KnobError on
        wrong knobs and on settings at which no problem was found.
        """
        from taskgen.records import make_record

        return make_record(self, difficulty or 0, self.knobs(difficulty, knobs), seed, split, index, wording)


@lru_cache(maxsize=1)
def all_tasks() -> dict[str, Task]:
    """Every task by name: those of this package, then those of the entry-point group `taskgen.tasks`."""
    found = {}
    root = os.path.join(os.path.dirname(__file__), "verifiers")
    for domain in sorted(os.listdir(root)):
        folder = os.path.join(root, domain)
        if not os.path.isdir(folder) or domain.startswith("_"):
            continue
        for file in sorted(os.listdir(folder)):
            name, extension = os.path.splitext(file)
            if extension == ".py" and not name.startswith("_"):
                parts = [f"taskgen.{layer}.{domain}.{name}" for layer in ("verifiers", "generators", "oracles")]
                found[name] = Task(name, domain, *parts)
    for name, package in _entry_points().items():
        domain, _, name = name.rpartition(".")
        if name in found:
            raise ValueError(f"the package behind {package} brings a task named {name}, which exists already")
        found[name] = Task(name, domain or "other", f"{package}.rules", f"{package}.generator", f"{package}.oracle")
    return found


def _entry_points() -> dict[str, str]:
    from importlib.metadata import entry_points

    return {entry.name: entry.value for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name)}


def tasks() -> list[str]:
    """The names of all tasks, in alphabetical order."""
    return sorted(all_tasks())


def task(name: str) -> Task:
    """The task of this name. Raises UnknownTask, which names the nearest."""
    found = all_tasks().get(name)
    if found is None:
        near = get_close_matches(name, tasks(), n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]}?" if near else ""
        shown = name if name.isprintable() else repr(name)
        raise UnknownTask(f"unknown task {shown}{hint} (`taskgen list` shows all {len(all_tasks())})")
    return found
