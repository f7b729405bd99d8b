"""A grid of cells, columns by letter and rows by number, each with the cost of entering it; walls are dark."""

from taskgen.publishing.drawing.colours import INK, PAPER, QUIET
from taskgen.publishing.drawing.shapes import Box, Drawing, Label, Line, Shape, Tiles
from taskgen.verifiers.graphs.shortest_path import Grid

MARGIN, CELL, HEAD = 24, 46, 24
WALL, MESH = "#4b5563", "#9aa1a9"
ENDS = (("start", "#cdeadd", "#00664b"), ("goal", "#fbdcc8", "#a04000"))
"""Name, fill and edge of the first and the last cell."""


def draw(grid: Grid, start: int, goal: int) -> Drawing:
    """The grid and a line that says how to read it."""
    rows, columns = len(grid.cells), len(grid.cells[0])
    left = top = MARGIN + HEAD
    wide, tall = CELL * columns, CELL * rows
    shapes: list[Shape] = [Box(left, top, wide, tall, PAPER)]
    places = [(row, column) for row in range(rows) for column in range(columns)]
    walls = tuple((left + column * CELL, top + row * CELL) for row, column in places if not grid.cells[row][column])
    shapes += [Tiles(walls, CELL, CELL, WALL)] if walls else []
    shapes += [Line(((left + at, top), (left + at, top + tall)), MESH) for at in range(0, wide + 1, CELL)]
    shapes += [Line(((left, top + at), (left + wide, top + at)), MESH) for at in range(0, tall + 1, CELL)]
    shapes += [
        Label(left + (column + 0.5) * CELL, MARGIN + 10, chr(65 + column), 13, fill=QUIET) for column in range(columns)
    ]
    shapes += [Label(MARGIN + 10, top + (row + 0.5) * CELL, str(row + 1), 13, "middle", QUIET) for row in range(rows)]
    lowered = {start: 0, goal: 0}
    for place, (name, fill, edge) in zip((start, goal), ENDS, strict=True):
        row, column = places[place]
        x, y = left + column * CELL, top + row * CELL
        shapes.append(Box(x + 1.5, y + 1.5, CELL - 3, CELL - 3, fill, edge, 2.5))
        shapes.append(Label(x + CELL / 2, y + 11, name, 11, "middle", edge, True))
        lowered[place] = 7
    for place, (row, column) in enumerate(places):
        if cost := grid.cells[row][column]:
            middle = top + (row + 0.5) * CELL + lowered.get(place, 0)
            shapes.append(Label(left + (column + 0.5) * CELL, middle, str(cost), 16))
    names = grid.names
    note = "A step costs the number of the cell it enters."
    shapes.append(Label(MARGIN, top + tall + 22, note, 13, "start", INK))
    return Drawing(
        max(left + wide + MARGIN, 2 * MARGIN + 330),
        top + tall + 32 + MARGIN,
        f"Cheapest route from {names[start]} to {names[goal]}",
        f"A grid of {rows} rows and {columns} columns; each cell holds the cost of entering it, "
        f"{len(walls)} are walls. {names[start]} is marked as the start, {names[goal]} as the goal.",
        tuple(shapes),
    )
