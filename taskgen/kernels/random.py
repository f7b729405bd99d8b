"""The compiled twin of `taskgen.seeding.Stream`: a kernel takes over a stream's state and hands it back."""

import numpy as np
from numba import njit

from taskgen.seeding import Stream

State = np.ndarray


def take_over(stream: Stream) -> State:
    """The stream's state as the array of four uint64 that the functions below advance."""
    return np.array(stream.state, dtype=np.uint64)


def hand_back(stream: Stream, state: State) -> None:
    """Let the stream go on where the kernel stopped."""
    a, b, c, d = (int(word) for word in state)
    stream.state = (a, b, c, d)


@njit(cache=True, inline="always")
def _rotate(word: np.uint64, by: int) -> np.uint64:
    return (word << np.uint64(by)) | (word >> np.uint64(64 - by))


@njit(cache=True)
def bits64(state: State) -> np.uint64:
    """The next 64 random bits; the same as Stream.bits64."""
    result = _rotate(state[1] * np.uint64(5), 7) * np.uint64(9)
    shifted = state[1] << np.uint64(17)
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = _rotate(state[3], 45)
    return result


@njit(cache=True)
def _multiply(x: np.uint64, y: np.uint64) -> tuple[np.uint64, np.uint64]:
    """High and low word of the 128-bit product; y < 2**32."""
    half = np.uint64(32)
    low = (x & np.uint64(0xFFFFFFFF)) * y
    high = (x >> half) * y + (low >> half)
    return high >> half, x * y


@njit(cache=True)
def below(state: State, bound: int) -> int:
    """An integer in [0, bound), bound < 2**32; the same as Stream.below."""
    limit = np.uint64(bound)
    high, low = _multiply(bits64(state), limit)
    if low < limit:
        threshold = (np.uint64(0) - limit) % limit
        while low < threshold:
            high, low = _multiply(bits64(state), limit)
    return np.int64(high)


@njit(cache=True)
def uniform(state: State) -> float:
    """A float in [0, 1); the same as Stream.uniform."""
    return np.float64(bits64(state) >> np.uint64(11)) * 2.0**-53


@njit(cache=True)
def shuffle(state: State, items: np.ndarray) -> None:
    """Shuffle a one-dimensional array in place; the same as Stream.shuffle."""
    for last in range(len(items) - 1, 0, -1):
        other = below(state, last + 1)
        items[last], items[other] = items[other], items[last]
