"""The primitives of a small language on colour grids, compiled: one entry, `apply`.

An operation is (kind, selector, colour): the selector is a direction, symmetry, predicate or number, the colour is what
the operation writes or looks for. A primitive is undefined where it could not be carried out without a choice (a tie,
an odd side to halve, two objects claiming one cell) or the result outgrows MAX_SIDE; the shape is then (0, 0).
The language is closed under the eight symmetries of the square: turn all grids, and some operation does the same.
"""

import numpy as np
from numba import njit, types

from taskgen.kernels.grid_codes import (
    AGREE,
    BOX,
    COMPLETE,
    CROP,
    CUT_OUT,
    DROP_IF,
    EXCHANGE,
    FALL,
    FILL,
    FOLLOW,
    FRACTAL,
    HALF,
    JOIN,
    KEEP_COLOUR,
    KEEP_IF,
    LINK,
    MIRROR_EACH,
    OVERLAY,
    PAINT,
    PAINT_COMMONEST,
    PAINT_IF,
    PAINT_RAREST,
    RAY,
    RECOLOUR,
    SCALE,
    SEND,
    SHIFT,
    SLIDE,
    SQUEEZE,
    SWAP,
    TILE,
    TILE_BY_OBJECTS,
    TRIM,
    TURN,
)
from taskgen.kernels.grid_drawing import ask_neighbours, claim_cells, fill_enclosed, walk_lines
from taskgen.kernels.grid_objects import (
    BOTTOM,
    COLOUR,
    LEFT,
    MAX_SIDE,
    RIGHT,
    TOP,
    choose,
    slide,
)

Shape = tuple[int, int]

_CELLS = types.uint8[::1]
_TABLE = types.int64[:, ::1]
APPLY_SIGNATURE = types.UniTuple(types.int64, 2)(
    *[types.int64] * 3, _CELLS, types.int64, types.int64, types.int64[::1], _TABLE, types.int64, _CELLS, _TABLE
)
# Kernels take `apply` as an argument of this type: a call through a pointer, so that its code is compiled only once.
APPLY = types.FunctionType(APPLY_SIGNATURE)


@njit(cache=True, error_model="numpy")
def _turn(symmetry: int, cells: np.ndarray, height: int, width: int, out: np.ndarray) -> Shape:
    """A symmetry of the square: 1 flips left to right, 2 top to bottom, 4 exchanges rows and columns; sums combine."""
    rows, columns = (width, height) if symmetry & 4 else (height, width)
    for row in range(rows):
        for column in range(columns):
            from_row, from_column = (column, row) if symmetry & 4 else (row, column)
            if symmetry & 2:
                from_row = height - 1 - from_row
            if symmetry & 1:
                from_column = width - 1 - from_column
            out[row * columns + column] = cells[from_row * width + from_column]
    return rows, columns


