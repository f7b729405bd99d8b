"""Which groups of completions to train on: those whose accuracy lies in a band, so that every batch carries signal."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy


class OnlineFilter:
    """Keeps groups whose accuracy lies in [low, high] and is neither 0 nor 1; counts the others by reason.

    A group without variance has no gradient under group-relative advantages, so [0, 1] is DAPO's dynamic sampling (Yu
    et al. 2025, arXiv 2503.14476) and a narrower band balanced filtering (Bae et al. 2025, arXiv 2504.03380).
    """

    def __init__(self, batch: int, low: float = 0.0, high: float = 1.0) -> None:
        if batch < 1:
            raise ValueError(f"batch {batch} is out of range: 1 group or more")
        if not 0 <= low <= high <= 1:
            raise ValueError(f"the band {low} to {high} does not lie in 0 to 1")
        self.batch = batch
        """Groups in a batch."""
        self.low = low
        self.high = high
        self.seen = 0
        self.kept = 0
        self.dropped: Counter[str] = Counter()
        """Groups by reason: unjudged, all_wrong, all_correct, too_hard, too_easy."""
        self._in_batch = 0

    def keep(self, groups: Sequence[Sequence[float | None]]) -> Any:
        """A mask of the groups to train on. A group is the scores, 0 or 1, of one problem's completions.

        None and NaN stand for completions that nobody could judge and count for nothing; a group of them alone is
        dropped as unjudged. Raises ValueError where a score is no number from 0 to 1.
        """
        reasons = [self._reason(group) for group in groups]
        mask = numpy.array([reason == "" for reason in reasons], bool)
        self.seen += len(reasons)
        self.kept += int(mask.sum())
        self._in_batch += int(mask.sum())
        self.dropped.update(reason for reason in reasons if reason)
        return mask

    def _reason(self, group: Sequence[float | None]) -> str:
        scores = [score for score in group if score is not None and not math.isnan(score)]
        if not all(0 <= score <= 1 for score in scores):
            raise ValueError(f"a score in {list(group)} is not between 0 and 1")
        if not scores:
            return "unjudged"
        accuracy = math.fsum(scores) / len(scores)
        if accuracy == 0:
            return "all_wrong"
        if accuracy == 1:
            return "all_correct"
        return "too_hard" if accuracy < self.low else "too_easy" if accuracy > self.high else ""

    @property
    def missing(self) -> int:
        """Groups that the batch still needs."""
        return max(0, self.batch - self._in_batch)

    @property
    def keep_rate(self) -> float:
        """The share of groups that stays, judged by those seen so far (one more of each kind is added to them)."""
        return (self.kept + 1) / (self.seen + 2)

    def groups_to_sample(self) -> int:
        """How many more groups fill the batch if they stay at the rate of those so far; 0 when it is full."""
        return math.ceil(self.missing / self.keep_rate)

    def next_batch(self) -> None:
        """Begin the next batch; groups beyond a full one count for it."""
        self._in_batch = max(0, self._in_batch - self.batch)

    def state(self) -> dict[str, Any]:
        """All there is to know, as plain JSON, for a checkpoint."""
        return {
            "batch": self.batch,
            "low": self.low,
            "high": self.high,
            "seen": self.seen,
            "kept": self.kept,
            "dropped": dict(sorted(self.dropped.items())),
            "in_batch": self._in_batch,
        }

    @classmethod
    def load(cls, state: dict[str, Any]) -> "OnlineFilter":
        """The filter that `state` was taken from."""
        loaded = cls(state["batch"], state["low"], state["high"])
        loaded.seen, loaded.kept, loaded._in_batch = state["seen"], state["kept"], state["in_batch"]
        loaded.dropped = Counter(state["dropped"])
        return loaded
