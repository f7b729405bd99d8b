"""Whether the derivative of one expression is another, decided at points by ball arithmetic.

What is proved: DIFFERENT. At some point where both are defined the ball of the difference does not hold 0, so the
functions differ there, and being continuous, on a whole interval.

What is certified: EQUAL. At AGREEMENTS points where both are defined (at fewest two, where there are no more) the
difference is less than 2**-(128 + h), where h bounds the binary digits that the numbers in both expressions, raised to
their powers, can bring together. A difference made of rational constants and powers of x, such as a coefficient that
is off by 1e-9 or by 1e-60, is much larger than that. The points, positive and negative, are derived from a hash of the
target, and so is the value that each takes for the constant of integration: an answer that depends on it is DIFFERENT.
"""

from enum import Enum
from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b

from taskgen.verifiers.math._balls import Ball, Balls, Overflow, Undefined
from taskgen.verifiers.math._evaluation import evaluate
from taskgen.verifiers.math._trees import Call, Name, Number, Power, TooLarge, Tree, parts, show

AGREEMENTS = 3
CONSTANT = "C"
MAX_HEIGHT = 1_200
MAX_CALLS = 80
TOLERANCE_BITS = 128
GUARD_BITS = 96

# Where points lie, in sixteenths: near 0 for inverse functions, farther out for the rest, on both sides.
RANGES = ((2, 14), (-50, -18), (18, 50), (-14, -2), (50, 90), (2, 14), (18, 50), (-50, -18), (90, 160), (-160, -90))
POINT_BITS = 24


class Comparison(Enum):
    """What came out."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNDEFINED = "nowhere defined together"
    UNDECIDED = "undecided"


def is_derivative(target: Tree, candidate: Tree, variable: str) -> Comparison:
    """Compare the derivative of the candidate with the target. Raises TooLarge where the numbers are out of bounds."""
    height = _target_height(target) + _height(candidate)
    if height > MAX_HEIGHT:
        raise TooLarge("the powers and numbers in the expression are too large")
    if _calls(candidate) > MAX_CALLS:
        raise TooLarge(f"the expression holds more than {MAX_CALLS} functions and variable powers")
    height = -(-height // 128) * 128  # in steps, so that the target's values can be kept
    outcome = Comparison.UNDECIDED
    for bits in (TOLERANCE_BITS + GUARD_BITS + height, TOLERANCE_BITS + 6 * GUARD_BITS + height):
        outcome = _compare(target, candidate, variable, bits, TOLERANCE_BITS + height)
        if outcome is not Comparison.UNDECIDED:
            break
    return outcome


def _compare(target: Tree, candidate: Tree, variable: str, bits: int, tolerance: int) -> Comparison:
    balls = Balls(bits)
    least = 1 << (bits - tolerance)
    agreements = vague = 0
    for place in range(len(RANGES)):
        sample = _sample(target, variable, bits, place)
        if sample is None:
            continue
        point, constant, value = sample
        try:
            slope = evaluate(candidate, balls, {variable: point, CONSTANT: constant}, variable)[1] or (0, 0)
        except (Undefined, Overflow):
            continue
        difference, radius = slope[0] - value[0], slope[1] + value[1]
        if abs(difference) > radius:
            return Comparison.DIFFERENT
        if abs(difference) + radius >= least:
            vague += 1
            continue
        agreements += 1
        if agreements == AGREEMENTS:
            return Comparison.EQUAL
    if vague:
        return Comparison.UNDECIDED
    return Comparison.EQUAL if agreements > 1 else Comparison.UNDEFINED


@lru_cache(maxsize=4096)
def _sample(target: Tree, variable: str, bits: int, place: int) -> tuple[Ball, Ball, Ball] | None:
    """A point, a value for the constant of integration, and the target's value there; None where it has none."""
    low, high = RANGES[place]
    share, rate = _random_words(target)[2 * place : 2 * place + 2]
    balls = Balls(bits)
    point = balls.ratio((low << POINT_BITS) + (high - low) * share, 16 << POINT_BITS)
    constant = balls.ratio(rate, 1 << 20)
    try:
        return point, constant, evaluate(target, balls, {variable: point}, variable)[0]
    except (Undefined, Overflow):
        return None


@lru_cache(maxsize=512)
def _random_words(target: Tree) -> tuple[int, ...]:
    """Two numbers of POINT_BITS bits for every place, from a hash of the target."""
    digest = blake2b(show(target).encode(), digest_size=6 * len(RANGES), person=b"taskgen-points").digest()
    return tuple(int.from_bytes(digest[start : start + 3], "little") for start in range(0, len(digest), 3))


def _calls(tree: Tree) -> int:
    """How many nodes need an elementary function."""
    own = isinstance(tree, Call) or (isinstance(tree, Power) and not isinstance(tree.exponent, Number))
    return own + sum(_calls(part) for part in parts(tree))


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