@njit(cache=True, error_model="numpy")
def _fractal(cells: np.ndarray, height: int, width: int, out: np.ndarray) -> Shape:
    """The grid drawn in the place of each of its coloured cells."""
    rows, columns = height * height, width * width
    if rows > MAX_SIDE or columns > MAX_SIDE:
        return 0, 0
    for row in range(rows):
        for column in range(columns):
            drawn = cells[row // height * width + column // width] > 0
            out[row * columns + column] = cells[row % height * width + column % width] if drawn else 0
    return rows, columns


@njit(cache=True, error_model="numpy")
def _halves(kind: int, direction: int, cells: np.ndarray, height: int, width: int, out: np.ndarray) -> Shape:
    """OVERLAY: one half laid over the other, background transparent. AGREE: where both halves have the same colour."""
    upright = direction < 2
    if (height if upright else width) % 2:
        return 0, 0
    rows, columns = (height // 2, width) if upright else (height, width // 2)
    other = rows * width if upright else columns
    for row in range(rows):
        for column in range(columns):
            first, second = cells[row * width + column], cells[row * width + column + other]
            if direction % 2:
                first, second = second, first
            if kind == OVERLAY:
                out[row * columns + column] = first if first > 0 else second
            else:
                out[row * columns + column] = first if first == second else 0
    return rows, columns


@njit(cache=True, error_model="numpy")
def _complete(symmetry: int, cells: np.ndarray, height: int, width: int, out: np.ndarray) -> Shape:
    """Background cells take the colour of their image under a symmetry that is its own inverse."""
    if symmetry & 4 and height != width:
        return 0, 0
    for row in range(height):
        for column in range(width):
            to_row, to_column = (column, row) if symmetry & 4 else (row, column)
            if symmetry & 2:
                to_row = height - 1 - to_row
            if symmetry & 1:
                to_column = width - 1 - to_column
            own = cells[row * width + column]
            out[row * width + column] = own if own > 0 else cells[to_row * width + to_column]
    return height, width


@njit(cache=True, error_model="numpy")
def _select_lines(
    kind: int,
    selector: int,
    cells: np.ndarray,
    height: int,
    width: int,
    facts: np.ndarray,
    count: int,
    out: np.ndarray,
    scratch: np.ndarray,
) -> Shape:
    """Everything that takes whole rows and columns of the grid, some of them several times, in some order."""
    row_map, column_map = scratch[0], scratch[1]
    rows = columns = 0
    if kind == SQUEEZE:
        rows = _used(cells, height, width, width, 1, row_map)
        columns = _used(cells, width, height, 1, width, column_map)
    elif kind in (CROP, CUT_OUT):
        chosen = scratch[2]
        if count == 0:
            return 0, 0
        if kind == CUT_OUT and choose(selector, facts, count, height, width, chosen) != 1:
            return 0, 0
        top, left, bottom, right = height, width, -1, -1
        for item in range(count):
            if kind == CROP or chosen[item]:
                top, bottom = min(top, facts[item, TOP]), max(bottom, facts[item, BOTTOM])
                left, right = min(left, facts[item, LEFT]), max(right, facts[item, RIGHT])
        rows = _map(top, bottom + 1, 1, 1, 0, row_map)
        columns = _map(left, right + 1, 1, 1, 0, column_map)
    elif kind == TRIM:
        if height < 3 or width < 3:
            return 0, 0
        rows = _map(1, height - 1, 1, 1, 0, row_map)
        columns = _map(1, width - 1, 1, 1, 0, column_map)
    elif kind == HALF:
        if (height if selector < 2 else width) % 2:
            return 0, 0
        middle, end = (height // 2, height) if selector < 2 else (width // 2, width)
        start = middle if selector & 1 else 0
        rows = _map(0, height, 1, 1, 0, row_map)
        columns = _map(0, width, 1, 1, 0, column_map)
        if selector < 2:
            rows = _map(start, start + end - middle, 1, 1, 0, row_map)
        else:
            columns = _map(start, start + end - middle, 1, 1, 0, column_map)
    elif kind == SHIFT:
        rows, columns = _map(0, height, 1, 1, 0, row_map), _map(0, width, 1, 1, 0, column_map)
        for row in range(height):
            row_map[row] = (row + (1 if selector == 0 else height - 1 if selector == 1 else 0)) % height
        for column in range(width):
            column_map[column] = (column + (1 if selector == 2 else width - 1 if selector == 3 else 0)) % width
    elif kind == JOIN:
        rows = _map(0, height, 1, 1, 1 + selector if selector < 2 else 0, row_map)
        columns = _map(0, width, 1, 1, selector - 1 if selector >= 2 else 0, column_map)
    elif kind in (TILE, TILE_BY_OBJECTS):
        times = min(count, MAX_SIDE) if kind == TILE_BY_OBJECTS else 2
        rows = _map(0, height, times if selector & 1 else 1, 1, 0, row_map)
        columns = _map(0, width, times if selector & 2 else 1, 1, 0, column_map)
    else:
        times = selector if kind == SCALE else _count_colours(facts, count)
        rows = _map(0, height, 1, times, 0, row_map)
        columns = _map(0, width, 1, times, 0, column_map)
    if rows == 0 or columns == 0:
        return 0, 0
    for row in range(rows):
        for column in range(columns):
            out[row * columns + column] = cells[row_map[row] * width + column_map[column]]
    return rows, columns


@njit("int64(int64, int64, int64, int64, int64, int64[::1])", cache=True, error_model="numpy")
def _map(start: int, end: int, times: int, each: int, mirror: int, lines: np.ndarray) -> int:
    """The lines start..end-1, the whole repeated and each repeated; 1 puts their mirror image before, 2 after them.

    Returns how many lines, 0 where they are too many.
    """
    length = end - start
    if times * each * length * (2 if mirror else 1) > MAX_SIDE:
        return 0
    for position in range(times * each * length):
        lines[position] = start + position // each % length
    if mirror == 0:
        return times * each * length
    for position in range(length):
        lines[position if mirror == 1 else length + position] = end - 1 - position
        lines[length + position if mirror == 1 else position] = start + position
    return 2 * length


@njit("int64(uint8[::1], int64, int64, int64, int64, int64[::1])", cache=True, error_model="numpy")
def _used(cells: np.ndarray, lines: int, across: int, stride: int, step: int, kept: np.ndarray) -> int:
    used = 0
    for line in range(lines):
        for position in range(across):
            if cells[line * stride + position * step] > 0:
                kept[used] = line
                used += 1
                break
    return used


@njit(cache=True, error_model="numpy")
def _count_colours(facts: np.ndarray, count: int) -> int:
    seen = 0
    for item in range(count):
        seen |= 1 << facts[item, COLOUR]
    colours = 0
    for colour in range(1, 10):
        colours += (seen >> colour) & 1
    return colours


@njit(cache=True, error_model="numpy")
def _colours(
    kind: int, selector: int, colour: int, cells: np.ndarray, area: int, out: np.ndarray, scratch: np.ndarray
) -> bool:
    """Everything that maps colours to colours, the same way all over the grid."""
    table, tally = scratch[0], scratch[1]
    for value in range(10):
        table[value] = value
        tally[value] = 0
    if kind == RECOLOUR:
        table[selector] = colour
    elif kind == SWAP:
        table[selector], table[colour] = colour, selector
    elif kind in (KEEP_COLOUR, PAINT):
        for value in range(1, 10):
            table[value] = colour if kind == PAINT or value == colour else 0
    else:
        for cell in range(area):
            tally[cells[cell]] += 1
        most, least = 0, 0
        for value in range(1, 10):
            if tally[value] > 0:
                most = value if most == 0 or tally[value] > tally[most] else most
                least = value if least == 0 or tally[value] < tally[least] else least
        for value in range(1, 10):
            tied_most = value != most and tally[value] == tally[most] and kind != PAINT_RAREST
            tied_least = value != least and tally[value] == tally[least] and kind != PAINT_COMMONEST
            if tally[value] > 0 and (tied_most or tied_least):
                return False
        if kind == EXCHANGE:
            table[most], table[least] = least, most
        else:
            table[most if kind == PAINT_COMMONEST else least] = colour
        table[0] = 0
    for cell in range(area):
        out[cell] = table[cells[cell]]
    return True


@njit(cache=True, error_model="numpy")
def _objects(
    kind: int,
    selector: int,
    colour: int,
    cells: np.ndarray,
    height: int,
    width: int,
    labels: np.ndarray,
    facts: np.ndarray,
    count: int,
    out: np.ndarray,
    scratch: np.ndarray,
) -> bool:
    """Keep, remove or paint the objects that a predicate picks; FOLLOW paints all like the one that it picks."""
    chosen = scratch[0]
    if choose(selector, facts, count, height, width, chosen) == 0:
        return False
    for item in range(count):
        if kind == FOLLOW and chosen[item]:
            colour = facts[item, COLOUR]
    for cell in range(height * width):
        value = cells[cell]
        if value > 0:
            picked = chosen[labels[cell]]
            if kind == FOLLOW or (kind == PAINT_IF and picked):
                value = colour
            elif (kind == KEEP_IF and not picked) or (kind == DROP_IF and picked):
                value = 0
        out[cell] = value
    return True


@njit(APPLY_SIGNATURE, cache=True, error_model="numpy")
def apply(
    kind: int,
    selector: int,
    colour: int,
    cells: np.ndarray,
    height: int,
    width: int,
    labels: np.ndarray,
    facts: np.ndarray,
    count: int,
    out: np.ndarray,
    scratch: np.ndarray,
) -> Shape:
    """Write the result of one operation to `out` and return its shape, (0, 0) where it is undefined.

    `labels`, `facts` and `count` are what `find_objects` says of `cells`; `scratch` is int64 of 4 x (MAX_CELLS + 1).
    """
    if kind == TURN:
        return _turn(selector, cells, height, width, out)
    if kind == FRACTAL:
        return _fractal(cells, height, width, out)
    if kind in (OVERLAY, AGREE):
        return _halves(kind, selector, cells, height, width, out)
    if kind == COMPLETE:
        return _complete(selector, cells, height, width, out)
    if kind < OVERLAY or kind == CUT_OUT:
        return _select_lines(kind, selector, cells, height, width, facts, count, out, scratch)
    defined = False
    if kind < KEEP_IF:
        defined = _colours(kind, selector, colour, cells, height * width, out, scratch)
    elif kind <= FOLLOW:
        defined = _objects(kind, selector, colour, cells, height, width, labels, facts, count, out, scratch)
    elif kind in (SLIDE, SEND):
        slide(selector, colour if kind == SEND else 0, cells, height, width, labels, facts, count, out, scratch)
        defined = True
    elif kind in (MIRROR_EACH, BOX):
        defined = claim_cells(kind, selector, cells, height, width, labels, facts, count, out)
    elif kind in (FALL, LINK, RAY):
        defined = walk_lines(kind, selector, cells, height, width, labels, facts, out)
    elif kind == FILL:
        defined = fill_enclosed(colour, cells, height, width, out, scratch)
    else:
        defined = ask_neighbours(kind, colour, cells, height, width, out)
    return (height, width) if defined else (0, 0)
