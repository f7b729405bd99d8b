"""The beta-binomial model of pass rates, its prior learnt from all records of a cell (empirical Bayes).

A record's rate is drawn from Beta(m k, (1 - m) k), m and k being the mean and the concentration of its cell; its
correct rollouts are binomial. A cell does not get one m and one k: it carries weights over a grid of both, by the
marginal likelihood of its records (the beta-binomial, Skellam 1948) and a population prior, so that intervals know how
little a small cell tells. The population prior is learnt too: means have a histogram over cells, of the task where
tasks are known, shrunk to that of all; concentrations are log-normal over all cells. Both begin from a broad
hyper-prior.

What one trial a record can tell: the mean of its cell, never the concentration, for a single Bernoulli trial has the
same chance under every k. Where all records of all cells have one trial, concentration is the hyper-prior's alone, and
intervals are right on average over worlds drawn from it, not for the data at hand; some records with more trials,
whichever cells they are in, settle it for all.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy

MEANS = numpy.sin(numpy.pi / 2 * (numpy.arange(64) + 0.5) / 64) ** 2
"""The grid of means, even in the scale in which a binomial share has the same variance everywhere."""
CONCENTRATIONS = 0.25 * 2.0 ** (numpy.arange(23) / 2)
"""The grid of concentrations, 0.25 to 512; they are the columns of a grid whose rows are the means."""
CENTRES = 0.25 * 2.0 ** (numpy.arange(89) / 8)
WIDTHS = numpy.array([0.2, 0.4, 0.8, 1.2])
"""Medians and standard deviations (of the logarithm) of the log-normals that the concentrations may have."""
TYPICAL, SPREAD, WIDTH = 4.0, 1.5, 0.5
"""The hyper-prior: the median is log-normal about `TYPICAL` with `SPREAD`, the width half-normal of scale `WIDTH`."""
STRANGE = 0.001
"""Share of cells whose concentration may be anything."""
NARROW = 4.0
"""How much a logarithm bends over one step of the grid where its peak, half a step wide, is too narrow for it."""
HYPER_CELLS = 4.0
"""How many cells the hyper-prior of the means counts for."""
ROUNDS, STEPS = 5, 6
"""Rounds of learning concentrations and means in turn; steps of EM for the means in each, few enough to stay smooth."""
SOME_CELLS = 2000
"""The population is learnt from at most so many cells, evenly spread; so many are worked on at once."""
NEAR, FAR, TAIL_BINS = 20.0, 700.0, 24
"""Log-odds up to which bins of the rate are even, and up to which they grow: as far as a float goes."""


@dataclass(frozen=True)
class Bins:
    """The rate from 0 to 1 in bins, the ends of the band among their edges."""

    edges: Any
    log_p: Any
    log_q: Any
    """Logarithms of the rate in the middle of each bin, and of 1 minus it."""
    classes: tuple[slice, slice, slice]
    """The bins below, inside and above the band."""


@dataclass(frozen=True)
class Span:
    """A band of rates, and how many trials a record may have: this decides how fine bins must be."""

    low: float
    high: float
    trials: int


@lru_cache(maxsize=8)
def rate_bins(span: Span) -> Bins:
    """The bins for a span."""
    from scipy.special import expit

    inner, first, last = _inner_edges(span)
    middle = numpy.concatenate([[-2 * FAR], (inner[1:] + inner[:-1]) / 2, [2 * FAR]])
    edges = numpy.concatenate([[0.0], expit(inner), [1.0]])
    edges[first], edges[last] = span.low, span.high  # as they were given, not as they come back from log-odds
    return Bins(
        edges=edges,
        log_p=-numpy.logaddexp(0, -middle),
        log_q=-numpy.logaddexp(0, middle),
        classes=(slice(0, first), slice(first, last), slice(last, None)),
    )


def _inner_edges(span: Span) -> tuple[Any, int, int]:
    """Log-odds of the edges between bins; the number of the bin that begins the band and of the one after it."""
    from scipy.special import logit

    even = numpy.linspace(0, NEAR, 1 + 160 * int(numpy.ceil(numpy.sqrt(max(span.trials, 1) / 64))))
    half = numpy.concatenate([even, numpy.geomspace(NEAR, FAR, TAIL_BINS + 1)[1:]])
    low, high = logit([span.low, span.high])
    inner = numpy.unique(numpy.concatenate([-half, half, [end for end in (low, high) if numpy.isfinite(end)]]))
    first, last = (1 + int(numpy.searchsorted(inner, end)) for end in (low, high))
    return inner, 0 if span.low <= 0 else first, last


@lru_cache(maxsize=8)
def _grid_masses(span: Span) -> Any:
    """The mass in every bin of every beta distribution of the grid: grid x bins."""
    from scipy.special import betainc, expit

    inner, _, _ = _inner_edges(span)
    a, b = (each.ravel()[:, None] for each in _grid())
    below = numpy.diff(betainc(a, b, expit(inner[inner <= 0])), axis=1, prepend=0)
    above = -numpy.diff(betainc(b, a, expit(-inner[inner >= 0])), axis=1, append=0)
    return numpy.hstack([below, above])


def _grid() -> tuple[Any, Any]:
    """Parameters a and b of the beta distributions: means x concentrations."""
    return numpy.outer(MEANS, CONCENTRATIONS), numpy.outer(1 - MEANS, CONCENTRATIONS)


def cell_priors(cells: Any, correct: Any, trials: Any, tasks: Any, span: Span) -> Any:
    """The prior of a record's rate in every cell: cells x bins, rows sum to 1.

    `cells` and `tasks` number each record's cell and task from 0 without gaps. A record's own trials should not vouch
    for themselves: a cell of R records speaks with (R - 1) / R of its log-likelihood, which is exact for one record,
    whose prior is the population's, and hardly matters for many. A population is learnt from its cells likewise.
    """
    from scipy.sparse import csr_array

    count = int(cells.max(initial=-1)) + 1
    base = int(trials.max(initial=0)) + 1
    pairs, pair = numpy.unique(trials * base + correct, return_inverse=True)
    tallies = csr_array((numpy.ones(len(cells)), (cells, pair)), shape=(count, len(pairs)))
    evidence = _log_evidence(pairs % base, pairs // base)
    task_of = numpy.zeros(count, int)
    task_of[cells] = tasks
    learning = numpy.arange(0, count, max(1, -(-count // SOME_CELLS)))
    population = _population(
        _likelihood(tallies[learning] @ evidence), task_of[learning], int(task_of.max(initial=0)) + 1
    )
    records = numpy.bincount(cells[trials > 0], minlength=count)
    share = numpy.maximum(records - 1, 0) / numpy.maximum(records, 1)
    masses = _grid_masses(span)
    priors = numpy.empty((count, masses.shape[1]))
    for start in range(0, count, SOME_CELLS):
        some = slice(start, start + SOME_CELLS)
        likelihood = _likelihood((tallies[some] @ evidence) * share[some, None])
        weights = _weights(likelihood, population.means[task_of[some]], population.concentrations)
        priors[some] = weights.reshape(len(weights), -1) @ masses
    return priors


def _log_evidence(correct: Any, trials: Any) -> Any:
    """Log marginal likelihood of states, without the binomial coefficient: states x grid."""
    from scipy.special import gammaln

    a, b = (each.ravel() for each in _grid())

    def rising(start: Any, counts: Any) -> Any:
        """Logarithm of the rising factorial start (start + 1) ... of so many factors."""
        return (gammaln(start + numpy.arange(counts.max(initial=0) + 1)[:, None]) - gammaln(start))[counts]

    return rising(a, correct) + rising(b, trials - correct) - rising(a + b, trials)


@dataclass(frozen=True)
class _Likelihood:
    """The likelihood of some cells over the grid, each concentration in its own scale."""

    of_means: Any
    """cells x means x concentrations."""
    log_scale: Any
    """cells x concentrations; at most 0."""

    def joint(self) -> Any:
        """The likelihood in one scale: cells x means x concentrations."""
        return self.of_means * numpy.exp(self.log_scale)[:, None, :]


def _likelihood(log_likelihood: Any) -> _Likelihood:
    """From the log-likelihood of cells: cells x grid."""
    log_likelihood = log_likelihood.reshape(-1, len(MEANS), len(CONCENTRATIONS))
    scale = log_likelihood.max(axis=1)
    of_means = _shared(log_likelihood - scale[:, None, :], axis=1)
    return _Likelihood(of_means, scale - scale.max(axis=1, keepdims=True, initial=-numpy.inf))


def _shared(logarithm: Any, axis: int) -> Any:
    """Exponentials of a function on the grid; a peak that falls between two of its points is shared between them.

    Where the parabola through the highest point and its neighbours is narrower than the grid, all that is under it goes
    to the points beside its vertex, by nearness: so many records in a cell are not rounded to a point of the grid.
    """
    points = logarithm.shape[axis]
    top = numpy.expand_dims(logarithm.argmax(axis=axis).clip(1, points - 2), axis)
    before, peak, after = (numpy.take_along_axis(logarithm, top + step, axis) for step in (-1, 0, 1))
    bend = 2 * peak - before - after
    narrow = bend > NARROW
    bend = numpy.where(narrow, bend, 1.0)
    shift = ((after - before) / (2 * bend)).clip(-1, 1)
    under = numpy.exp(peak + (after - before) / 2 * shift - bend / 2 * shift**2) * numpy.sqrt(2 * numpy.pi / bend)
    place = numpy.expand_dims(numpy.arange(points), [each for each in range(logarithm.ndim) if each != axis])
    near = (1 - abs(place - top - shift)).clip(0)
    return numpy.where(narrow, under * near, numpy.exp(logarithm))


@dataclass(frozen=True)
class _Population:
    """What cells are like: the weights of means in every task (tasks x means) and of concentrations in all."""

    means: Any
    concentrations: Any


def _weights(likelihood: _Likelihood, means: Any, concentrations: Any) -> Any:
    """The posterior of mean and concentration of cells, given what each expects of its mean: cells x grid."""
    own = likelihood.of_means * means[:, :, None]
    of_concentrations = own.sum(axis=1)
    log_weight = numpy.log(of_concentrations * concentrations) + likelihood.log_scale
    log_weight -= log_weight.max(axis=1, keepdims=True)
    weight = _shared(log_weight, axis=1)
    return own * (weight / weight.sum(axis=1, keepdims=True) / of_concentrations)[:, None, :]


def _population(likelihood: _Likelihood, task_of: Any, tasks: int) -> _Population:
    """What some cells tell of all."""
    joint = likelihood.joint()
    flat = numpy.full(len(MEANS), 1 / len(MEANS))
    candidates, hyper = _log_normals()
    means, others = flat, 1 - 1 / max(1, len(joint))
    for _ in range(ROUNDS):
        log_chance = others * numpy.log(numpy.einsum("cmk,m->ck", joint, means) @ candidates.T).sum(axis=0)
        chance = hyper * numpy.exp(log_chance - log_chance.max())
        concentrations = (chance / chance.sum()) @ candidates
        of_means = joint @ concentrations
        means = _learn(of_means, flat)
    by_task = [_learn(of_means[task_of == task], means) for task in range(tasks)] if tasks > 1 else [means]
    return _Population(numpy.stack(by_task), concentrations)


def _log_normals() -> tuple[Any, Any]:
    """Every log-normal that concentrations may have (log-normals x concentrations), and the hyper-prior's weights."""
    distance = numpy.log(CONCENTRATIONS / CENTRES[:, None])
    density = numpy.exp(-0.5 * (distance[:, None, :] / WIDTHS[:, None]) ** 2)
    density = (1 - STRANGE) * density / density.sum(axis=2, keepdims=True) + STRANGE / len(CONCENTRATIONS)
    weight = numpy.outer(
        numpy.exp(-0.5 * (numpy.log(CENTRES / TYPICAL) / SPREAD) ** 2), numpy.exp(-0.5 * (WIDTHS / WIDTH) ** 2)
    )
    return density.reshape(-1, len(CONCENTRATIONS)), weight.ravel()


def _learn(likelihood: Any, hyper: Any) -> Any:
    """A histogram of means over cells, by EM."""
    weights, cells = hyper, len(likelihood)
    others = 1 - 1 / max(1, cells)
    for _ in range(STEPS):
        share = likelihood.T @ (1 / (likelihood @ weights))
        weights = (HYPER_CELLS * hyper + others * weights * share) / (HYPER_CELLS + others * cells)
    return weights
