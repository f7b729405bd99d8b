"""Programs on colour grids: running one, and the search through all of them in order of length.

An operation is a row (kind, selector, colour) of an int64 array, a program is several. A bundle of grids is a uint8
array of grids x MAX_CELLS with an int64 array of grids x 2 shapes; its last grid is the test, the others are training.
"""

from collections.abc import Callable

import numpy as np
from numba import njit, types

from taskgen.kernels import grid_codes as codes
from taskgen.kernels.grid_objects import FACTS, MAX_CELLS, find_objects
from taskgen.kernels.grid_primitives import APPLY

NONE, SAME, OTHER = 0, 1, 2
MAX_STATES = 1_000
MEMO = 1 << 17

Workspace = tuple[np.ndarray, np.ndarray, np.ndarray]
Primitives = Callable[..., tuple[int, int]]

_GRIDS = types.uint8[:, ::1]
_TABLE = types.int64[:, ::1]
SPACE = types.Tuple((types.int64[:, ::1], types.int64[:, :, ::1], types.int64[:, ::1]))


@njit("Tuple((int64[:, ::1], int64[:, :, ::1], int64[:, ::1]))(int64)", cache=True)
def workspace(grids: int) -> Workspace:
    """Labels, facts and scratch space for so many grids."""
    return (
        np.empty((grids, MAX_CELLS), np.int64),
        np.empty((grids, MAX_CELLS, FACTS), np.int64),
        np.empty((4, MAX_CELLS + 1), np.int64),
    )


@njit(cache=True, error_model="numpy")
def equal(first: np.ndarray, second: np.ndarray, area: int) -> bool:
    """Whether the first `area` cells are the same."""
    for cell in range(area):  # noqa: SIM110 - a loop is what compiles
        if first[cell] != second[cell]:
            return False
    return True


@njit(
    types.Tuple((types.int64, types.int64, types.boolean))(
        APPLY, _TABLE, types.uint8[::1], types.int64, types.int64, _GRIDS, SPACE
    ),
    cache=True,
    error_model="numpy",
)
def run(
    apply: Primitives,
    program: np.ndarray,
    cells: np.ndarray,
    height: int,
    width: int,
    steps: np.ndarray,
    space: Workspace,
) -> tuple[int, int, bool]:
    """Run a program on one grid: `steps[k]` becomes the grid after k + 1 operations.

    Returns the last shape ((0, 0) if an operation is undefined) and whether every operation changed something.
    """
    labels, facts, scratch = space[0][0], space[1][0], space[2]
    active = True
    for number in range(len(program)):
        count = find_objects(cells, height, width, labels, facts, scratch)
        kind, selector, colour = program[number, 0], program[number, 1], program[number, 2]
        out = steps[number]
        rows, columns = apply(kind, selector, colour, cells, height, width, labels, facts, count, out, scratch)
        if rows == 0:
            return 0, 0, False
        if rows == height and columns == width:
            active = active and not equal(cells, out, height * width)
        cells, height, width = out, rows, columns
    return height, width, active


@njit(cache=True, error_model="numpy")
def _digest(cells: np.ndarray, height: int, width: int) -> np.uint64:
    """A 64-bit hash of a grid, sixteen cells at a time."""
    result = np.uint64(height * 64 + width)
    word = np.uint64(0)
    for cell in range(height * width):
        word = (word << np.uint64(4)) | np.uint64(cells[cell])
        if cell & 15 == 15:
            result = _mix(result ^ word)
            word = np.uint64(0)
    return _mix(result ^ word)


@njit(cache=True, inline="always")
def _mix(word: np.uint64) -> np.uint64:
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (word ^ (word >> np.uint64(31))) + np.uint64(0x9E3779B97F4A7C15)


