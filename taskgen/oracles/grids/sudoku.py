"""A second opinion on sudoku: exact cover by Knuth's Algorithm X, on dictionaries of sets.

D. E. Knuth, "Dancing links" (2000); the dictionary form is Ali Assaf's.
"""

from collections.abc import Iterator

from taskgen.seeding import Stream
from taskgen.verifiers.grids.sudoku import Sudoku

MAX_CHOICES = 60_000
"""Choices after which the search is given up; squares of order 9 and less take far fewer, 16x16 rarely so many."""

Choice = tuple[int, int, int]
Demand = tuple[str, int, int]
Columns = dict[Demand, set[Choice]]


class _TooLarge(Exception):
    pass


def solutions(problem: Sudoku, limit: int) -> list[str] | None:
    """Up to `limit` different answers; None where MAX_CHOICES choices did not settle it."""
    order = problem.order
    demands = {
        (row, column, number): _demands(problem.box, row, column, number)
        for row in range(order)
        for column in range(order)
        for number in range(1, order + 1)
    }
    columns: Columns = {}
    for choice, needs in demands.items():
        for need in needs:
            columns.setdefault(need, set()).add(choice)
    givens = [
        (row, column, number)
        for row, numbers in enumerate(problem.givens)
        for column, number in enumerate(numbers)
        if number
    ]
    for given in givens:
        if any(need not in columns for need in demands[given]):
            return []
        _cover(columns, demands, given)
    found: list[str] = []
    try:
        for cover in _covers(columns, demands, list(givens), [MAX_CHOICES]):
            square = {(row, column): number for row, column, number in cover}
            found.append(
                "\n".join(" ".join(str(square[row, column]) for column in range(order)) for row in range(order))
            )
            if len(found) == limit:
                break
    except _TooLarge:
        return None
    return found


def _demands(box: tuple[int, int], row: int, column: int, number: int) -> list[Demand]:
    height, width = box
    region = row // height * height + column // width
    return [("cell", row, column), ("row", row, number), ("column", column, number), ("box", region, number)]


def _covers(
    columns: Columns, demands: dict[Choice, list[Demand]], chosen: list[Choice], left: list[int]
) -> Iterator[list[Choice]]:
    if not columns:
        yield list(chosen)
        return
    narrowest = min(columns, key=lambda need: len(columns[need]))
    for choice in sorted(columns[narrowest]):
        left[0] -= 1
        if left[0] < 0:
            raise _TooLarge
        chosen.append(choice)
        removed = _cover(columns, demands, choice)
        yield from _covers(columns, demands, chosen, left)
        _uncover(columns, demands, choice, removed)
        chosen.pop()


def _cover(columns: Columns, demands: dict[Choice, list[Demand]], choice: Choice) -> list[set[Choice]]:
    removed = []
    for need in demands[choice]:
        for rival in columns[need]:
            for other in demands[rival]:
                if other != need:
                    columns[other].discard(rival)
        removed.append(columns.pop(need))
    return removed


def _uncover(columns: Columns, demands: dict[Choice, list[Demand]], choice: Choice, removed: list[set[Choice]]) -> None:
    for need in reversed(demands[choice]):
        columns[need] = removed.pop()
        for rival in columns[need]:
            for other in demands[rival]:
                if other != need:
                    columns[other].add(rival)


def relabel(problem: Sudoku, stream: Stream) -> Sudoku:
    """The same puzzle with other digits, bands, stacks, rows in bands and columns in stacks, perhaps transposed."""
    order, (height, width) = problem.order, problem.box
    numbers = [0, *stream.shuffled(range(1, order + 1))]
    rows = _moved(stream, order // height, height)
    columns = _moved(stream, order // width, width)
    square = tuple(tuple(numbers[problem.givens[row][column]] for column in columns) for row in rows)
    if stream.chance(0.5):
        return Sudoku((width, height), tuple(zip(*square, strict=True)))
    return Sudoku(problem.box, square)


def _moved(stream: Stream, groups: int, size: int) -> list[int]:
    """The lines of a side with its groups shuffled, and the lines within each."""
    return [group * size + line for group in stream.shuffled(range(groups)) for line in stream.shuffled(range(size))]
