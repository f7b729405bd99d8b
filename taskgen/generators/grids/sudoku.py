"""Makes sudokus with exactly one solution, of an exact number of givens and an exact tier of deduction.

A full square is drawn by randomised search, cells are opened in random order while the solution stays the only one,
and what is left is solved as a person would; puzzles of another tier are drawn again.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from taskgen.knobs import BaseKnobs, ladder
from taskgen.registry import Draft
from taskgen.seeding import Stream
from taskgen.verifiers.grids.sudoku import BoxSide, Sudoku

if TYPE_CHECKING:
    import numpy as np

    from taskgen.kernels.latin_regions import Layout

# Least and most givens at which puzzles of tiers 1 to 7 turn up, by order of the square: beyond these, about one dug
# square in two thousand or fewer has that tier. (Random digging does not reach the 17 that are possible at 9x9.)
# fmt: off
SPANS = {
    4:  [(4, 15)],
    6:  [(9, 35), (9, 17), (9, 12), (10, 11), (9, 14), (9, 14), (9, 13)],
    8:  [(18, 63), (17, 34), (17, 27), (18, 26), (18, 30), (17, 30), (17, 29)],
    9:  [(23, 80), (22, 45), (22, 36), (22, 35), (22, 38), (22, 39), (22, 38)],
    12: [(57, 143), (48, 84), (48, 69), (48, 68), (48, 72), (48, 72), (47, 72)],
    16: [(117, 255), (108, 150), (108, 129), (108, 126), (108, 126), (108, 126), (104, 130)],
}
# fmt: on
TRIES = 32
"""Squares dug before a stream is given up."""
DIG_BUDGET = 2_000
"""Choices that the search for a second solution may make before a cell is left as it is."""
WEIGHTS = (0, 1, 2, 4, 8, 12, 16, 30)
"""Effort of one step of each tier; of the last, of one choice."""


class Knobs(BaseKnobs, frozen=True):
    """What moves the difficulty of the puzzle."""

    box: Annotated[tuple[BoxSide, BoxSide], Meta(description="rows and columns of a box")] = (3, 3)
    givens: Annotated[int, Meta(ge=4, le=255, description="cells that are filled at the start")] = 30
    tier: Annotated[
        int,
        Meta(
            ge=0,
            le=7,
            description="hardest technique needed: 0 whatever it is, 1 single in a box, 2 any single, "
            "3 locked candidates, 4 pairs, 5 triples and XY-wings, 6 swordfish and turbot fish, 7 search",
        ),
    ] = 2
    nodes: Annotated[int, Meta(ge=0, le=1000, description="least number of choices in the search, at tier 7")] = 0

    def __post_init__(self) -> None:
        order = self.box[0] * self.box[1]
        spans = SPANS[order]
        if self.tier > len(spans):
            raise ValueError(
                f"knob tier={self.tier} is out of range: a {order}x{order} square takes tier 1, whose only technique "
                "solves all of them"
            )
        least, most = spans[self.tier - 1] if self.tier else (min(spans)[0], spans[0][1])
        if not least <= self.givens <= most:
            raise ValueError(
                f"knob givens={self.givens} is out of range: a {order}x{order} square of tier {self.tier} takes "
                f"{least} to {most} givens"
            )
        if self.nodes and self.tier < len(WEIGHTS) - 1:
            raise ValueError(f"knob nodes={self.nodes} is out of range: only tier 7 is searched; set nodes=0 or tier=7")


LADDER = ladder(
    Knobs,
    box=   [(2, 2), (2, 3), (3, 3), (3, 3), (3, 3), (3, 3), (3, 3), (3, 3), (3, 3), (4, 4)],
    givens=[     7,     14,     40,     32,     28,     27,     26,     25,     24,    115],
    tier=  [     1,      1,      1,      2,      3,      4,      5,      6,      7,      7],
    nodes= [     0,      0,      0,      0,      0,      0,      0,      0,      6,     10],
)  # fmt: skip


def generate(stream: Stream, knobs: Knobs) -> Draft | None:
    """A puzzle with these knobs exactly; None where TRIES squares held none."""
    import numpy as np

    from taskgen.kernels.latin_regions import dig, fill, load, search
    from taskgen.kernels.random import hand_back, take_over
    from taskgen.kernels.sudoku_deduction import SEARCH, grade

    layout = _layout(knobs.box)
    units, homes, _ = layout
    count, order = len(homes), units.shape[1]
    states = np.empty((count + 1, count + 3 * order + 1), dtype=np.int64)
    workspace = np.empty(4 * count, dtype=np.int64), np.empty((count + 1, 2), dtype=np.int64)
    square, puzzle, path = (
        np.empty(count, dtype=np.int64),
        np.empty(count, dtype=np.int64),
        np.arange(count, dtype=np.int64),
    )
    steps = np.zeros(SEARCH + 1, dtype=np.int64)
    random = take_over(stream)
    for _ in range(TRIES):
        fill(random, states, *layout, *workspace, square)
        if dig(random, states, *layout, *workspace, square, puzzle, path, knobs.givens, DIG_BUDGET) != knobs.givens:
            continue
        load(puzzle, homes, states)
        tier = grade(states, layout, min(knobs.tier or SEARCH, SEARCH - 1), steps)
        if knobs.tier not in (0, tier):
            continue
        if tier == SEARCH:
            _, steps[SEARCH] = search(states, *layout, *workspace, square.copy(), 2, 1_000_000, random, False)
            if steps[SEARCH] < knobs.nodes:
                continue
        hand_back(stream, random)
        answer = "\n".join(" ".join(map(str, row)) for row in _rows(square, order))
        effort = sum(int(number) * weight for number, weight in zip(steps, WEIGHTS, strict=True))
        return Draft(Sudoku(knobs.box, _rows(puzzle, order)), answer, effort)
    return None


@lru_cache(maxsize=9)
def _layout(box: tuple[int, int]) -> "Layout":
    from taskgen.kernels.latin_regions import layout

    height, width = box
    order = height * width
    return layout([row // height * height + column // width for row in range(order) for column in range(order)])


def _rows(bits: "np.ndarray", order: int) -> tuple[tuple[int, ...], ...]:
    numbers = [bit.bit_length() for bit in bits.tolist()]
    return tuple(tuple(numbers[start : start + order]) for start in range(0, order * order, order))
