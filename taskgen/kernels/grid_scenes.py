"""Random colour grids of several kinds, as inputs for programs on grids.

OBJECTS: solid and hollow rectangles, lines, dots and polyominoes that do not touch. PIXELS: cells coloured at random.
DENSE: nearly every cell coloured. FACING: pairs of dots of one colour in a row or column. BROKEN_SYMMETRY: a symmetric
picture from which a part was wiped out. Colours are 1..colours, 0 is the background.
"""

import numpy as np
from numba import njit, types

from taskgen.kernels.grid_objects import MAX_CELLS
from taskgen.kernels.grid_primitives import APPLY
from taskgen.kernels.grid_programs import Primitives, equal, run, workspace
from taskgen.kernels.random import State, below, uniform

_GRIDS = types.uint8[:, ::1]
_TABLE = types.int64[:, ::1]

OBJECTS, PIXELS, DENSE, FACING, BROKEN_SYMMETRY = range(5)
SCENES = 5


@njit(cache=True, error_model="numpy")
def _alike(
    first: np.ndarray, first_shapes: np.ndarray, one: int, second: np.ndarray, second_shapes: np.ndarray, two: int
) -> bool:
    height, width = first_shapes[one, 0], first_shapes[one, 1]
    if height != second_shapes[two, 0] or width != second_shapes[two, 1]:
        return False
    return equal(first[one], second[two], height * width)


@njit(cache=True, error_model="numpy")
def _plain(cells: np.ndarray, area: int) -> bool:
    for cell in range(1, area):  # noqa: SIM110 - a loop is what compiles
        if cells[cell] != cells[0]:
            return False
    return True


@njit(cache=True, error_model="numpy")
def draw_scene(
    state: State, scene: int, height: int, width: int, colours: int, objects: int, clutter: int, cells: np.ndarray
) -> None:
    """Draw one scene with about so many objects, and so many single cells of clutter."""
    area = height * width
    cells[:area] = 0
    if scene in (PIXELS, DENSE):
        density = 0.15 + 0.4 * uniform(state) if scene == PIXELS else 0.55 + 0.35 * uniform(state)
        for cell in range(area):
            if uniform(state) < density:
                cells[cell] = 1 + below(state, colours)
    elif scene == FACING:
        for _ in range(max(objects, 1)):
            colour = 1 + below(state, colours)
            row, column = below(state, height), below(state, width)
            if below(state, 2) == 0:
                other = below(state, height) * width + column
            else:
                other = row * width + below(state, width)
            if cells[row * width + column] == 0 and cells[other] == 0:
                cells[row * width + column] = colour
                cells[other] = colour
    else:
        for _ in range(max(objects, 1)):
            for _ in range(6):
                if _place(state, height, width, 1 + below(state, colours), cells):
                    break
    if scene == BROKEN_SYMMETRY:
        _break_symmetry(state, height, width, cells)
    for _ in range(clutter):
        row, column = below(state, height), below(state, width)
        if _clear(cells, height, width, row, column, row, column):
            cells[row * width + column] = 1 + below(state, colours)


