"""Several permutations of the same places under relations between positions: search, minimal sets, effort.

Item `g * n + i` is element i of group g; every group is a permutation of n places, n <= 8. A domain is a bit mask of
the places that an item may take. A clue is a row (relation, x, y, z) of items, -1 where the relation has fewer. A
relation is a table of 64 masks: the places of its last item, by the places of those before it (place of x, or
8 * place of x + place of y, or entry 0 alone).
"""

import numpy as np
from numba import njit

from taskgen.kernels.random import below, shuffle

LARGEST = 8

# The rows of `stats`.
LOOKS, SPLITS = 0, 1


@njit(cache=True, inline="always")
def _single(mask: int) -> bool:
    return mask & (mask - 1) == 0


@njit(cache=True)
def _revise(clue: np.ndarray, domains: np.ndarray, relation: np.ndarray, flip: int, n: int) -> int:
    """Strike places without support. Returns the items that lost some, as a bit mask, or -1 where nothing is left.

    `flip` is 0, or the mask of all places to use the relation's complement.
    """
    x, y, z = clue[1], clue[2], clue[3]
    first, second, third = domains[x], 0, 0
    new_first, new_second, new_third = 0, 0, 0
    if y < 0:
        new_first = first & (relation[0] ^ flip)
    elif z < 0:
        second = domains[y]
        for place in range(n):
            if first >> place & 1:
                support = (relation[place] ^ flip) & second
                if support:
                    new_first |= 1 << place
                    new_second |= support
    else:
        second, third = domains[y], domains[z]
        for place in range(n):
            if first >> place & 1:
                for other in range(n):
                    if second >> other & 1:
                        support = (relation[LARGEST * place + other] ^ flip) & third
                        if support:
                            new_first |= 1 << place
                            new_second |= 1 << other
                            new_third |= support
    if new_first == 0:
        return -1
    changed = 0
    if new_first != first:
        domains[x] = new_first
        changed |= 1 << x
    if new_second != second:
        domains[y] = new_second
        changed |= 1 << y
    if new_third != third:
        domains[z] = new_third
        changed |= 1 << z
    return changed


@njit(cache=True)
def _permute(domains: np.ndarray, start: int, n: int) -> int:
    """Settle the places of a group that one item holds or that only one can take; the result is as for _revise."""
    changed = once = twice = held = 0
    for item in range(start, start + n):
        twice |= once & domains[item]
        once |= domains[item]
    if once != (1 << n) - 1:
        return -1
    for item in range(start, start + n):
        only = domains[item] & once & ~twice
        if only and only != domains[item]:
            if not _single(only):
                return -1
            domains[item] = only
            changed |= 1 << item
        if _single(domains[item]):
            if held & domains[item]:
                return -1
            held |= domains[item]
    for item in range(start, start + n):
        if not _single(domains[item]) and domains[item] & held:
            domains[item] &= ~held
            changed |= 1 << item
            if domains[item] == 0:
                return -1
    return changed


@njit(cache=True)
def _propagate(
    domains: np.ndarray,
    changed: int,
    clues: np.ndarray,
    mentioned: np.ndarray,
    flipped: int,
    relations: np.ndarray,
    n: int,
    stats: np.ndarray,
) -> bool:
    """Draw conclusions from the items that changed until nothing does; False on a contradiction.

    `mentioned` is the mask of items of each clue, 0 for a clue that does not count.
    """
    while changed:
        now, changed = changed, 0
        for row in range(len(clues)):
            if mentioned[row] & now:
                stats[LOOKS] += 1
                flip = (1 << n) - 1 if row == flipped else 0
                struck = _revise(clues[row], domains, relations[clues[row, 0]], flip, n)
                if struck < 0:
                    return False
                changed |= struck
        for start in range(0, len(domains), n):
            if ((now | changed) >> start) & ((1 << n) - 1):
                struck = _permute(domains, start, n)
                if struck < 0:
                    return False
                changed |= struck
    return True


@njit(cache=True)
def _smallest(domains: np.ndarray) -> int:
    """The first item with fewest places, but more than one; -1 where every item has one."""
    chosen, fewest = -1, 99
    for item in range(len(domains)):
        mask, count = domains[item], 0
        while mask:
            mask &= mask - 1
            count += 1
        if 1 < count < fewest:
            chosen, fewest = item, count
    return chosen


@njit(cache=True)
def _items(clue: np.ndarray) -> int:
    mask = 0
    for position in range(1, 4):
        if clue[position] >= 0:
            mask |= 1 << clue[position]
    return mask


@njit(cache=True)
def _same(domains: np.ndarray, places: np.ndarray) -> bool:
    agreeing = 0
    for item in range(len(domains)):
        agreeing += domains[item] == 1 << places[item]
    return agreeing == len(domains)


