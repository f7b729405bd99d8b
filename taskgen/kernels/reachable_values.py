"""Every value that + - * / make of a few numbers: subset dynamic programming over exact rationals.

Only values >= 0 are kept. That loses nothing: wherever a value is made, its absolute value can be made of the same
numbers, because |x + y| and |x - y| are |x| + |y| and ||x| - |y|| in some order.

Fractions are pairs of int64 and never reduced. Made of k numbers up to M, both parts are at most 2**(k-1) * M**k. At
the bounds below that is under 2**45, so the parts are exact as floats, and equal fractions have equal quotients; the
distance to a target multiplies a part by LARGEST_TARGET and stays under 2**62. Fractions that are stored are made of
at most 5 numbers: where two have one quotient, their cross products differ by less than 2**24, so comparing them
modulo 2**64 decides.
"""

import numpy as np
from numba import njit

MOST_NUMBERS = 6
LARGEST_NUMBER = 100
LARGEST_TARGET = 100_000

# Inequivalent expressions of k operands under + - * / (OEIS A140606): no subset of k numbers has more values.
_VALUES = np.array([0, 1, 6, 68, 1170, 27142], dtype=np.int64)
_SLOTS = 1 << 16
_OPERATORS = 5


@njit(cache=True, inline="always")
def _combine(operator: int, a: int, b: int, c: int, d: int) -> tuple[int, int]:
    """a/b and c/d under: sum, absolute difference, product, quotient, quotient the other way; x/0 has denominator 0."""
    if operator == 0:
        return a * d + c * b, b * d
    if operator == 1:
        return abs(a * d - c * b), b * d
    if operator == 2:
        return a * c, b * d
    if operator == 3:
        return a * d, b * c
    return b * c, a * d


@njit(cache=True)
def _bits(mask: int) -> int:
    count = 0
    while mask:
        mask &= mask - 1
        count += 1
    return count


