"""Tallies: for every record and policy, how many completions there are and how many were right."""

from pathlib import Path
from typing import Any

import numpy
import pyarrow

from taskgen.curation.rollouts.store import RecordFile, misfit, part_numbers, read_part, read_verdicts

TALLIES = pyarrow.schema(
    [
        ("id", pyarrow.string()),
        ("structure", pyarrow.string()),
        ("task", pyarrow.string()),
        ("difficulty", pyarrow.int8()),
        ("knobs", pyarrow.string()),
        ("effort", pyarrow.float64()),
        ("model", pyarrow.string()),
        ("settings", pyarrow.string()),
        ("trials", pyarrow.int32()),
        ("correct", pyarrow.int32()),
        ("censored", pyarrow.int32()),
        ("tokens", pyarrow.int64()),
    ]
)
"""A record under a policy. `trials` counts judged completions, `censored` those cut short; these, and what could
not be judged, are in neither `trials` nor `correct`. `tokens` is what all cost together, with the prompts.
"""
GROUP = ["id", "model", "settings"]
COUNTS = ["trials", "correct", "censored", "tokens"]


def tallies(folder: Path) -> Any:
    """The tallies of a ROLLOUTS folder, a pyarrow.Table in the order of the records, then of model and settings.

    What a run that was stopped has left in the journal is not counted. Raises UsageError where the folder holds no
    rollouts, Damaged where verdicts and completions do not fit.
    """
    records = RecordFile(folder)
    parts = [_sums(part_counts(folder, number)) for number in part_numbers(folder)]
    if not parts:
        return TALLIES.empty_table()
    sums = _sums(pyarrow.concat_tables(parts))
    rows = numpy.array([records.row_of[identity] for identity in sums["id"].to_pylist()], numpy.int64)
    keys = list(zip(rows.tolist(), sums["model"].to_pylist(), sums["settings"].to_pylist(), strict=True))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    sums, rows = sums.take(pyarrow.array(order)), rows[order]
    wanted, place = numpy.unique(rows, return_inverse=True)
    columns = ["structure", "task", "difficulty", "knobs", "effort"]
    described = pyarrow.concat_tables(records.read(wanted, columns)).take(pyarrow.array(place))
    found = {name: described[name] if name in columns else sums[name] for name in TALLIES.names}
    return pyarrow.table(found).cast(TALLIES)


def part_counts(folder: Path, number: int) -> Any:
    """For every completion of a part its key and its share in the counts: id, model, settings, number, COUNTS."""
    part = read_part(folder, number, [*GROUP, "number", "finish", "prompt_tokens", "completion_tokens"])
    cut_short = pyarrow.compute.equal(part["finish"], "length").to_numpy()
    trials, correct = numpy.zeros(part.num_rows, numpy.int64), numpy.zeros(part.num_rows, numpy.int64)
    verdicts = read_verdicts(folder, number, ["number", "score", "status"])
    if verdicts is not None:
        whole = numpy.flatnonzero(~cut_short)
        if not numpy.array_equal(part["number"].to_numpy()[whole], verdicts["number"].to_numpy()):
            raise misfit(folder, number)
        trials[whole] = pyarrow.compute.not_equal(verdicts["status"], "verifier_error").to_numpy()
        correct[whole] = verdicts["score"].to_numpy() == 1
    tokens = part["prompt_tokens"].to_numpy() + part["completion_tokens"].to_numpy()
    counts = {"trials": trials, "correct": correct, "censored": cut_short.astype(numpy.int64), "tokens": tokens}
    return pyarrow.table({name: part[name] for name in (*GROUP, "number")} | counts)


def _sums(table: Any) -> Any:
    grouped = table.group_by(GROUP, use_threads=False).aggregate([(name, "sum") for name in COUNTS])
    return grouped.rename_columns([name.removesuffix("_sum") for name in grouped.column_names])
