"""Random numbers that never change: xoshiro256** keyed by blake2b.

The generator is Blackman and Vigna's xoshiro256** ("Scrambled linear pseudorandom number generators", 2021). It is
written out here, drawing method by drawing method, so that no release of Python or numpy changes what comes out.
`taskgen.kernels.random` holds its twin for compiled loops.
"""

from collections.abc import MutableSequence, Sequence
from hashlib import blake2b
from typing import TypeVar

import msgspec

Item = TypeVar("Item")
KeyPart = str | int | bytes

_MASK = (1 << 64) - 1


class Stream:
    """One stream of random numbers. `state` is four 64-bit integers, not all zero, and may be read and set."""

    __slots__ = ("state",)

    def __init__(self, state: tuple[int, int, int, int]) -> None:
        self.state = state

    @classmethod
    def keyed(cls, *key: KeyPart) -> "Stream":
        """The stream that belongs to this key; streams of different keys are independent."""
        digest = blake2b(msgspec.msgpack.encode(key), digest_size=32, person=b"taskgen-stream").digest()
        return cls._from_bytes(digest)

    @classmethod
    def _from_bytes(cls, digest: bytes) -> "Stream":
        words = [int.from_bytes(digest[start : start + 8], "little") for start in (0, 8, 16, 24)]
        return cls((words[0], words[1], words[2], words[3]))

    def fork(self, *key: KeyPart) -> "Stream":
        """A stream of its own for a side decision; this one does not move."""
        return Stream.keyed(*self.state, *key)

    def bits64(self) -> int:
        """The next 64 random bits: one step of xoshiro256**."""
        a, b, c, d = self.state
        product = (b * 5) & _MASK
        result = (((product << 7) | (product >> 57)) * 9) & _MASK
        shifted = (b << 17) & _MASK
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = ((d << 45) | (d >> 19)) & _MASK
        self.state = (a, b, c, d)
        return result

    def below(self, bound: int) -> int:
        """An integer in [0, bound), every one equally likely (Lemire's multiplication with rejection)."""
        if not 0 < bound <= _MASK + 1:
            raise ValueError(f"below({bound}): the bound must lie in 1..2**64")
        product = self.bits64() * bound
        if product & _MASK < bound:
            threshold = (_MASK + 1 - bound) % bound
            while product & _MASK < threshold:
                product = self.bits64() * bound
        return product >> 64

    def between(self, low: int, high: int) -> int:
        """An integer in [low, high], both ends included."""
        return low + self.below(high - low + 1)

    def uniform(self) -> float:
        """A float in [0, 1) with 53 random bits."""
        return (self.bits64() >> 11) * 2.0**-53

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.uniform() < probability

    def choice(self, items: Sequence[Item]) -> Item:
        """One of the items, every one equally likely."""
        return items[self.below(len(items))]

    def weighted(self, items: Sequence[Item], weights: Sequence[int]) -> Item:
        """One of the items, with probability proportional to its integer weight."""
        position = self.below(sum(weights))
        for item, weight in zip(items, weights, strict=True):
            if position < weight:
                return item
            position -= weight
        raise AssertionError("unreachable: the position lies below the sum of the weights")

    def shuffle(self, items: MutableSequence[Item]) -> None:
        """Shuffle in place (Fisher-Yates from the end)."""
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """A shuffled copy."""
        copy = list(items)
        self.shuffle(copy)
        return copy

    def sample(self, items: Sequence[Item], count: int) -> list[Item]:
        """`count` different positions' items, in random order."""
        if not 0 <= count <= len(items):
            raise ValueError(f"sample of {count} from {len(items)} items")
        pool = list(items)
        for position in range(count):
            other = position + self.below(len(pool) - position)
            pool[position], pool[other] = pool[other], pool[position]
        return pool[:count]


def item_stream(task: str, version: int, knobs: str, seed: int, split: str, index: int, attempt: int) -> Stream:
    """The stream of one item of a dataset; `knobs` is their canonical JSON. Neighbouring seeds share nothing."""
    return Stream.keyed("item", task, version, knobs, seed, split, index, attempt)