@njit(cache=True, error_model="numpy")
def _follow(
    apply: Primitives,
    cells: np.ndarray,
    forms: np.ndarray,
    outputs: np.ndarray,
    output_shapes: np.ndarray,
    program: np.ndarray,
    steps: np.ndarray,
    space: Workspace,
) -> int:
    """Run a program on every grid of a state: NONE if it does not fit the training or is undefined on the test."""
    grids = len(outputs)
    for grid in range(grids):
        rows, columns, _ = run(apply, program, cells[grid], forms[grid, 0], forms[grid, 1], steps, space)
        fits = rows == output_shapes[grid, 0] and columns == output_shapes[grid, 1]
        fits = fits and equal(steps[len(program) - 1], outputs[grid], rows * columns)
        if grid < grids - 1 and not fits:
            return NONE
        if grid == grids - 1 and rows > 0:
            return SAME if fits else OTHER
    return NONE


@njit(cache=True, error_model="numpy")
def _expand(
    apply: Primitives,
    states: np.ndarray,
    forms: np.ndarray,
    outputs: np.ndarray,
    output_shapes: np.ndarray,
    operations: np.ndarray,
    space: Workspace,
) -> int:
    """Add to the first state all different states that one operation leads to; returns how many states there are."""
    labels, facts, scratch = space
    grids = len(outputs)
    counts = np.empty(grids, np.int64)
    digests = np.empty(grids, np.uint64)
    targets = np.empty(grids, np.uint64)
    seen = np.zeros(MAX_STATES, np.uint64)
    for grid in range(grids):
        height, width = forms[0, grid, 0], forms[0, grid, 1]
        counts[grid] = find_objects(states[0, grid], height, width, labels[grid], facts[grid], scratch)
        targets[grid] = _digest(outputs[grid], output_shapes[grid, 0], output_shapes[grid, 1])
    end = 1
    for number in range(len(operations)):
        if end == MAX_STATES:
            break
        kind, selector, colour = operations[number, 0], operations[number, 1], operations[number, 2]
        joint = np.uint64(0)
        useful = True
        for grid in range(grids):
            height, width = forms[0, grid, 0], forms[0, grid, 1]
            cells, out = states[0, grid], states[end, grid]
            found, fact = labels[grid], facts[grid]
            rows, columns = apply(kind, selector, colour, cells, height, width, found, fact, counts[grid], out, scratch)
            if rows == 0:
                useful = False
                break
            forms[end, grid, 0], forms[end, grid, 1] = rows, columns
            digests[grid] = _digest(out, rows, columns)
            joint = _mix(joint ^ digests[grid])
            # Two training grids that have become one but must end up different: nothing that follows can fit.
            for before in range(grid if grid < grids - 1 else 0):
                useful = useful and not (digests[before] == digests[grid] and targets[before] != targets[grid])
        for before in range(1, end):
            useful = useful and seen[before] != joint
        if useful:
            seen[end] = joint
            end += 1
    return end


