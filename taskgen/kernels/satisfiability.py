"""Propositional clauses in compiled loops: random formulas, clause-learning search, and short refutations.

A formula has at most 62 variables. A clause is a pair of 64-bit masks: bit v of `positive` where variable v occurs
plainly, bit v of `negative` where it occurs negated. Unit propagation scans all clauses, which at this size is as good
as watching literals. The search is clause learning with first unique implication points (Marques-Silva and Sakallah,
"GRASP", 1999); refutations are lists of learnt clauses, cut down backwards, core first (Heule, Hunt and Wetzler,
"Trimming while checking clausal proofs", 2013).
"""

import numpy as np
from numba import njit

from taskgen.kernels.random import State, below, uniform

Masks = np.ndarray

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_THINNING = (0.0, 0.0, 0.0, 0.618034, 0.839287, 0.927562)
"""For clauses of 2 to 5 literals the q with (1 - q)(1 + q)^(size - 1) = 1: true and false literals are as frequent."""


@njit(cache=True)
def random_formula(
    state: State, variables: int, count: int, length: int, short: float, hidden: int
) -> tuple[Masks, Masks]:
    """`count` different clauses of `length` (at most 5) literals or, with probability `short`, of two.

    With `hidden` (a mask of true variables; -1 for none) every clause is satisfied by that assignment, and clauses with
    many true literals are thinned out so that no literal is favoured (q-hidden formulas: Jia, Moore and Strain, 2005).
    """
    positive, negative = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
    row = 0
    while row < count:
        size = 2 if uniform(state) < short else length
        plain, negated = _ZERO, _ZERO
        for _ in range(size):
            bit = _ONE << np.uint64(below(state, variables))
            while (plain | negated) & bit:
                bit = _ONE << np.uint64(below(state, variables))
            if below(state, 2):
                plain |= bit
            else:
                negated |= bit
        if hidden >= 0:
            true = _bits(plain & np.uint64(hidden)) + _bits(negated & ~np.uint64(hidden))
            keep = 1.0 if true else 0.0
            for _ in range(true - 1):
                keep *= _THINNING[size]
            if uniform(state) >= keep:
                continue
        new = True
        for other in range(row):
            if positive[other] == plain and negative[other] == negated:
                new = False
        if new:
            positive[row], negative[row] = plain, negated
            row += 1
    return positive, negative


@njit(cache=True)
def search(
    positive: Masks, negative: Masks, variables: int, state: State, most: int
) -> tuple[int, int, int, int, Masks, Masks]:
    """Decide a formula: (verdict, model, decisions, conflicts, learnt positive, learnt negative).

    The verdict is 1 for satisfiable (then `model` is a mask of true variables), 0 for unsatisfiable (then the learnt
    clauses, the last one empty, are a refutation) and -1 where more than `most` conflicts were met. Ties between
    variables and first values are broken by `state`.
    """
    count = len(positive)
    plain, negated = np.zeros(count + most + 1, np.uint64), np.zeros(count + most + 1, np.uint64)
    plain[:count], negated[:count] = positive, negative
    activity = np.zeros(variables, np.int64)
    for variable in range(variables):
        bit = _ONE << np.uint64(variable)
        activity[variable] = below(state, 8)
        for row in range(count):
            if (positive[row] | negative[row]) & bit:
                activity[variable] += 4
    phase = np.zeros(variables, np.int64)
    for variable in range(variables):
        phase[variable] = below(state, 2)
    trail, reason = np.zeros(variables, np.int64), np.zeros(variables, np.int64)
    level, starts = np.zeros(variables, np.int64), np.zeros(variables + 1, np.int64)
    everything = (_ONE << np.uint64(variables)) - _ONE
    true = false = _ZERO
    filled = depth = decisions = conflicts = 0
    bump = 16
    while True:
        conflict, true, false, filled = _propagate(
            plain, negated, count + conflicts, true, false, trail, filled, reason, level, depth
        )
        if conflict < 0:
            if (true | false) == everything:
                return 1, np.int64(true), decisions, conflicts, plain[len(positive) :], negated[len(positive) :]
            best = -1
            for variable in range(variables):
                free = not ((true | false) >> np.uint64(variable)) & _ONE
                if free and (best < 0 or activity[variable] > activity[best]):
                    best = variable
            decisions += 1
            starts[depth] = filled
            depth += 1
            bit = _ONE << np.uint64(best)
            if phase[best]:
                true |= bit
            else:
                false |= bit
            trail[filled], reason[best], level[best] = best, -1, depth
            filled += 1
            continue
        if conflicts == most:
            return -1, 0, decisions, conflicts, plain[:0], negated[:0]
        row = count + conflicts
        conflicts += 1
        if depth == 0:
            return 0, 0, decisions, conflicts, plain[count : row + 1], negated[count : row + 1]
        seen = plain[conflict] | negated[conflict]
        current = _mask(trail[starts[depth - 1] : filled])
        position = filled - 1
        while not seen & (_ONE << np.uint64(trail[position])) or _bits(seen & current) > 1:
            variable = trail[position]
            bit = _ONE << np.uint64(variable)
            if seen & bit:
                seen = (seen | plain[reason[variable]] | negated[reason[variable]]) & ~bit
            position -= 1
        asserting, target, learnt = trail[position], 0, _ZERO
        for variable in range(variables):
            bit = _ONE << np.uint64(variable)
            if seen & bit and level[variable] > 0:
                learnt |= bit
                activity[variable] += bump
                if variable != asserting:
                    target = max(target, level[variable])
        plain[row], negated[row] = learnt & false, learnt & true
        bump += 1 + bump // 12
        if bump > 1 << 40:
            bump >>= 30
            for variable in range(variables):
                activity[variable] >>= 30
        while filled > starts[target]:
            filled -= 1
            variable = trail[filled]
            bit = _ONE << np.uint64(variable)
            phase[variable] = 1 if true & bit else 0
            true &= ~bit
            false &= ~bit
        depth = target
        bit = _ONE << np.uint64(asserting)
        if plain[row] & bit:
            true |= bit
        else:
            false |= bit
        trail[filled], reason[asserting], level[asserting] = asserting, row, depth
        filled += 1