@njit(cache=True, error_model="numpy")
def _place(state: State, height: int, width: int, colour: int, cells: np.ndarray) -> bool:
    """Draw a random object at a random place, unless it would touch another."""
    form = below(state, 6)
    tall = 1 + below(state, min(max(height // 2, 1) + (height > 3), 6))
    wide = 1 + below(state, min(max(width // 2, 1) + (width > 3), 6))
    if form == 0:
        tall = wide = 1
    elif form == 1:
        if below(state, 2) == 0:
            tall = 1
        else:
            wide = 1
    top, left = below(state, height - tall + 1), below(state, width - wide + 1)
    if not _clear(cells, height, width, top, left, top + tall - 1, left + wide - 1):
        return False
    if form < 4:
        hollow = form == 3 or (form == 2 and below(state, 3) == 0)
        for row in range(top, top + tall):
            for column in range(left, left + wide):
                inside = top < row < top + tall - 1 and left < column < left + wide - 1
                if not (hollow and inside):
                    cells[row * width + column] = colour
        return True
    # A polyomino: cells of the box beside cells that it has already.
    row, column = top + below(state, tall), left + below(state, wide)
    cells[row * width + column] = colour
    for _ in range(3 * tall * wide // 2):
        row, column = top + below(state, tall), left + below(state, wide)
        cell = row * width + column
        beside = (
            (row > top and cells[cell - width] == colour)
            or (row + 1 < top + tall and cells[cell + width] == colour)
            or (column > left and cells[cell - 1] == colour)
            or (column + 1 < left + wide and cells[cell + 1] == colour)
        )
        if beside:
            cells[cell] = colour
    return True


@njit(cache=True, error_model="numpy")
def _clear(cells: np.ndarray, height: int, width: int, top: int, left: int, bottom: int, right: int) -> bool:
    for row in range(max(top - 1, 0), min(bottom + 2, height)):
        for column in range(max(left - 1, 0), min(right + 2, width)):
            if cells[row * width + column] > 0:
                return False
    return True


@njit(cache=True, error_model="numpy")
def _break_symmetry(state: State, height: int, width: int, cells: np.ndarray) -> None:
    """Mirror the picture at one axis, then wipe out a block of it."""
    upright = below(state, 2) == 0
    for row in range(height):
        for column in range(width):
            image = (height - 1 - row) * width + column if upright else row * width + width - 1 - column
            if cells[image] == 0:
                cells[image] = cells[row * width + column]
    tall, wide = 1 + below(state, (height + 1) // 2), 1 + below(state, (width + 1) // 2)
    top, left = below(state, height - tall + 1), below(state, width - wide + 1)
    for row in range(top, top + tall):
        cells[row * width + left : row * width + left + wide] = 0


@njit(
    types.boolean(APPLY, types.uint64[::1], _TABLE, *[types.int64] * 7, _GRIDS, _TABLE, _GRIDS, _TABLE),
    cache=True,
    error_model="numpy",
)
def draw_examples(
    apply: Primitives,
    state: State,
    program: np.ndarray,
    scene: int,
    smallest: int,
    largest: int,
    colours: int,
    objects: int,
    clutter: int,
    tries: int,
    inputs: np.ndarray,
    shapes: np.ndarray,
    outputs: np.ndarray,
    output_shapes: np.ndarray,
) -> bool:
    """Fill a bundle with scenes on which every operation of the program changes something; False if that fails.

    Outputs have six cells and two colours at least, and differ from one another and from all inputs.
    """
    space = workspace(1)
    steps = np.empty((len(program), MAX_CELLS), np.uint8)
    for grid in range(len(inputs)):
        found = False
        for _ in range(tries):
            height = smallest + below(state, largest - smallest + 1)
            width = height if below(state, 3) == 0 else smallest + below(state, largest - smallest + 1)
            draw_scene(state, scene, height, width, colours, objects, clutter, inputs[grid])
            rows, columns, active = run(apply, program, inputs[grid], height, width, steps, space)
            out = steps[len(program) - 1]
            if not active or rows * columns < 6 or rows < 2 or columns < 2 or _plain(out, rows * columns):
                continue
            shapes[grid, 0], shapes[grid, 1] = height, width
            output_shapes[grid, 0], output_shapes[grid, 1] = rows, columns
            for cell in range(rows * columns):
                outputs[grid, cell] = out[cell]
            found = True
            for before in range(grid + 1):
                found = found and not (
                    (_alike(inputs, shapes, before, outputs, output_shapes, grid))
                    or (before < grid and _alike(outputs, output_shapes, before, outputs, output_shapes, grid))
                    or (before < grid and _alike(inputs, shapes, before, inputs, shapes, grid))
                )
            if found:
                break
        if not found:
            return False
    return True
