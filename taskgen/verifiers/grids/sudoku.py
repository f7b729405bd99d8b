"""Fill a partly filled square so that every row, column and box holds every number once."""

from collections.abc import Hashable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Annotated, ClassVar

from msgspec import Meta

from taskgen.problem import Problem, Verdict, correct, malformed, wrong

MAX_ORDER = 16


BoxSide = Annotated[int, Meta(ge=2, le=4)]
Given = Annotated[int, Meta(ge=0, le=MAX_ORDER)]
Row = Annotated[tuple[Given, ...], Meta(min_length=4, max_length=MAX_ORDER)]
Unit = tuple[str, tuple[int, ...]]

_BETWEEN = ",;|/[]"
_APART = str.maketrans(_BETWEEN, " " * len(_BETWEEN))
_TOGETHER = str.maketrans("", "", _BETWEEN + " \t\r\n")
_BORDER = " \t\r|+-="
_DIGITS = bytes.maketrans(b"0123456789", bytes(range(10)))

# A number as a bit: 1 to 8 in one byte, 9 to 16 in another.
_LOW = bytes(1 << number - 1 if 1 <= number <= 8 else 0 for number in range(256))
_HIGH = bytes(1 << number - 9 if 9 <= number <= MAX_ORDER else 0 for number in range(256))