@njit(cache=True)
def tabulate(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The values of every proper subset of the numbers, each with how it can be made.

    Returns `starts` and `ends` by subset (a bit mask), rows of `values` (numerator, denominator, number of ways to
    make it, number of those without a fraction on the way) and rows of `origins` (row of the left part, of the right
    part, operator; -1 for a number itself).
    """
    count = len(numbers)
    full = (1 << count) - 1
    capacity = 0
    for mask in range(1, full):
        capacity += _VALUES[_bits(mask)]
    starts = np.zeros(full + 1, np.int64)
    ends = np.zeros(full + 1, np.int64)
    values = np.empty((capacity, 4), np.int64)
    origins = np.empty((capacity, 3), np.int64)
    quotients = np.empty(capacity, np.float64)
    slots = np.empty(_SLOTS, np.int32)
    used = 0
    for size in range(1, count):
        for mask in range(1, full):
            if _bits(mask) != size:
                continue
            starts[mask] = used
            if size == 1:
                values[used, 1:] = 1
                origins[used] = -1
                for position in range(count):
                    if mask >> position & 1:
                        values[used, 0] = numbers[position]
                used += 1
            else:
                slots[:] = -1
                used = _fill(mask, starts, ends, values, origins, quotients, slots, used)
            ends[mask] = used
    return starts, ends, values, origins


@njit(cache=True)
def _fill(
    mask: int,
    starts: np.ndarray,
    ends: np.ndarray,
    values: np.ndarray,
    origins: np.ndarray,
    quotients: np.ndarray,
    slots: np.ndarray,
    used: int,
) -> int:
    """Add the values of one subset, every value once, from those of its parts; the number of rows then used."""
    first = mask & -mask
    part = (mask - 1) & mask
    while part:
        if part & first:
            for left in range(starts[part], ends[part]):
                for right in range(starts[mask ^ part], ends[mask ^ part]):
                    ways = values[left, 2] * values[right, 2]
                    whole = values[left, 3] * values[right, 3]
                    for operator in range(_OPERATORS):
                        top, bottom = _combine(
                            operator, values[left, 0], values[left, 1], values[right, 0], values[right, 1]
                        )
                        if bottom == 0:
                            continue
                        row = _find(top, bottom, values, quotients, slots, used)
                        if row == used:
                            values[row, 0], values[row, 1], values[row, 2], values[row, 3] = top, bottom, 0, 0
                            origins[row, 0], origins[row, 1], origins[row, 2] = left, right, operator
                            used += 1
                        values[row, 2] += ways
                        if whole and top % bottom == 0:
                            values[row, 3] += whole
        part = (part - 1) & mask
    return used


@njit(cache=True)
def _find(top: int, bottom: int, values: np.ndarray, quotients: np.ndarray, slots: np.ndarray, used: int) -> int:
    """The row that holds this value in the subset being filled, or `used`, which the caller must then fill."""
    quotient = top / bottom
    # Knuth's multiplicative hash of the quotient's fraction and exponent, as an integer of 52 bits or so.
    scaled = np.uint64(np.float64(quotient * 1048583.0) % 4503599627370496.0)
    slot = np.int64((scaled * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(48))
    while slots[slot] >= 0:
        row = slots[slot]
        if quotients[row] == quotient and values[row, 0] * bottom == top * values[row, 1]:
            return row
        slot = (slot + 1) & (_SLOTS - 1)
    slots[slot] = used
    quotients[used] = quotient
    return used


@njit(cache=True)
def tally(
    numbers: np.ndarray, starts: np.ndarray, ends: np.ndarray, values: np.ndarray, use_all: bool, largest: int
) -> tuple[np.ndarray, int]:
    """For each target 0..largest: ways to make it, ways without fractions, fewest numbers used (0: none); and all ways.

    With `use_all` only expressions of all the numbers count.
    """
    table = np.zeros((largest + 1, 3), np.int64)
    count = len(numbers)
    full = (1 << count) - 1
    total = 0
    if not use_all:
        for size in range(1, count):
            for mask in range(1, full):
                if _bits(mask) == size:
                    for row in range(starts[mask], ends[mask]):
                        total += values[row, 2]
                        _count(table, values[row, 0], values[row, 1], values[row, 2], values[row, 3], size, largest)
    part = (full - 1) & full
    while part:
        if part & 1:
            for left in range(starts[part], ends[part]):
                for right in range(starts[full ^ part], ends[full ^ part]):
                    ways = values[left, 2] * values[right, 2]
                    whole = values[left, 3] * values[right, 3]
                    for operator in range(_OPERATORS):
                        top, bottom = _combine(
                            operator, values[left, 0], values[left, 1], values[right, 0], values[right, 1]
                        )
                        if bottom:
                            total += ways
                            _count(table, top, bottom, ways, whole, count, largest)
        part = (part - 1) & full
    return table, total


@njit(cache=True, inline="always")
def _count(table: np.ndarray, top: int, bottom: int, ways: int, whole: int, size: int, largest: int) -> None:
    quotient = top / bottom
    if quotient <= largest:
        target = np.int64(quotient)
        if target * bottom == top:
            table[target, 0] += ways
            table[target, 1] += whole
            if table[target, 2] == 0:
                table[target, 2] = size


@njit(cache=True)
def nearest(
    numbers: np.ndarray, starts: np.ndarray, ends: np.ndarray, values: np.ndarray, use_all: bool, target: int
) -> tuple[int, int, int, int, int]:
    """The smallest distance to a target (numerator, denominator) and what makes it: rows of left and right, operator.

    Where one row is the whole answer, right and operator are -1. The search is complete unless it hits the target.
    """
    count = len(numbers)
    full = (1 << count) - 1
    top, bottom, best_left, best_right, best_operator = np.int64(1) << 62, np.int64(1), -1, -1, -1
    reach = np.inf
    if not use_all:
        for row in range(ends[full - 1]):
            gap = abs(values[row, 0] - target * values[row, 1])
            if _less(gap, values[row, 1], top, bottom):
                top, bottom, best_left = gap, values[row, 1], row
        if top == 0:
            return top, bottom, best_left, -1, -1
        reach = top / bottom * (1 + 1e-9)
    part = (full - 1) & full
    while part:
        if part & 1:
            for left in range(starts[part], ends[part]):
                for right in range(starts[full ^ part], ends[full ^ part]):
                    for operator in range(_OPERATORS):
                        over, under = _combine(
                            operator, values[left, 0], values[left, 1], values[right, 0], values[right, 1]
                        )
                        if under == 0:
                            continue
                        gap = abs(over - target * under)
                        if gap / under <= reach and _less(gap, under, top, bottom):
                            top, bottom, best_left, best_right, best_operator = gap, under, left, right, operator
                            reach = top / bottom * (1 + 1e-9)
                            if gap == 0:
                                return top, bottom, best_left, best_right, best_operator
        part = (part - 1) & full
    return top, bottom, best_left, best_right, best_operator


@njit(cache=True)
def _less(a: int, b: int, c: int, d: int) -> bool:
    """Whether a/b < c/d for a, c >= 0 and b, d > 0: continued fractions, because the cross products overflow."""
    while True:
        first, second = a // b, c // d
        if first != second:
            return first < second
        a, c = a - first * b, c - second * d
        if c == 0:
            return False
        if a == 0:
            return True
        a, b, c, d = d, c, b, a
