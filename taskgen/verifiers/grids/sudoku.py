"""Fill a partly filled square so that every row, column and box holds every number once."""

import re
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Annotated, ClassVar

from msgspec import Meta

from taskgen.problem import Forms, Problem, Verdict, correct, malformed, wrong

MAX_ORDER = 16


BoxSide = Annotated[int, Meta(ge=2, le=4)]
Given = Annotated[int, Meta(ge=0, le=MAX_ORDER)]
Row = Annotated[tuple[Given, ...], Meta(min_length=4, max_length=MAX_ORDER)]
Unit = tuple[str, Callable[[Sequence[int]], tuple[int, ...]]]

_BETWEEN = ",;|/[]()"
_APART = str.maketrans(_BETWEEN, " " * len(_BETWEEN))
_TOGETHER = str.maketrans("", "", _BETWEEN + " \t\r\n")
_BORDER = " \t\r|+-="
_LABEL = re.compile(r"^[ \t*|]*row[ \t]*([0-9]{1,2})[ \t*]*:[ \t*]*", re.IGNORECASE | re.MULTILINE)

_BARS, _RULES, _JOINTS = "│┃║", "─━═", "┌┬┐├┼┤└┴┘┏┳┓┣╋┫┗┻┛╔╦╗╠╬╣╚╩╝╟╫╢┠╂┨┝┿┥╞╪╡╤╧╥╨┯┷┰┸"
_PLAIN = str.maketrans(_BARS + _RULES + _JOINTS + "\xa0", "|||---" + "+" * len(_JOINTS) + " ")


class Sudoku(Problem, frozen=True):
    """A square of n x n cells cut into boxes of n cells; exactly one way to fill it is right."""

    unique: ClassVar[bool] = True
    forms: ClassVar[Forms] = ("answer", "fenced")
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
        givens = tuple(chain.from_iterable(self.givens))
        changed = [place for place, given in enumerate(givens) if given and given != cells[place]]
        broken = [(name, cells_of) for name, cells_of in units(self.box) if len(set(cells_of(cells))) < order]
        if not changed and not broken:
            return correct()
        partial = 1 - (len(changed) + len(broken)) / (len(givens) - givens.count(0) + 3 * order)
        if changed:
            place = changed[0]
            row, column = divmod(place, order)
            return wrong(
                f"row {row + 1}, column {column + 1} is given as {givens[place]} and must not become {cells[place]}",
                partial,
            )
        name, cells_of = broken[0]
        numbers = cells_of(cells)
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


def read(answer: str, order: int) -> list[int]:
    """The numbers of an answer in reading order. Raises ValueError where it is no square of numbers 1 to `order`.

    Numbers may stand apart or, up to 9, together; commas, semicolons, bars, slashes, brackets and lines that only draw
    a border are skipped, and so are labels such as "Row 1:" where every row has its own.
    """
    if not answer.isascii():
        answer = answer.translate(_PLAIN)
    if _LABEL.search(answer):
        answer = _unlabelled(answer, order)
    parts = _parts(answer, order)
    numbers = _numbers(order)
    if not numbers.keys() >= set(parts):
        alien = next(part for part in parts if part not in numbers)
        raise ValueError(f"{alien[:20]!r} is not a number from 1 to {order}")
    if len(parts) != order * order:
        raise ValueError(f"the answer has {len(parts)} cells, not {order} rows of {order}")
    return list(map(numbers.__getitem__, parts))


def _parts(answer: str, order: int) -> Sequence[str]:
    """What is left to read as numbers when borders and separators are gone."""
    if "-" in answer or "+" in answer or "=" in answer:
        answer = "\n".join([line for line in answer.split("\n") if line.strip(_BORDER)])
    return answer.translate(_TOGETHER) if order < 10 else answer.translate(_APART).split()


def _unlabelled(answer: str, order: int) -> str:
    """The rows without their labels, which must number them in order."""
    before, *labelled = _LABEL.split(answer)
    numbers, rows = labelled[::2], labelled[1::2]
    in_order = numbers == [str(row + 1) for row in range(order)]
    if _parts(before, order) or not in_order or any(len(_parts(row, order)) != order for row in rows):
        raise ValueError(f"labels do not stand before each of the {order} rows of {order}, from 'Row 1:' to the last")
    return "\n".join(rows)


@lru_cache(maxsize=MAX_ORDER)
def _numbers(order: int) -> dict[str, int]:
    """Every way to write a number."""
    return {text: number for number in range(1, order + 1) for text in (str(number), f"{number:02}")}


@lru_cache(maxsize=9)
def units(box: tuple[int, int]) -> tuple[Unit, ...]:
    """Every row, every column, every box: its name, and what picks its cells from a square in reading order."""
    height, width = box
    order = height * width
    side = range(order)
    rows = [(f"row {row + 1}", [row * order + column for column in side]) for row in side]
    columns = [(f"column {column + 1}", [row * order + column for row in side]) for column in side]
    boxes = [
        (
            f"the box of rows {top + 1} to {top + height} and columns {left + 1} to {left + width}",
            [row * order + column for row in range(top, top + height) for column in range(left, left + width)],
        )
        for top in range(0, order, height)
        for left in range(0, order, width)
    ]
    return tuple((name, itemgetter(*places)) for name, places in (*rows, *columns, *boxes))
