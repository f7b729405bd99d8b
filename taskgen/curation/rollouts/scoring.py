"""Verdicts on completions: kept apart from them, so that a changed verifier judges again without sampling again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pyarrow

from taskgen.curation.rollouts.store import (
    VERDICTS,
    RecordFile,
    judged_rows,
    make_parts,
    misfit,
    part_numbers,
    read_part,
    read_verdicts,
    write_verdicts,
)
from taskgen.curation.stages import Report, no_report
from taskgen.engine.batch import verify_batch
from taskgen.engine.executors import default_workers
from taskgen.engine.folders import locked
from taskgen.problem import Verdict
from taskgen.registry import UnknownTask, task

CHUNK = 2048
KEY_NAMES = VERDICTS.names[:4]


class RescoreSummary(msgspec.Struct, frozen=True):
    """Completions that were not cut short, how many of them were judged now, and how many got another score."""

    completions: int
    judged: int
    changed: int


def rescore(
    folder: Path, everything: bool = False, workers: int | None = None, report: Report = no_report
) -> RescoreSummary:
    """Judge what has no verdict, or one that an older verifier gave, or none that says anything; with `everything` all.

    Raises UsageError where the folder holds no rollouts, FolderTaken where another run has it, Damaged.
    """
    records = RecordFile(folder)
    with locked(folder):
        make_parts(folder, records.row_of)
        completions = judged = changed = 0
        for number in part_numbers(folder):

            def tick(done: int, before: int = completions) -> None:
                report("judging", before + done)

            part = judge_part(folder, number, records, workers or judges(), everything, tick)
            completions, judged, changed = completions + part[0], judged + part[1], changed + part[2]
    return RescoreSummary(completions, judged, changed)


def count_completions(folder: Path) -> int:
    """How many completions there are in parts to be judged. Raises UsageError where the folder holds no rollouts."""
    RecordFile(folder)
    return sum(judged_rows(read_part(folder, number, ["finish"])).num_rows for number in part_numbers(folder))


def judges() -> int:
    """How many processes judge: at least two, for then a verifier that hangs can be killed."""
    return max(2, default_workers())


def judge_part(
    folder: Path,
    number: int,
    records: RecordFile,
    workers: int,
    everything: bool = False,
    tick: Callable[[int], None] = lambda done: None,
) -> tuple[int, int, int]:
    """Bring the verdicts on a part up to date: completions, how many were judged, how many scores changed by that."""
    part = judged_rows(read_part(folder, number, [*KEY_NAMES, "finish"]))
    old = read_verdicts(folder, number, VERDICTS.names)
    if old is not None and not all(old[name].equals(part[name]) for name in KEY_NAMES):
        raise misfit(folder, number)
    rows = numpy.array([records.row_of[identity] for identity in part["id"].to_pylist()], numpy.int64)
    wanted, place = numpy.unique(rows, return_inverse=True)
    tables = list(records.read(wanted, ["task", "problem"]))
    tasks = [name for table in tables for name in table["task"].to_pylist()]
    problems = [problem for table in tables for problem in table["problem"].to_pylist()]
    versions = {name: _version(name) for name in set(tasks)}
    version = numpy.array([versions[name] for name in tasks], numpy.int32)[place] if tasks else place
    stale = numpy.full(part.num_rows, True)
    if old is not None and not everything:
        unsaid = numpy.array([status == "verifier_error" for status in old["status"].to_pylist()], bool)
        stale = (old["task_version"].to_numpy() < version) | unsaid
    if old is not None and not stale.any():
        tick(part.num_rows)
        return part.num_rows, 0, 0
    completions = judged_rows(read_part(folder, number, ["completion", "finish"]))["completion"]
    verdicts = _judge(completions, problems, place, numpy.flatnonzero(stale), workers, tick)
    table = _merged(part, version, old, stale, verdicts)
    write_verdicts(folder, number, table)
    changed = 0 if old is None else int((old["score"].to_numpy() != table["score"].to_numpy()).sum())
    return part.num_rows, len(verdicts), changed


def _judge(
    completions: Any, problems: list[str], place: Any, rows: Any, workers: int, tick: Callable[[int], None]
) -> list[Verdict]:
    verdicts: list[Verdict] = []
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        texts = completions.take(pyarrow.array(chunk)).to_pylist()
        verdicts += verify_batch([problems[place[row]] for row in chunk.tolist()], texts, workers)
        tick(len(verdicts))
    return verdicts


def _merged(part: Any, version: Any, old: Any, stale: Any, verdicts: list[Verdict]) -> Any:
    """The verdicts on all rows of a part: the new ones where the old were stale."""
    places = numpy.cumsum(stale) - 1
    columns = [part[name] for name in KEY_NAMES]
    new: dict[str, list[Any]] = {
        "task_version": version[stale].tolist(),
        "score": [verdict.score for verdict in verdicts],
        "status": [verdict.status for verdict in verdicts],
        "reason": [verdict.reason for verdict in verdicts],
        "partial": [verdict.partial for verdict in verdicts],
    }
    for name, values in new.items():
        if old is not None:
            kept = old[name].to_pylist()
            values = [values[places[row]] if stale[row] else kept[row] for row in range(len(kept))]
        columns.append(pyarrow.array(values, VERDICTS.field(name).type))
    return pyarrow.Table.from_arrays(columns, schema=VERDICTS)


def _version(name: str) -> int:
    """The version of the verifier that judges a task; 0 where there is none."""
    try:
        return task(name).version
    except UnknownTask:
        return 0
