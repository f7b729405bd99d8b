"""Makes systems of linear equations with one solution, many or none, and proves which by fraction-free elimination.

Independent equations are drawn through a hidden point and others are combined from them; unimodular row operations
then hide how they depend on one another, and each equation is written down in a roundabout way.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import gcd
from operator import mul
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta

from taskgen.knobs import BaseKnobs, ladder
from taskgen.registry import Draft
from taskgen.seeding import Stream
from taskgen.verifiers.math.linear_system import CONSTANT, Equation, Group, LinearSystem, Term

NAMES = (
    ("x", "y", "z", "w", "u", "v"),
    ("a", "b", "c", "d", "f", "g"),
    ("m", "n", "p", "q", "u", "v"),
    ("x1", "x2", "x3", "x4", "x5", "x6"),
)
TRIES = 60

Kind = Literal["unique", "inconsistent", "underdetermined"]
Row = list[int]
"""Coefficients of the unknowns, then a constant; all of it adds up to 0."""


class Knobs(BaseKnobs, frozen=True):
    """What moves the difficulty of the system."""

    unknowns: Annotated[int, Meta(ge=2, le=6, description="how many unknowns there are")] = 3
    extra: Annotated[int, Meta(ge=0, le=2, description="most equations beyond the number of unknowns")] = 1
    size: Annotated[int, Meta(ge=3, le=50, description="largest value of an unknown in the hidden solution")] = 9
    magnitude: Annotated[int, Meta(ge=4, le=50, description="largest coefficient before equations are disguised")] = 8
    denominator: Annotated[int, Meta(ge=1, le=12, description="largest denominator in the hidden solution")] = 2
    mixing: Annotated[int, Meta(ge=0, le=40, description="row operations that hide how equations depend")] = 4
    inconsistent: Annotated[float, Meta(ge=0, le=1, description="share of systems without a solution")] = 0.3
    underdetermined: Annotated[float, Meta(ge=0, le=1, description="share of systems with many solutions")] = 0.3
    refuting: Annotated[int, Meta(ge=2, le=5, description="least number of equations that a refutation needs")] = 3
    nullity: Annotated[int, Meta(ge=1, le=4, description="most free parameters where there are many solutions")] = 1
    moved: Annotated[float, Meta(ge=0, le=1, description="share of terms that stand on the unusual side")] = 0.2
    repeated: Annotated[float, Meta(ge=0, le=1, description="share of unknowns that occur again in an equation")] = 0.1
    brackets: Annotated[int, Meta(ge=0, le=4, description="most brackets in an equation")] = 1
    divisor: Annotated[int, Meta(ge=1, le=12, description="largest denominator in an equation")] = 1

    def __post_init__(self) -> None:
        if self.inconsistent + self.underdetermined > 1:
            raise ValueError("inconsistent and underdetermined are shares of one whole; lower one until they sum to 1")
        if self.nullity >= self.unknowns:
            raise ValueError(f"nullity={self.nullity} must be below unknowns={self.unknowns}; lower nullity")
        if self.refuting > self.unknowns + min(1, self.extra):
            raise ValueError(
                f"refuting={self.refuting} is more than unknowns={self.unknowns} and extra={self.extra} allow; "
                "lower it to unknowns, or to one more if extra is at least 1"
            )


LADDER = ladder(
    Knobs,
    unknowns=       [2,   2,   3,    3,    3,    4,    4,    5,    5,    6],
    extra=          [0,   1,   0,    1,    1,    1,    1,    1,    1,    2],
    size=           [9,   9,   9,    9,    9,    9,    12,   12,   15,   15],
    magnitude=      [6,   9,   6,    7,    9,    8,    9,    8,    9,    9],
    denominator=    [1,   2,   1,    2,    3,    2,    4,    4,    5,    6],
    mixing=         [0,   1,   2,    3,    4,    5,    6,    8,    10,   12],
    inconsistent=   [0.2, 0.2, 0.25, 0.3,  0.3,  0.3,  0.3,  0.3,  0.35, 0.35],
    underdetermined=[0.2, 0.2, 0.25, 0.25, 0.3,  0.3,  0.3,  0.3,  0.3,  0.3],
    refuting=       [2,   2,   2,    3,    3,    3,    3,    4,    4,    4],
    nullity=        [1,   1,   1,    1,    1,    1,    2,    2,    2,    3],
    moved=          [0,   0.2, 0.1,  0.2,  0.3,  0.3,  0.3,  0.4,  0.4,  0.5],
    repeated=       [0,   0.1, 0,    0.1,  0.2,  0.1,  0.2,  0.2,  0.3,  0.4],
    brackets=       [0,   1,   0,    1,    1,    1,    1,    1,    2,    2],
    divisor=        [1,   1,   1,    1,    2,    2,    3,    4,    5,    6],
)  # fmt: skip


def generate(stream: Stream, knobs: Knobs) -> Draft | None:
    """A system of a drawn kind; kinds that succeed less often are tried more often, so that the shares hold."""
    share = stream.uniform()
    kind: Kind = "unique"
    if share < knobs.inconsistent:
        kind = "inconsistent"
    elif share < knobs.inconsistent + knobs.underdetermined:
        kind = "underdetermined"
    for _ in range(TRIES):
        draft = _draft(stream, knobs, kind)
        if draft is not None:
            return draft
    return None


def _draft(stream: Stream, knobs: Knobs, kind: Kind) -> Draft | None:
    """A system of this kind; None where elimination finds it to be of another kind, or it is too plain."""
    equations, rank = _shape(stream, knobs, kind)
    free = knobs.unknowns - rank if kind == "underdetermined" and rank > 1 else 0
    rows = _rows(stream, knobs, equations, rank, free)
    if rows is None:
        return None
    if kind == "inconsistent":
        rows[-1][-1] += _nonzero(stream, knobs.size)
    _mix(stream, knobs, rows)
    stream.shuffle(rows)
    if _too_plain(rows, knobs.unknowns):
        return None
    solved = _eliminate(rows, knobs.unknowns)
    if len(solved.pivots) != rank:
        return None
    divisors = [stream.between(1, knobs.divisor) for _ in rows]
    names = stream.choice(NAMES)[: knobs.unknowns]
    answer = _refutation(solved, divisors, knobs.refuting) if kind == "inconsistent" else _solution(solved, names)
    if answer is None:
        return None
    written = tuple(_written(stream, knobs, row, divisor) for row, divisor in zip(rows, divisors, strict=True))
    terms = sum(len(group.terms) for equation in written for group in equation.left + equation.right)
    return Draft(LinearSystem(names, written), answer, effort=solved.work + 4 * terms)


def _shape(stream: Stream, knobs: Knobs, kind: Kind) -> tuple[int, int]:
    """How many equations there are, and how many of them are independent; the first number says little of the kind."""
    equations = knobs.unknowns + stream.below(knobs.extra + 1)
    if kind == "unique":
        return equations, knobs.unknowns
    if kind == "underdetermined":
        return equations, knobs.unknowns - stream.between(1, knobs.nullity)
    equations = max(equations, knobs.refuting)
    # One or two dependent equations: few enough to look at every shortest refutation.
    most = min(knobs.unknowns, equations - 1)
    least = max(knobs.refuting - 1, equations - 2, min(2, knobs.unknowns - 1))
    return equations, stream.between(min(least, most), most)


def _rows(stream: Stream, knobs: Knobs, count: int, rank: int, free: int) -> list[Row] | None:
    """Rows that a hidden family of solutions fulfils: `rank` that are drawn, the others combined from them, or None.

    The family runs through a point in `free` directions of small whole numbers, so that all of it can be written down
    without long fractions.
    """
    common = stream.between(1, knobs.denominator)
    point = [stream.between(-knobs.size, knobs.size) for _ in range(knobs.unknowns)]
    if point.count(0) > 1:
        return None
    # Some of the unknowns are whole, some have the denominator; the point is in units of 1/common.
    point = [value * common if stream.chance(0.4) else value * common + stream.below(common) for value in point]
    directions = []
    for place in stream.sample(range(knobs.unknowns), free):
        point[place] = 0
        steps = [stream.weighted((-2, -1, 0, 1, 2), (1, 3, 3, 3, 1)) for _ in point]
        directions.append(_Direction(place, steps, stream.between(1, min(3, knobs.denominator))))
    most = knobs.magnitude if rank == count else max(3, knobs.magnitude * 2 // 3)
    rows: list[Row] = []
    for _ in range(TRIES):
        if len(rows) == rank:
            break
        row = _row_through(stream, point, common, directions, most)
        if row is not None:
            rows.append(row)
    else:
        return None
    if rank == 1:
        # Odd multiples, so that no two of them add up to a third: E1 + E2 - E3 shall refute nothing.
        factors = stream.sample((2, 3, 5, 7) if count == 2 else (3, 5, 7, 11), count)
        return [_multiple(rows[0], factor * stream.choice((-1, 1))) for factor in factors]
    for _ in range(TRIES):
        if len(rows) == count:
            return rows
        chosen = stream.sample(rows[:rank], min(rank, stream.between(2, 4)))
        weights = [_nonzero(stream, 3) for _ in chosen]
        row = [sum(map(mul, weights, column)) for column in zip(*chosen, strict=True)]
        if row not in rows and _bounded(row, knobs):
            rows.append(row)
    return None


def _multiple(row: Row, factor: int) -> Row:
    return [factor * value for value in row]


class _Direction(NamedTuple):
    """Where the hidden family runs when a free unknown grows by `pace`: by how much each other unknown grows."""

    place: int
    steps: list[int]
    pace: int


def _row_through(stream: Stream, point: list[int], common: int, directions: list[_Direction], most: int) -> Row | None:
    """A row of whole numbers up to `most` that the family fulfils; the point is in units of 1/common."""
    sparse = 0.15 if len(point) > 2 else 0.0
    row = [0 if sparse and stream.chance(sparse) else _nonzero(stream, most) for _ in point]
    free = [direction.place for direction in directions]
    for place in free:
        row[place] = 0
    excess = sum(map(mul, row, point)) % common
    if excess:
        pivot = next((place for place, value in enumerate(point) if gcd(value, common) == 1), None)
        if pivot is None:
            return None
        row[pivot] -= excess * pow(point[pivot], -1, common) % common
        if row[pivot] < -most:
            row[pivot] += common
        if not row[pivot]:
            return None
    constant = -sum(map(mul, row, point)) // common
    counted = [-sum(map(mul, row, direction.steps)) for direction in directions]
    for direction, value in zip(directions, counted, strict=True):
        row[direction.place], left = divmod(value, direction.pace)
        if left:
            return None
    if not any(row) or max(map(abs, row)) > most:
        return None
    return [*row, constant]


def _bounded(row: Row, knobs: Knobs) -> bool:
    return max(map(abs, row[:-1])) <= knobs.magnitude and abs(row[-1]) <= knobs.magnitude * knobs.size


def _mix(stream: Stream, knobs: Knobs, rows: list[Row]) -> None:
    """Add or subtract rows from others, in place, as long as coefficients stay small."""
    for _ in range(knobs.mixing):
        first, second = stream.sample(range(len(rows)), 2)
        sign = stream.choice((-1, 1))
        mixed = [value + sign * other for value, other in zip(rows[first], rows[second], strict=True)]
        if any(mixed[:-1]) and _bounded(mixed, knobs):
            rows[first] = mixed


def _too_plain(rows: list[Row], unknowns: int) -> bool:
    """Whether an unknown is missing, an equation has just one, or one equation is another's multiple, so to speak."""
    if any(unknowns - row[:-1].count(0) < 2 for row in rows):
        return True
    if not all(map(any, list(zip(*rows, strict=True))[:-1])):
        return True
    directions = set()
    for row in rows:
        first = next(value for value in row if value)
        shared = gcd(*row[:-1]) * (1 if first > 0 else -1)
        directions.add(tuple([value // shared for value in row[:-1]]))
    # Two unknowns leave no other way for equations to depend on one another than to be parallel.
    return unknowns > 2 and len(directions) < len(rows)


class Solved(NamedTuple):
    """What elimination leaves: `table[i][pivots[i]] == pivot`, and every other row is 0 there."""

    table: list[Row]
    """The unknowns' columns, the constants', then what each row was multiplied by to get here."""
    pivots: list[int]
    pivot: int
    unknowns: int
    work: int
    """The length in bits of all numbers that were calculated, the multipliers' columns apart."""


def _eliminate(rows: list[Row], unknowns: int) -> Solved:
    """Fraction-free Gauss-Jordan elimination (Bareiss 1968): all divisions come out even."""
    count = len(rows)
    table = [[*row, *[int(place == number) for place in range(count)]] for number, row in enumerate(rows)]
    pivots: list[int] = []
    pivot, work = 1, 0
    for column in range(unknowns):
        done = len(pivots)
        found = next((place for place in range(done, count) if table[place][column]), None)
        if found is None:
            continue
        table[done], table[found] = table[found], table[done]
        top = table[done]
        new = top[column]
        for number, row in enumerate(table):
            if number != done:
                factor = row[column]
                row = [(new * value - factor * other) // pivot for value, other in zip(row, top, strict=True)]
                table[number] = row
                work += sum([value.bit_length() for value in row[: unknowns + 1]])
        pivot = new
        pivots.append(column)
    return Solved(table, pivots, pivot, unknowns, work)


def _solution(solved: Solved, names: Sequence[str]) -> str:
    """All solutions; the unknowns without a pivot become parameters."""
    free = [column for column in range(solved.unknowns) if column not in solved.pivots]
    letters = ("t", "s", "r") if len(free) <= 3 else ("t1", "t2", "t3", "t4")
    parameters = dict(zip(free, letters, strict=False))
    rows = dict(zip(solved.pivots, solved.table, strict=False))
    entries = []
    for column, name in enumerate(names):
        if column in rows:
            row = rows[column]
            terms = [(row[solved.unknowns], ""), *[(row[place], parameters[place]) for place in free]]
            entries.append(f"{name} = {_sum([(Fraction(-value, solved.pivot), letter) for value, letter in terms])}")
        else:
            entries.append(f"{name} = {parameters[column]}")
    return ", ".join(entries)


def _refutation(solved: Solved, divisors: Sequence[int], least: int) -> str | None:
    """A shortest refutation; None if one has fewer equations than `least`, or weights that are easily guessed."""
    empty = [row[solved.unknowns :] for row in solved.table[len(solved.pivots) :]]
    combined = list(empty)
    if len(empty) == 2:
        # What refutes with as few equations as possible leaves out an equation that the one and the other row use.
        first, second = empty
        for place in range(1, len(first)):
            one, other = second[place], first[place]
            combined.append([one * value - other * back for value, back in zip(first, second, strict=True)])
    best: list[int] = []
    for constant, *multipliers in combined:
        if constant:
            weights = [value * divisor for value, divisor in zip(multipliers, divisors, strict=True)]
            shared = gcd(*weights)
            weights = [value // shared for value in weights]
            used = [abs(value) for value in weights if value]
            guessable = len(set(used)) == 1 or (len(used) < 4 and sum(used) < 2 * len(used))
            if len(used) < least or guessable:
                return None
            if not best or weights.count(0) > best.count(0):
                best = weights
    if not best:
        return None
    return f"inconsistent: {_sum([(Fraction(value), f'E{number}') for number, value in enumerate(best, 1)])}"


def _sum(terms: Sequence[tuple[Fraction, str]]) -> str:
    """Multiples of names as text; the empty name is 1."""
    text = ""
    for value, name in terms:
        if value:
            size = f"{abs(value)}*{name}" if name and abs(value) != 1 else name or str(abs(value))
            text += (" - " if value < 0 else " + ") + size
    if not text:
        return "0"
    return text[3:] if text[1] == "+" else "-" + text[3:]


def _written(stream: Stream, knobs: Knobs, row: Row, divisor: int) -> Equation:
    """An equation for the row over the divisor: brackets put in and made up for, terms repeated and moved."""
    sides: tuple[list[Group], list[Group]] = ([], [])
    rest = list(row)  # what is still to be written, on the left and in units of 1/divisor
    for _ in range(stream.below(knobs.brackets + 1)):
        side = stream.below(2)
        bracket = _bracket(stream, len(row) - 1, divisor)
        sides[side].append(bracket)
        share = bracket.factor * (divisor // bracket.divisor) * (1 if side else -1)
        for term in bracket.terms:
            rest[term.unknown] += share * term.coefficient
    for place, value in enumerate(rest):
        unknown = CONSTANT if place == len(row) - 1 else place
        if stream.chance(knobs.repeated):
            side, again = stream.below(2), _nonzero(stream, 9)
            sides[side].append(Group(1, (Term(again, unknown),)))
            value += again * divisor * (1 if side else -1)
        side = int(stream.chance(knobs.moved) != (unknown == CONSTANT))
        if value:
            amount = -value if side else value
            shared = gcd(amount, divisor)
            sides[side].append(Group(1, (Term(amount // shared, unknown),), divisor // shared))
    if knobs.moved:
        for groups in sides:
            stream.shuffle(groups)
    return Equation(tuple(sides[0]), tuple(sides[1]))


def _bracket(stream: Stream, unknowns: int, divisor: int) -> Group:
    """`factor(two or three terms)/divisor`, never with neither a factor nor a divisor."""
    places = stream.sample([*range(unknowns), CONSTANT], stream.between(2, min(3, unknowns + 1)))
    factor = stream.choice((-1, 1)) * stream.between(2, 5)
    shared = gcd(factor, divisor)
    places.sort(key=lambda place: place % (unknowns + 1))  # the constant comes last
    terms = tuple(Term(_nonzero(stream, 5), place) for place in places)
    if abs(factor) == shared == divisor:
        return Group(factor, terms)
    return Group(factor // shared, terms, divisor // shared)


def _nonzero(stream: Stream, most: int) -> int:
    return stream.between(1, most) * stream.choice((-1, 1))
