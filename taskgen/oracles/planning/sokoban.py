"""A second opinion on Sokoban: A* forwards over pushes, with positions as sets of coordinates."""

import re
from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush

from taskgen.seeding import Stream
from taskgen.verifiers.planning.sokoban import MAX_SIDE, Sokoban, orientations

Cell = tuple[int, int]
Position = tuple[frozenset[Cell], Cell]

STEPS = {"U": (-1, 0), "D": (1, 0), "L": (0, -1), "R": (0, 1)}
MAX_POSITIONS = 4_000


def solutions(problem: Sokoban, limit: int) -> list[str] | None:
    """A solution with the fewest pushes; [] if none keeps the limit on pushes, None if the search is too large."""
    floor, goals, boxes, player = _read(problem.rows)
    homes = _distances(floor, goals)
    if any(box not in homes for box in boxes):
        return []
    start = (boxes, min(_ways(player, floor - boxes)))
    cost = {start: 0}
    came: dict[Position, tuple[Position, Cell, str]] = {}
    queue = [(sum(homes[box] for box in boxes), 0, start)]
    expanded = 0
    closed = set()
    while queue:
        _, _, position = heappop(queue)
        if position in closed:
            continue
        closed.add(position)
        boxes = position[0]
        if boxes == goals:
            if problem.max_pushes and cost[position] > problem.max_pushes:
                return []
            return [_moves(position, came, floor, player)][:limit]
        expanded += 1
        if expanded > MAX_POSITIONS:
            return None
        for box, move, after in _pushes(position, floor):
            if any(cell not in homes for cell in after[0]) or cost[position] + 1 >= cost.get(after, 10**9):
                continue
            cost[after] = cost[position] + 1
            came[after] = (position, box, move)
            heappush(queue, (cost[after] + sum(homes[cell] for cell in after[0]), -cost[after], after))
    return []


def accepts(problem: Sokoban, answer: str) -> bool:
    """Whether the rules accept an answer, played with sets of coordinates."""
    floor, goals, boxes, player = _read(problem.rows)
    pushes = moves = 0
    for letter in re.sub(r"^[\s,.\"'`]+|[\s,.\"'`]+\Z", "", answer):
        if letter == "," or letter.isspace():
            continue
        if letter not in "UDLRudlr":
            return False
        moves += 1
        player = _next(player, letter.upper())
        if player not in floor:
            return False
        if player in boxes:
            target = _next(player, letter.upper())
            if target in boxes or target not in floor:
                return False
            boxes = boxes - {player} | {target}
            pushes += 1
    return moves > 0 and boxes == goals and (problem.max_pushes == 0 or pushes <= problem.max_pushes)


def relabel(problem: Sokoban, stream: Stream) -> Sokoban:
    """The same puzzle turned or mirrored, with more wall around it and the player elsewhere in the same region."""
    floor, _, boxes, player = _read(problem.rows)
    place = stream.choice(sorted(_ways(player, floor - boxes)))
    rows = [list(row) for row in problem.rows]
    for (r, c), onto in ((player, {"@": "-", "+": "."}), (place, {"-": "@", ".": "+"})):
        rows[r][c] = onto[rows[r][c]]
    picture = stream.choice(orientations(tuple("".join(row) for row in rows)))
    left, right = (stream.below(1 + (MAX_SIDE - len(picture[0])) // 2) for _ in range(2))
    above, below = (stream.below(1 + (MAX_SIDE - len(picture)) // 2) for _ in range(2))
    wide = ["#" * left + row + "#" * right for row in picture]
    wall = "#" * len(wide[0])
    return Sokoban((*[wall] * above, *wide, *[wall] * below), problem.max_pushes)


def _read(rows: tuple[str, ...]) -> tuple[frozenset[Cell], frozenset[Cell], frozenset[Cell], Cell]:
    """Cells without walls, goals, boxes, and the player's cell."""
    cells = {(r, c): symbol for r, row in enumerate(rows) for c, symbol in enumerate(row)}

    def those(symbols: str) -> frozenset[Cell]:
        return frozenset(cell for cell, symbol in cells.items() if symbol in symbols)

    return those("-$.@*+"), those(".*+"), those("$*"), next(iter(those("@+")))


def _next(cell: Cell, move: str) -> Cell:
    return cell[0] + STEPS[move][0], cell[1] + STEPS[move][1]


def _ways(start: Cell, free: frozenset[Cell]) -> dict[Cell, str]:
    """The moves of a shortest walk to every cell within reach."""
    ways = {start: ""}
    queue = deque([start])
    while queue:
        cell = queue.popleft()
        for move in STEPS:
            other = _next(cell, move)
            if other in free and other not in ways:
                ways[other] = ways[cell] + move
                queue.append(other)
    return ways


def _distances(floor: frozenset[Cell], goals: frozenset[Cell]) -> dict[Cell, int]:
    """The pushes that a lone box needs from each cell to its nearest goal; cells of no return are absent."""
    found = dict.fromkeys(sorted(goals), 0)
    queue = deque(found)
    while queue:
        cell = queue.popleft()
        for move in STEPS:
            before = _next(cell, move)
            if before in floor and _next(before, move) in floor and before not in found:
                found[before] = found[cell] + 1
                queue.append(before)
    return found


def _pushes(position: Position, floor: frozenset[Cell]) -> Iterator[tuple[Cell, str, Position]]:
    boxes, player = position
    reach = _ways(player, floor - boxes)
    for box in sorted(boxes):
        for move, (down, right) in STEPS.items():
            behind, target = (box[0] - down, box[1] - right), _next(box, move)
            if behind in reach and target in floor and target not in boxes:
                moved = boxes - {box} | {target}
                yield box, move, (moved, min(_ways(box, floor - moved)))


def _moves(
    position: Position, came: dict[Position, tuple[Position, Cell, str]], floor: frozenset[Cell], player: Cell
) -> str:
    pushes = []
    while position in came:
        position, box, move = came[position]
        pushes.append((position[0], box, move))
    text = ""
    for boxes, box, move in reversed(pushes):
        down, right = STEPS[move]
        text += _ways(player, floor - boxes)[box[0] - down, box[1] - right] + move
        player = box
    return text
