"""Calibration: one scale of difficulty over tasks and models, from what models did on cells.

Level 5 of the scale is where the average model of the calibration solves half of the problems (theta = b = 0), and each
level halves its odds: 94 % at level 1, 50 % at level 5, 3 % at level 10, at a discrimination of 1. So a level means the
same for every task, its pass rates are those that a few dozen rollouts can measure, and it does not move when a
setting at one end is added, as levels spread over the range of what happened to be sampled would.
"""

import math
from typing import Any, Literal

import msgspec
import numpy

from taskgen import __version__
from taskgen.curation.cell_counts import Counts, policy_labels
from taskgen.curation.item_response import Fit, Observations, fit
from taskgen.curation.pooled_rates import Weights, records_of, weigh
from taskgen.engine.calibrations import FORMAT, Ability, CalibratedCell, Calibration, Discrimination
from taskgen.engine.errors import UsageError
from taskgen.knobs import RUNGS

LEVELS = tuple(round((level - 5) * math.log(2), 4) for level in range(1, RUNGS + 1))
DIGITS = 4


def calibrate(counts: Counts) -> Calibration:
    """The scale that fits the counts best; see `item_response` for the model and its anchors.

    Standard errors of cells hold for new records, because trials are weighed by how alike those of one record are; so
    those of models are on the wide side where all met the same records. A cell that everybody always solved, or nobody
    ever, has a bound and not an estimate. Raises UsageError where policies have nothing in common to be compared by.
    """
    _check_connected(counts)
    width = len(counts.cells)
    pair, place = numpy.unique(counts.policy * width + counts.cell, return_inverse=True)
    policy, cell = pair // width, pair % width
    weights = weigh(place, counts.record, counts.trials, counts.correct)
    trials = numpy.bincount(place, weights.weight * counts.trials)
    correct = numpy.bincount(place, weights.weight * counts.correct)
    share = _own_share(counts, weights)[cell]
    tasks = sorted({name.task for name in counts.cells})
    task = numpy.array([tasks.index(name.task) for name in counts.cells])
    fitted = fit(Observations(policy, cell, share * trials, share * correct, task))
    rates = numpy.full((width, len(counts.policies)), numpy.nan)
    rates[cell, policy] = correct / trials
    return Calibration(
        format=FORMAT,
        taskgen=__version__,
        response_model="2PL" if fitted.two_parameters else "Rasch",
        levels=LEVELS,
        correlation=_rounded(weights.correlation),
        models=_abilities(counts, fitted),
        tasks=tuple(
            Discrimination(name, _rounded(fitted.a[number]), _rounded(fitted.a_error[number]))
            for number, name in enumerate(tasks)
        ),
        cells=_cells(counts, fitted, rates),
    )


def _own_share(counts: Counts, weights: Weights) -> Any:
    """What is left of each cell's weighted trials where several policies were sampled on the same records."""
    trials = numpy.bincount(counts.record, counts.trials)
    home = numpy.zeros(len(trials), numpy.int64)
    home[counts.record] = counts.cell
    together = trials / (1 + (trials - 1) * weights.correlation)
    return numpy.bincount(home, together) / numpy.bincount(counts.cell, weights.weight * counts.trials)


def _abilities(counts: Counts, fitted: Fit) -> tuple[Ability, ...]:
    trials = numpy.bincount(counts.policy, counts.trials)
    correct = numpy.bincount(counts.policy, counts.correct)
    return tuple(
        Ability(
            model=policy.model,
            settings=policy.settings,
            theta=_rounded(fitted.theta[number]),
            standard_error=_rounded(fitted.theta_error[number]),
            trials=int(trials[number]),
            correct=int(correct[number]),
        )
        for number, policy in enumerate(counts.policies)
    )


def _cells(counts: Counts, fitted: Fit, rates: Any) -> tuple[CalibratedCell, ...]:
    trials = numpy.bincount(counts.cell, counts.trials).astype(int)
    correct = numpy.bincount(counts.cell, counts.correct).astype(int)
    records = records_of(counts.cell, counts.record)
    cells = []
    for number, name in enumerate(counts.cells):
        cells.append(
            CalibratedCell(
                task=name.task,
                difficulty=name.difficulty,
                knobs=msgspec.json.decode(name.knobs, type=dict[str, Any]),
                b=_rounded(fitted.b[number]),
                standard_error=_rounded(fitted.b_error[number]),
                bound=_bound(trials[number], correct[number]),
                records=int(records[number]),
                trials=int(trials[number]),
                pass_rates=tuple(None if math.isnan(rate) else round(rate, DIGITS) for rate in rates[number].tolist()),
            )
        )
    return tuple(cells)


def _bound(trials: int, correct: int) -> Literal["none", "at_least", "at_most"]:
    if not correct:
        return "at_least"
    return "at_most" if correct == trials else "none"


def _rounded(value: float) -> float:
    return round(float(value), DIGITS) + 0.0  # never -0.0


def _check_connected(counts: Counts) -> None:
    """Raise UsageError unless every policy can be compared with every other, through cells in common."""
    sampled = numpy.zeros((len(counts.policies), len(counts.cells)), bool)
    sampled[counts.policy, counts.cell] = True
    reached = {0}
    while True:
        cells = sampled[sorted(reached)].any(axis=0)
        wider = set(numpy.flatnonzero(sampled[:, cells].any(axis=1)).tolist())
        if wider == reached:
            break
        reached = wider
    if len(reached) < len(counts.policies):
        labels = policy_labels(counts.policies)
        apart = min(set(range(len(labels))) - reached)
        raise UsageError(
            f"{labels[0]} and {labels[apart]} have no cell in common, directly or through other models, and cannot be "
            "put on one scale; sample both on some of the same cells or calibrate them apart"
        )
