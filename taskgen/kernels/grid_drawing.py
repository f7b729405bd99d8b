"""Primitives that draw on a colour grid without changing its shape: boxes, mirrored objects, lines, fillings, outlines.

All write to `out` and return whether the result is defined; grids and objects are those of `grid_objects`.
"""

import numpy as np
from numba import njit

from taskgen.kernels.grid_codes import BOX, FALL, HOLLOW, OUTLINE, RAY
from taskgen.kernels.grid_objects import BOTTOM, COLOUR, LEFT, RIGHT, SIZE, TOP


@njit(cache=True, error_model="numpy")
def claim_cells(
    kind: int,
    selector: int,
    cells: np.ndarray,
    height: int,
    width: int,
    labels: np.ndarray,
    facts: np.ndarray,
    count: int,
    out: np.ndarray,
) -> bool:
    """BOX fills each object's bounding box; MIRROR_EACH mirrors each within it. Undefined where two claim a cell."""
    for cell in range(height * width):
        out[cell] = cells[cell] if kind == BOX else 0
    for item in range(count):
        colour = facts[item, COLOUR]
        top, left, bottom, right = facts[item, TOP], facts[item, LEFT], facts[item, BOTTOM], facts[item, RIGHT]
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                cell = row * width + column
                if kind == BOX:
                    if cells[cell] == 0:
                        if out[cell] > 0 and out[cell] != colour:
                            return False
                        out[cell] = colour
                elif labels[cell] == item:
                    to_row, to_column = (row, left + right - column) if selector == 0 else (top + bottom - row, column)
                    if out[to_row * width + to_column] > 0:
                        return False
                    out[to_row * width + to_column] = colour
    return True


@njit(cache=True, error_model="numpy")
def walk_lines(
    kind: int,
    direction: int,
    cells: np.ndarray,
    height: int,
    width: int,
    labels: np.ndarray,
    facts: np.ndarray,
    out: np.ndarray,
) -> bool:
    """What happens line by line in a direction: cells FALL, same colours LINK up, single cells cast a RAY."""
    upright = direction < 2
    lines, length = (width, height) if upright else (height, width)
    stride, step = (1, width) if upright else (width, 1)
    for line in range(lines):
        # The line is walked against the direction for FALL, along it otherwise.
        backward = (direction % 2 == 0) != (kind == FALL)
        origin = line * stride + (length - 1) * step if backward else line * stride
        stride_on = -step if backward else step
        landed = 0
        ray = 0
        last = -1
        for position in range(length):
            cell = origin + position * stride_on
            value = cells[cell]
            out[cell] = 0 if kind == FALL else value
            if kind == FALL:
                if value > 0:
                    out[origin + landed * stride_on] = value
                    landed += 1
            elif kind == RAY:
                if value > 0:
                    ray = value if facts[labels[cell], SIZE] == 1 else 0
                else:
                    out[cell] = ray
            elif value > 0:
                if last >= 0 and cells[origin + last * stride_on] == value:
                    for between in range(last + 1, position):
                        out[origin + between * stride_on] = value
                last = position
    return True


@njit(cache=True, error_model="numpy")
def fill_enclosed(
    colour: int, cells: np.ndarray, height: int, width: int, out: np.ndarray, scratch: np.ndarray
) -> bool:
    """Background that no path of background cells, diagonal steps included, joins to the edge takes the colour."""
    stack = scratch[0]
    depth = 0
    for cell in range(height * width):
        row, column = cell // width, cell % width
        out[cell] = cells[cell] if cells[cell] > 0 else colour
        if cells[cell] == 0 and (row in (0, height - 1) or column in (0, width - 1)):
            out[cell] = 0
            stack[depth] = cell
            depth += 1
    while depth > 0:
        depth -= 1
        row, column = stack[depth] // width, stack[depth] % width
        for near_row in range(max(row - 1, 0), min(row + 2, height)):
            for near_column in range(max(column - 1, 0), min(column + 2, width)):
                near = near_row * width + near_column
                if cells[near] == 0 and out[near] > 0:
                    out[near] = 0
                    stack[depth] = near
                    depth += 1
    return True


@njit(cache=True, error_model="numpy")
def ask_neighbours(kind: int, colour: int, cells: np.ndarray, height: int, width: int, out: np.ndarray) -> bool:
    """What a cell and its neighbours decide.

    OUTLINE: background that touches an object, corners included, is painted. HOLLOW: cells with four neighbours of
    their own colour go. GROW: background whose coloured side neighbours all have one colour takes it.
    """
    for row in range(height):
        for column in range(width):
            cell = row * width + column
            own = cells[cell]
            touching, same = 0, 0
            growth, conflict = 0, False
            for near_row in range(max(row - 1, 0), min(row + 2, height)):
                for near_column in range(max(column - 1, 0), min(column + 2, width)):
                    value = cells[near_row * width + near_column]
                    touching += value > 0
                    if (near_row == row) != (near_column == column):
                        same += value == own
                        if value > 0:
                            conflict = conflict or (growth > 0 and growth != value)
                            growth = value
            if kind == OUTLINE:
                out[cell] = colour if own == 0 and touching > 0 else own
            elif kind == HOLLOW:
                out[cell] = 0 if own > 0 and same == 4 else own
            else:
                out[cell] = growth if own == 0 and not conflict else own
    return True