@njit(cache=True)
def _mask(numbers: np.ndarray) -> np.uint64:
    """The mask of these variables."""
    mask = _ZERO
    for number in numbers:
        mask |= _ONE << np.uint64(number)
    return mask


@njit(cache=True)
def _propagate(
    plain: Masks,
    negated: Masks,
    count: int,
    true: np.uint64,
    false: np.uint64,
    trail: np.ndarray,
    filled: int,
    reason: np.ndarray,
    level: np.ndarray,
    depth: int,
) -> tuple[int, np.uint64, np.uint64, int]:
    """Draw all unit conclusions from the first `count` clauses; the number of a clause that became false, or -1."""
    changed = True
    while changed:
        changed = False
        for row in range(count):
            if (plain[row] & true) | (negated[row] & false):
                continue
            free = (plain[row] & ~false) | (negated[row] & ~true)
            if free & (free - _ONE):
                continue
            if not free:
                return row, true, false, filled
            if plain[row] & free:
                true |= free
            else:
                false |= free
            variable = _index(free)
            trail[filled], reason[variable], level[variable] = variable, row, depth
            filled += 1
            changed = True
    return -1, true, false, filled


@njit(cache=True)
def trimmed(
    positive: Masks, negative: Masks, lemmas_positive: Masks, lemmas_negative: Masks, variables: int
) -> tuple[Masks, Masks]:
    """A refutation without the lemmas, and the literals of lemmas, that its end does not rest on."""
    count, lemmas = len(positive), len(lemmas_positive)
    plain, negated = np.concatenate((positive, lemmas_positive)), np.concatenate((negative, lemmas_negative))
    core = np.zeros(count + lemmas, np.bool_)
    core[count + lemmas - 1] = True
    trail, reason = np.zeros(variables, np.int64), np.zeros(variables, np.int64)
    for row in range(count + lemmas - 1, count - 1, -1):
        if not core[row]:
            continue
        conflict, filled = _refute(plain, negated, row, core, trail, reason)
        seen = plain[conflict] | negated[conflict]
        core[conflict] = True
        for position in range(filled - 1, -1, -1):
            variable = trail[position]
            if (seen >> np.uint64(variable)) & _ONE:
                core[reason[variable]] = True
                seen |= plain[reason[variable]] | negated[reason[variable]]
        plain[row] &= seen
        negated[row] &= seen
    return plain[count:][core[count:]], negated[count:][core[count:]]


