"""Which cells to train on next: a bandit over cells that follows the signal and keeps looking at the rest."""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

from taskgen.seeding import Stream

Cell = tuple[str | int, ...]
"""What a batch is drawn from: (task, difficulty, knobs), or any other key of text and integers."""


class CellSampler:
    """Draws cells by a softmax over upper confidence bounds; a trainer calls `sample` and `update` between steps.

    A cell's bound is the mean absolute advantage over its last `window` completions plus sqrt(2 ln N / (n + 1)), where
    n of the N completions so far were its own. A cell that the policy always or never solves has advantage zero and is
    seldom drawn, but never forgotten. Source: DUMP, Wang et al. 2025, arXiv 2504.09710.
    """

    def __init__(self, cells: Iterable[Cell], seed: int = 0, window: int = 256, temperature: float = 0.1) -> None:
        self.cells: tuple[Cell, ...] = tuple(cells)
        if not self.cells or len(set(self.cells)) < len(self.cells):
            raise ValueError("a sampler needs at least one cell, and each of them once")
        if window < 1 or not 0 < temperature < math.inf:
            raise ValueError(f"window {window} and temperature {temperature} must be above 0")
        self.window = window
        self.temperature = temperature
        self._stream = Stream.keyed("cells", seed)
        self._counts = dict.fromkeys(self.cells, 0)
        self._recent: dict[Cell, deque[float]] = {cell: deque(maxlen=window) for cell in self.cells}

    def sample(self, k: int) -> list[Cell]:
        """`k` cells, drawn one by one with their `probabilities`; a cell may come several times."""
        bounds = list(accumulate(self.probabilities().values()))
        draws = [self._stream.uniform() * bounds[-1] for _ in range(k)]
        return [self.cells[next(place for place, bound in enumerate(bounds) if draw < bound)] for draw in draws]

    def update(self, cell: Cell, advantages: Sequence[float]) -> None:
        """Take in the advantages of completions for a cell's problems. Raises ValueError and changes nothing then."""
        if cell not in self._counts:
            raise ValueError(f"{cell} is none of the sampler's cells")
        sizes = [abs(float(advantage)) for advantage in advantages]
        if not all(math.isfinite(size) for size in sizes):
            raise ValueError(f"an advantage of {cell} is not a finite number")
        self._counts[cell] += len(sizes)
        self._recent[cell].extend(sizes)

    def probabilities(self) -> dict[Cell, float]:
        """How likely each cell is to be drawn next; they sum to 1."""
        scores = self.scores()
        highest = max(scores.values())
        weights = {cell: math.exp((score - highest) / self.temperature) for cell, score in scores.items()}
        total = math.fsum(weights.values())
        return {cell: weight / total for cell, weight in weights.items()}

    def scores(self) -> dict[Cell, float]:
        """The upper confidence bound of each cell."""
        spread = 2 * math.log(max(1, sum(self._counts.values())))
        return {cell: self._signal(cell) + math.sqrt(spread / (self._counts[cell] + 1)) for cell in self.cells}

    def _signal(self, cell: Cell) -> float:
        recent = self._recent[cell]
        return math.fsum(recent) / len(recent) if recent else 0.0

    def state(self) -> dict[str, Any]:
        """All there is to know, as plain JSON, for a checkpoint."""
        return {
            "window": self.window,
            "temperature": self.temperature,
            "stream": [f"{word:016x}" for word in self._stream.state],
            "cells": [
                {"cell": list(cell), "completions": self._counts[cell], "recent": list(self._recent[cell])}
                for cell in self.cells
            ],
        }

    @classmethod
    def load(cls, state: dict[str, Any]) -> "CellSampler":
        """The sampler that `state` was taken from; it goes on as that one would have."""
        cells = {tuple(entry["cell"]): entry for entry in state["cells"]}
        sampler = cls(cells, window=state["window"], temperature=state["temperature"])
        first, second, third, fourth = (int(word, 16) for word in state["stream"])
        sampler._stream = Stream((first, second, third, fourth))
        for cell, entry in cells.items():
            sampler._counts[cell] = entry["completions"]
            sampler._recent[cell].extend(entry["recent"])
        return sampler