@njit(cache=True, error_model="numpy")
def _last_two(
    apply: Primitives,
    states: np.ndarray,
    forms: np.ndarray,
    first: int,
    end: int,
    outputs: np.ndarray,
    output_shapes: np.ndarray,
    operations: np.ndarray,
    tail: np.ndarray,
    steps: np.ndarray,
    space: Workspace,
    one_space: Workspace,
) -> int:
    """What the programs of two operations from the states first..end-1 say of the test: NONE, SAME, OTHER or both.

    The pairs are tried on the smallest training grid alone. Which second operations lead to its output is found once
    for every grid that a first one may leave; only what fits this grid is run on the others.
    """
    labels, facts, scratch = space[0][0], space[1][0], space[2]
    grid = _smallest(forms[0], output_shapes)
    target, rows, columns = outputs[grid], output_shapes[grid, 0], output_shapes[grid, 1]
    middle = np.empty(MAX_CELLS, np.uint8)
    keys = np.zeros(MEMO, np.uint64)
    spans = np.empty((MEMO, 2), np.int64)
    endings = np.empty(MEMO, np.int64)
    used = 0
    verdict = NONE
    with_tail = np.zeros(MEMO, np.bool_)
    program = np.empty((2, 3), np.int64)
    long_program = np.empty((1 + len(tail), 3), np.int64)
    long_program[1:] = tail
    for state in range(first, end):
        cells, height, width = states[state, grid], forms[state, grid, 0], forms[state, grid, 1]
        count = find_objects(cells, height, width, labels, facts, scratch)
        for number in range(len(operations)):
            kind, selector, colour = operations[number, 0], operations[number, 1], operations[number, 2]
            tall, wide = apply(kind, selector, colour, cells, height, width, labels, facts, count, middle, scratch)
            if tall == 0:
                continue
            digest = _digest(middle, tall, wide)
            slot = np.int64(digest & np.uint64(MEMO - 1))
            while keys[slot] != 0 and keys[slot] != digest:
                slot = (slot + 1) & (MEMO - 1)
            if keys[slot] == 0:
                keys[slot] = digest
                spans[slot, 0] = used
                used = _endings(
                    apply, middle, tall, wide, target, rows, columns, operations, endings, used, steps[0], one_space
                )
                spans[slot, 1] = used
                if len(tail) > 0:
                    last_rows, last_columns, _ = run(apply, tail, middle, tall, wide, steps, one_space)
                    with_tail[slot] = last_rows == rows and last_columns == columns
                    with_tail[slot] &= equal(steps[len(tail) - 1], target, rows * columns)
            if with_tail[slot]:
                long_program[0] = operations[number]
                ending = _follow(
                    apply, states[state], forms[state], outputs, output_shapes, long_program, steps, one_space
                )
                verdict |= ending & OTHER
            for place in range(spans[slot, 0], spans[slot, 1]):
                program[0], program[1] = operations[number], operations[endings[place]]
                verdict |= _follow(
                    apply, states[state], forms[state], outputs, output_shapes, program, steps, one_space
                )
                if verdict & OTHER:
                    return verdict
    return verdict


@njit(cache=True, error_model="numpy")
def _smallest(shapes: np.ndarray, output_shapes: np.ndarray) -> int:
    """The training grid with the fewest cells in input and output."""
    best, least = 0, MAX_CELLS * MAX_CELLS
    for grid in range(len(shapes) - 1):
        area = shapes[grid, 0] * shapes[grid, 1] + output_shapes[grid, 0] * output_shapes[grid, 1]
        if area < least:
            best, least = grid, area
    return best


@njit(cache=True, error_model="numpy")
def _endings(
    apply: Primitives,
    cells: np.ndarray,
    height: int,
    width: int,
    target: np.ndarray,
    rows: int,
    columns: int,
    operations: np.ndarray,
    endings: np.ndarray,
    used: int,
    out: np.ndarray,
    space: Workspace,
) -> int:
    """Append to `endings` the numbers of the operations that turn a grid into its target; returns the new length."""
    labels, facts, scratch = space[0][0], space[1][0], space[2]
    area = rows * columns
    same_shape = height == rows and width == columns
    place = 0
    while same_shape and place < area and cells[place] == target[place]:
        place += 1
    done = same_shape and place == area
    was, becomes = (cells[place], target[place]) if same_shape and not done else (0, 0)
    moved = area == height * width and _same_tally(cells, target, area)
    growth = area - height * width
    count = find_objects(cells, height, width, labels, facts, scratch)
    for number in range(len(operations)):
        kind, selector, colour = operations[number, 0], operations[number, 1], operations[number, 2]
        if not (done or _may_fix(kind, selector, colour, same_shape, growth, moved, was, becomes)):
            continue
        tall, wide = apply(kind, selector, colour, cells, height, width, labels, facts, count, out, scratch)
        if tall == rows and wide == columns and equal(out, target, area) and used < len(endings):
            endings[used] = number
            used += 1
    return used


@njit(cache=True, error_model="numpy")
def _same_tally(first: np.ndarray, second: np.ndarray, area: int) -> bool:
    """Whether both grids have the same number of cells of each colour."""
    # Counts stay below 2**11, so a sum of counts times powers of 2**12 is zero only if every count is.
    low = high = np.int64(0)
    for cell in range(area):
        for sign in (1, -1):
            colour = np.int64(first[cell] if sign > 0 else second[cell])
            if colour < 5:
                low += sign << (12 * colour)
            else:
                high += sign << (12 * (colour - 5))
    return low == 0 and high == 0


