"""Grades a sudoku by solving it as a person does: at every step by the gentlest technique that helps.

Tiers of technique (names as on sudokuwiki.org; 4 to 6 are Hall sets, P. Hall 1935, in different bipartite graphs):

    1  the last open cell of a unit; the only place for a symbol in a box
    2  the only place for a symbol in a row or column; the only symbol for a cell
    3  locked candidates: all places of a symbol in a box lie on one line, or all those in a line in one box
    4  naked and hidden pairs
    5  naked and hidden triples; X-wing; XY-wing
    6  swordfish; turbot fish
    7  none of these: search, whose choices are counted

States are those of `taskgen.kernels.latin_regions`, level 0.
"""

import numpy as np
from numba import njit

from taskgen.kernels.latin_regions import Array, Layout, popcount

SEARCH = 7
"""The tier of puzzles that no technique solves."""


@njit(cache=True)
def _place(states: Array, cell: int, bit: int, homes: Array, peers: Array) -> None:
    cells = len(homes)
    states[0, cell] = 0
    states[0, states.shape[1] - 1] -= 1
    for which in range(3):
        states[0, cells + homes[cell, which]] |= bit
    for position in range(peers.shape[1]):
        states[0, peers[cell, position]] &= ~bit


@njit(cache=True)
def _place_hidden(states: Array, units: Array, homes: Array, peers: Array, tier: int) -> bool:
    """Fill one symbol that has one place in a unit; at tier 1 only in a box or in the last open cell of a line."""
    cells, order = len(homes), units.shape[1]
    full = (1 << order) - 1
    for unit in range(3 * order - 1, -1, -1):
        missing = full ^ states[0, cells + unit]
        if missing == 0 or (tier == 1 and unit < 2 * order and missing & (missing - 1)):
            continue
        once = twice = 0
        for position in range(order):
            symbols = states[0, units[unit, position]]
            twice |= once & symbols
            once |= symbols
        hidden = once & ~twice
        if hidden:
            for position in range(order):
                cell = units[unit, position]
                if states[0, cell] & hidden:
                    _place(states, cell, states[0, cell] & hidden, homes, peers)
                    return True
    return False


@njit(cache=True)
def _place_naked(states: Array, homes: Array, peers: Array) -> bool:
    """Fill one cell that has one symbol left."""
    for cell in range(len(homes)):
        symbols = states[0, cell]
        if symbols and symbols & (symbols - 1) == 0:
            _place(states, cell, symbols, homes, peers)
            return True
    return False


@njit(cache=True)
def _lock(states: Array, units: Array, homes: Array) -> bool:
    """Pointing and claiming: what a box and a line share decides where a symbol lies in the rest of either."""
    order = units.shape[1]
    for region in range(2 * order, 3 * order):
        for line in range(2 * order):
            which = line // order
            shared = in_region = in_line = 0
            for position in range(order):
                cell = units[region, position]
                if homes[cell, which] == line:
                    shared |= states[0, cell]
                else:
                    in_region |= states[0, cell]
                cell = units[line, position]
                if homes[cell, 2] != region:
                    in_line |= states[0, cell]
            pointing, claiming = shared & in_line & ~in_region, shared & in_region & ~in_line
            if pointing | claiming:
                for position in range(order):
                    cell = units[line, position]
                    if homes[cell, 2] != region:
                        states[0, cell] &= ~pointing
                    cell = units[region, position]
                    if homes[cell, which] != line:
                        states[0, cell] &= ~claiming
                return True
    return False


@njit(cache=True)
def _reduce(masks: Array, size: int) -> bool:
    """Find `size` sets (2 or 3) that have `size` elements between them, and take those from the other sets."""
    count = len(masks)
    for first in range(count):
        if masks[first] == 0 or popcount(masks[first]) > size:
            continue
        for second in range(first + 1, count):
            union = masks[first] | masks[second]
            if masks[second] == 0 or popcount(union) > size:
                continue
            for third in range(second + 1, count if size == 3 else second + 2):
                if size == 3:
                    if masks[third] == 0 or popcount(union | masks[third]) > size:
                        continue
                    taken = union | masks[third]
                else:
                    taken = union
                changed = False
                for other in range(count):
                    if masks[other] & taken and masks[other] & ~taken:
                        masks[other] &= ~taken
                        changed = True
                if changed:
                    return True
    return False


@njit(cache=True)
def _subsets(states: Array, units: Array, masks: Array, size: int) -> bool:
    """Naked and hidden subsets: sets are the cells of a unit and their symbols, or its symbols and their cells."""
    order = units.shape[1]
    for unit in range(3 * order):
        for position in range(order):
            masks[position] = states[0, units[unit, position]]
        if _reduce(masks, size):
            for position in range(order):
                states[0, units[unit, position]] = masks[position]
            return True
        for symbol in range(order):
            masks[symbol] = _places(states, units, unit, 1 << symbol)
        if _reduce(masks, size):
            for symbol in range(order):
                _keep(states, units, unit, 1 << symbol, masks[symbol])
            return True
    return False


@njit(cache=True)
def _fish(states: Array, units: Array, masks: Array, size: int) -> bool:
    """X-wing (2) and swordfish (3): sets are the rows and the columns where a symbol may go, then the reverse."""
    order = units.shape[1]
    for symbol in range(order):
        for base in range(0, 2 * order, order):
            for line in range(order):
                masks[line] = _places(states, units, base + line, 1 << symbol)
            if _reduce(masks, size):
                for line in range(order):
                    _keep(states, units, base + line, 1 << symbol, masks[line])
                return True
    return False


