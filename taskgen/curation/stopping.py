"""When to stop sampling a record: the best policy on the lattice of (correct, trials), by dynamic programming.

To stop is worth the chance that the most likely class is the right one; every further sample costs `gain`. The policy
follows by backward induction from the last sample that a record may get (Arrow, Blackwell and Girshick 1949). The
chance of one path to a state is the integral of p^correct (1 - p)^wrong over the prior, so the values of what a sample
may bring add up without weights.
"""

from typing import Annotated, Any

import numpy
from msgspec import Meta

from taskgen.curation.beta_binomial import Bins
from taskgen.curation.stages import Settings

LAST_TRIAL = 512
"""No record is sampled beyond this; near 1,000 the chance of a path would leave the range of a float."""


class StoppingRule(Settings, frozen=True):
    """When a record has been sampled enough to tell whether its pass rate lies below, inside or above a band."""

    low: Annotated[float, Meta(ge=0, le=1, description="lower end of the band of pass rates")] = 0.2
    high: Annotated[float, Meta(ge=0, le=1, description="upper end of the band of pass rates")] = 0.8
    gain: Annotated[
        float, Meta(gt=0, le=0.5, description="chance of a right class that a sample must add to be worth taking")
    ] = 0.0075
    confidence: Annotated[float, Meta(gt=0, le=1, description="chance of a right class at which sampling ends")] = 0.99
    first: Annotated[int, Meta(ge=1, le=LAST_TRIAL, description="samples that every record gets")] = 1
    batch: Annotated[
        int, Meta(ge=1, le=LAST_TRIAL, description="samples a record gets in a round at least: fewer rounds, more cost")
    ] = 1

    def __post_init__(self) -> None:
        if self.low >= self.high:
            raise ValueError(f"low {self.low} is not below high {self.high}")


def samples_needed(
    priors: Any, bins: Bins, rule: StoppingRule, cells: Any, correct: Any, trials: Any, last: Any
) -> Any:
    """How many more samples the best policy surely takes of each record before it may stop; 0 where it stops now.

    `priors` is cells x bins, `last` is how many trials a record can have at most. Taking that many at once loses
    nothing against asking after each.
    """
    last = numpy.minimum(last, LAST_TRIAL)
    lines, line = numpy.unique(cells * (LAST_TRIAL + 1) + last, return_inverse=True)
    line_cell, line_last = lines // (LAST_TRIAL + 1), lines % (LAST_TRIAL + 1)
    by_trials = numpy.argsort(trials, kind="stable")
    bounds = numpy.searchsorted(trials[by_trials], numpy.arange(LAST_TRIAL + 2))
    needed = numpy.zeros(len(cells), int)
    value = steps = numpy.zeros((len(lines), int(last.max(initial=0)) + 2))
    for number in range(int(last.max(initial=0)), int(trials.min(initial=0)) - 1, -1):
        chances = _class_chances(priors, bins, number)
        total, best = chances.sum(axis=0)[line_cell], chances.max(axis=0)[line_cell]
        onward = value[:, :-1] + value[:, 1:] - rule.gain * total
        go = (onward > best) & (best < rule.confidence * total) & (line_last > number)[:, None]
        value = numpy.where(go, onward, best)
        steps = numpy.where(go, 1 + numpy.minimum(steps[:, :-1], steps[:, 1:]), 0)
        here = by_trials[bounds[number] : bounds[number + 1]]
        needed[here] = steps[line[here], correct[here]]
    return needed


def _class_chances(priors: Any, bins: Bins, trials: int) -> Any:
    """The chance of each class and one path to each state of so many trials: classes x cells x (trials + 1)."""
    correct = numpy.arange(trials + 1)
    path = numpy.exp(numpy.outer(bins.log_p, correct) + numpy.outer(bins.log_q, trials - correct))
    return numpy.stack([priors[:, own] @ path[own] for own in bins.classes])