@njit(cache=True, error_model="numpy")
def _may_fix(
    kind: int, selector: int, colour: int, same_shape: bool, growth: int, moved: bool, was: int, becomes: int
) -> bool:
    """Whether an operation can turn a grid into its output at all, judged by their shapes and one cell that differs."""
    if kind == codes.TURN:
        return moved
    if kind in (codes.JOIN, codes.TILE, codes.SCALE, codes.FRACTAL, codes.TILE_BY_OBJECTS, codes.SCALE_BY_COLOURS):
        return growth > 0
    if (codes.SHIFT < kind <= codes.AGREE) or kind == codes.CUT_OUT:
        return growth < 0 if kind != codes.COMPLETE else same_shape and was == 0
    if not same_shape:
        return False
    if kind in (codes.SHIFT, codes.FALL, codes.SLIDE, codes.SEND, codes.MIRROR_EACH):
        return moved
    if kind in (codes.LINK, codes.RAY, codes.GROW, codes.BOX, codes.COMPLETE):
        return was == 0
    if kind in (codes.FILL, codes.OUTLINE):
        return was == 0 and becomes == colour
    if kind == codes.RECOLOUR:
        return was == selector and becomes == colour
    if kind == codes.SWAP:
        return (was == selector and becomes == colour) or (was == colour and becomes == selector)
    if kind in (codes.KEEP_COLOUR, codes.KEEP_IF, codes.DROP_IF, codes.HOLLOW):
        return becomes == 0
    if kind in (codes.PAINT, codes.PAINT_COMMONEST, codes.PAINT_RAREST, codes.PAINT_IF):
        return was > 0 and becomes == colour
    return was > 0 and becomes > 0


@njit(
    types.UniTuple(types.int64, 2)(APPLY, _GRIDS, _TABLE, _GRIDS, _TABLE, _TABLE, types.int64, _TABLE),
    cache=True,
    error_model="numpy",
)
def search(
    apply: Primitives,
    inputs: np.ndarray,
    shapes: np.ndarray,
    outputs: np.ndarray,
    output_shapes: np.ndarray,
    operations: np.ndarray,
    longest: int,
    tail: np.ndarray,
) -> tuple[int, int]:
    """At which length programs of these operations first fit all training grids, and what they say of the test.

    Every program of up to `longest` operations (3 at most) is covered. Returns (length, SAME) if every program of that
    length that fits gives the test's output, (length, OTHER) if one gives another, (0, NONE) if none fits. Programs
    that are undefined on the test do not count. With a `tail`, `longest` - 1 operations followed by the tail are
    covered as well; if such a program fits and gives another output on the test, the verdict is OTHER.
    """
    grids = len(inputs)
    space, one_space = workspace(grids), workspace(1)
    steps = np.empty((len(tail) + 2, MAX_CELLS), np.uint8)
    states = np.empty((MAX_STATES, grids, MAX_CELLS), np.uint8)
    forms = np.empty((MAX_STATES, grids, 2), np.int64)
    states[0], forms[0] = inputs, shapes
    verdict = NONE
    for number in range(len(operations)):
        program = operations[number : number + 1]
        verdict |= _follow(apply, inputs, shapes, outputs, output_shapes, program, steps, one_space)
    if verdict != NONE:
        return 1, OTHER if verdict & OTHER else SAME
    first, end = np.int64(0), np.int64(1)
    for length in range(2, longest + 1):
        if length == 3:
            end = _expand(apply, states, forms, outputs, output_shapes, operations, space)
            first = np.int64(1)
        ends_here = tail if length == longest else tail[:0]
        verdict = _last_two(
            apply, states, forms, first, end, outputs, output_shapes, operations, ends_here, steps, space, one_space
        )
        if verdict != NONE:
            return length, OTHER if verdict & OTHER else SAME
    return 0, NONE