@njit(cache=True)
def _places(states: Array, units: Array, unit: int, bit: int) -> int:
    """The positions in a unit where a symbol may go, as bits."""
    found = 0
    for position in range(units.shape[1]):
        if states[0, units[unit, position]] & bit:
            found |= 1 << position
    return found


@njit(cache=True)
def _keep(states: Array, units: Array, unit: int, bit: int, positions: int) -> None:
    """Let a symbol go to these positions of a unit only."""
    for position in range(units.shape[1]):
        if not positions >> position & 1:
            states[0, units[unit, position]] &= ~bit


@njit(cache=True)
def _wing(states: Array, homes: Array, peers: Array) -> bool:
    """XY-wing: a cell xy sees cells xz and yz, so no cell that both of those see is z."""
    width = peers.shape[1]
    for pivot in range(len(homes)):
        pair = states[0, pivot]
        if popcount(pair) != 2:
            continue
        for i in range(width):
            one = peers[pivot, i]
            if popcount(states[0, one]) != 2 or popcount(states[0, one] & pair) != 1:
                continue
            for j in range(i + 1, width):
                two = peers[pivot, j]
                if popcount(states[0, two]) != 2 or states[0, one] ^ states[0, two] != pair:
                    continue
                changed = False
                target = states[0, one] & states[0, two]
                for k in range(width):
                    cell = peers[one, k]
                    if states[0, cell] & target and cell != two and cell != one and _sees(homes, cell, two):
                        states[0, cell] ^= target
                        changed = True
                if changed:
                    return True
    return False


@njit(cache=True)
def _turbot(states: Array, units: Array, homes: Array, peers: Array, links: Array) -> bool:
    """Turbot fish: in two units a symbol has two places each, and one place of each see each other.

    So one of the other two places holds the symbol, and no cell that both of those see does.
    """
    order = units.shape[1]
    for symbol in range(order):
        bit = 1 << symbol
        count = 0
        for unit in range(3 * order):
            places = _places(states, units, unit, bit)
            if popcount(places) == 2:
                for position in range(order):
                    if places >> position & 1:
                        links[count // 2, count % 2] = units[unit, position]
                        count += 1
        for i in range(count):
            one, inner = links[i // 2, i % 2], links[i // 2, 1 - i % 2]
            for j in range(i // 2 * 2 + 2, count):
                two, outer = links[j // 2, j % 2], links[j // 2, 1 - j % 2]
                if one in (two, outer) or inner in (two, outer) or not _sees(homes, inner, outer):
                    continue
                changed = False
                for k in range(peers.shape[1]):
                    cell = peers[one, k]
                    if states[0, cell] & bit and cell != one and cell != two and _sees(homes, cell, two):
                        states[0, cell] ^= bit
                        changed = True
                if changed:
                    return True
    return False


@njit(cache=True)
def _sees(homes: Array, one: int, two: int) -> bool:
    return homes[one, 0] == homes[two, 0] or homes[one, 1] == homes[two, 1] or homes[one, 2] == homes[two, 2]


@njit(cache=True)
def _go_on(states: Array, units: Array, homes: Array, peers: Array, ceiling: int, steps: Array) -> bool:
    """Tiers 1 to `ceiling`, at most 3, for as long as they help; whether the square is full."""
    last = states.shape[1] - 1
    helped = True
    while helped and states[0, last]:
        for tier in range(1, ceiling + 1):
            if tier < 3:
                helped = _place_hidden(states, units, homes, peers, tier)
                if tier == 2 and not helped:
                    helped = _place_naked(states, homes, peers)
            else:
                helped = _lock(states, units, homes)
            if helped:
                steps[tier] += 1
                break
    return states[0, last] == 0


@njit(cache=True)
def _think(
    states: Array, units: Array, homes: Array, peers: Array, masks: Array, links: Array, ceiling: int, steps: Array
) -> bool:
    """One step of tiers 4 to `ceiling`, at most 6; False where none helps."""
    for tier in range(4, ceiling + 1):
        helped = False
        if tier < 6:
            helped = _subsets(states, units, masks, tier - 2)
        if tier > 4 and not helped:
            helped = _fish(states, units, masks, tier - 3)
        if tier == 5 and not helped:
            helped = _wing(states, homes, peers)
        if tier == 6 and not helped:
            helped = _turbot(states, units, homes, peers, links)
        if helped:
            steps[tier] += 1
            return True
    return False


def grade(states: Array, layout: Layout, ceiling: int, steps: Array) -> int:
    """The strongest tier that the puzzle at level 0 needs; SEARCH where it needs more than `ceiling`.

    Counts the steps of each tier in `steps`, of length SEARCH + 1, and leaves level 0 solved, or as it stands where the
    techniques end. Tiers above 3 are compiled when first needed.
    """
    units, _, _ = layout
    order = units.shape[1]
    masks = np.empty(order, dtype=np.int64)
    links = np.empty((3 * order, 2), dtype=np.int64)
    steps[:] = 0
    while not _go_on(states, *layout, min(ceiling, 3), steps):
        if ceiling <= 3 or not _think(states, *layout, masks, links, ceiling, steps):
            return SEARCH
    return max(tier for tier in range(SEARCH) if steps[tier] or tier == 0)
