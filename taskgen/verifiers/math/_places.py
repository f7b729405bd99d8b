"""The points at which answers to one integrand are tried, and the integrand's values there, each worked out once."""

from collections.abc import Iterable
from enum import IntEnum
from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple

from taskgen.verifiers.math._balls import Ball, Balls, Overflow, Undefined
from taskgen.verifiers.math._evaluation import Program
from taskgen.verifiers.math._float_balls import FloatBall, FloatBalls
from taskgen.verifiers.math._trees import (
    Call,
    Name,
    Number,
    Power,
    Rational,
    Sum,
    TooLarge,
    Tree,
    coefficient_of,
    parts,
    show,
)

CONSTANT = "C"
"""The constant of integration."""
# Where points lie, in sixteenths: near 0 for inverse functions, farther out for the rest, on both sides.
RANGES = (
    *((2, 8), (-50, -18), (18, 50), (-8, -2), (50, 160), (-160, -50)),
    *((8, 15), (-15, -8), (160, 480), (-480, -160), (480, 800), (-800, -480)),
)
POINT_BITS = 24
MAX_BREAKS = 8
SINGLE_VALUED = frozenset({"exp", "sin", "cos", "tan", "sinh", "cosh", "tanh"})
FLOATS = FloatBalls()


class Point(NamedTuple):
    """A value for the variable and one for the constant of integration."""

    at: Fraction
    constant: Fraction


class Places:
    """Points, derived from a hash of the integrand, and what the integrand is there."""

    def __init__(self, target: Tree, variable: str) -> None:
        self.target = target
        self.variable = variable
        self.program = Program(target)
        words = _random_words(target)
        self.points = [
            Point(Fraction((low << POINT_BITS) + (high - low) * share, 16 << POINT_BITS), Fraction(rate, 1 << 20))
            for (low, high), share, rate in zip(RANGES, words[::2], words[1::2], strict=True)
        ]
        self.share, self.constant = Fraction(words[0], 4 << POINT_BITS) + Fraction(3, 8), self.points[0].constant
        self.kind = kind_of(target, variable)
        self.breaks = frozenset(break_points(target, variable))
        self._rough: dict[int, tuple[dict[str, FloatBall], FloatBall] | None] = {}
        self._values: dict[tuple[Point, int], Ball | None] = {}

    def rough(self, number: int) -> tuple[dict[str, FloatBall], FloatBall] | None:
        """The names' values in floats at a place, and the integrand's; None where floats do not tell."""
        if number not in self._rough:
            self._rough[number] = self._roughly(self.points[number])
        return self._rough[number]

    def _roughly(self, point: Point) -> tuple[dict[str, FloatBall], FloatBall] | None:
        names = {
            self.variable: FLOATS.ratio(*point.at.as_integer_ratio()),
            CONSTANT: FLOATS.ratio(*point.constant.as_integer_ratio()),
        }
        try:
            return names, self.program.run(FLOATS, names, self.variable)[0][0]
        except (ArithmeticError, ValueError):
            return None

    def value(self, point: Point, balls: Balls) -> Ball | None:
        """The integrand at a point; None where it has no value, or one that is too large."""
        key = (point, balls.bits)
        if key not in self._values:
            value = self._value(point, balls)
            if point not in self.points:
                return value
            self._values[key] = value
        return self._values[key]

    def _value(self, point: Point, balls: Balls) -> Ball | None:
        try:
            at = balls.ratio(*point.at.as_integer_ratio())
            return self.program.run(balls, {self.variable: at}, "")[0][0]
        except (Undefined, Overflow):
            return None

    def between(self, breaks: Iterable[Rational]) -> list[Point]:
        """One point to the left of all breaks, one to the right, and one between any two neighbours."""
        roots = sorted({*breaks, *self.breaks})
        if not roots:
            return []
        if len(roots) > MAX_BREAKS:
            raise TooLarge(f"the expression has more than {MAX_BREAKS} corners")
        ends = [roots[0] - 1, *roots, roots[-1] + 1]
        spots = [low + (high - low) * self.share for low, high in pairwise(ends)]
        return [Point(Fraction(spot), self.constant) for spot in spots]


