"""Makes systems of linear equations with one solution, with none, or with many, and proves which by elimination."""

from collections.abc import Sequence
from fractions import Fraction
from math import gcd
from typing import Annotated, Literal

from msgspec import Meta

from taskgen.knobs import BaseKnobs, ladder
from taskgen.registry import Draft
from taskgen.seeding import Stream
from taskgen.verifiers.math.linear_system import CONSTANT, Equation, Group, LinearSystem, Term, rank

UNKNOWNS = (
    ("x", "y", "z", "w", "u", "v"),
    ("a", "b", "c", "d", "f", "g"),
    ("p", "q", "m", "n", "k", "h"),
    ("x1", "x2", "x3", "x4", "x5", "x6"),
)
PARAMETERS = ("t", "s", "r", "t1", "t2")
ATTEMPTS = 40

Row = list[int]
"""Coefficients of the unknowns, then the constant: their sum is 0."""
Outcome = Literal["unique", "inconsistent", "many"]


class Knobs(BaseKnobs, frozen=True):
    """What moves the difficulty of the system."""

    unknowns: Annotated[int, Meta(ge=2, le=6, description="how many unknowns there are")] = 3
    extra: Annotated[int, Meta(ge=0, le=4, description="most equations beyond the number of unknowns")] = 0
    magnitude: Annotated[int, Meta(ge=3, le=50, description="largest coefficient of a collected equation")] = 8
    denominator: Annotated[int, Meta(ge=1, le=12, description="largest denominator in a solution")] = 1
    mixing: Annotated[int, Meta(ge=0, le=20, description="row operations that hide how equations depend")] = 2
    inconsistent: Annotated[float, Meta(ge=0, le=1, description="share of systems without a solution")] = 0.25
    many: Annotated[float, Meta(ge=0, le=1, description="share of systems with many solutions")] = 0.25
    nullity: Annotated[int, Meta(ge=1, le=5, description="most free parameters of a system with many solutions")] = 1
    moved: Annotated[float, Meta(ge=0, le=1, description="share of terms moved or split between the sides")] = 0.2
    brackets: Annotated[int, Meta(ge=0, le=6, description="most brackets in an equation")] = 1
    divisor: Annotated[int, Meta(ge=1, le=12, description="largest divisor under a bracket or a term")] = 1

    def __post_init__(self) -> None:
        if self.inconsistent + self.many > 1:
            raise ValueError("inconsistent and many are shares of one whole: their sum is above 1; lower one")
        if self.nullity >= self.unknowns:
            raise ValueError(
                f"nullity={self.nullity} leaves no equations in {self.unknowns} unknowns; "
                "lower nullity or raise unknowns"
            )


LADDER = ladder(
    Knobs,
    unknowns=    [2, 2, 3, 3, 3, 4, 4, 5, 5, 6],
    extra=       [0, 0, 0, 1, 1, 1, 1, 1, 1, 2],
    magnitude=   [4, 8, 6, 8, 9, 8, 9, 8, 10, 12],
    denominator= [1, 2, 1, 1, 2, 2, 3, 3, 4, 5],
    mixing=      [0, 1, 1, 2, 2, 3, 3, 4, 5, 6],
    inconsistent=[0.2, 0.2, 0.25, 0.25, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3],
    many=        [0.2, 0.2, 0.25, 0.25, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3],
    nullity=     [1, 1, 1, 1, 1, 2, 2, 2, 2, 3],
    moved=       [0, 0.2, 0.1, 0.2, 0.3, 0.3, 0.4, 0.4, 0.5, 0.6],
    brackets=    [0, 1, 0, 1, 2, 1, 2, 2, 2, 3],
    divisor=     [1, 1, 1, 1, 2, 3, 3, 4, 5, 6],
)  # fmt: skip


def generate(stream: Stream, knobs: Knobs) -> Draft | None:
    """Rows of the rank that the outcome needs, mixed and then written out in a roundabout way."""
    share = stream.uniform()
    outcome: Outcome = "inconsistent" if share < knobs.inconsistent else "unique"
    if knobs.inconsistent <= share < knobs.inconsistent + knobs.many:
        outcome = "many"
    rows = _rows(stream, knobs, outcome)
    if rows is None:
        return None
    _mix(stream, knobs, rows)
    stream.shuffle(rows)
    if _too_plain(rows, knobs.unknowns):
        return None
    names = tuple(stream.sample(stream.choice(UNKNOWNS)[: knobs.unknowns], knobs.unknowns))
    reduced, work = _eliminate(rows, knobs.unknowns)
    answer = _answer(reduced, names)
    if answer is None:
        return None
    equations = tuple(_written(stream, knobs, row) for row in rows)
    terms = sum(len(group.terms) for equation in equations for group in equation.left + equation.right)
    return Draft(LinearSystem(tuple(sorted(names)), _renamed(equations, names)), answer, effort=work + 3 * terms)