class Sudoku(Problem, frozen=True):
    """A square of n x n cells cut into boxes of n cells; exactly one way to fill it is right."""

    unique: ClassVar[bool] = True
    accepts: ClassVar = ("answer", "fenced")
    max_answer: ClassVar[int] = 5_000

    box: tuple[BoxSide, BoxSide]
    """Rows and columns of one box; n is their product."""
    givens: Annotated[tuple[Row, ...], Meta(min_length=4, max_length=MAX_ORDER)]
    """The square row by row, 0 for an empty cell."""

    def __post_init__(self) -> None:
        order = self.order
        if len(self.givens) != order or any(len(row) != order for row in self.givens):
            raise ValueError(f"boxes of {self.box[0]}x{self.box[1]} cells need {order} rows of {order} cells")
        if max(map(max, self.givens)) > order:
            raise ValueError(f"a given is greater than {order}")

    @property
    def order(self) -> int:
        """Cells in a row, and numbers to place."""
        return self.box[0] * self.box[1]

    def verify(self, answer: str) -> Verdict:
        """All n x n numbers in reading order: rows of numbers, apart or (up to n = 9) not, with or without borders."""
        order = self.order
        try:
            cells = read(answer, order)
        except ValueError as error:
            return malformed(str(error))
        givens = bytes(chain.from_iterable(self.givens))
        marked = int.from_bytes(givens)
        changed = (int.from_bytes(cells) ^ marked) & _nonzero(marked, order)
        broken = incomplete(cells, self.box)
        if not changed and not broken:
            return correct()
        changes = changed.to_bytes(order * order)
        faults = order * order - changes.count(0) + len(broken)
        partial = 1 - faults / (order * order - givens.count(0) + 3 * order)
        if changed:
            place = len(changes) - len(changes.lstrip(b"\0"))
            row, column = divmod(place, order)
            return wrong(
                f"row {row + 1}, column {column + 1} is given as {givens[place]} and must not become {cells[place]}",
                partial,
            )
        name, unit = units(self.box)[broken[0]]
        numbers = [cells[place] for place in unit]
        twice = min(number for number in numbers if numbers.count(number) > 1)
        return wrong(f"{name} holds {twice} more than once", partial)

    def structure(self) -> Hashable:
        """A hash of the graph of givens, lines, bands and digits.

        It forgets what the digits are called, the order of bands, of stacks, of rows in a band and of columns in a
        stack, and which way the square is turned.
        """
        import numpy as np

        from taskgen.kernels.refinement import structure_hash

        order, (height, width) = self.order, self.box
        square = np.array(self.givens)
        rows, columns = np.nonzero(square)
        symbols = square[rows, columns]
        # Vertices: rows, columns, bands, stacks, digits, givens; a given is joined to its row, column and digit.
        bands = order // height
        lines = np.arange(2 * order)
        groups = np.concatenate((2 * order + lines[:order] // height, 2 * order + bands + lines[:order] // width))
        first_symbol = 2 * order + bands + order // width
        first_given = first_symbol + order
        count = len(rows)
        colours = np.repeat((0, 1, 2, 3), (2 * order, first_symbol - 2 * order, order, count))
        edges = np.empty((2 * order + 3 * count, 3), dtype=np.int64)
        edges[: 2 * order, 0], edges[: 2 * order, 1], edges[: 2 * order, 2] = lines, groups, 0
        edges[2 * order :, 0] = np.tile(np.arange(first_given, first_given + count), 3)
        edges[2 * order :, 1] = np.concatenate((rows, order + columns, first_symbol - 1 + symbols))
        edges[2 * order :, 2] = 1
        return structure_hash(colours, edges)


def read(answer: str, order: int) -> bytes:
    """The numbers of an answer in reading order. Raises ValueError where it is no square of numbers 1 to `order`.

    Numbers may stand apart or, up to 9, together; commas, semicolons, bars, slashes, brackets and lines that only draw
    a border are skipped.
    """
    if "-" in answer or "+" in answer or "=" in answer:
        answer = "\n".join([line for line in answer.split("\n") if line.strip(_BORDER)])
    count, numbers = order * order, _numbers(order)
    parts: Sequence[str] = answer.translate(_TOGETHER) if order < 10 else answer.translate(_APART).split()
    if len(parts) == count:
        # Deletes every digit that fits; what is left is alien.
        if isinstance(parts, str):
            if parts.isascii() and not (digits := parts.encode()).translate(None, b"123456789"[:order]):
                return digits.translate(_DIGITS)
        elif numbers.keys() >= set(parts):
            return bytes([numbers[part] for part in parts])
    alien = next((part for part in parts if part not in numbers), None)
    if alien is not None:
        raise ValueError(f"{alien[:20]!r} is not a number from 1 to {order}")
    raise ValueError(f"the answer has {len(parts)} cells, not {order} rows of {order}")


@lru_cache(maxsize=MAX_ORDER)
def _numbers(order: int) -> dict[str, int]:
    """Every way to write a number."""
    return {text: number for number in range(1, order + 1) for text in (str(number), f"{number:02}")}


@lru_cache(maxsize=4)
def _ones(order: int) -> int:
    return int.from_bytes(b"\x01" * (order * order))


def _nonzero(square: int, order: int) -> int:
    """All bits of every byte that is not zero; bytes are below 128."""
    ones = _ones(order)
    return ((square + 127 * ones) >> 7 & ones) * 255


def incomplete(cells: bytes, box: tuple[int, int]) -> list[int]:
    """The units that do not hold every number, by their position in `units(box)`.

    The square is one long integer, a byte a cell and a bit a number, so a few shifts join the cells of all units at
    once: what a unit holds ends up in the byte of its first cell.
    """
    height, width = box
    order = height * width
    square = int.from_bytes(cells.translate(_LOW) + cells.translate(_HIGH), "little")
    beside = _joined(square, 8, width)
    rows = _joined(beside, 8 * width, height)
    columns = _joined(square, 8 * order, order)
    boxes = _joined(beside, 8 * order, height)
    found: list[int] = []
    for kind, (held, full) in enumerate(zip((rows, columns, boxes), _full(box), strict=True)):
        missing = held & full ^ full
        if missing:
            marks = missing.to_bytes(2 * order * order, "little")
            firsts = [unit[0] for _, unit in units(box)[kind * order : (kind + 1) * order]]
            found += [
                kind * order + number
                for number, first in enumerate(firsts)
                if marks[first] or marks[order * order + first]
            ]
    return found


def _joined(square: int, step: int, count: int) -> int:
    joined = square
    for distance in range(step, step * count, step):
        joined |= square >> distance
    return joined


@lru_cache(maxsize=9)
def _full(box: tuple[int, int]) -> tuple[int, int, int]:
    """Squares in which the first cell of every row, of every column, of every box holds all numbers."""
    order = box[0] * box[1]
    squares = []
    for kind in range(3):
        planes = bytearray(2 * order * order)
        for _, unit in units(box)[kind * order : (kind + 1) * order]:
            planes[unit[0]] = (1 << min(order, 8)) - 1
            planes[order * order + unit[0]] = (1 << max(order - 8, 0)) - 1
        squares.append(int.from_bytes(planes, "little"))
    return squares[0], squares[1], squares[2]


@lru_cache(maxsize=9)
def units(box: tuple[int, int]) -> tuple[Unit, ...]:
    """Name and cells of every row, then every column, then every box; cells are counted in reading order."""
    height, width = box
    order = height * width
    side = range(order)
    rows = [(f"row {row + 1}", tuple(row * order + column for column in side)) for row in side]
    columns = [(f"column {column + 1}", tuple(row * order + column for row in side)) for column in side]
    boxes = [
        (
            f"the box of rows {top + 1} to {top + height} and columns {left + 1} to {left + width}",
            tuple(row * order + column for row in range(top, top + height) for column in range(left, left + width)),
        )
        for top in range(0, order, height)
        for left in range(0, order, width)
    ]
    return (*rows, *columns, *boxes)
