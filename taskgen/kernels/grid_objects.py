"""Connected components of small colour grids: what distinguishes them, and how they move.

A grid is a flat uint8 array whose first height * width cells count, row by row; colour 0 is the background. An object
is a maximal set of cells of one colour joined by their sides. Directions are 0 up, 1 down, 2 left, 3 right.
"""

import numpy as np
from numba import njit

from taskgen.kernels.grid_codes import AT_EDGE, EVEN, HOLED, LARGEST, RECTANGLE, SINGLE, SMALLEST, TALL, WIDE

MAX_SIDE = 20
MAX_CELLS = MAX_SIDE * MAX_SIDE

# Columns of the table of facts, a row for every object.
COLOUR, SIZE, TOP, LEFT, BOTTOM, RIGHT, CONTACTS, BLOCKS = 0, 1, 2, 3, 4, 5, 6, 7
FACTS = 8


@njit(cache=True, error_model="numpy")
def find_objects(
    cells: np.ndarray, height: int, width: int, labels: np.ndarray, facts: np.ndarray, scratch: np.ndarray
) -> int:
    """Label every cell with its object's number (-1 for background), fill the facts, return how many objects."""
    area = height * width
    stack = scratch[0]
    labels[:area] = -1
    count = 0
    for start in range(area):
        colour = cells[start]
        if colour == 0 or labels[start] >= 0:
            continue
        size = contacts = blocks = 0
        top, left, bottom, right = height, width, 0, 0
        labels[start] = count
        stack[0] = start
        depth = 1
        while depth > 0:
            depth -= 1
            cell = stack[depth]
            row = cell // width
            column = cell - row * width
            size += 1
            top, bottom = min(top, row), max(bottom, row)
            left, right = min(left, column), max(right, column)
            above = row > 0 and cells[cell - width] == colour
            before = column > 0 and cells[cell - 1] == colour
            contacts += above + before
            blocks += above and before and cells[cell - width - 1] == colour
            if above and labels[cell - width] < 0:
                labels[cell - width] = count
                stack[depth] = cell - width
                depth += 1
            if before and labels[cell - 1] < 0:
                labels[cell - 1] = count
                stack[depth] = cell - 1
                depth += 1
            if row + 1 < height and cells[cell + width] == colour and labels[cell + width] < 0:
                labels[cell + width] = count
                stack[depth] = cell + width
                depth += 1
            if column + 1 < width and cells[cell + 1] == colour and labels[cell + 1] < 0:
                labels[cell + 1] = count
                stack[depth] = cell + 1
                depth += 1
        facts[count, COLOUR] = colour
        facts[count, SIZE] = size
        facts[count, TOP] = top
        facts[count, LEFT] = left
        facts[count, BOTTOM] = bottom
        facts[count, RIGHT] = right
        facts[count, CONTACTS] = contacts
        facts[count, BLOCKS] = blocks
        count += 1
    return count


@njit(cache=True, error_model="numpy")
def choose(predicate: int, facts: np.ndarray, count: int, height: int, width: int, chosen: np.ndarray) -> int:
    """Mark the objects that a predicate picks, and return how many; 0 where largest or smallest is a tie."""
    if predicate in (LARGEST, SMALLEST):
        sign = 1 if predicate == LARGEST else -1
        best, ties = -MAX_CELLS, 0
        for item in range(count):
            size = sign * facts[item, SIZE]
            if size > best:
                best, ties = size, 1
            elif size == best:
                ties += 1
        for item in range(count):
            chosen[item] = ties == 1 and sign * facts[item, SIZE] == best
        return 1 if ties == 1 else 0
    picked = 0
    for item in range(count):
        size = facts[item, SIZE]
        tall = facts[item, BOTTOM] - facts[item, TOP] + 1
        wide = facts[item, RIGHT] - facts[item, LEFT] + 1
        fits = False
        if predicate == AT_EDGE:
            fits = (
                facts[item, TOP] == 0
                or facts[item, LEFT] == 0
                or facts[item, BOTTOM] == height - 1
                or facts[item, RIGHT] == width - 1
            )
        elif predicate == HOLED:
            # Euler's formula for a side-connected object: cells - contacts + blocks = 1 - holes.
            fits = size - facts[item, CONTACTS] + facts[item, BLOCKS] < 1
        elif predicate == RECTANGLE:
            fits = size == tall * wide and tall > 1 and wide > 1
        elif predicate == EVEN:
            fits = size % 2 == 0
        elif predicate == SINGLE:
            fits = size == 1
        elif predicate == TALL:
            fits = tall > wide
        elif predicate == WIDE:
            fits = wide > tall
        else:
            fits = True
            for other in range(count):
                if other != item and facts[other, COLOUR] == facts[item, COLOUR]:
                    fits = False
        chosen[item] = fits
        picked += fits
    return picked


@njit(cache=True, error_model="numpy")
def slide(
    direction: int,
    colour: int,
    cells: np.ndarray,
    height: int,
    width: int,
    labels: np.ndarray,
    facts: np.ndarray,
    count: int,
    out: np.ndarray,
    scratch: np.ndarray,
) -> None:
    """Move objects (all, or those of one colour) as rigid bodies until each is stopped by the edge or another object.

    The positions at rest do not depend on the order of the moves: they are the least fixed point of a monotone system.
    """
    area = height * width
    starts, members, holder = scratch[0], scratch[1], scratch[2]
    down = -1 if direction == 0 else 1 if direction == 1 else 0
    along = -1 if direction == 2 else 1 if direction == 3 else 0
    position = 0
    for item in range(count):
        starts[item] = position
        position += facts[item, SIZE]
    starts[count] = position
    for cell in range(area - 1, -1, -1):
        holder[cell] = labels[cell]
        if labels[cell] >= 0:
            members[starts[labels[cell]]] = cell
            starts[labels[cell]] += 1
    for item in range(count):
        starts[item] -= facts[item, SIZE]
    moved = True
    while moved:
        moved = False
        for item in range(count):
            if colour > 0 and facts[item, COLOUR] != colour:
                continue
            while _free(members, starts[item], starts[item + 1], holder, item, down, along, height, width):
                for member in range(starts[item], starts[item + 1]):
                    holder[members[member]] = -1
                for member in range(starts[item], starts[item + 1]):
                    members[member] += down * width + along
                    holder[members[member]] = item
                moved = True
    for cell in range(area):
        out[cell] = 0 if holder[cell] < 0 else facts[holder[cell], COLOUR]


@njit(cache=True, error_model="numpy")
def _free(
    members: np.ndarray,
    start: int,
    end: int,
    holder: np.ndarray,
    item: int,
    down: int,
    along: int,
    height: int,
    width: int,
) -> bool:
    for member in range(start, end):
        row = members[member] // width + down
        column = members[member] % width + along
        if row < 0 or row >= height or column < 0 or column >= width:
            return False
        there = holder[row * width + column]
        if there >= 0 and there != item:
            return False
    return True
