"""Tokens of text and their n-grams as 64-bit hashes.

A token's hash runs over its characters (multiply and fold); an n-gram's is the polynomial of its tokens' hashes modulo
2^64, carried along from window to window (R. M. Karp and M. O. Rabin 1987), then mixed by the finaliser of SplitMix64.
No hash depends on Python, numpy, the machine or the run.

Texts lie end to end in one array of code points; `ends` says where each of them stops. Tables of kinds are indexed by
code point.
"""

import numpy as np
from numba import njit

Array = np.ndarray

GAP, SKIPPED, SIGN, IDEOGRAPH, DIGIT, LETTER = range(6)
"""What a character is: between tokens; passed over; a token alone; a token alone; part of a word; part of a word."""
NEWLINE = 10
LONGEST_NUMBER = 12
SEED = np.uint64(0xCBF29CE484222325)
MULTIPLIER = np.uint64(0x9FB21C651E98DF25)
BASE = np.uint64(0xD6E8FEB86659FD93)

CODES, KINDS, HASHES, PLACES, FLAGS = "uint32[::1]", "uint8[::1]", "uint64[::1]", "int64[::1]", "boolean[::1]"


@njit("uint64(uint64)", cache=True)
def mixed(word: int) -> int:
    """The finaliser of SplitMix64: a bijection in which every bit of the input moves every bit of the output."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@njit("uint64(uint64, uint32)", cache=True)
def _with(state: int, code: int) -> int:
    """The state of a token's hash after one more character."""
    state = (state ^ np.uint64(code)) * MULTIPLIER
    return state ^ (state >> np.uint64(32))


@njit(f"boolean({CODES}, {KINDS}, int64, int64)", cache=True)
def _is_prose(codes: Array, kinds: Array, start: int, end: int) -> bool:
    """Whether a line holds a word of two letters, or an ideograph."""
    letter = False
    for place in range(start, end):
        kind = kinds[codes[place]]
        if kind == IDEOGRAPH or (letter and kind == LETTER):
            return True
        letter = kind == LETTER
    return False


@njit(f"int64({CODES}, {KINDS}, int64, int64, boolean, {HASHES}, {FLAGS}, int64)", cache=True)
def _read(
    codes: Array, kinds: Array, start: int, end: int, joined: bool, hashes: Array, numbers: Array, count: int
) -> int:
    """Write the hashes of the tokens between two places to `hashes` from `count` on, and to `numbers` whether they are
    numbers; the result is the new count. With `joined`, words of one character side by side are one token.
    """
    state = run_state = SEED
    last = np.uint32(0)
    length, run, digits = 0, False, True
    for place in range(start, end + 1):
        kind = kinds[codes[place]] if place < end else GAP
        if kind >= DIGIT:
            last = codes[place]
            state = _with(SEED if length == 0 else state, last)
            digits = kind == DIGIT and (digits or length == 0)
            length += 1
            continue
        if kind == SKIPPED:
            continue
        if length:
            if joined and run and length == 1:
                run_state = _with(run_state, last)
                hashes[count - 1] = mixed(run_state)
                numbers[count - 1] = False
            else:
                run_state = state
                hashes[count] = mixed(state)
                numbers[count] = digits and length <= LONGEST_NUMBER
                count += 1
            run, length = length == 1, 0
        if kind != GAP:
            hashes[count] = mixed(_with(SEED, codes[place]))
            numbers[count] = False
            count += 1
            run = False
    return count


@njit(f"Tuple(({HASHES}, {FLAGS}, {PLACES}))({CODES}, {PLACES}, {KINDS})", cache=True)
def tokens(codes: Array, ends: Array, kinds: Array) -> tuple[Array, Array, Array]:
    """The hashes of all tokens of some texts, which of them are numbers, and where each text's tokens stop."""
    hashes = np.empty(len(codes), np.uint64)
    numbers = np.empty(len(codes), np.bool_)
    stops = np.empty(len(ends), np.int64)
    start = count = 0
    for text in range(len(ends)):
        count = _read(codes, kinds, start, ends[text], False, hashes, numbers, count)
        start, stops[text] = ends[text], count
    return hashes[:count].copy(), numbers[:count].copy(), stops


@njit(f"Tuple(({HASHES}, {FLAGS}, {PLACES}))({CODES}, {PLACES}, {KINDS}, {KINDS})", cache=True)
def tokens_by_line(codes: Array, ends: Array, prose: Array, other: Array) -> tuple[Array, Array, Array]:
    """As `tokens`, with one table of kinds for lines of prose, in which words of one character side by side are joined,
    and one for all other lines.
    """
    hashes = np.empty(len(codes), np.uint64)
    numbers = np.empty(len(codes), np.bool_)
    stops = np.empty(len(ends), np.int64)
    start = count = 0
    for text in range(len(ends)):
        line = start
        for place in range(start, ends[text] + 1):
            if place == ends[text] or codes[place] == NEWLINE:
                kinds = prose if _is_prose(codes, prose, line, place) else other
                count = _read(codes, kinds, line, place, True, hashes, numbers, count)
                line = place + 1
        start, stops[text] = ends[text], count
    return hashes[:count].copy(), numbers[:count].copy(), stops


@njit(f"{HASHES}({CODES}, {PLACES}, {KINDS})", cache=True)
def whole_texts(codes: Array, ends: Array, kinds: Array) -> Array:
    """One hash a text, over all its characters but gaps and those passed over."""
    hashes = np.empty(len(ends), np.uint64)
    start = 0
    for text in range(len(ends)):
        state = SEED
        for place in range(start, ends[text]):
            if kinds[codes[place]] > SKIPPED:
                state = _with(state, codes[place])
        start, hashes[text] = ends[text], mixed(state)
    return hashes


@njit(f"Tuple(({HASHES}, {PLACES}))({HASHES}, {PLACES}, int64)", cache=True)
def windows(hashes: Array, ends: Array, size: int) -> tuple[Array, Array]:
    """The hashes of all n-grams of `size` tokens, text by text, and where each text's stop."""
    found = np.empty(len(hashes), np.uint64)
    stops = np.empty(len(ends), np.int64)
    leaving = np.uint64(1)
    for _ in range(size):
        leaving *= BASE
    start = count = 0
    for text in range(len(ends)):
        state = np.uint64(0)
        for place in range(start, ends[text]):
            state = state * BASE + hashes[place]
            if place - start >= size:
                state -= leaving * hashes[place - size]
            if place - start >= size - 1:
                found[count] = mixed(state)
                count += 1
        start, stops[text] = ends[text], count
    return found[:count].copy(), stops


@njit(f"int32[::1]({HASHES}, {HASHES}, int32[::1], int64)", cache=True)
def places(wanted: Array, known: Array, directory: Array, shift: int) -> Array:
    """For each hash its place in `known`, which is sorted and without repeats; -1 where it is not there.

    `directory[top]` is the number of known hashes whose bits from `shift` on are less than `top`.
    """
    found = np.full(len(wanted), -1, np.int32)
    for number in range(len(wanted)):
        top = wanted[number] >> np.uint64(shift)
        for place in range(directory[top], directory[top + np.uint64(1)]):
            if known[place] == wanted[number]:
                found[number] = place
    return found
