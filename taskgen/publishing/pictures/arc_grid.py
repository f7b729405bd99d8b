"""Grids of colours: the pairs, each with an arrow from input to output, then the test input and a question mark."""

from taskgen.publishing.drawing.colours import INK, PAPER, QUIET, ink_on
from taskgen.publishing.drawing.shapes import Box, Drawing, Label, Line, Polygon, Shape, Tiles
from taskgen.verifiers.induction.arc_grid import ArcGrid, Grid

PALETTE = (
    "#000000", "#0074d9", "#ff4136", "#2ecc40", "#ffdc00", "#aaaaaa", "#f012be", "#ff851b", "#7fdbff", "#870c25",
)  # fmt: skip
"""The usual colours of the corpus: black, blue, red, green, yellow, grey, pink, orange, light blue, maroon."""
MARGIN, GAP, ARROW, HEADING, WIDEST = 24, 44, 48, 26, 860
MESH = "#6b7280"


def draw(problem: ArcGrid) -> Drawing:
    """The pairs in lines, the test input under a rule, the colours in use with their digits at the foot."""
    cell = _cell(problem)
    blocks = [
        _Block(f"example {number}", pair.input, pair.output, cell) for number, pair in enumerate(problem.pairs, 1)
    ]
    test = _Block("test", problem.test, None, cell)
    shapes: list[Shape] = []
    y, right = float(MARGIN), float(test.width)
    for line in _lines(blocks):
        x, tall = float(MARGIN), max(block.height for block in line)
        for block in line:
            shapes += block.shapes(x, y)
            x += block.width + GAP
        right = max(right, x - GAP - MARGIN)
        y += tall + 22
    colours = sorted(set("".join(row for block in (*blocks, test) for row in block.rows)))
    right = max(right, 34 * len(colours))
    shapes.append(Line(((MARGIN, y), (MARGIN + right, y)), MESH))
    shapes += test.shapes(MARGIN, y + 16)
    y += 16 + test.height + 26
    for number, digit in enumerate(colours):
        fill = PALETTE[int(digit)]
        shapes.append(Box(MARGIN + 34 * number, y, 26, 20, fill, MESH, 1, 3))
        shapes.append(Label(MARGIN + 34 * number + 13, y + 10, digit, 12, fill=ink_on(fill), bold=True))
    count = len(blocks)
    return Drawing(
        round(right + 2 * MARGIN),
        round(y + 20 + MARGIN),
        "A hidden rule turns input grids into output grids",
        f"{count} {'pair' if count == 1 else 'pairs'} of coloured grids, each an input, an arrow and an output; "
        f"below them a test input of {len(problem.test)} rows and {len(problem.test[0])} columns, an arrow and "
        "a question mark.",
        tuple(shapes),
    )


class _Block:
    """An input grid, an arrow, and an output grid or a question mark, under a heading."""

    def __init__(self, heading: str, given: Grid, output: Grid | None, cell: int) -> None:
        self._heading, self._given, self._output, self._cell = heading, given, output, cell
        self.rows = (*given, *(output or ()))
        self._tall = max(len(given), len(output or ()), 3 if output is None else 1) * cell
        self._arrow = len(given[0]) * cell
        self.width = self._arrow + ARROW + (len(output[0]) * cell if output else 3 * cell)
        self.height = HEADING + self._tall

    def shapes(self, x: float, y: float) -> list[Shape]:
        middle = y + HEADING + self._tall / 2
        tip = x + self._arrow + ARROW - 12
        shapes: list[Shape] = [Label(x, y + 8, self._heading, 13, "start", QUIET)]
        shapes += _grid(self._given, x, middle, self._cell)
        shapes.append(Line(((x + self._arrow + 12, middle), (tip - 6, middle)), INK, 2))
        shapes.append(Polygon(((tip, middle), (tip - 9, middle - 6), (tip - 9, middle + 6)), INK))
        beside = x + self._arrow + ARROW
        if self._output:
            return shapes + _grid(self._output, beside, middle, self._cell)
        side = 3 * self._cell
        shapes.append(Box(beside, middle - side / 2, side, side, PAPER, QUIET, 1.5, 4, True))
        return [*shapes, Label(beside + side / 2, middle, "?", 1.5 * self._cell, fill=QUIET, bold=True)]


def _grid(grid: Grid, x: float, middle: float, cell: int) -> list[Shape]:
    """The cells, colour by colour, and a mesh over them; `middle` is the height of the grid's middle."""
    wide, tall = len(grid[0]) * cell, len(grid) * cell
    top = round(middle - tall / 2)
    shapes: list[Shape] = [
        Tiles(
            tuple(
                (x + column * cell, top + row * cell)
                for row, digits in enumerate(grid)
                for column, found in enumerate(digits)
                if found == digit
            ),
            cell,
            cell,
            PALETTE[int(digit)],
        )
        for digit in sorted(set("".join(grid)))
    ]
    shapes += [Line(((x + at, top), (x + at, top + tall)), MESH, 0.8) for at in range(0, wide + 1, cell)]
    return shapes + [Line(((x, top + at), (x + wide, top + at)), MESH, 0.8) for at in range(0, tall + 1, cell)]


def _cell(problem: ArcGrid) -> int:
    """The side of a cell: smaller where grids are larger."""
    widest = max(len(pair.input[0]) + len(pair.output[0]) for pair in problem.pairs)
    widest = max(widest, len(problem.test[0]) + 3)
    return max(10, min(20, (WIDEST - 2 * MARGIN - GAP - 2 * ARROW) // (2 * widest)))


def _lines(blocks: list[_Block]) -> list[list[_Block]]:
    """The blocks in order, as many in a line as there is room for."""
    lines: list[list[_Block]] = [[]]
    room = WIDEST - 2 * MARGIN
    for block in blocks:
        if lines[-1] and sum(each.width + GAP for each in lines[-1]) + block.width > room:
            lines.append([])
        lines[-1].append(block)
    return lines
