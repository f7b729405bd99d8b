"""Curriculum columns: how hard each row is among those of its split, and how often a trainer should draw it."""

from typing import Any

import numpy
import pyarrow

from taskgen.knobs import RUNGS

BINS = 10
CURRICULUM = (
    ("curriculum_rank", pyarrow.int32()),
    ("difficulty_bin", pyarrow.int8()),
    ("mix_weight", pyarrow.float64()),
)
"""The columns: place from easy to hard, from 0; tenth of the split, from 0; weight for drawing rows, 1 on average."""


def curriculum_rank(instance: Any, task: Any, difficulty: Any, effort: Any, pass_rate: Any) -> Any:
    """The place of every row of a split from easy to hard, int64 from 0.

    Arrays of one entry a row: `instance` (n, 2) uint64, `task` a number for each task, the others float64 with NaN for
    none. Rows with a pass rate stand by it, high ones first. Rows without stand by their rung and, within the rung, by
    effort, normalised by task: its quantile among the rows of that task at that rung. A row without a rung from 1 to 10
    stands by the quantile of its effort in its task, a row without effort in the middle. Where only some rows have a
    pass rate, both kinds are spread evenly over the whole range. Ties go by rung and effort, then by id.
    """
    refined = _level(difficulty, effort, task)
    rated = ~numpy.isnan(pass_rate)
    everyone = numpy.zeros(len(task), numpy.int64)
    hardness = numpy.where(rated, quantiles(-pass_rate, rated), quantiles(refined, ~rated))
    order = numpy.lexsort((instance[:, 1], instance[:, 0], quantiles(refined, everyone), hardness))
    rank = numpy.empty(len(task), numpy.int64)
    rank[order] = numpy.arange(len(task))
    return rank


def _level(difficulty: Any, effort: Any, task: Any) -> Any:
    """Rung and effort as one number on the scale of the rungs."""
    rung = numpy.where(numpy.isin(difficulty, numpy.arange(1, RUNGS + 1)), difficulty, 0)
    within = quantiles(effort, task * (RUNGS + 1) + rung)
    return numpy.where(rung > 0, rung + within, 1 + RUNGS * within)


def quantiles(values: Any, group: Any) -> Any:
    """The mid-rank of each value in its group, in (0, 1); equal values share one, NaN is 0.5.

    NaN does not count towards the size of a group.
    """
    known = numpy.flatnonzero(~numpy.isnan(values))
    order = known[numpy.lexsort((values[known], group[known]))]
    place = numpy.arange(len(order))
    new_group = _changes(group[order])
    new_value = new_group | _changes(values[order])
    first, last = _runs(new_value)
    start, end = _runs(new_group)
    result = numpy.full(len(values), 0.5)
    if len(place):
        result[order] = ((first + last + 1) / 2 - start) / (end + 1 - start)
    return result


def _changes(values: Any) -> Any:
    changed = numpy.ones(len(values), bool)
    changed[1:] = values[1:] != values[:-1]
    return changed


def _runs(new: Any) -> tuple[Any, Any]:
    """For each place of a sequence cut into runs: the first and the last place of its run."""
    starts = numpy.flatnonzero(new)
    lengths = numpy.diff(numpy.append(starts, len(new)))
    return numpy.repeat(starts, lengths), numpy.repeat(starts + lengths - 1, lengths)


def part_of(rank: Any, parts: int) -> Any:
    """Which of so many equal parts of its split each row is in, from 0, easy to hard."""
    return rank * parts // max(1, len(rank))


def mix_weight(task: Any, weights: Any) -> Any:
    """Weights under which rows drawn at random show the tasks in their shares; 1 on average.

    `task` is the number of each row's task, `weights` the weight of each task. They are all 1 where the rows stand in
    these shares already.
    """
    rows = numpy.bincount(task, minlength=len(weights))
    present = numpy.where(rows > 0, weights, 0.0)
    if not present.sum():
        return numpy.ones(len(task))
    share = present / present.sum()
    return (share[task] / rows[task]) * len(task)
