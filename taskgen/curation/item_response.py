"""The two-parameter logistic model of item response theory, fitted by penalised logistic regression.

A model of ability theta solves a problem of a cell of difficulty b with probability 1 / (1 + exp(-a (theta - b))),
where a, the discrimination, is one number a task (Birnbaum, in Lord and Novick, "Statistical Theories of Mental Test
Scores", 1968). Three ridges (normal priors) keep everything finite: on theta, on b and on log a. The scale is anchored
by centring: the abilities have the mean 0 and the discriminations the geometric mean 1. Where there is one model, or
one task, no a can be told from the spread of the others: all are 1, which is the Rasch model.
"""

from dataclasses import dataclass
from typing import Any

import numpy

SPREAD = 3.0
"""Standard deviation, in logits, that abilities and difficulties are expected to have."""
SPREAD_OF_LOG_A = 0.5
"""Standard deviation that log discriminations are expected to have."""
STEPS = 200
HALVINGS = 40
SMALL = 1e-10


@dataclass(frozen=True)
class Fit:
    """Maximum a posteriori estimates and their standard errors: theta a model, b a cell, a a task."""

    theta: Any
    theta_error: Any
    b: Any
    b_error: Any
    a: Any
    a_error: Any
    two_parameters: bool


@dataclass(frozen=True)
class Observations:
    """Binomial counts, one entry each for a (model, cell) that was sampled; counts need not be whole.

    `model` and `cell` are numbers from 0; `task` is the number of each cell's task.
    """

    model: Any
    cell: Any
    trials: Any
    correct: Any
    task: Any

    @property
    def sizes(self) -> tuple[int, int, int]:
        """How many models, cells and tasks."""
        return int(self.model.max()) + 1, len(self.task), int(self.task.max()) + 1


def fit(observed: Observations) -> Fit:
    """Estimates by Fisher scoring with step halving; standard errors from the penalised information matrix."""
    models, cells, tasks = observed.sizes
    regression = _Regression(observed)
    parameters = numpy.zeros(models + cells + tasks)
    for _ in range(STEPS):
        gradient, information = regression.slope(parameters)
        parameters, moved = regression.uphill(parameters, numpy.linalg.solve(information, gradient))
        if moved < SMALL:
            break
    _, information = regression.slope(parameters)
    errors = numpy.sqrt(numpy.diag(regression.centred(numpy.linalg.inv(information))))
    theta, b, log_a = regression.parts(parameters)
    theta_error, b_error, log_a_error = numpy.split(errors, [models, models + cells])
    a = numpy.exp(log_a)
    return Fit(theta, theta_error, b, b_error, a, a * log_a_error, regression.two_parameters)


class _Regression:
    """The penalised likelihood as a function of one vector: abilities, difficulties, log discriminations."""

    def __init__(self, observed: Observations) -> None:
        self._observed = observed
        models, cells, tasks = observed.sizes
        self._models, self._cells = models, cells
        self.two_parameters = models > 1 and tasks > 1
        self._precision = numpy.repeat([SPREAD**-2, SPREAD**-2, SPREAD_OF_LOG_A**-2], [models, cells, tasks])
        self._task = observed.task[observed.cell]
        self._places = numpy.stack([observed.model, models + observed.cell, models + cells + self._task])

    def parts(self, parameters: Any) -> tuple[Any, Any, Any]:
        """Abilities and log discriminations centred, difficulties as they are."""
        theta, b, log_a = numpy.split(parameters, [self._models, self._models + self._cells])
        return theta - theta.mean(), b, log_a - log_a.mean()

    def centred(self, matrix: Any) -> Any:
        """A symmetric matrix with the centring applied from both sides."""
        result = matrix.copy()
        for block in (slice(0, self._models), slice(self._models + self._cells, None)):
            result[block] -= result[block].mean(axis=0)
            result[:, block] -= result[:, block].mean(axis=1, keepdims=True)
        return result

    def _predict(self, parameters: Any) -> tuple[Any, Any]:
        """The log odds of every observation and the discrimination in it."""
        theta, b, log_a = self.parts(parameters)
        a = numpy.exp(log_a)[self._task]
        return a * (theta[self._observed.model] - b[self._observed.cell]), a

    def value(self, parameters: Any) -> float:
        """Log likelihood less penalty."""
        odds, _ = self._predict(parameters)
        likelihood = self._observed.correct * odds - self._observed.trials * numpy.logaddexp(0, odds)
        return float(likelihood.sum() - (self._precision * parameters**2).sum() / 2)

    def slope(self, parameters: Any) -> tuple[Any, Any]:
        """Gradient, and Fisher information plus ridge, which is positive definite."""
        odds, a = self._predict(parameters)
        probability = numpy.exp(-numpy.logaddexp(0, -odds))
        slopes = numpy.stack([a, -a, odds if self.two_parameters else numpy.zeros_like(odds)])
        residual = self._observed.correct - self._observed.trials * probability
        weight = self._observed.trials * probability * (1 - probability)
        gradient = numpy.bincount(self._places.ravel(), (slopes * residual).ravel(), len(parameters))
        for block in (slice(0, self._models), slice(self._models + self._cells, None)):
            gradient[block] -= gradient[block].mean()
        information = numpy.zeros((len(parameters), len(parameters)))
        products = slopes[:, None] * slopes[None] * weight
        numpy.add.at(information, (self._places[:, None], self._places[None]), products)
        information = self.centred(information)
        information[numpy.diag_indices_from(information)] += self._precision
        return gradient - self._precision * parameters, information

    def uphill(self, parameters: Any, step: Any) -> tuple[Any, float]:
        """As much of the step as does not lower the value, and how far that went at most."""
        here = self.value(parameters)
        for _ in range(HALVINGS):
            if self.value(parameters + step) >= here:
                return parameters + step, float(numpy.abs(step).max())
            step = step / 2
        return parameters, 0.0
