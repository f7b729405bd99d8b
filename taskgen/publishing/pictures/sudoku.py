"""A sudoku: the square with its givens, thick lines around the boxes."""

from taskgen.publishing.drawing.colours import INK, PAPER, QUIET
from taskgen.publishing.drawing.shapes import Box, Drawing, Label, Line, Shape
from taskgen.verifiers.grids.sudoku import Sudoku

MARGIN = 24


def draw(problem: Sudoku) -> Drawing:
    """The square; empty cells stay empty."""
    order, (height, width) = problem.order, problem.box
    cell = 44 if order <= 9 else 38
    side = cell * order
    shapes: list[Shape] = [Box(MARGIN, MARGIN, side, side, PAPER)]
    shapes += [
        Label(MARGIN + (column + 0.5) * cell, MARGIN + (row + 0.5) * cell, str(given), 22 if order <= 9 else 17)
        for row, givens in enumerate(problem.givens)
        for column, given in enumerate(givens)
        if given
    ]
    thin = [place for place in range(1, order) if place % width], [place for place in range(1, order) if place % height]
    thick = range(0, order + 1, width), range(0, order + 1, height)
    for (columns, rows), stroke, thickness in ((thin, QUIET, 0.7), (thick, INK, 2.6)):
        shapes += [_line(place * cell, 0, place * cell, side, stroke, thickness) for place in columns]
        shapes += [_line(0, place * cell, side, place * cell, stroke, thickness) for place in rows]
    givens = sum(map(bool, (given for row in problem.givens for given in row)))
    return Drawing(
        side + 2 * MARGIN,
        side + 2 * MARGIN,
        f"Sudoku, {order} x {order}",
        f"A square of {order} x {order} cells in boxes of {height} rows and {width} columns; "
        f"{givens} cells hold a number from 1 to {order}, {order * order - givens} are empty.",
        tuple(shapes),
    )


def _line(x: float, y: float, right: float, below: float, stroke: str, thickness: float) -> Line:
    return Line(((MARGIN + x, MARGIN + y), (MARGIN + right, MARGIN + below)), stroke, thickness)
