"""Latin squares whose regions hold every symbol once: random squares, uniqueness, and digging (sudoku and its kin).

Such squares are called gerechte designs (W. U. Behrens 1956). A square of order n has n * n cells, and 3 n units of n
cells: rows, then columns, then regions. Symbols are bits. The search is depth first on one array a level,

    candidates of every cell (0 once it is filled) | symbols used in every unit | number of open cells

with naked and hidden singles to a fixed point after every choice and the cell of fewest candidates chosen next.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit

from taskgen.kernels.random import below, shuffle

Array = np.ndarray
Layout = tuple[Array, Array, Array]

# One compilation each: without signatures numba would compile anew for every literal argument.
ROW, TABLE, RANDOM = "int64[::1]", "int64[:,::1]", "uint64[::1]"
LAYOUT = f"{TABLE}, {TABLE}, {TABLE}"

FILL_BUDGET = 400
"""Choices after which the random fill of a square starts over: most need far fewer, a few would thrash for long."""


def layout(regions: Sequence[int]) -> Layout:
    """The tables of a partition, `regions[cell]` being the region of each of n * n cells, row by row.

    Returns units (3 n, n): the cells of each unit; homes (n * n, 3): the row, column and region of each cell as unit
    numbers; peers (n * n, most): the cells that share a unit with each cell, padded with the cell itself.
    """
    cells = len(regions)
    order = round(cells**0.5)
    homes = [(cell // order, order + cell % order, 2 * order + regions[cell]) for cell in range(cells)]
    units = [[cell for cell in range(cells) if unit in homes[cell]] for unit in range(3 * order)]
    peers = [sorted({peer for unit in homes[cell] for peer in units[unit]} - {cell}) for cell in range(cells)]
    most = max(map(len, peers))
    padded = [row + [cell] * (most - len(row)) for cell, row in enumerate(peers)]
    return np.array(units, np.int64), np.array(homes, np.int64), np.array(padded, np.int64)


@njit("int64(int64)", cache=True)
def popcount(word: int) -> int:
    """Number of ones among the lowest 16 bits."""
    word = word - ((word >> 1) & 0x5555)
    word = (word & 0x3333) + ((word >> 2) & 0x3333)
    word = (word + (word >> 4)) & 0x0F0F
    return (word + (word >> 8)) & 0x1F


@njit(cache=True)
def load(square: Array, homes: Array, states: Array) -> None:
    """Set level 0 to a partly filled square of bits, 0 for an open cell."""
    cells = len(square)
    last = states.shape[1] - 1
    full = (1 << ((last - cells) // 3)) - 1
    for place in range(cells, last + 1):
        states[0, place] = 0
    for cell in range(cells):
        for which in range(3):
            states[0, cells + homes[cell, which]] |= square[cell]
    for cell in range(cells):
        states[0, cell] = 0
        if square[cell] == 0:
            used = 0
            for which in range(3):
                used |= states[0, cells + homes[cell, which]]
            states[0, cell] = full & ~used
            states[0, last] += 1


@njit(f"boolean({TABLE}, int64, {LAYOUT}, {ROW}, int64, {ROW}, boolean)", cache=True)
def settle(
    states: Array,
    level: int,
    units: Array,
    homes: Array,
    peers: Array,
    queue: Array,
    top: int,
    square: Array,
    hidden_too: bool,
) -> bool:
    """Fill singles until none is left, starting with the `top` cells in the queue; False on a contradiction.

    Naked singles only, or hidden ones too.
    """
    cells = len(homes)
    last = states.shape[1] - 1
    order = units.shape[1]
    full = (1 << order) - 1
    while True:
        while top:
            top -= 1
            cell = queue[top]
            bit = states[level, cell]
            if bit == 0:
                continue
            states[level, cell] = 0
            square[cell] = bit
            states[level, last] -= 1
            states[level, cells + homes[cell, 0]] |= bit
            states[level, cells + homes[cell, 1]] |= bit
            states[level, cells + homes[cell, 2]] |= bit
            for position in range(peers.shape[1]):
                peer = peers[cell, position]
                if states[level, peer] & bit:
                    rest = states[level, peer] ^ bit
                    if rest == 0:
                        return False
                    states[level, peer] = rest
                    if rest & (rest - 1) == 0:
                        queue[top] = peer
                        top += 1
        if not hidden_too:
            return True
        for unit in range(len(units) - 1, -1, -1):
            if states[level, cells + unit] == full:
                continue
            once = twice = 0
            for position in range(order):
                symbols = states[level, units[unit, position]]
                twice |= once & symbols
                once |= symbols
            if once | states[level, cells + unit] != full:
                return False
            hidden = once & ~twice
            if hidden:
                for position in range(order):
                    cell = units[unit, position]
                    found = states[level, cell] & hidden
                    if found:
                        if found & (found - 1):
                            return False
                        states[level, cell] = found
                        queue[top] = cell
                        top += 1
                break
        if top == 0:
            return True


@njit(f"int64({TABLE}, int64, int64)", cache=True)
def _narrowest(states: Array, level: int, cells: int) -> int:
    """The open cell of fewest candidates; the first that has two."""
    best, fewest = -1, 99
    for cell in range(cells):
        symbols = states[level, cell]
        if symbols:
            rest = symbols & (symbols - 1)
            if rest & (rest - 1) == 0:
                return cell
            count = popcount(symbols)
            if count < fewest:
                best, fewest = cell, count
    return best


@njit(f"UniTuple(int64, 2)({TABLE}, {LAYOUT}, {ROW}, {TABLE}, {ROW}, int64, int64, {RANDOM}, boolean)", cache=True)
def search(
    states: Array,
    units: Array,
    homes: Array,
    peers: Array,
    queue: Array,
    trail: Array,
    square: Array,
    limit: int,
    budget: int,
    random: Array,
    drawn: bool,
) -> tuple[int, int]:
    """Number of completions of states[0], up to `limit`, and the choices made; -1 completions beyond the budget.

    `square` holds the last completion found. Values are tried in increasing order or, if `drawn`, in random order.
    """
    cells = len(homes)
    last = states.shape[1] - 1
    # A random square has so many completions that looking for hidden singles pays only in large ones.
    hidden_too = not drawn or cells > 100
    found = nodes = level = top = 0
    for cell in range(cells):
        symbols = states[0, cell]
        if symbols and symbols & (symbols - 1) == 0:
            queue[top] = cell
            top += 1
    while True:
        alive = settle(states, level, units, homes, peers, queue, top, square, hidden_too)
        if alive and states[level, last] == 0:
            found += 1
            if found == limit:
                return found, nodes
            alive = False
        if alive:
            cell = _narrowest(states, level, cells)
            trail[level, 0], trail[level, 1] = cell, states[level, cell]
        else:
            level -= 1
        while level >= 0 and trail[level, 1] == 0:
            level -= 1
        if level < 0:
            return found, nodes
        if nodes == budget:
            return -1, nodes
        nodes += 1
        cell, symbols = trail[level, 0], trail[level, 1]
        bit = symbols & -symbols
        if drawn:
            for _ in range(below(random, popcount(symbols))):
                symbols ^= bit
                bit = symbols & -symbols
        trail[level, 1] ^= bit
        for place in range(last + 1):
            states[level + 1, place] = states[level, place]
        level += 1
        states[level, cell] = bit
        queue[0] = cell
        top = 1


@njit(cache=True)
def fill(
    random: Array, states: Array, units: Array, homes: Array, peers: Array, queue: Array, trail: Array, square: Array
) -> None:
    """A random square: the first row in random order, the rest by search with values in random order."""
    order = units.shape[1]
    while True:
        for cell in range(len(square)):
            square[cell] = 1 << cell if cell < order else 0
        for column in range(order - 1, 0, -1):
            other = below(random, column + 1)
            square[column], square[other] = square[other], square[column]
        load(square, homes, states)
        found, _ = search(states, units, homes, peers, queue, trail, square, 1, FILL_BUDGET, random, True)
        if found == 1:
            return


@njit(cache=True)
def dig(
    random: Array,
    states: Array,
    units: Array,
    homes: Array,
    peers: Array,
    queue: Array,
    trail: Array,
    square: Array,
    puzzle: Array,
    cells: Array,
    givens: int,
    budget: int,
) -> int:
    """Open cells of a square in the (shuffled) order `cells` while it stays unique, down to `givens` filled ones.

    Writes the puzzle and returns how many cells are still filled. Where the search for a second completion exceeds the
    budget the cell stays filled.
    """
    count = len(square)
    order = units.shape[1]
    full = (1 << order) - 1
    used = np.empty(3 * order, np.int64)
    scratch = np.empty(count, np.int64)
    for unit in range(3 * order):
        used[unit] = full
    for cell in range(count):
        puzzle[cell] = square[cell]
    shuffle(random, cells)
    left = count
    for place in range(count):
        if left == givens:
            break
        cell = cells[place]
        bit = square[cell]
        puzzle[cell] = 0
        for which in range(3):
            used[homes[cell, which]] ^= bit
        others = full & ~(used[homes[cell, 0]] | used[homes[cell, 1]] | used[homes[cell, 2]] | bit)
        unique = others == 0
        for which in range(3):
            if not unique:
                unit = homes[cell, which]
                unique = True
                for position in range(order):
                    peer = units[unit, position]
                    if puzzle[peer] == 0 and peer != cell:
                        taken = used[homes[peer, 0]] | used[homes[peer, 1]] | used[homes[peer, 2]]
                        if taken & bit == 0:
                            unique = False
                            break
        if not unique:
            load(puzzle, homes, states)
            states[0, cell] = others
            found, _ = search(states, units, homes, peers, queue, trail, scratch, 1, budget, random, False)
            unique = found == 0
        if unique:
            left -= 1
        else:
            puzzle[cell] = bit
            for which in range(3):
                used[homes[cell, which]] |= bit
    return left
