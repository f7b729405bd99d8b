"""Whether the derivative of one expression is another, decided at points by ball arithmetic.

What is proved: DIFFERENT. At some point where both are defined the ball of the difference does not hold 0, so the
functions differ there, and being continuous, on a whole interval. Balls of 64-bit floats come first; they trust the C
library's functions to four units in the last place.

What is certified: EQUAL. At every one of the places of `_places`, twelve points of both signs with |x| from 1/8 to 50
that a hash of the integrand gives, the two agree or one of them is undefined, and they agree at two places at least.
To agree means that the difference is less than 2**-(128 + h), where h bounds the binary digits that the numbers in both
expressions, raised to their powers, can bring together. A difference made of rational constants and powers of x, such
as a coefficient that is off by 1e-9 or by 1e-60, is much larger than that. Each place has its own value for the
constant of integration: an answer that depends on it is DIFFERENT.

Places are spared where the kind of the functions (`Kind`) allows it. A single-valued difference that vanishes near one
place vanishes everywhere: FINE places are enough. An analytic one vanishes on the whole interval: FINE places are held
to the bound above, and the others, which lie in other intervals perhaps, to 2**-20 times 1 or the value, whichever is
more. Functions with corners (absolute values outside logarithms, roots) are held to the bound at all twelve, and
at one more place in each of the intervals between the rational zeros of linear arguments of absolute values.

What is not excluded: differences scaled down by a tiny transcendental constant, as in x*exp(-300); differences only
where the integrand is beyond 2**1500 or an exponential beyond 2**1000; corners that are no rational zeros of linear
arguments, beyond all places as in abs(x^3 - 10^60), or in a narrow bump between two places.

An integrand that cannot be told from 0 at any place is equal to nothing, unless it is the number 0.
"""

from collections.abc import Sequence
from enum import Enum
from fractions import Fraction
from functools import lru_cache

from taskgen.verifiers.math._balls import Ball, Balls, Overflow, Undefined, Unsure
from taskgen.verifiers.math._evaluation import Program
from taskgen.verifiers.math._places import CONSTANT, FLOATS, Kind, Places, Point, break_points, kind_of_slope, places_of
from taskgen.verifiers.math._trees import ZERO, Name, Number, Power, TooLarge, Tree, parts

AGREEMENTS = 2
FINE = 3
MAX_HEIGHT = 1_200
# Answers of the generator, on any rung, come to 9 calls, 120 steps, 5,400 units of work: a third of the bounds.
MAX_CALLS = 30
MAX_STEPS = 400
MAX_WORK = 16_000
TOLERANCE_BITS = 128
GUARD_BITS = 96
ROUGHLY = 2.0**-20


