"""Sokoban: push every box onto a goal. After the game by Hiroyuki Imabayashi (Thinking Rabbit, 1982).

Symbols as in the usual text format: # wall, - floor, $ box, . goal, @ player, * box on a goal, + player on a goal.
"""

from collections.abc import Hashable
from typing import Annotated, ClassVar

from msgspec import Meta

from taskgen.problem import Forms, Problem, Verdict, correct, malformed, wrong

MAX_SIDE = 16
MAX_BOXES = 10

_WALL, _BOX, _GOAL = 1, 2, 4
_CODES = bytes.maketrans(b"#-$.@*+", bytes([_WALL, 0, _BOX, _GOAL, 0, _BOX | _GOAL, _GOAL]))
_NAMES = {"U": "up", "D": "down", "L": "left", "R": "right"}

Row = Annotated[str, Meta(pattern=r"^[#\-$.@*+]+\Z", min_length=3, max_length=MAX_SIDE)]


class Sokoban(Problem, frozen=True):
    """A map of walls, boxes, goals and one player; what lies outside the map is wall."""

    forms: ClassVar[Forms] = ("answer", "fenced")
    max_answer: ClassVar[int] = 4_000

    rows: Annotated[tuple[Row, ...], Meta(min_length=3, max_length=MAX_SIDE)]
    max_pushes: Annotated[int, Meta(ge=0, le=500, description="most pushes allowed, 0 for any number")] = 0

    def __post_init__(self) -> None:
        cells = "".join(self.rows)
        if len(cells) != len(self.rows) * len(self.rows[0]) or len({len(row) for row in self.rows}) > 1:
            raise ValueError("the rows have different lengths")
        if cells.count("@") + cells.count("+") != 1:
            raise ValueError("there is not exactly one player")
        if cells.count("$") != cells.count(".") + cells.count("+"):
            raise ValueError("there are not as many goals as boxes")
        if not 1 <= cells.count("$") <= MAX_BOXES - cells.count("*"):
            raise ValueError(f"a map has at most {MAX_BOXES} boxes, one of them not on a goal")

    def verify(self, answer: str) -> Verdict:
        """Moves as the letters U, D, L, R in either case.

        White space and commas between them mean nothing, and neither do quotation marks or full stops around them.
        """
        moves = "".join(answer.replace(",", " ").split()).strip(".\"'`").upper()
        if not moves or moves.strip("UDLR"):
            return malformed("the moves are not a string of the letters U, D, L and R")
        stride = len(self.rows[0]) + 1
        frame = "#" * (stride + 1)
        flat = f"{frame}{'#'.join(self.rows)}{frame}"
        place = max(flat.find("@"), flat.find("+"))
        board = bytearray(flat.encode()).translate(_CODES)
        steps = {"U": -stride, "D": stride, "L": -1, "R": 1}
        pushes = 0
        for number, step in enumerate(map(steps.__getitem__, moves), 1):
            place += step
            cell = board[place]
            if not cell & (_WALL | _BOX):
                continue
            if cell & _WALL:
                return wrong(f"move {number}, {_NAMES[moves[number - 1]]}, goes into a wall", _home(board))
            beyond = board[place + step]
            if beyond & (_WALL | _BOX):
                block = "a wall" if beyond & _WALL else "another box"
                return wrong(f"move {number}, {_NAMES[moves[number - 1]]}, pushes a box into {block}", _home(board))
            board[place] = cell ^ _BOX
            board[place + step] = beyond | _BOX
            pushes += 1
        if _BOX in board:
            return wrong("after the last move a box is not on a goal", _home(board))
        if self.max_pushes and pushes > self.max_pushes:
            return wrong(f"{pushes} pushes, only {self.max_pushes} are allowed", self.max_pushes / pushes)
        return correct()

    def structure(self) -> Hashable:
        """The least of the eight orientations of the map, trimmed to what the player could ever reach.

        Walls that nobody can reach are forgotten, and so is where in its region the player stands and the limit.
        """
        cells = {(r, c): symbol for r, row in enumerate(self.rows) for c, symbol in enumerate(row) if symbol != "#"}
        start = next(cell for cell, symbol in cells.items() if symbol in "@+")
        region = _connected(start, {cell for cell, symbol in cells.items() if symbol not in "$*"})
        inside = _connected(start, set(cells))
        symbols = {"-": "a", "@": "a", ".": "b", "+": "b", "$": "c", "*": "d"}
        codes = {cell: symbols[cells[cell]] for cell in inside}
        codes |= {cell: codes[cell].upper() for cell in region}
        rows, columns = [r for r, _ in inside], [c for _, c in inside]
        picture = tuple(
            "".join(codes.get((r, c), "#") for c in range(min(columns), max(columns) + 1))
            for r in range(min(rows), max(rows) + 1)
        )
        return min(orientations(picture))


def orientations(rows: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The eight pictures that turning and mirroring make of one."""
    found = []
    for picture in (rows, tuple("".join(column) for column in zip(*rows, strict=True))):
        for flipped in (picture, picture[::-1]):
            found += [flipped, tuple(row[::-1] for row in flipped)]
    return found


def _home(board: bytearray) -> float:
    """The share of the boxes that are on goals, 0 where all are."""
    home, astray = board.count(_BOX | _GOAL), board.count(_BOX)
    return home / (home + astray) if astray else 0.0


def _connected(start: tuple[int, int], cells: set[tuple[int, int]]) -> set[tuple[int, int]]:
    found = {start}
    waiting = [start]
    while waiting:
        r, c = waiting.pop()
        for cell in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)):
            if cell in cells and cell not in found:
                found.add(cell)
                waiting.append(cell)
    return found
