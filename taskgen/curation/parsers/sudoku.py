"""Sudoku boards: 81 characters in a row, lists of lists, or rows of digits in a prompt."""

import re
from collections.abc import Sequence
from typing import Any

from taskgen.curation.parsers import Row, problem
from taskgen.verifiers.grids.sudoku import Sudoku

MARKS = ("udoku", "SUDOKU")
COLUMNS = ({"puzzle"}, {"puzzles"}, {"question"}, {"quizzes"})

LEAST_GIVENS = 17
"""A 9 x 9 board with fewer has more than one solution (McGuire, Tugemann and Civario, 2014)."""
_BOXES = {4: (2, 2), 9: (3, 3), 16: (4, 4)}
_LINE = re.compile(r"(?<![0-9.])[0-9.]{81}(?![0-9.])")
_EMPTY = frozenset("_.*xX?0")
# Rules beyond those of the plain game: no problem of ours has them.
_VARIANTS = re.compile(
    r"\b(?:diagonals?|killer|thermo\w*|anti-?\w+|knight|king|consecutive|arrows?|irregular|jigsaw|hyper|windoku|greater|"
    r"even|odd|cages?|sums?|adds? (?:up )?to|products?|x-sudoku|kropki|whispers?|renban|palindromes?|sandwich|windows?|"
    r"gr[ae]y|shaded|highlighted|colou?red|adjacent|neighbou?r\w*|disjoint|extra|r[1-9]c[1-9]|0 ?(?:-|to) ?8|"
    r"(?:number of|how many|two) solutions|which (?:digit|number|cell)|what is the (?:digit|number|value)|"
    r"only (?:fill|solve|the))\b",
    re.IGNORECASE,
)


def parse(row: Row) -> Sudoku | None:
    """The one board of the row: a column that holds nothing but a board, or the board in the text."""
    if _VARIANTS.search(row.text):
        return None
    named = any(mark in row.text for mark in MARKS)
    for (column,) in COLUMNS:
        found = _board(row.fields.get(column), named)
        if found is not None:
            return found
    if not named:
        return None
    boards = [_board(line, named) for line in _LINE.findall(row.text)] or _drawn(row.text)
    return boards[0] if len(boards) == 1 else None


def sudoku(givens: Sequence[Sequence[Any]]) -> Sudoku | None:
    """The problem with these givens, 0 for an empty cell; None where the size tells no boxes."""
    rows = [[int(cell) for cell in row] for row in givens]
    box = _BOXES.get(len(rows))
    if box is None or (len(rows) == 9 and sum(map(bool, (cell for row in rows for cell in row))) < LEAST_GIVENS):
        return None
    return problem(Sudoku, box=box, givens=rows)


def _board(value: Any, named: bool) -> Sudoku | None:
    """The board that a cell holds; small squares of numbers are many puzzles, and one of them where it is `named`."""
    if isinstance(value, str) and _LINE.fullmatch(value.strip()):
        digits = value.strip().replace(".", "0")
        return sudoku([digits[start : start + 9] for start in range(0, 81, 9)])
    square = isinstance(value, list) and len(value) in _BOXES and all(isinstance(row, list) for row in value)
    if square and (named or len(value) > 4):
        return sudoku(value)
    return None


def _drawn(text: str) -> list[Sudoku | None]:
    """Boards drawn as lines of numbers and signs for empty cells, set apart by spaces or bars."""
    boards: list[Sudoku | None] = []
    lines: list[list[str]] = []
    for line in [*text.split("\n"), ""]:
        cells = ["0" if cell in _EMPTY else cell for cell in line.replace("|", " ").split()]
        if cells and all(cell.isdecimal() and len(cell) < 3 for cell in cells):
            lines.append(cells)
            continue
        if cells and not line.strip("-+=| "):
            continue  # a border inside the board
        if len(lines) in _BOXES and all(len(cells) == len(lines) for cells in lines):
            boards.append(sudoku(lines))
        lines = []
    return boards
