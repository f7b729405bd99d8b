"""Structure hashes of coloured graphs: equal for isomorphic graphs, and rarely for others.

Colour refinement (Weisfeiler and Leman 1968) on 64-bit hashes, started from the vertex colours and run until the number
of classes stands still. Where classes of several vertices remain, every vertex of the smallest such class is set
apart in turn, refined again, and the multiset of the results is hashed with the first (one step of
individualisation), unless that would be more than MOST_WORK. Graphs on which that still fails are strongly regular or
worse; no puzzle here is.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit

Edge = tuple[int, int, int]
MOST_WORK = 50_000_000
"""Bound on class size x vertices x edges: a problem from outside must not take seconds."""


def structure_hash(
    colours: Sequence[int] | np.ndarray, edges: Sequence[Edge] | np.ndarray, directed: bool = True
) -> int:
    """A 64-bit hash of a graph modulo isomorphism.

    `colours[v]` is a non-negative integer that renaming must keep; an edge is (source, target, colour), its colour
    non-negative too. Undirected graphs list an edge once, in either direction.
    """
    listed = np.array(edges, dtype=np.int64).reshape(-1, 3)
    if not directed and len(listed):
        listed = np.concatenate([listed, listed[:, [1, 0, 2]]])
    return int(_structure_hash(np.array(colours, dtype=np.uint64), listed))


@njit(cache=True, inline="always")
def _mix(word: np.uint64) -> np.uint64:
    """The finaliser of splitmix64."""
    word ^= word >> np.uint64(30)
    word *= np.uint64(0xBF58476D1CE4E5B9)
    word ^= word >> np.uint64(27)
    word *= np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@njit(cache=True)
def _count_classes(labels: np.ndarray) -> int:
    ordered = np.sort(labels)
    classes = 0
    for position in range(len(ordered)):
        if position == 0 or ordered[position] != ordered[position - 1]:
            classes += 1
    return classes


@njit(cache=True)
def _refine(labels: np.ndarray, edges: np.ndarray) -> None:
    """Refine labels in place until the number of classes stands still."""
    classes = _count_classes(labels)
    sums = np.empty_like(labels)
    steady = 0
    while steady < 2:
        for vertex in range(len(labels)):
            sums[vertex] = labels[vertex] * np.uint64(0x9E3779B97F4A7C15)
        for row in range(len(edges)):
            source, target, colour = edges[row, 0], edges[row, 1], np.uint64(edges[row, 2])
            sums[target] += _mix(labels[source] + _mix(colour * np.uint64(2) + np.uint64(0x51ED27)))
            sums[source] += _mix(labels[target] + _mix(colour * np.uint64(2) + np.uint64(0x51ED28)))
        for vertex in range(len(labels)):
            labels[vertex] = _mix(sums[vertex])
        now = _count_classes(labels)
        steady = steady + 1 if now == classes else 0
        classes = now


@njit(cache=True)
def _summary(labels: np.ndarray) -> np.uint64:
    total = np.uint64(len(labels))
    for vertex in range(len(labels)):
        total += _mix(labels[vertex] ^ np.uint64(0xA5A5A5A5A5A5A5A5))
    return _mix(total)


@njit(cache=True)
def _structure_hash(colours: np.ndarray, edges: np.ndarray) -> np.uint64:
    labels = np.empty_like(colours)
    for vertex in range(len(colours)):
        labels[vertex] = _mix(colours[vertex] + np.uint64(0x1234567))
    _refine(labels, edges)
    result = _summary(labels)
    if len(labels) == 0 or _count_classes(labels) == len(labels):
        return result
    ordered = np.sort(labels)
    chosen, smallest = ordered[0], len(labels) + 1
    start = 0
    for position in range(1, len(ordered) + 1):
        if position == len(ordered) or ordered[position] != ordered[start]:
            size = position - start
            if 1 < size < smallest:
                chosen, smallest = ordered[start], size
            start = position
    if smallest * len(labels) * len(edges) > MOST_WORK:
        return result
    apart = np.empty_like(labels)
    total = np.uint64(0)
    for vertex in range(len(labels)):
        if labels[vertex] == chosen:
            for other in range(len(labels)):  # a slice assignment would take seconds more to compile
                apart[other] = labels[other]
            apart[vertex] = _mix(chosen + np.uint64(0x7654321))
            _refine(apart, edges)
            total += _mix(_summary(apart))
    return _mix(result + _mix(total))
