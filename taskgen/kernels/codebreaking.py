"""Mastermind by bits: feedback of packed codes, the codes that fit clues, and a player with a guarantee.

A code is a word with four bits a position; its tally, a word with four bits a colour, counts how often each colour
occurs (at most 7 positions). A feedback is one number, exact * (pegs + 1) + exact and misplaced together. The player is
Knuth's ("The computer as Master Mind", 1976): it guesses whatever leaves the fewest codes in the worst case.
"""

import numpy as np
from numba import njit

MAX_PEGS = 7


def pack(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Packed codes and their tallies, from an array of shape (codes, pegs)."""
    wide = codes.astype(np.uint64)
    places = np.arange(codes.shape[1], dtype=np.uint64) * np.uint64(4)
    return (wide << places).sum(axis=1, dtype=np.uint64), (np.uint64(1) << (wide * np.uint64(4))).sum(
        axis=1, dtype=np.uint64
    )


@njit(cache=True)
def feedback(pegs: int, code: np.uint64, tally: np.uint64, other: np.uint64, other_tally: np.uint64) -> int:
    """The feedback that two codes give each other."""
    differing = code ^ other
    differing |= differing >> np.uint64(1)
    differing = (differing | (differing >> np.uint64(2))) & np.uint64(0x1111111111111111)
    exact = pegs - np.int64((differing * np.uint64(0x1111111111111111)) >> np.uint64(60))
    guard = np.uint64(0x8888888888888888)
    # The guard bit of a colour survives the subtraction where the first tally is the larger or equal.
    larger = (((tally | guard) - other_tally) & guard) >> np.uint64(3)
    keep = larger * np.uint64(15)
    common = (other_tally & keep) | (tally & ~keep)
    pairs = (common & np.uint64(0x0F0F0F0F0F0F0F0F)) + ((common >> np.uint64(4)) & np.uint64(0x0F0F0F0F0F0F0F0F))
    return exact * (pegs + 1) + np.int64((pairs * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(cache=True)
def fitting(pegs: int, codes: np.ndarray, tallies: np.ndarray, secret: int, guesses: np.ndarray) -> np.ndarray:
    """The numbers of the codes that give every guess the feedback that the secret gives it."""
    found = np.empty(len(codes), dtype=np.int64)
    count = 0
    for code in range(len(codes)):
        fits = True
        for guess in guesses:
            told = feedback(pegs, codes[guess], tallies[guess], codes[secret], tallies[secret])
            if feedback(pegs, codes[guess], tallies[guess], codes[code], tallies[code]) != told:
                fits = False
                break
        if fits:
            found[count] = code
            count += 1
    return found[:count]


@njit(cache=True)
def _worst(
    pegs: int, guess: int, members: np.ndarray, codes: np.ndarray, tallies: np.ndarray, sizes: np.ndarray, bound: int
) -> int:
    """The largest number of members with one feedback to a guess, or `bound` as soon as it is that large."""
    sizes[:] = 0
    worst = 0
    for member in members:
        told = feedback(pegs, codes[guess], tallies[guess], codes[member], tallies[member])
        sizes[told] += 1
        if sizes[told] > worst:
            worst = sizes[told]
            if worst >= bound:
                break
    return worst


@njit(cache=True)
def _choose(
    pegs: int, members: np.ndarray, codes: np.ndarray, tallies: np.ndarray, probes: bool, sizes: np.ndarray
) -> int:
    """The guess with the least worst case: the first such member or, with probes, the first such code of all."""
    best, least = members[0], len(members) + 1
    for guess in members:
        worst = _worst(pegs, guess, members, codes, tallies, sizes, least)
        if worst < least:
            best, least = guess, worst
            if least == 1:
                return best
    if probes and least > 1 and len(members) > 2:
        for guess in range(len(codes)):
            worst = _worst(pegs, guess, members, codes, tallies, sizes, least)
            if worst < least:
                best, least = guess, worst
                if least == 1:
                    break
    return best


@njit(cache=True)
def play(
    pegs: int, codes: np.ndarray, tallies: np.ndarray, candidates: np.ndarray, secret: int, probes: bool
) -> tuple[np.ndarray, int, int]:
    """The player's guesses against a secret; its guesses in the worst case; and the sum of them over all candidates."""
    count = len(candidates)
    members, ordered = candidates.copy(), np.empty(count, dtype=np.int64)
    told = np.empty(count, dtype=np.int64)
    sizes = np.zeros((pegs + 1) * (pegs + 1), dtype=np.int64)
    starts = np.empty(len(sizes) + 1, dtype=np.int64)
    # A class of codes that the answers so far have not told apart: first and last place in `members`, guesses made.
    waiting = np.empty((count + 1, 3), dtype=np.int64)
    waiting[0] = (0, count, 0)
    classes = 1
    path = np.empty(count, dtype=np.int64)
    length = deepest = total = 0
    while classes:
        classes -= 1
        begin, end, depth = waiting[classes]
        guess = _choose(pegs, members[begin:end], codes, tallies, probes, sizes)
        sizes[:] = 0
        for place in range(begin, end):
            member = members[place]
            told[place] = feedback(pegs, codes[guess], tallies[guess], codes[member], tallies[member])
            sizes[told[place]] += 1
            if member == secret:
                path[depth], length = guess, max(length, depth + 1)
            if member == guess:
                total += depth + 1
                deepest = max(deepest, depth + 1)
        starts[0] = begin
        for answer in range(len(sizes)):
            starts[answer + 1] = starts[answer] + sizes[answer]
            if sizes[answer] and answer < len(sizes) - 1:
                waiting[classes] = (starts[answer], starts[answer + 1], depth + 1)
                classes += 1
        for place in range(begin, end):
            ordered[starts[told[place]]] = members[place]
            starts[told[place]] += 1
        members[begin:end] = ordered[begin:end]
    return path[:length], deepest, total