class Comparison(Enum):
    """What came out."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNDEFINED = "nowhere defined together"
    UNDECIDED = "undecided"


def is_derivative(target: Tree, candidate: Tree, variable: str, beside: Sequence[Tree] = ()) -> Comparison:
    """Compare the derivative of the candidate with the target. Raises TooLarge where the numbers are out of bounds.

    The trees `beside` only need values: the candidate is undefined where one of them is.
    """
    height = _target_height(target) + _height(candidate)
    if height > MAX_HEIGHT:
        raise TooLarge("the powers and numbers in the expression are too large")
    program = Program(candidate, *beside)
    places = places_of(target, variable)
    if max(program.calls, places.program.calls) > MAX_CALLS:
        raise TooLarge(f"the expression holds more than {MAX_CALLS} functions and variable powers")
    if max(program.length, places.program.length) > MAX_STEPS:
        raise TooLarge(f"the expression holds more than {MAX_STEPS} operations")
    height = -(-height // 128) * 128  # in steps, so that the target's values can be kept
    try:
        return _Comparing(places, candidate, program, height).outcome()
    except _Undecided:
        return Comparison.UNDECIDED


class _Undecided(Exception):
    """There is a point at which the precision allowed does not tell."""


class _Comparing:
    """One comparison; `work` is what is left of the budget, which grows with steps, functions (ten steps) and bits."""

    def __init__(self, places: Places, candidate: Tree, program: Program, height: int) -> None:
        self.places = places
        self.candidate = candidate
        self.program = program
        self.tolerance = TOLERANCE_BITS + height
        self.work = MAX_WORK
        self.agreements = 0
        self.nothing = places.target != ZERO

    def outcome(self) -> Comparison:
        places, variable = self.places, self.places.variable
        kind = min(places.kind, kind_of_slope(self.candidate, variable))
        rough: list[Comparison] = []
        for number in range(1 if kind is Kind.SINGLE_VALUED else len(places.points)):
            rough.append(self.roughly(number))
            if rough[-1] is Comparison.DIFFERENT:
                return Comparison.DIFFERENT
        rough += [Comparison.EQUAL] * (len(places.points) - len(rough))
        for point, found in zip(places.points, rough, strict=True):
            needed = kind is Kind.CORNERED or found is Comparison.UNDECIDED or self.agreements < FINE
            if needed and found is not Comparison.UNDEFINED and self.differ(point):
                return Comparison.DIFFERENT
        if kind is Kind.CORNERED and any(map(self.differ, places.between(break_points(self.candidate, variable)))):
            return Comparison.DIFFERENT
        if self.agreements < AGREEMENTS:
            return Comparison.UNDEFINED
        return Comparison.UNDECIDED if self.nothing else Comparison.EQUAL

    def roughly(self, number: int) -> Comparison:
        """What floats say about a place."""
        sample = self.places.rough(number)
        if sample is None:
            return Comparison.UNDECIDED
        names, value = sample
        try:
            slope = self.program.run(FLOATS, names, self.places.variable)[0][1] or (0.0, 0.0)
        except Unsure:
            return Comparison.UNDECIDED
        except Undefined:
            return Comparison.UNDEFINED
        except (ArithmeticError, ValueError):  # out of the range of floats
            return Comparison.UNDECIDED
        difference, radius = abs(slope[0] - value[0]), slope[1] + value[1]
        if difference > 2 * radius + abs(value[0]) * 2.0**-50:
            return Comparison.DIFFERENT
        return Comparison.EQUAL if difference + radius < ROUGHLY * (1 + abs(value[0])) else Comparison.UNDECIDED

    def differ(self, point: Point) -> bool:
        """Whether the two surely differ at a point; counts agreement there. Raises _Undecided."""
        for guard in (GUARD_BITS, 6 * GUARD_BITS):
            balls = Balls(self.tolerance + guard)
            value = self.places.value(point, balls)
            magnitude = 0 if value is None else value[0].bit_length() - balls.bits
            if magnitude > 0:
                balls = Balls(self.tolerance + guard + -(-magnitude // 64) * 64)
                value = self.places.value(point, balls)
            if value is None:
                return False
            self.spend(balls.bits)
            try:
                slope = self.slope(point, balls)
            except (Unsure, Overflow):
                continue
            except Undefined:
                return False
            difference, radius = abs(slope[0] - value[0]), slope[1] + value[1]
            if difference > radius:
                return True
            if difference + radius < 1 << (balls.bits - self.tolerance):
                self.agreements += 1
                self.nothing &= abs(value[0]) <= value[1]
                return False
        raise _Undecided

    def slope(self, point: Point, balls: Balls) -> Ball:
        names = {
            self.places.variable: balls.ratio(*point.at.as_integer_ratio()),
            CONSTANT: balls.ratio(*point.constant.as_integer_ratio()),
        }
        return self.program.run(balls, names, self.places.variable)[0][1] or (0, 0)

    def spend(self, bits: int) -> None:
        self.work -= (10 * self.program.calls + self.program.length) * (bits + 256) // 256
        if self.work < 0:
            raise TooLarge("the expression takes too much work to judge")


@lru_cache(maxsize=512)
def _target_height(target: Tree) -> int:
    return _height(target)


def _height(tree: Tree) -> int:
    """A bound on the binary digits that the tree's numbers and powers can bring into a product or a quotient."""
    match tree:
        case Number(value):
            return value.numerator.bit_length() + value.denominator.bit_length() - 1
        case Name():
            return 2
        case Power(base, Number(exponent)):
            return min(MAX_HEIGHT + 1, (int(abs(Fraction(exponent))) + 1) * _height(base))
    return min(MAX_HEIGHT + 1, sum(_height(part) for part in parts(tree)))