@lru_cache(maxsize=512)
def places_of(target: Tree, variable: str) -> Places:
    """The places of an integrand; those of a few integrands are kept."""
    return Places(target, variable)


def _random_words(target: Tree) -> list[int]:
    """Two numbers of POINT_BITS bits for every place, from a hash of the target."""
    size = POINT_BITS // 8
    state = blake2b(show(target).encode(), person=b"taskgen-points").digest()
    digest = b"".join(blake2b(bytes([block]), key=state).digest() for block in range(2))
    return [int.from_bytes(digest[size * word :][:size], "little") for word in range(2 * len(RANGES))]


class Kind(IntEnum):
    """How far a function that is known on an interval is known elsewhere."""

    CORNERED = 0  # by pieces
    ANALYTIC = 1  # on each interval on which it is defined
    SINGLE_VALUED = 2  # everywhere: it is analytic on the complex plane without a closed countable set


def kind_of(tree: Tree, variable: str) -> Kind:
    """A kind that the function surely has: rational operations, exp and waves keep what they are given."""
    match tree:
        case Call("abs"):
            own = Kind.CORNERED
        case Call("arcsin" | "arccos" | "arccosh", argument):
            own = Kind.CORNERED if _linear(argument, variable) is None else Kind.ANALYTIC
        case Call("ln", Call("abs", argument)):
            return min(Kind.ANALYTIC, kind_of(argument, variable))
        case Call(function) if function not in SINGLE_VALUED:
            own = Kind.ANALYTIC
        case Power(base, Number(exponent)) if isinstance(exponent, Fraction):
            own = Kind.CORNERED if _linear(base, variable) is None else Kind.ANALYTIC
        case Power(_, exponent) if not isinstance(exponent, Number):
            own = Kind.ANALYTIC
        case _:
            own = Kind.SINGLE_VALUED
    if own is not Kind.SINGLE_VALUED and not _holds(tree, variable):
        return Kind.SINGLE_VALUED
    return min(own, *(kind_of(part, variable) for part in parts(tree)), Kind.SINGLE_VALUED)


def kind_of_slope(tree: Tree, variable: str) -> Kind:
    """The same for the derivative: that of a logarithm or an inverse tangent is single-valued."""
    kinds = []
    for term in tree.terms if isinstance(tree, Sum) else (tree,):
        match coefficient_of(term)[1]:
            case Call("ln", Call("abs", argument)) | Call("ln" | "arctan" | "arctanh", argument):
                kinds.append(kind_of(argument, variable))
            case rest:
                kinds.append(kind_of(rest, variable))
    return min(kinds)


def _holds(tree: Tree, variable: str) -> bool:
    return tree == Name(variable) or any(_holds(part, variable) for part in parts(tree))


def break_points(tree: Tree, variable: str) -> set[Rational]:
    """Where linear arguments of absolute values, and linear bases of even powers under roots, change their sign."""
    match tree:
        case Call("ln", Call("abs", argument)):  # not a corner but a pole
            return break_points(argument, variable)
        case Call("abs", argument):
            candidates = [argument]
        case Power(Power(base, _), Number(exponent)) if isinstance(exponent, Fraction):
            candidates = [base]
        case _:
            candidates = []
    found: set[Rational] = set().union(*(break_points(part, variable) for part in parts(tree)))
    for candidate in candidates:
        line = _linear(candidate, variable)
        if line is not None:
            found.add(Fraction(-line[0]) / line[1])
    return found


def _linear(tree: Tree, variable: str) -> tuple[Rational, Rational] | None:
    """A and b of a + b*x, b not 0; None for other trees."""
    constant: Rational = 0
    slope: Rational = 0
    for term in tree.terms if isinstance(tree, Sum) else (tree,):
        coefficient, rest = coefficient_of(term)
        if isinstance(term, Number):
            constant += term.value
        elif rest == Name(variable):
            slope += coefficient
        else:
            return None
    return (constant, slope) if slope else None
