"""The steps behind the stages of a recipe: settings and a place in, an entry for the manifest out."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy
from msgspec import Meta

from taskgen import __version__
from taskgen.curation.decontamination.decontaminate import DecontaminateSettings, decontaminate
from taskgen.curation.dedup import DedupSettings, dedup
from taskgen.curation.filtering import FilterSettings, filter_by_pass_rate
from taskgen.curation.mixing import MixSettings, mix
from taskgen.curation.near_duplicates import NearDuplicatesSettings, near_duplicates
from taskgen.curation.rollouts.sampling import rollout
from taskgen.curation.rollouts.settings import RolloutSettings
from taskgen.curation.rollouts.store import RECORDS_FILE
from taskgen.curation.sources import Source, open_source
from taskgen.curation.splitting import SplitSettings, split
from taskgen.curation.stages import Plan, Report, Selection, Settings, run_stage
from taskgen.engine.building import build
from taskgen.engine.calibrations import read_calibration
from taskgen.engine.errors import OrderError, UsageError
from taskgen.engine.manifest import StageEntry
from taskgen.engine.orders import Cell, Order, parse_difficulties, place_order
from taskgen.knobs import KnobError
from taskgen.problem import Split
from taskgen.registry import UnknownTask

ROLLOUT_NOTES = ("model", "settings", "records", "trials", "correct", "censored", "tokens", "missing", "exhausted")


@dataclass(frozen=True)
class Sampled:
    """Rollouts of an earlier run: the folder that holds them, which is only read, and what a manifest says of them."""

    folder: Path
    notes: dict[str, Any]

    def place(self, rollouts: Path) -> None:
        """Copy them to where a run looks for rollouts, unless there are some; the copy appears whole or not at all."""
        if (rollouts / RECORDS_FILE).exists():
            return
        partial = rollouts.with_name(f".{rollouts.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(self.folder, partial)
        partial.rename(rollouts)


@dataclass(frozen=True)
class Step:
    """Where a step works: what it reads, the folder it makes, the folder of all rollouts, what came before it."""

    data: Source | None
    out: Path
    rollouts: Path
    before: Sequence[StageEntry]
    workers: int
    report: Report
    sampled: Sampled | None = None
    """What was sampled when this was made before; then no policy is asked."""

    @property
    def source(self) -> Source:
        """The rows that go in."""
        assert self.data is not None  # only the first stage has none, and it needs none
        return self.data


class TaskOrder(Settings, frozen=True):
    """Records of one task: rungs as in 3-5, a count for the train split or one for each split, knobs set anew."""

    task: str
    difficulty: int | str | list[int] = "1-10"
    count: int | dict[str, int] = 1000
    knobs: dict[str, Any] = {}


class GenerateSettings(Settings, frozen=True):
    """What to generate; the count of each task is spread evenly over its rungs."""

    tasks: Annotated[list[TaskOrder], Meta(min_length=1)]
    seed: int = 0
    wording: str | None = None
    calibration: str | None = None

    def fault(self) -> tuple[tuple[str | int, ...], str] | None:
        """A task, rung, knob or count that does not exist."""
        for position, task in enumerate(self.tasks):
            try:
                orders(msgspec.structs.replace(self, tasks=[task], calibration=None))
            except (UsageError, KnobError, UnknownTask) as error:
                return ("tasks", position), str(error)
        try:
            orders(msgspec.structs.replace(self, calibration=None))
        except OrderError as error:
            return ("tasks",), str(error)
        return None


def expected_rows(settings: Settings) -> int:
    """How many rows a first stage will bring, for the progress bar."""
    match settings:
        case GenerateSettings():
            return sum(sum(_counts(task).values()) for task in settings.tasks)
        case LoadSettings():
            return open_source(settings.data, settings.split).rows
    return 0


def _counts(task: TaskOrder) -> dict[str, int]:
    if task.count == {}:
        raise OrderError(f"{task.task}: count names no split; write 100 or {{train: 100, test: 10}}")
    return task.count if isinstance(task.count, dict) else {"train": task.count}


def generate_step(step: Step, settings: GenerateSettings) -> StageEntry:
    """Make every split that is asked for, one after the other, in one folder."""
    cells: list[Any] = []
    asked = found = 0
    for order in orders(settings):
        before = found

        def report(stage: str, done: int, before: int = before) -> None:
            step.report(stage, before + done)

        entry, _ = build(order, step.out, step.workers, report)
        asked, found = asked + order.count, found + entry.rows
        cells += [msgspec.to_builtins(cell) | {"split": order.split} for cell in entry.cells]
    return StageEntry(
        taskgen=__version__,
        stage="generate",
        key="",
        settings=msgspec.to_builtins(settings),
        inputs=(),
        rows_in=asked,
        rows_out=found,
        reasons={"space_exhausted": asked - found} if asked > found else {},
        notes={"cells": cells},
    )


def rungs(difficulty: int | str | list[int]) -> tuple[int, ...]:
    """The rungs in 5, '3-7', '2,4,6' or [2, 4, 6]. Raises OrderError."""
    if difficulty == []:
        raise OrderError("difficulty names no level; write 5, 3-7 or [2, 4, 6]")
    if isinstance(difficulty, str):
        return parse_difficulties(difficulty)
    return (difficulty,) if isinstance(difficulty, int) else tuple(difficulty)


def orders(settings: GenerateSettings) -> list[Order]:
    """One order for each split. Raises OrderError, KnobError, UnknownTask."""
    scale = read_calibration(Path(settings.calibration)) if settings.calibration else None
    splits: dict[Split, list[Cell]] = {}
    for task in settings.tasks:
        for name, count in _counts(task).items():
            order = place_order(
                [(task.task, rungs(task.difficulty))],
                knobs=task.knobs,
                count=count,
                seed=settings.seed,
                split=name,
                wording=settings.wording,
                calibration=scale,
            )
            cells = splits.setdefault(order.split, [])
            if {(cell.task, cell.knobs) for cell in cells} & {(cell.task, cell.knobs) for cell in order.cells}:
                raise OrderError(f"{task.task}: the same difficulty and knobs are asked for twice in the {name} split")
            cells += order.cells
    return [Order(split, settings.seed, settings.wording, tuple(cells)) for split, cells in splits.items()]


class LoadSettings(Settings, frozen=True):
    """Rows from elsewhere: what `data` names, one of its splits or all."""

    data: str
    split: str | None = None


def load_step(step: Step, settings: LoadSettings) -> StageEntry:
    """Take every row as it is."""
    source = open_source(settings.data, settings.split)

    def choose(start: int, table: Any) -> Selection:
        return Selection(numpy.ones(table.num_rows, bool), ())

    return run_stage(Plan("load", settings, (source,)), step.out, choose, step.report)


def dedup_step(step: Step, settings: DedupSettings) -> StageEntry:
    """See taskgen.curation.dedup."""
    return dedup(step.source, step.out, settings, step.workers, step.report)


def near_duplicates_step(step: Step, settings: NearDuplicatesSettings) -> StageEntry:
    """See taskgen.curation.near_duplicates."""
    return near_duplicates(step.source, step.out, settings, step.report)


def decontaminate_step(step: Step, settings: DecontaminateSettings) -> StageEntry:
    """See taskgen.curation.decontamination."""
    return decontaminate(step.source, step.out, settings, step.report)


def rollout_step(step: Step, settings: RolloutSettings) -> StageEntry:
    """Sample and judge; the rows go on as they are. All variants of a recipe share one folder of rollouts."""
    if step.sampled is not None:
        step.sampled.place(step.rollouts)
        notes = step.sampled.notes
    else:
        summary = rollout(step.source, step.rollouts, settings, step.report, step.workers)
        notes = {name: getattr(summary, name) for name in ROLLOUT_NOTES}
    step.out.mkdir(parents=True, exist_ok=True)
    return StageEntry(
        taskgen=__version__,
        stage="rollout",
        key="",
        settings=msgspec.to_builtins(settings),
        inputs=(),
        rows_in=step.source.rows,
        rows_out=step.source.rows,
        reasons={},
        notes=notes,
    )


def filter_step(step: Step, settings: FilterSettings) -> StageEntry:
    """Keep the band, by the rollouts of the stage before unless the settings name a model of their own."""
    if settings.model is None:
        notes = next(entry.notes for entry in reversed(step.before) if entry.stage == "rollout")
        settings = msgspec.structs.replace(settings, model=notes["model"], settings=notes["settings"])
    return filter_by_pass_rate(step.source, [step.rollouts], step.out, settings, step.report)


class MixStepSettings(MixSettings, frozen=True):
    """A mix of what the stages before have made with other datasets, or of it alone."""

    others: tuple[str, ...] = ()


def mix_step(step: Step, settings: MixStepSettings) -> StageEntry:
    """See taskgen.curation.mixing."""
    plain = MixSettings(**{name: getattr(settings, name) for name in MixSettings.__struct_fields__})
    return mix([step.source, *map(open_source, settings.others)], step.out, plain, step.report)


def split_step(step: Step, settings: SplitSettings) -> StageEntry:
    """See taskgen.curation.splitting."""
    return split(step.source, step.out, settings, step.report)


class PublishSettings(Settings, frozen=True):
    """Where the result goes is said on the command line; with `rollouts` all completions and verdicts go with it."""

    rollouts: bool = False
