"""A Sokoban level seen from above; every kind of thing has its own shape."""

from taskgen.publishing.drawing.colours import BLUE, INK, ORANGE, PAPER, QUIET, VERMILION
from taskgen.publishing.drawing.shapes import Box, Disc, Drawing, Label, Line, Polygon, Shape, Tiles
from taskgen.verifiers.planning.sokoban import Sokoban

MARGIN, CELL = 24, 44
WALL, FLOOR, MESH, DARK = "#4b5563", PAPER, "#d5d9df", "#7a4a00"
LEGEND = (
    ("#", "wall"),
    ("@", "player"),
    ("$", "box"),
    (".", "goal"),
    ("*", "box on a goal"),
    ("+", "player on a goal"),
)
STEP = 150


def draw(problem: Sokoban) -> Drawing:
    """The map, and under it what the shapes mean."""
    rows, columns = problem.rows, len(problem.rows[0])
    wide, tall = CELL * columns, CELL * len(rows)
    width = max(wide, 2 * STEP + 16)
    left = MARGIN + (width - wide) // 2
    shapes: list[Shape] = [Box(left, MARGIN, wide, tall, FLOOR)]
    shapes += [Line(((left + at, MARGIN), (left + at, MARGIN + tall)), MESH, 0.8) for at in range(0, wide + 1, CELL)]
    shapes += [Line(((left, MARGIN + at), (left + wide, MARGIN + at)), MESH, 0.8) for at in range(0, tall + 1, CELL)]
    places = [
        (symbol, left + column * CELL, MARGIN + row * CELL)
        for row, symbols in enumerate(rows)
        for column, symbol in enumerate(symbols)
    ]
    walls = tuple((x, y) for symbol, x, y in places if symbol == "#")
    shapes += [Tiles(walls, CELL, CELL, WALL)] if walls else []
    for symbol, x, y in places:
        shapes += _thing(symbol, x, y)
    y = MARGIN + tall + 16
    used = [entry for entry in LEGEND if entry[0] in "".join(rows)]
    across = max(1, min(len(used), width // STEP))
    for number, (symbol, name) in enumerate(used):
        x, below = MARGIN + number % across * STEP, y + number // across * 32
        shapes += [Tiles(((x, below),), 24, 24, WALL)] if symbol == "#" else _thing(symbol, x, below, 24)
        shapes.append(Label(x + 32, below + 12, name, 13, "start"))
    y += 32 * -(-len(used) // across)
    if problem.max_pushes:
        shapes.append(Label(MARGIN, y + 10, f"At most {problem.max_pushes} moves may be pushes.", 13, "start", QUIET))
        y += 24
    cells = "".join(rows)
    boxes = cells.count("$") + cells.count("*")
    return Drawing(
        width + 2 * MARGIN,
        y - 8 + MARGIN,
        "Sokoban: push every box onto a goal",
        f"A map of {len(rows)} rows and {columns} columns with walls, {boxes} {'box' if boxes == 1 else 'boxes'}, "
        f"{boxes} {'goal' if boxes == 1 else 'goals'} and the player"
        + (f"; at most {problem.max_pushes} pushes are allowed." if problem.max_pushes else "."),
        tuple(shapes),
    )


def _thing(symbol: str, x: float, y: float, side: float = CELL) -> list[Shape]:
    """What stands on a cell: a diamond for a goal, a crate for a box, a person for the player."""
    shapes: list[Shape] = []
    middle, level, unit = x + side / 2, y + side / 2, side / 44
    if symbol in ".*+":
        reach = 14 * unit if symbol == "." else 20 * unit
        corners = ((middle, level - reach), (middle + reach, level), (middle, level + reach), (middle - reach, level))
        shapes.append(Polygon(corners, PAPER if symbol == "." else "#fde8dc", VERMILION, 2.4 * unit))
    if symbol == ".":
        shapes.append(Disc(middle, level, 4 * unit, VERMILION))
    if symbol in "$*":
        half = (14 if symbol == "$" else 11) * unit
        box = Box(middle - half, level - half, 2 * half, 2 * half, ORANGE, DARK, 2.2 * unit, 2 * unit)
        ends = half - 3 * unit
        planks = (((-ends, -ends), (ends, ends)), ((-ends, ends), (ends, -ends)))
        shapes.append(box)
        shapes += [
            Line(tuple((middle + right, level + below) for right, below in plank), DARK, 2 * unit) for plank in planks
        ]
    if symbol in "@+":
        size = unit if symbol == "@" else 0.78 * unit
        shoulders = ((-10, 14), (-8, 3), (-4, 0), (4, 0), (8, 3), (10, 14))
        body = tuple((middle + right * size, level + below * size) for right, below in shoulders)
        shapes.append(Polygon(body, BLUE, INK, 1.4 * size))
        shapes.append(Disc(middle, level - 7 * size, 7 * size, BLUE, INK, 1.4 * size))
    return shapes
