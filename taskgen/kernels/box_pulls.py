"""Sokoban backwards: random rooms, and breadth-first search by pulls from the goals, on sets of up to 64 floor cells.

Floor cells are numbered row by row; a set of cells is a 64-bit word. A state is the set of boxes and the region that
the player can walk in. Its depth is the least number of pushes that bring the boxes home, for a pull is a push undone
and breadth-first search meets every state first on a shortest way. Directions are 0 up, 1 down, 2 left, 3 right, so
that `direction ^ 1` is the opposite one.
"""

import numpy as np
from numba import njit

from taskgen.kernels.random import State, below, uniform

MAX_FLOOR = 64
ROW_STEPS = np.array([-1, 1, 0, 0], dtype=np.int64)
COLUMN_STEPS = np.array([0, 0, -1, 1], dtype=np.int64)

PARENT, PULL = 0, 1

_ONE = np.uint64(1)
_DE_BRUIJN = 0x03F79D71B4CB0A89
_POSITION = np.zeros(64, dtype=np.int64)
for _shift in range(64):
    _POSITION[((_DE_BRUIJN << _shift) & (2**64 - 1)) >> 58] = _shift


@njit(cache=True)
def _lowest(cells: np.uint64) -> int:
    """The number of the lowest cell of a set that is not empty."""
    return _POSITION[((cells & (~cells + _ONE)) * np.uint64(_DE_BRUIJN)) >> np.uint64(58)]


@njit(cache=True)
def _only(cell: int) -> np.uint64:
    """The set of one cell."""
    return _ONE << np.uint64(cell)


@njit(cache=True)
def _carve(random: State, height: int, width: int, wanted: int) -> np.ndarray:
    """A connected room of `wanted` floor cells or a little more inside a frame of walls, cut by a wandering brush.

    After the rooms in Racaniere et al., "Imagination-augmented agents for deep reinforcement learning" (2017).
    """
    floor = np.zeros((height, width), dtype=np.bool_)
    row, column = 1 + below(random, height - 2), 1 + below(random, width - 2)
    direction = below(random, 4)
    count = 0
    while count < wanted:
        tall, wide = 1 + (below(random, 3) == 0), 1 + (below(random, 3) == 0)
        for r in range(row, min(row + tall, height - 1)):
            for c in range(column, min(column + wide, width - 1)):
                if not floor[r, c] and count < MAX_FLOOR:
                    floor[r, c] = True
                    count += 1
        if uniform(random) < 0.35:
            direction = below(random, 4)
        row = min(max(row + ROW_STEPS[direction], 1), height - 2)
        column = min(max(column + COLUMN_STEPS[direction], 1), width - 2)
    return floor