def _rows(stream: Stream, knobs: Knobs, outcome: Outcome) -> list[Row] | None:
    """Independent rows through a hidden point, then rows that depend on them; one is shifted if none may fit."""
    count = knobs.unknowns + stream.below(knobs.extra + 1)
    if outcome == "unique":
        needed = knobs.unknowns
    elif outcome == "many":
        needed = knobs.unknowns - stream.between(1, knobs.nullity)
    else:
        needed = max(1, min(knobs.unknowns, count - 1) - stream.below(2))
    common = stream.between(1, knobs.denominator)
    # One row alone has few structures, so its coefficients are larger.
    most = knobs.magnitude if needed > 1 else knobs.magnitude + 4
    point = [stream.between(-9, 9) * stream.choice([1, common]) for _ in range(knobs.unknowns)]
    if len(set(point)) == 1:
        return None
    rows: list[Row] = []
    for _ in range(ATTEMPTS):
        if len(rows) == needed:
            break
        sparse = 0.15 if knobs.unknowns > 2 else 0
        coefficients = [0 if stream.chance(sparse) else _nonzero(stream, most) for _ in point]
        total = sum(value * place for value, place in zip(coefficients, point, strict=True))
        if total % common == 0 and rank([row[:-1] for row in rows] + [coefficients]) == len(rows) + 1:
            rows.append([*coefficients, -total // common])
    if len(rows) < needed:
        return None
    if needed == 1:
        rows = _multiples(stream, rows[0], count)
    else:
        while len(rows) < count:
            chosen = stream.sample(rows[:needed], min(needed, stream.between(2, 3)))
            rows.append(_combined(chosen, [stream.choice([-3, -2, -1, 1, 2, 3]) for _ in chosen]))
    if outcome == "inconsistent":
        rows[-1][-1] += stream.choice([-1, 1]) * stream.between(1, 9)
    return rows


def _multiples(stream: Stream, row: Row, count: int) -> list[Row]:
    """Different multiples of one row, none of them a multiple of another's factor alone."""
    common = gcd(*row)
    factors = stream.sample(range(2, 10), count)
    signed = [factor * stream.choice([-1, 1]) for factor in factors]
    return [[factor * value // common for value in row] for factor in signed]


def _combined(rows: Sequence[Row], factors: Sequence[int]) -> Row:
    return [
        sum(factor * value for factor, value in zip(factors, column, strict=True)) for column in zip(*rows, strict=True)
    ]


def _mix(stream: Stream, knobs: Knobs, rows: list[Row]) -> None:
    """Add or subtract rows from others, in place, as long as coefficients stay small."""
    for _ in range(knobs.mixing):
        first, second = stream.sample(range(len(rows)), 2)
        mixed = _combined([rows[first], rows[second]], [1, stream.choice([-1, 1])])
        if max(map(abs, mixed[:-1])) <= knobs.magnitude:
            rows[first] = mixed


def _too_plain(rows: list[Row], unknowns: int) -> bool:
    """Whether a row is empty, an unknown is missing, or, but for two unknowns, two rows are parallel."""
    if not all(any(row[:-1]) for row in rows) or not all(any(row[place] for row in rows) for place in range(unknowns)):
        return True
    if max(abs(value) for row in rows for value in row) > 999:
        return True
    parallel = any(rank([first[:-1], second[:-1]]) < 2 for place, first in enumerate(rows) for second in rows[:place])
    return parallel and unknowns > 2


def _eliminate(rows: list[Row], unknowns: int) -> tuple[list[list[Fraction]], int]:
    """Rows with the identity beside them, reduced; and the work: the length of all numbers that were multiplied.

    Forward elimination is fraction-free (Bareiss 1968); the rows that are left are then cleared upwards.
    """
    table = [[*row, *(int(place == number) for place in range(len(rows)))] for number, row in enumerate(rows)]
    work = found = 0
    previous = 1
    pivots: list[int] = []
    for column in range(unknowns):
        pivot = next((place for place in range(found, len(table)) if table[place][column]), None)
        if pivot is None:
            continue
        table[found], table[pivot] = table[pivot], table[found]
        top = table[found]
        for row in table[found + 1 :]:
            factor = row[column]
            for place in range(column, len(row)):
                if place <= unknowns:
                    work += max(row[place].bit_length(), top[column].bit_length(), 1)
                row[place] = (row[place] * top[column] - factor * top[place]) // previous
        previous = top[column]
        pivots.append(column)
        found += 1
    reduced = [[Fraction(value) for value in row] for row in table]
    for number in range(found - 1, -1, -1):
        column = pivots[number]
        reduced[number] = [value / reduced[number][column] for value in reduced[number]]
        for above in reduced[:number]:
            factor_above = above[column]
            above[:] = [value - factor_above * other for value, other in zip(above, reduced[number], strict=True)]
    return reduced, work


def _answer(reduced: list[list[Fraction]], names: Sequence[str]) -> str | None:
    """The answer that reduced rows give; None for a refutation that anybody could guess."""
    unknowns = len(names)
    for row in reduced:
        if row[unknowns] and not any(row[:unknowns]):
            return _refutation(row[unknowns + 1 :])
    pivots = {}
    for row in reduced:
        column = next((place for place, value in enumerate(row[:unknowns]) if value), None)
        if column is not None:
            pivots[column] = row
    free = [column for column in range(unknowns) if column not in pivots]
    parameters = dict(zip(free, PARAMETERS, strict=False))
    parts = []
    for column, name in enumerate(names):
        if column in pivots:
            row = pivots[column]
            terms = [(-row[unknowns], ""), *((-row[place], parameters[place]) for place in free)]
            parts.append(f"{name} = {_sum(terms)}")
        else:
            parts.append(f"{name} = {parameters[column]}")
    return ", ".join(sorted(parts))


def _refutation(weights: list[Fraction]) -> str | None:
    common = gcd(*(value.numerator for value in weights))
    whole = [value / common for value in weights]
    if len({abs(value) for value in whole if value}) < 2:
        return None
    return f"inconsistent: {_sum([(value, f'E{number}') for number, value in enumerate(whole, 1)])}"


def _sum(terms: Sequence[tuple[Fraction, str]]) -> str:
    """Multiples of names as text; the empty name is 1."""
    text = ""
    for value, name in terms:
        if value:
            size = f"{abs(value)}*{name}" if name and abs(value) != 1 else name or str(abs(value))
            text += (" - " if value < 0 else " + ") + size
    if not text:
        return "0"
    return text[3:] if text.startswith(" + ") else "-" + text[3:]


def _written(stream: Stream, knobs: Knobs, row: Row) -> Equation:
    """An equation that collects to the row: brackets put in and made up for, terms split and moved, order shuffled."""
    left: list[Group] = []
    right: list[Group] = []
    loose = [Fraction(value) for value in row]
    for _ in range(stream.below(knobs.brackets + 1)):
        on_left = stream.chance(0.5)
        group = _bracket(stream, knobs, len(row) - 1)
        (left if on_left else right).append(group)
        for term in group.terms:
            share = Fraction(group.factor * term.coefficient, group.divisor)
            loose[term.unknown] += -share if on_left else share
    for place, value in enumerate(loose):
        unknown = CONSTANT if place == len(row) - 1 else place
        apart = Fraction(_nonzero(stream, 9) if stream.chance(knobs.moved / 2) else 0)
        to_right = stream.chance(knobs.moved) != (unknown == CONSTANT)
        for side, amount in (
            (left, apart if to_right else value + apart),
            (right, apart - value if to_right else apart),
        ):
            if amount:
                side.append(Group(1, amount.denominator, (Term(amount.numerator, unknown),)))
    if knobs.moved:
        stream.shuffle(left)
        stream.shuffle(right)
    return Equation(tuple(left), tuple(right))


def _bracket(stream: Stream, knobs: Knobs, unknowns: int) -> Group:
    places = stream.sample([*range(unknowns), CONSTANT], stream.between(2, min(3, unknowns + 1)))
    divisor = stream.between(1, knobs.divisor)
    factor = _nonzero(stream, 5)
    shared = gcd(factor, divisor)
    return Group(factor // shared, divisor // shared, tuple(Term(_nonzero(stream, 6), place) for place in places))


def _nonzero(stream: Stream, most: int) -> int:
    return stream.between(1, most) * stream.choice([-1, 1])


def _renamed(equations: Sequence[Equation], names: Sequence[str]) -> tuple[Equation, ...]:
    """The equations with unknowns numbered by their sorted names."""
    position = [sorted(names).index(name) for name in names]

    def renamed(side: tuple[Group, ...]) -> tuple[Group, ...]:
        return tuple(
            Group(
                group.factor,
                group.divisor,
                tuple(
                    Term(term.coefficient, term.unknown if term.unknown == CONSTANT else position[term.unknown])
                    for term in group.terms
                ),
            )
            for group in side
        )

    return tuple(Equation(renamed(equation.left), renamed(equation.right)) for equation in equations)
