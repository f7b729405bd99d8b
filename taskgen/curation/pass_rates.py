"""Pass rates with their uncertainty, and how many more rollouts they need.

Records are columns of one length: `cells` (the cell of each, by any integer), `correct` and `trials` (judged rollouts).
A cell is (task, difficulty, knobs); data without any are one cell.
"""

from dataclasses import dataclass
from typing import Any

import numpy

from taskgen.curation.beta_binomial import Bins, Span, cell_priors, rate_bins
from taskgen.curation.stopping import StoppingRule, samples_needed

SCOUT_EVERY, SCOUT_TRIALS = 32, 16
"""Every 32nd record gets sixteen samples: a few deep records tell best how much rates differ within cells."""
STATES = 4096
"""Different (cell, correct, trials) that are worked on at once."""


@dataclass(frozen=True)
class PassRates:
    """The posterior of every record's pass rate; each column is as long as the records."""

    mean: Any
    low: Any
    """5 % quantile."""
    high: Any
    """95 % quantile."""
    classes: Any
    """The chance that the rate lies below, inside and above the band: records x 3."""


def pass_rates(
    cells: Any, correct: Any, trials: Any, band: tuple[float, float] = (0.2, 0.8), tasks: Any = None
) -> PassRates:
    """The posteriors of all records of one model under one sampling setting; those without a trial included.

    Where `tasks` numbers each record's task, a cell that tells little is drawn towards its task's cells instead of all.
    """
    records = _Records(cells, correct, trials, tasks)
    span = Span(*band, records.most_trials)
    priors, bins = records.priors(span), rate_bins(span)
    states, state = numpy.unique([records.cells, records.correct, records.trials], axis=1, return_inverse=True)
    parts = [numpy.empty((0, 6))]
    for start in range(0, states.shape[1], STATES):
        cell, right, tried = states[:, start : start + STATES]
        parts.append(_summaries(bins, _posteriors(bins, priors[cell], right, tried)))
    columns = numpy.concatenate(parts)[state.ravel()]
    return PassRates(columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3:])


def more_samples(cells: Any, correct: Any, trials: Any, rule: StoppingRule, limit: Any, tasks: Any = None) -> Any:
    """How many samples each record gets in the next round (integers); all zero means done.

    `limit` is how many more a record may get at most. Sampling of a record ends where the best policy over all that it
    may still get would end it: its class is sure enough, or more samples cannot change it, or they add less to the
    chance of a right class than they cost. Pass the same records in the same order every round.
    """
    records = _Records(cells, correct, trials, tasks)
    limit = numpy.asarray(limit, int)
    needed = _at_least(records.cells, rule) - records.trials
    asked = numpy.flatnonzero((needed <= 0) & (limit > 0))
    if len(asked):
        last = records.trials + limit
        span = Span(rule.low, rule.high, int(last.max()))
        columns = (each[asked] for each in (records.cells, records.correct, records.trials, last))
        sure = samples_needed(records.priors(span), rate_bins(span), rule, *columns)
        needed[asked] = numpy.where(sure > 0, numpy.maximum(sure, rule.batch), 0)
    return numpy.minimum(numpy.maximum(needed, 0), limit)


def _at_least(cells: Any, rule: StoppingRule) -> Any:
    """The trials that each record gets whatever they bring."""
    least = numpy.full(len(cells), rule.first)
    least[numpy.argsort(cells, kind="stable")[::SCOUT_EVERY]] = max(rule.first, SCOUT_TRIALS)
    return least


class _Records:
    """Columns of records, cells and tasks numbered from 0."""

    def __init__(self, cells: Any, correct: Any, trials: Any, tasks: Any) -> None:
        self.cells = numpy.unique(cells, return_inverse=True)[1]
        self.correct = numpy.asarray(correct, int)
        self.trials = numpy.asarray(trials, int)
        self.tasks = numpy.unique(self.cells * 0 if tasks is None else tasks, return_inverse=True)[1]

    @property
    def most_trials(self) -> int:
        return int(self.trials.max(initial=0))

    def priors(self, span: Span) -> Any:
        return cell_priors(self.cells, self.correct, self.trials, self.tasks, span)


def _posteriors(bins: Bins, priors: Any, correct: Any, trials: Any) -> Any:
    """The posterior mass in each bin: states x bins."""
    log_likelihood = numpy.outer(correct, bins.log_p) + numpy.outer(trials - correct, bins.log_q)
    mass = priors * numpy.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    return mass / mass.sum(axis=1, keepdims=True)


def _summaries(bins: Bins, mass: Any) -> Any:
    """Mean, 5 % and 95 % quantile, and the chance of each class: states x 6."""
    up_to = numpy.cumsum(mass, axis=1)
    rows = numpy.arange(len(mass))

    def quantile(share: float) -> Any:
        place = numpy.minimum((up_to < share).sum(axis=1), mass.shape[1] - 1)
        part = 1 - (up_to[rows, place] - share) / mass[rows, place]
        return bins.edges[place] + numpy.clip(part, 0, 1) * numpy.diff(bins.edges)[place]

    classes = [mass[:, own].sum(axis=1) for own in bins.classes]
    return numpy.stack([mass @ numpy.exp(bins.log_p), quantile(0.05), quantile(0.95), *classes], axis=1)
