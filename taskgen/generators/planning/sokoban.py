"""Makes Sokoban puzzles by pulling boxes away from the goals, so that every one is solvable and its optimum known."""

from typing import Annotated

from msgspec import Meta

from taskgen.knobs import BaseKnobs, ladder
from taskgen.registry import Draft
from taskgen.seeding import Stream
from taskgen.verifiers.planning.sokoban import MAX_SIDE, Sokoban

MAX_FLOOR = 64
MAX_STATES = 30_000
SYMBOLS = {0: "-", 1: "#", 2: "$", 4: ".", 6: "*", 8: "@", 12: "+"}


class Knobs(BaseKnobs, frozen=True):
    """What moves the difficulty of the puzzle."""

    height: Annotated[int, Meta(ge=5, le=MAX_SIDE, description="rows of the map, its frame of walls included")] = 8
    width: Annotated[int, Meta(ge=5, le=MAX_SIDE, description="columns of the map, its frame of walls included")] = 8
    walls: Annotated[float, Meta(ge=0, le=0.9, description="share of the cells inside the frame that are walls")] = 0.4
    boxes: Annotated[int, Meta(ge=1, le=6, description="how many boxes there are")] = 3
    min_pushes: Annotated[int, Meta(ge=1, le=60, description="least number of pushes of the shortest solution")] = 10
    changes: Annotated[
        int, Meta(ge=0, le=40, description="least number of turns from one box to another in the reference solution")
    ] = 2
    spare: Annotated[
        int, Meta(ge=-1, le=50, description="pushes allowed beyond the least possible number; -1 for no limit")
    ] = -1

    def __post_init__(self) -> None:
        if self.floor > MAX_FLOOR:
            raise ValueError(
                f"height, width and walls leave {self.floor} floor cells, more than {MAX_FLOOR}: raise walls"
            )
        if self.floor < 2 * self.boxes + 2:
            raise ValueError(f"{self.floor} floor cells are too few for {self.boxes} boxes: lower walls or boxes")
        if self.changes >= self.min_pushes:
            raise ValueError("changes must be less than min_pushes, since a change lies between two pushes")
        if self.boxes > self.changes + 1:
            raise ValueError("changes must be at least boxes - 1, since every box is pushed")

    @property
    def floor(self) -> int:
        """How many floor cells the map has."""
        return round((self.height - 2) * (self.width - 2) * (1 - self.walls))


LADDER = ladder(
    Knobs,
    height=    [8, 8, 8, 8, 8, 9, 9, 9, 10, 10],
    width=     [8, 8, 8, 8, 8, 9, 9, 10, 10, 10],
    walls=     [0.45, 0.45, 0.45, 0.4, 0.35, 0.45, 0.4, 0.5, 0.5, 0.55],
    boxes=     [1, 2, 2, 3, 3, 4, 4, 5, 5, 6],
    min_pushes=[4, 5, 8, 9, 12, 13, 16, 18, 20, 24],
    changes=   [0, 1, 2, 2, 4, 4, 5, 6, 8, 10],
    spare=     [-1, -1, -1, -1, -1, -1, -1, -1, 4, 0],
)  # fmt: skip


def generate(stream: Stream, knobs: Knobs) -> Draft | None:
    """A random room, goals in it, and a start far from them; None where no start is far enough.

    The search by pulls goes breadth first, so the number of pushes is the least possible even where the search is cut
    short. Effort is the number of positions that it met before the start.
    """
    from taskgen.kernels.box_pulls import make_room
    from taskgen.kernels.random import hand_back, take_over

    state = take_over(stream)
    size = (knobs.height, knobs.width)
    grid, moves, pushes, met = make_room(
        state, size, knobs.floor, knobs.boxes, knobs.min_pushes, knobs.changes, MAX_STATES
    )
    hand_back(stream, state)
    answer = "".join("UDLR"[move] for move in moves.tolist())
    if len(set(answer)) < 3:  # along a corridor, as a guesser would try
        return None
    rows = tuple("".join(SYMBOLS[code] for code in row) for row in grid.tolist())
    limit = pushes + knobs.spare if knobs.spare >= 0 else 0
    return Draft(Sokoban(rows, limit), answer, effort=met)
