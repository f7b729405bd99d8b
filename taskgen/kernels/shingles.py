"""Shingles: texts as sets of n-grams of their tokens (A. Z. Broder, "On the resemblance and containment of documents",
1997), each n-gram a 64-bit hash that depends on nothing but its tokens' bytes.

Texts and tokens lie end to end in one array; `bounds` says where each of them begins and the last one ends.
"""

import numpy as np
from numba import njit

Array = np.ndarray

SEED = np.uint64(0x9E3779B97F4A7C15)
FACTOR = np.uint64(0xD6E8FEB86659FD93)
QUOTE, BACKSLASH, COLON = np.uint8(34), np.uint8(92), np.uint8(58)
BETWEEN = np.zeros(256, np.bool_)
BETWEEN[[ord(character) for character in "[]{},: \t\r\n"]] = True


@njit(cache=True, inline="always")
def _with(state: np.uint64, part: np.uint64) -> np.uint64:
    """A hash carried on by one more part, a byte or a token."""
    state = (state ^ part) * FACTOR
    return state ^ (state >> np.uint64(32))


@njit(cache=True, inline="always")
def _hash(text: Array, start: int, end: int) -> np.uint64:
    state = _with(SEED, np.uint64(end - start))
    for place in range(start, end):
        state = _with(state, np.uint64(text[place]))
    return state


@njit(cache=True)
def word_hashes(text: Array, bounds: Array) -> Array:
    """The hash of every word."""
    hashes = np.empty(len(bounds) - 1, np.uint64)
    for word in range(len(hashes)):
        hashes[word] = _hash(text, bounds[word], bounds[word + 1])
    return hashes


@njit(cache=True)
def json_value_hashes(text: Array, bounds: Array, skipped: int) -> tuple[Array, Array]:
    """The hashes of the values in JSON texts, in order, without keys, brackets and the first `skipped` values of each
    text; and the bounds of each text's values.
    """
    hashes = np.empty(len(text) // 2 + len(bounds), np.uint64)
    value_bounds = np.zeros(len(bounds), np.int64)
    count = 0
    for row in range(len(bounds) - 1):
        place, end = bounds[row], bounds[row + 1]
        first = count
        while place < end:
            start = place
            if text[place] == QUOTE:
                place += 1
                while place < end and text[place] != QUOTE:
                    place += 2 if text[place] == BACKSLASH else 1
                place = min(place + 1, end)
                if place < end and text[place] == COLON:
                    continue
            elif BETWEEN[text[place]]:
                place += 1
                continue
            else:
                while place < end and not BETWEEN[text[place]]:
                    place += 1
            hashes[count] = _hash(text, start, place)
            count += 1
        dropped = min(skipped, count - first)
        hashes[first : count - dropped] = hashes[first + dropped : count].copy()
        count -= dropped
        value_bounds[row + 1] = count
    return hashes[:count].copy(), value_bounds


@njit(cache=True)
def shingle_sets(tokens: Array, bounds: Array, width: int) -> tuple[Array, Array]:
    """Every text's shingles of `width` tokens, sorted and without repeats, and the bounds of each text's.

    A text of fewer tokens has them all in one shingle; one without tokens has none.
    """
    found = np.empty(len(tokens), np.uint64)
    set_bounds = np.zeros(len(bounds), np.int64)
    count = 0
    for row in range(len(bounds) - 1):
        start, end = bounds[row], bounds[row + 1]
        first = count
        for place in range(start, max(end - width, start) + 1):
            if place == end:
                break
            state = SEED
            for token in range(place, min(place + width, end)):
                state = _with(state, tokens[token])
            found[count] = state
            count += 1
        found[first:count].sort()
        last = first
        for place in range(first, count):
            if place == first or found[place] != found[last - 1]:
                found[last] = found[place]
                last += 1
        count = last
        set_bounds[row + 1] = count
    return found[:count].copy(), set_bounds
