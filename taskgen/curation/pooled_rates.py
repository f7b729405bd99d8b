"""Pass rates pooled over records, with intervals that know that the rollouts of one record are alike.

Rollouts of a record share its luck: sixteen of them say less than one of each of sixteen records. And where sampling
stops early on records that are clear, those that are not have more rollouts, so that the plain share of correct
rollouts leans towards one half. Both are put right by counting the n rollouts of a record as n / (1 + (n - 1) rho),
with the intraclass correlation rho estimated from the counts (the design effect of Kish, "Survey Sampling", 1965; the
weights of Kleinman, "Proportions with extraneous variance", 1973).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy

from taskgen.curation.cell_counts import Counts

Name = TypeVar("Name", bound=tuple[Any, ...])

CONFIDENCE = 0.9
ROUNDS = 30


@dataclass(frozen=True)
class PooledRates:
    """Arrays with one entry for each group: records, trials, correct, their pass rate, and its 90 % interval."""

    records: Any
    trials: Any
    correct: Any
    rate: Any
    low: Any
    high: Any


@dataclass(frozen=True)
class Weights:
    """What one rollout counts, for each entry, and the intraclass correlation behind it."""

    weight: Any
    correlation: float


def rates_of(counts: Counts, policy: int, names: Sequence[Name]) -> tuple[list[Name], PooledRates]:
    """The pass rates of one policy on groups of cells, in the order of their names; `names` has one for each cell."""
    own = counts.policy == policy
    groups = sorted({names[cell] for cell in numpy.unique(counts.cell[own]).tolist()})
    place = {name: number for number, name in enumerate(groups)}
    group = numpy.array([place.get(name, -1) for name in names])[counts.cell[own]]
    return groups, pooled_rates(group, counts.record[own], counts.trials[own], counts.correct[own])


def pooled_rates(group: Any, record: Any, trials: Any, correct: Any) -> PooledRates:
    """The pass rates of groups of records, numbered from 0 without a gap; an entry for each record.

    Intervals are Jeffreys' (Brown, Cai and DasGupta, "Interval estimation for a binomial proportion", 2001); they reach
    0 where nothing was right and 1 where everything was.
    """
    from scipy.special import betaincinv

    weight = weigh(group, record, trials, correct).weight
    total, right = numpy.bincount(group, weight * trials), numpy.bincount(group, weight * correct)
    plain = numpy.bincount(group, trials).astype(numpy.int64), numpy.bincount(group, correct).astype(numpy.int64)
    tail = (1 - CONFIDENCE) / 2
    hits, misses = right + 0.5, total - right + 0.5
    return PooledRates(
        records=records_of(group, record),
        trials=plain[0],
        correct=plain[1],
        rate=numpy.where(plain[0] == plain[1], 1.0, right / total),
        low=numpy.where(plain[1] == 0, 0.0, betaincinv(hits, misses, tail)),
        high=numpy.where(plain[1] == plain[0], 1.0, betaincinv(hits, misses, 1 - tail)),
    )


def weigh(group: Any, record: Any, trials: Any, correct: Any) -> Weights:
    """Weights by the correlation of rollouts of one record, beyond what the pass rate of their group explains.

    The moment estimate over all pairs of rollouts of a record; these may fall in different groups, as those of
    different models do. It is 1 where nothing tells: then a record counts as one trial, however many it has.
    """
    records = records_of(group, record)
    # A rate that was estimated from the same records takes a share 1/records of their spread away.
    grown = numpy.where(records > 1, numpy.sqrt(records / numpy.maximum(records - 1, 1)), 0.0)[group]
    correlation = 0.0
    for _ in range(ROUNDS):
        weight = 1 / (1 + (trials - 1) * correlation)
        rate = (numpy.bincount(group, weight * correct) / numpy.bincount(group, weight * trials))[group]
        variance = numpy.where(grown > 0, rate * (1 - rate), 0.0)
        own = numpy.bincount(record, weight**2 * trials * variance)
        pairs = numpy.bincount(record, weight * trials * numpy.sqrt(variance)) ** 2 - own
        if pairs.sum() < 1e-9:
            return Weights(1 / trials, 1.0)
        excess = numpy.bincount(record, weight * (correct - trials * rate) * grown) ** 2 - own
        before, correlation = correlation, float(numpy.clip(excess.sum() / pairs.sum(), 0, 1))
        if abs(correlation - before) < 1e-9:
            break
    return Weights(1 / (1 + (trials - 1) * correlation), correlation)


def records_of(group: Any, record: Any) -> Any:
    """How many records each group has."""
    width = int(record.max(initial=0)) + 1
    return numpy.bincount(numpy.unique(group * width + record) // width)
