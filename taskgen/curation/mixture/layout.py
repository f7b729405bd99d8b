"""Where every row of a mix is written: its split, its stage, its place in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from taskgen.curation.curriculum import BINS, CURRICULUM, curriculum_rank, mix_weight, part_of
from taskgen.curation.mixture.candidates import Candidates
from taskgen.curation.staged_files import part_of_train
from taskgen.problem import SPLITS


@dataclass(frozen=True)
class Layout:
    """Arrays of one entry a row of the sources, of meaning for the rows that stay."""

    parts: dict[str, int]
    """Rows of each part: a split, or a stage of the train split."""
    part: Any
    """The number of the part."""
    place: Any
    """The place in the part."""
    columns: dict[str, Any]
    """The curriculum columns, if they were asked for."""


def lay_out(candidates: Candidates, rows: Any, weights: Sequence[float], curriculum: bool, stages: int) -> Layout:
    """Shuffle the rows that stay within their parts; rank them within their splits, where a curriculum is asked for.

    `weights` are those of the tasks.
    """
    total = len(candidates.task)
    part, place = numpy.zeros(total, numpy.int16), numpy.zeros(total, numpy.int64)
    columns = {name: numpy.zeros(total, kind.to_pandas_dtype()) for name, kind in CURRICULUM} if curriculum else {}
    parts: dict[str, int] = {}
    for number, split in enumerate(SPLITS):
        own = rows[candidates.split[rows] == number]
        rank = _fill(columns, candidates, own, weights) if curriculum else numpy.zeros(len(own), numpy.int64)
        staged = stages > 1 and split == "train"
        stage = part_of(rank, stages if staged else 1)
        for step in numpy.unique(stage).tolist():
            members = own[stage == step]
            order = numpy.lexsort((members, candidates.turn[members]))
            place[members[order]] = numpy.arange(len(members))
            part[members] = len(parts)
            parts[part_of_train(step + 1) if staged else split] = len(members)
    return Layout(parts, part, place, columns)


def _fill(columns: dict[str, Any], candidates: Candidates, own: Any, weights: Sequence[float]) -> Any:
    """Set the curriculum columns of one split's rows; the result is their ranks."""
    rank = curriculum_rank(
        candidates.instance[own],
        candidates.task[own],
        candidates.difficulty[own],
        candidates.effort[own],
        candidates.pass_rate[own],
    )
    columns["curriculum_rank"][own] = rank
    columns["difficulty_bin"][own] = part_of(rank, BINS)
    columns["mix_weight"][own] = mix_weight(candidates.task[own], numpy.array(weights))
    return rank