@njit(cache=True)
def search(
    clues: np.ndarray,
    used: np.ndarray,
    flipped: int,
    relations: np.ndarray,
    n: int,
    known: np.ndarray,
    found: np.ndarray,
    state: np.ndarray,
    budget: int,
    stats: np.ndarray,
) -> int:
    """Look for a solution other than `known` (a place for each item): 1 found, 0 proved none, -1 budget spent.

    Clues count where `used` is true; the clue `flipped` (or none, -1) counts as its opposite. Splits on the smallest
    domain, on places in a random order drawn from `state`. `stats` gathers looks at clues and splits.
    """
    size = len(known)
    domains = np.empty((size + 1, size), np.int64)
    split_on = np.empty(size + 1, np.int64)
    pending = np.empty(size + 1, np.int64)
    mentioned = np.zeros(len(clues), np.int64)
    for row in range(len(clues)):
        if used[row] or row == flipped:
            mentioned[row] = _items(clues[row])
    for item in range(size):
        domains[0, item] = (1 << n) - 1
    depth = 0
    changed = (1 << size) - 1
    while True:
        alive = _propagate(domains[depth], changed, clues, mentioned, flipped, relations, n, stats)
        if stats[LOOKS] > budget:
            return -1
        chosen = _smallest(domains[depth]) if alive else -1
        if chosen >= 0:
            stats[SPLITS] += 1
            split_on[depth], pending[depth] = chosen, domains[depth, chosen]
        else:
            if alive and not _same(domains[depth], known):
                for item in range(size):
                    found[item] = domains[depth, item]
                return 1
            depth -= 1
        while depth >= 0 and pending[depth] == 0:
            depth -= 1
        if depth < 0:
            return 0
        place = below(state, n)
        while not pending[depth] >> place & 1:
            place = (place + 1) % n
        pending[depth] ^= 1 << place
        for item in range(size):
            domains[depth + 1, item] = domains[depth, item]
        domains[depth + 1, split_on[depth]] = 1 << place
        changed = 1 << split_on[depth]
        depth += 1


@njit(cache=True)
def _holds(clue: np.ndarray, places: np.ndarray, relations: np.ndarray) -> bool:
    mask = relations[clue[0], 0]
    last = clue[1]
    if clue[2] >= 0:
        last = clue[2]
        mask = relations[clue[0], places[clue[1]]]
        if clue[3] >= 0:
            last = clue[3]
            mask = relations[clue[0], LARGEST * places[clue[1]] + places[clue[2]]]
    return mask >> places[last] & 1 == 1


@njit(cache=True)
def _draw(clue: np.ndarray, kinds: np.ndarray, n: int, groups: int, state: np.ndarray) -> None:
    """A random clue of one of the kinds, each a row (first relation, one past the last, arity, pattern).

    Pattern 0: any different items; 1: items of different groups; 2: also, the last two of one group.
    """
    kind = kinds[below(state, len(kinds))]
    clue[0] = kind[0] + below(state, kind[1] - kind[0])
    clue[1] = clue[2] = clue[3] = -1
    while True:
        for position in range(1, kind[2] + 1):
            clue[position] = below(state, n * groups)
        x, y, z = clue[1], clue[2], clue[3]
        if kind[2] > 1 and (x in (y, z) or y == z):
            continue
        if kind[3] and x // n == y // n:
            continue
        if kind[3] == 2 and y // n != z // n:
            continue
        return


@njit(cache=True)
def _append(clues: np.ndarray, used: np.ndarray, count: int, clue: np.ndarray) -> int:
    for column in range(4):
        clues[count, column] = clue[column]
    used[count] = True
    return count + 1


@njit(cache=True)
def pose(
    kinds: np.ndarray, relations: np.ndarray, n: int, groups: int, extra: int, state: np.ndarray, budget: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """A random arrangement and a minimal set of true clues that no other satisfies, then `extra` more true clues.

    Returns the place of each item, the clues, which of them are used, and how many of them make the minimal set; that
    is 0 where the budget of looks was spent or no further clue was found.
    """
    size = n * groups
    known = np.empty(size, np.int64)
    for start in range(0, size, n):
        for place in range(n):
            known[start + place] = place
        shuffle(state, known[start : start + n])
    capacity = 4 * size + extra
    clues = np.full((capacity, 4), -1, np.int64)
    used = np.zeros(capacity, np.bool_)
    other = np.empty(size, np.int64)
    stats = np.zeros(2, np.int64)
    count = 0
    clue = np.empty(4, np.int64)
    no_clue = np.int64(-1)
    while True:
        outcome = search(clues[:count], used[:count], no_clue, relations, n, known, other, state, budget, stats)
        if outcome == 0:
            break
        if outcome < 0 or count == capacity - extra:
            return known, clues, used, 0
        for item in range(size):
            place = 0
            while other[item] >> place != 1:
                place += 1
            other[item] = place
        # A true clue that this solution breaks is new, and brings the set nearer to a single solution.
        tries = 0
        while True:
            _draw(clue, kinds, n, groups, state)
            if _holds(clue, known, relations) and not _holds(clue, other, relations):
                break
            tries += 1
            if tries > 20_000:
                return known, clues, used, 0
        count = _append(clues, used, count, clue)
    order = np.arange(count)
    shuffle(state, order)
    minimal = count
    for row in order:
        # All the clues have one solution, so without this one another solution must break it.
        used[row] = False
        outcome = search(clues[:count], used[:count], row, relations, n, known, other, state, budget, stats)
        if outcome < 0:
            return known, clues, used, 0
        if outcome == 1:
            used[row] = True
        else:
            minimal -= 1
    added = tries = 0
    while added < extra:
        tries += 1
        if tries > 20_000:
            return known, clues, used, 0
        _draw(clue, kinds, n, groups, state)
        if _holds(clue, known, relations) and not _listed(clue, clues[:count], used[:count]):
            count = _append(clues, used, count, clue)
            added += 1
    return known, clues, used, minimal


@njit(cache=True)
def _listed(clue: np.ndarray, clues: np.ndarray, used: np.ndarray) -> bool:
    """Whether a clue with this relation and these items, in whatever order, is there."""
    for row in range(len(clues)):
        if used[row] and clues[row, 0] == clue[0] and _items(clues[row]) == _items(clue):
            return True
    return False
