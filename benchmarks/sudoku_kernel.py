"""Unique sudokus a second from the compiled kernel alone: `python benchmarks/sudoku_kernel.py [SECONDS]`.

Every item is a fresh random square from which cells are opened while it stays unique, with 40, 50 or 55 cells open, and
minimal (no cell can be opened any more). Items that end with fewer open cells than asked are counted apart.
"""

import sys
import time

import numpy as np
from numba import njit

from taskgen.generators.grids.sudoku import DIG_BUDGET, _layout
from taskgen.kernels.latin_regions import dig, fill
from taskgen.kernels.random import take_over
from taskgen.seeding import Stream

SETTINGS = [
    ((3, 3), "40 empty", 41),
    ((3, 3), "50 empty", 31),
    ((3, 3), "55 empty", 26),
    ((3, 3), "minimal", 0),
    ((2, 2), "minimal", 0),
    ((2, 3), "minimal", 0),
    ((3, 4), "84 empty", 60),
    ((4, 4), "136 empty", 120),
    ((4, 4), "146 empty", 110),
]


@njit  # not cached: a cached caller would not notice that the kernel changed
def make(random, units, homes, peers, givens, count, budget):
    """Make `count` puzzles; how many have exactly as many givens as asked, and the sum of their givens."""
    cells, order = len(homes), units.shape[1]
    states = np.empty((cells + 1, cells + 3 * order + 1), np.int64)
    queue = np.empty(4 * cells, np.int64)
    trail = np.empty((cells + 1, 2), np.int64)
    square = np.empty(cells, np.int64)
    puzzle = np.empty(cells, np.int64)
    path = np.arange(cells)
    exact = total = 0
    for _ in range(count):
        fill(random, states, units, homes, peers, queue, trail, square)
        left = dig(random, states, units, homes, peers, queue, trail, square, puzzle, path, givens, budget)
        exact += left == givens
        total += left
    return exact, total


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    start = time.perf_counter()
    make(take_over(Stream.keyed("warm-up")), *_layout((3, 3)), 41, 1, DIG_BUDGET)
    print(f"compiled in {time.perf_counter() - start:.1f} s\n")
    print("| square | setting | items a second | of CPU time | exact | mean givens |\n|---|---|---|---|---|---|")
    for box, setting, givens in SETTINGS:
        random = take_over(Stream.keyed("benchmark", setting))
        made = exact = total = 0
        start, cpu = time.perf_counter(), time.process_time()
        while time.perf_counter() - start < seconds:
            hits, givens_made = make(random, *_layout(box), givens, 100, DIG_BUDGET)
            made, exact, total = made + 100, exact + hits, total + givens_made
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        order = box[0] * box[1]
        share = "-" if givens == 0 else f"{exact / made:.0%}"
        print(
            f"| {order}x{order} | {setting} | {made / wall:,.0f} | {made / cpu:,.0f} | {share} | {total / made:.1f} |"
        )


if __name__ == "__main__":
    main()