@njit(cache=True)
def _refute(
    plain: Masks, negated: Masks, row: int, core: np.ndarray, trail: np.ndarray, reason: np.ndarray
) -> tuple[int, int]:
    """Propagate from the negation of clause `row` with the clauses before it, those in the core first.

    The number of the clause that became false (-1 where none did) and how far the trail is filled.
    """
    true, false = negated[row], plain[row]
    filled = 0
    while True:
        changed = False
        for first in (True, False):
            for other in range(row):
                if core[other] != first or (plain[other] & true) | (negated[other] & false):
                    continue
                free = (plain[other] & ~false) | (negated[other] & ~true)
                if free & (free - _ONE):
                    continue
                if not free:
                    return other, filled
                if plain[other] & free:
                    true |= free
                else:
                    false |= free
                variable = _index(free)
                trail[filled], reason[variable] = variable, other
                filled += 1
                changed = True
                if not first:
                    break
            if changed:
                break
        if not changed:
            return -1, filled


@njit(cache=True)
def without_spare_lemmas(
    positive: Masks, negative: Masks, lemmas_positive: Masks, lemmas_negative: Masks, variables: int
) -> tuple[Masks, Masks]:
    """A refutation from which no single lemma can be left out."""
    spare = 0
    while spare < len(lemmas_positive) - 1:
        keep = np.ones(len(lemmas_positive), np.bool_)
        keep[spare] = False
        fewer_positive, fewer_negative = lemmas_positive[keep], lemmas_negative[keep]
        if _checks(positive, negative, fewer_positive, fewer_negative, variables, spare):
            lemmas_positive, lemmas_negative = trimmed(positive, negative, fewer_positive, fewer_negative, variables)
            spare = 0
        else:
            spare += 1
    return lemmas_positive, lemmas_negative


@njit(cache=True)
def _checks(
    positive: Masks,
    negative: Masks,
    lemmas_positive: Masks,
    lemmas_negative: Masks,
    variables: int,
    start: int,
) -> bool:
    """Whether every lemma from number `start` on follows by unit propagation from what stands before it."""
    count = len(positive)
    plain, negated = np.concatenate((positive, lemmas_positive)), np.concatenate((negative, lemmas_negative))
    core = np.ones(len(plain), np.bool_)
    trail, reason = np.zeros(variables, np.int64), np.zeros(variables, np.int64)
    follows = True
    for row in range(count + start, len(plain)):
        follows = follows and _refute(plain, negated, row, core, trail, reason)[0] >= 0
    return follows


@njit(cache=True)
def blind_splits(positive: Masks, negative: Masks, variables: int, depth: int, tries: int, state: State) -> int:
    """How many of `tries` random sets of `depth` variables refute: propagation fails in all their 2**depth cases."""
    trail, reason = np.zeros(variables, np.int64), np.zeros(variables, np.int64)
    level, order = np.zeros(variables, np.int64), np.arange(variables)
    hits = 0
    for _ in range(tries):
        for position in range(depth):
            other = position + below(state, variables - position)
            order[position], order[other] = order[other], order[position]
        refuted = True
        for case in range(1 << depth):
            true = false = _ZERO
            for position in range(depth):
                bit = _ONE << np.uint64(order[position])
                if (case >> position) & 1:
                    true |= bit
                else:
                    false |= bit
            if _propagate(positive, negative, len(positive), true, false, trail, 0, reason, level, 0)[0] < 0:
                refuted = False
                break
        hits += refuted
    return hits


@njit(cache=True)
def blind_models(positive: Masks, negative: Masks, variables: int, tries: int, state: State) -> int:
    """How many of `tries` random assignments satisfy the formula."""
    hits = 0
    for _ in range(tries):
        true = np.uint64(0)
        for variable in range(variables):
            true |= np.uint64(below(state, 2)) << np.uint64(variable)
        satisfied = True
        for row in range(len(positive)):
            if not (positive[row] & true) | (negative[row] & ~true):
                satisfied = False
                break
        hits += satisfied
    return hits


@njit(cache=True)
def _bits(mask: np.uint64) -> int:
    """How many bits are set."""
    count = 0
    while mask:
        mask &= mask - _ONE
        count += 1
    return count


@njit(cache=True)
def _index(bit: np.uint64) -> int:
    """The position of the one bit that is set."""
    position = 0
    while bit > _ONE:
        bit >>= _ONE
        position += 1
    return position
