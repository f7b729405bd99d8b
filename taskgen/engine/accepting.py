"""Which draws of a cell become records: the first ones, in order of index, whose instance id is new to the dataset."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from taskgen.engine.shards import MAX_FAILURES

BARREN_DRAWS = 2_000
BARREN_FACTOR = 20
"""A space counts as exhausted when max(BARREN_DRAWS, BARREN_FACTOR x distinct problems seen) draws in a row, or
MAX_FAILURES indices in a row at which no problem was found, bring nothing that the cell has not seen before. Of n
equally likely problems the last is then overlooked with a probability of about e**-20."""


class Acceptance:
    """Takes a cell's draws in order of index until the cell has its count or its space is exhausted.

    `owners` maps the ids that the task has so far in the dataset to the number of their cell; it grows here.
    """

    def __init__(self, number: int, count: int, owners: dict[int, int]) -> None:
        self.accepted = array("q")
        """The accepted indices, ascending."""
        self.draws = 0
        """Indices looked at."""
        self.duplicates = 0
        self.exhausted = False
        self._number = number
        self._count = count
        self._owners = owners
        self._foreign: set[int] = set()
        self._barren = 0
        self._failures = 0

    @property
    def done(self) -> bool:
        """Whether no further draw is needed."""
        return self.exhausted or len(self.accepted) == self._count

    @property
    def missing(self) -> int:
        """How many records are still to be found."""
        return self._count - len(self.accepted)

    def between(self, start: int, stop: int) -> Sequence[int]:
        """The accepted indices in [start, stop)."""
        return self.accepted[bisect_left(self.accepted, start) : bisect_left(self.accepted, stop)]

    def take(self, ids: Iterable[tuple[int, str]], failed: Iterable[int]) -> None:
        """The draws of the next shard: index and id of each row, and the indices at which no problem was found."""
        draws: list[tuple[int, str | None]] = [*ids, *((index, None) for index in failed)]
        for index, identity in sorted(draws, key=lambda draw: draw[0]):
            if self.done:
                return
            self.draws += 1
            if identity is None:
                self._failures += 1
            else:
                self._failures = 0
                self._look_at(index, int(identity, 16))
            limit = max(BARREN_DRAWS, BARREN_FACTOR * (len(self.accepted) + len(self._foreign)))
            self.exhausted = self._barren >= limit or self._failures >= MAX_FAILURES

    def _look_at(self, index: int, identity: int) -> None:
        owner = self._owners.get(identity)
        if owner is None:
            self._owners[identity] = self._number
            self.accepted.append(index)
            self._barren = 0
            return
        self.duplicates += 1
        if owner != self._number and identity not in self._foreign:
            self._foreign.add(identity)
            self._barren = 0
        else:
            self._barren += 1