@njit(cache=True)
def _number(floor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place (row, column) of every floor cell, and its neighbour in each direction, -1 for a wall."""
    height, width = floor.shape
    numbers = np.full((height, width), -1, dtype=np.int64)
    places = np.empty((MAX_FLOOR, 2), dtype=np.int64)
    count = 0
    for row in range(height):
        for column in range(width):
            if floor[row, column]:
                numbers[row, column] = count
                places[count, 0], places[count, 1] = row, column
                count += 1
    neighbours = np.empty((count, 4), dtype=np.int64)
    for cell in range(count):
        for direction in range(4):
            row, column = places[cell, 0] + ROW_STEPS[direction], places[cell, 1] + COLUMN_STEPS[direction]
            neighbours[cell, direction] = numbers[row, column]
    return places[:count], neighbours


@njit(cache=True)
def _walkable(start: int, free: np.uint64, adjacent: np.ndarray) -> np.uint64:
    """All cells that the player can walk to through free cells."""
    reached = _only(start)
    frontier = reached
    while frontier:
        cell = _lowest(frontier)
        frontier &= frontier - _ONE
        fresh = adjacent[cell] & free & ~reached
        reached |= fresh
        frontier |= fresh
    return reached


@njit(cache=True)
def _slot(boxes: np.uint64, player: int, sets: np.ndarray, regions: np.ndarray, table: np.ndarray) -> int:
    """Where the hash table holds the state with these boxes and the player in that cell or, if new, will hold it."""
    word = boxes * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(29))) * np.uint64(0x94D049BB133111EB)
    mask = len(table) - 1
    slot = np.int64(word >> np.uint64(32)) & mask
    while table[slot] >= 0 and (sets[table[slot]] != boxes or not regions[table[slot]] & _only(player)):
        slot = (slot + 1) & mask
    return slot


@njit(cache=True)
def _grown(count: int, sets: np.ndarray, regions: np.ndarray, table: np.ndarray) -> np.ndarray:
    """A hash table of twice the size with the same states."""
    larger = np.full(2 * len(table), -1, dtype=np.int32)
    for state in range(count):
        larger[_slot(sets[state], _lowest(regions[state]), sets, regions, larger)] = state
    return larger


@njit(cache=True)
def _search(
    neighbours: np.ndarray, adjacent: np.ndarray, goals: np.uint64, pushes: int, enough: int, most: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, int]:
    """States by depth, until at least `enough` of depth `pushes` or more are known, or `most` in all.

    Returns the boxes of every state; the player's region; the state one push nearer to the goals and the pull that was
    made there (4 * new cell of the box + direction); the first state of depth `pushes`; and the number of states.
    """
    sets = np.empty(most, dtype=np.uint64)
    regions = np.empty(most, dtype=np.uint64)
    links = np.empty((most, 2), dtype=np.int32)
    table = np.full(256, -1, dtype=np.int32)
    every = ~np.uint64(0) >> np.uint64(64 - len(neighbours))
    count = 0
    rest = every & ~goals
    while rest:
        start = _lowest(rest)
        sets[count], regions[count] = goals, _walkable(start, every & ~goals, adjacent)
        rest &= ~regions[count]
        links[count, PARENT] = -1
        table[_slot(goals, start, sets, regions, table)] = count
        count += 1
    begin, end, depth, far = 0, count, 0, most
    while begin < end:
        if depth == pushes:
            far = begin
        if depth >= pushes and count - far >= enough:
            break
        for state in range(begin, end):
            boxes, reach = sets[state], regions[state]
            left = boxes
            while left:
                box = _lowest(left)
                left &= left - _ONE
                for direction in range(4):
                    to = neighbours[box, direction]
                    if to < 0 or not reach & _only(to):
                        continue
                    behind = neighbours[to, direction]
                    if behind < 0 or boxes & _only(behind):
                        continue
                    moved = boxes ^ _only(box) ^ _only(to)
                    slot = _slot(moved, behind, sets, regions, table)
                    if table[slot] >= 0:
                        continue
                    sets[count], regions[count] = moved, _walkable(behind, every & ~moved, adjacent)
                    links[count, PARENT], links[count, PULL] = state, 4 * to + direction
                    table[slot] = count
                    count += 1
                    if count == most:
                        return sets, regions, links, min(far, end if depth + 1 == pushes else most), count
                    if 2 * count > len(table):
                        table = _grown(count, sets, regions, table)
        begin, end = end, count
        depth += 1
    return sets, regions, links, min(far, count), count


@njit(cache=True)
def _replay(state: int, sets: np.ndarray, links: np.ndarray, neighbours: np.ndarray) -> tuple[int, np.uint64]:
    """How often the reference solution turns to another box, and the boxes, by their first cells, that it pushes."""
    origin = np.arange(MAX_FLOOR)
    changes, pushed, last = 0, np.uint64(0), -1
    while links[state, PARENT] >= 0:
        box, direction = divmod(links[state, PULL], 4)
        home = neighbours[box, direction ^ 1]
        origin[home] = origin[box]
        pushed |= _only(origin[box])
        changes += last >= 0 and last != box
        last = home
        state = links[state, PARENT]
    return changes, pushed


@njit(cache=True)
def _walk(start: int, goal: int, free: np.uint64, neighbours: np.ndarray, moves: np.ndarray, count: int) -> int:
    """Append a shortest walk through free cells to the moves; returns their new number."""
    back = np.full(MAX_FLOOR, -1, dtype=np.int64)
    queue = np.empty(MAX_FLOOR, dtype=np.int64)
    queue[0] = goal
    back[goal] = 4
    head, tail = 0, 1
    while back[start] < 0:
        cell = queue[head]
        head += 1
        for direction in range(4):
            other = neighbours[cell, direction]
            if other >= 0 and free & _only(other) and back[other] < 0:
                back[other] = direction ^ 1
                queue[tail] = other
                tail += 1
    while start != goal:
        moves[count] = back[start]
        count += 1
        start = neighbours[start, moves[count - 1]]
    return count


@njit(cache=True)
def _solution(state: int, player: int, sets: np.ndarray, links: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """The moves, as directions, of the push-optimal solution that the search found for a state."""
    length, ahead = 0, state
    while links[ahead, PARENT] >= 0:
        length += 1
        ahead = links[ahead, PARENT]
    moves = np.empty(length * MAX_FLOOR, dtype=np.int64)
    count = 0
    while links[state, PARENT] >= 0:
        box, direction = divmod(links[state, PULL], 4)
        count = _walk(player, neighbours[box, direction], ~sets[state], neighbours, moves, count)
        moves[count] = direction ^ 1
        count += 1
        player = box
        state = links[state, PARENT]
    return moves[:count]


@njit(cache=True)
def make_room(
    random: State, size: tuple[int, int], floor_cells: int, boxes: int, pushes: int, changes: int, most: int
) -> tuple[np.ndarray, np.ndarray, int, int]:
    """A puzzle that takes at least `pushes` pushes and whose solution turns `changes` times to another box, or more.

    Returns the grid, 1 a wall + 2 a box + 4 a goal + 8 the player; the moves of a push-optimal solution (none where
    this attempt led nowhere); the least number of pushes; and the number of states that the search met before this one.
    """
    height, width = size
    floor = _carve(random, height, width, floor_cells)
    places, neighbours = _number(floor)
    cells = len(places)
    adjacent = np.zeros(cells, dtype=np.uint64)
    for cell in range(cells):
        for direction in range(4):
            if neighbours[cell, direction] >= 0:
                adjacent[cell] |= _only(neighbours[cell, direction])
    goals, placed = np.uint64(0), 0
    while placed < boxes:
        cell = below(random, cells)
        if not goals & _only(cell):
            goals |= _only(cell)
            placed += 1
    grid = np.ones((height, width), dtype=np.int64)
    sets, regions, links, far, count = _search(neighbours, adjacent, goals, pushes, 64, most)
    for _ in range(16):
        if far >= count:
            break
        state = far + below(random, count - far)
        found, pushed = _replay(state, sets, links, neighbours)
        if found < changes or pushed != sets[state]:
            continue
        player = below(random, cells)
        while not regions[state] & _only(player):
            player = below(random, cells)
        for cell in range(cells):
            bit = _only(cell)
            is_box, is_goal = (sets[state] & bit) != 0, (goals & bit) != 0
            grid[places[cell, 0], places[cell, 1]] = 2 * is_box + 4 * is_goal + 8 * (cell == player)
        moves = _solution(state, player, sets, links, neighbours)
        depth, ahead = 0, state
        while links[ahead, PARENT] >= 0:
            depth += 1
            ahead = links[ahead, PARENT]
        return grid, moves, depth, state
    return grid, np.empty(0, dtype=np.int64), 0, count
