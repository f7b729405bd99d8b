"""Functions with their antiderivatives, drawn at random: the rules of integration, read backwards.

Every rule takes a stream and the largest coefficient and gives a `Pair` in the variable x. Both sides of a pair are
made here; the caller checks one against the other.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

from taskgen.seeding import Stream
from taskgen.verifiers.math._derivative import TWO, derivative, tidy
from taskgen.verifiers.math._trees import (
    HALF,
    MINUS_ONE,
    ONE,
    Call,
    Name,
    Number,
    Rational,
    Tree,
    add,
    call,
    coefficient_of,
    divide,
    multiply,
    negate,
    number,
    power,
    square_root,
    substitute,
)

X = Name("x")
Polynomial = Sequence[Rational]
"""Coefficients, the constant first."""


class Pair(NamedTuple):
    """An integrand, an antiderivative of it, and the steps from one to the other: rules applied, choices tried."""

    integrand: Tree
    antiderivative: Tree
    steps: int


Rule = Callable[[Stream, int], Pair]


def nonzero(stream: Stream, most: int) -> int:
    """An integer in [-most, most] other than 0."""
    return (1 + stream.below(most)) * (1 if stream.chance(0.5) else -1)


def polynomial(coefficients: Polynomial) -> Tree:
    """The polynomial as a tree, highest power first."""
    terms = [multiply(number(value), power(X, Number(degree))) for degree, value in enumerate(coefficients)]
    return add(*reversed(terms))


def product(left: Polynomial, right: Polynomial) -> list[Rational]:
    """The product of two polynomials."""
    result: list[Rational] = [0] * (len(left) + len(right) - 1)
    for place, first in enumerate(left):
        for shift, second in enumerate(right):
            result[place + shift] += first * second
    return result


def plus(left: Polynomial, right: Polynomial) -> list[Rational]:
    """The sum of two polynomials."""
    longer, shorter = (left, right) if len(left) >= len(right) else (right, left)
    return [value + (shorter[place] if place < len(shorter) else 0) for place, value in enumerate(longer)]


def slope(coefficients: Polynomial) -> list[Rational]:
    """The derivative of a polynomial."""
    result: list[Rational] = [place * value for place, value in enumerate(coefficients)]
    return result[1:] or [0]


def random_polynomial(stream: Stream, degree: int, most: int) -> list[Rational]:
    """Coefficients in [-most, most], the leading one not 0, others often."""
    return [*(nonzero(stream, most) if stream.chance(0.7) else 0 for _ in range(degree)), nonzero(stream, most)]


def scaled(pair: Pair, factor: Rational) -> Pair:
    """A pair times a number."""
    return Pair(multiply(number(factor), pair.integrand), multiply(number(factor), pair.antiderivative), pair.steps)


def composed(pair: Pair, inner: Tree) -> Pair:
    """Integration by substitution: the outer pair at an inner function, times the inner function's derivative."""
    chain = multiply(substitute(pair.integrand, "x", inner), derivative(inner, "x"))
    return Pair(tidy(chain), tidy(substitute(pair.antiderivative, "x", inner)), pair.steps + 2)


def monomial(stream: Stream, most: int) -> Pair:
    """The power rule."""
    degree = stream.below(9)
    coefficient = nonzero(stream, most)
    antiderivative = multiply(number(Fraction(coefficient, degree + 1)), power(X, Number(degree + 1)))
    return Pair(multiply(number(coefficient), power(X, Number(degree))), antiderivative, 1)


def root_or_reciprocal(stream: Stream, most: int) -> Pair:
    """The power rule for exponents that are negative or fractions, and 1/x."""
    exponent = stream.choice(
        [number(-1), number(-2), number(-3), number(-4), HALF, *(Number(Fraction(top, 2)) for top in (-1, 3, -3, 5))]
    )
    if exponent == MINUS_ONE:
        antiderivative = call("ln", call("abs", X))
    else:
        antiderivative = divide(power(X, number(exponent.value + 1)), number(exponent.value + 1))
    return scaled(Pair(power(X, exponent), antiderivative, 1), nonzero(stream, most))


TABLE: tuple[Pair, ...] = (
    Pair(call("cos", X), call("sin", X), 1),
    Pair(call("sin", X), negate(call("cos", X)), 1),
    Pair(call("exp", X), call("exp", X), 1),
    Pair(power(call("cos", X), Number(-2)), call("tan", X), 1),
    Pair(power(add(power(X, TWO), ONE), MINUS_ONE), call("arctan", X), 1),
)


def table(stream: Stream, most: int) -> Pair:
    """A function whose antiderivative is learnt by heart."""
    return scaled(stream.choice(TABLE), nonzero(stream, most))


def linear_inside(stream: Stream, most: int) -> Pair:
    """A known function of a*x + b."""
    inner = polynomial([nonzero(stream, most) if stream.chance(0.7) else 0, stream.between(2, max(2, most))])
    pair = composed(_outer(stream), inner)
    return _rescaled(stream, pair, most)


def _outer(stream: Stream) -> Pair:
    """A known function, to be put around another."""
    kind = stream.below(9)
    if kind < len(TABLE):
        return TABLE[kind]
    if kind == 5:
        return Pair(power(X, MINUS_ONE), call("ln", call("abs", X)), 1)
    exponent = stream.choice([number(2), number(3), number(4), number(5), HALF, number(-2), number(-3)])
    above = number(exponent.value + 1)
    return Pair(power(X, exponent), divide(power(X, above), above), 1)


def _rescaled(stream: Stream, pair: Pair, most: int) -> Pair:
    """The pair times such a number that the integrand has a new small factor in front, which hides the chain rule's."""
    coefficient, _ = coefficient_of(pair.integrand)
    return scaled(pair, Fraction(nonzero(stream, most)) / coefficient)


def inner_function(stream: Stream, most: int) -> Tree:
    """A function to substitute."""
    kind = stream.below(8)
    if kind < 3:
        degree = stream.between(2, 4)
        middle: list[Rational] = [nonzero(stream, most)] if degree == 2 and stream.chance(0.5) else [0] * (degree - 1)
        return polynomial([nonzero(stream, most), *middle, 1])
    simple: list[Tree] = [
        call("sin", X),
        call("cos", X),
        add(call("exp", X), number(nonzero(stream, most))),
        call("ln", X),
        square_root(X),
    ]
    return simple[kind - 3]


def substitution(stream: Stream, most: int) -> Pair:
    """A known function of a function, with the inner derivative beside it."""
    return _rescaled(stream, composed(_outer(stream), inner_function(stream, most)), most)


def polynomial_times_exponential(stream: Stream, most: int) -> Pair:
    """By parts, once for every degree of the polynomial."""
    factor = stream.choice([-3, -2, -1, 1, 2, 3])
    inside = random_polynomial(stream, stream.between(1, 3), most)
    beside = plus(slope(inside), [factor * value for value in inside])
    exponential = call("exp", multiply(number(factor), X))
    return Pair(multiply(polynomial(beside), exponential), multiply(polynomial(inside), exponential), len(inside))


def polynomial_times_wave(stream: Stream, most: int) -> Pair:
    """By parts: p*sin(a*x) or p*cos(a*x)."""
    factor = stream.between(1, 4)
    target = random_polynomial(stream, stream.between(1, 3), most)
    primary: list[Rational] = [0] * (len(target) + 2)
    for place in range(len(target) - 1, -1, -1):
        carried = Fraction((place + 2) * (place + 1)) * primary[place + 2] / factor
        primary[place] = (target[place] - carried) / Fraction(factor)
    other = [value / Fraction(factor) for value in slope(primary)]
    angle = multiply(number(factor), X)
    sine, cosine = call("sin", angle), call("cos", angle)
    if stream.chance(0.5):
        whole = add(multiply(polynomial(primary), sine), multiply(polynomial(other), cosine))
        return Pair(multiply(polynomial(target), cosine), whole, len(target))
    whole = add(negate(multiply(polynomial(primary), cosine)), multiply(polynomial(other), sine))
    return Pair(multiply(polynomial(target), sine), whole, len(target))


def power_times_logarithm(stream: Stream, most: int) -> Pair:
    """By parts: x^n*ln(x), or its square."""
    degree = stream.choice([-4, -3, -2, 0, 1, 2, 3, 4, 5])
    above = degree + 1
    logarithm = call("ln", X)
    raised = power(X, number(above))
    once = multiply(raised, add(divide(logarithm, number(above)), number(Fraction(-1, above**2))))
    if stream.chance(0.6):
        pair = Pair(multiply(power(X, number(degree)), logarithm), once, 2)
    else:
        squared = power(logarithm, TWO)
        twice = add(divide(multiply(raised, squared), number(above)), multiply(number(Fraction(-2, above)), once))
        pair = Pair(multiply(power(X, number(degree)), squared), twice, 3)
    return scaled(pair, nonzero(stream, most))


def inverse_function(stream: Stream, most: int) -> Pair:
    """By parts with 1 or x beside arctan or arcsin."""
    square = power(X, TWO)
    arctangent, arcsine = call("arctan", X), call("arcsin", X)
    pairs = (
        Pair(
            arctangent,
            add(multiply(X, arctangent), multiply(number(Fraction(-1, 2)), call("ln", add(square, ONE)))),
            3,
        ),
        Pair(multiply(X, arctangent), multiply(HALF, add(multiply(add(square, ONE), arctangent), negate(X))), 3),
        Pair(arcsine, add(multiply(X, arcsine), square_root(add(ONE, negate(square)))), 3),
    )
    pair = stream.choice(pairs)
    factor = stream.between(1, 4)
    inner = multiply(number(Fraction(1, factor) if pair.integrand == arcsine else factor), X)
    return _rescaled(stream, composed(pair, inner), most)


def exponential_times_wave(stream: Stream, most: int) -> Pair:
    """By parts twice, and solved for the integral: exp(a*x)*sin(b*x) or with cos."""
    first, second = nonzero(stream, 4), stream.between(1, 5)
    norm = first**2 + second**2
    exponential = call("exp", multiply(number(first), X))
    angle = multiply(number(second), X)
    sine, cosine = call("sin", angle), call("cos", angle)
    if stream.chance(0.5):
        sine, cosine, second = cosine, sine, -second
    inside = add(multiply(number(first), sine), multiply(number(-second), cosine))
    pair = Pair(multiply(exponential, sine), multiply(number(Fraction(1, norm)), exponential, inside), 4)
    return scaled(pair, nonzero(stream, most))


def wave_powers(stream: Stream, most: int) -> Pair:
    """Powers of sine, cosine and tangent, and sin(a*x)*cos(b*x), by identities."""
    sine, cosine = call("sin", X), call("cos", X)
    kind = stream.below(5)
    if kind == 0:
        sign = stream.choice([1, -1])
        wave = cosine if sign > 0 else sine
        double = multiply(number(Fraction(sign, 4)), call("sin", multiply(TWO, X)))
        pair = Pair(power(wave, TWO), add(divide(X, TWO), double), 2)
    elif kind == 1:
        pair = Pair(power(call("tan", X), TWO), add(call("tan", X), negate(X)), 2)
    elif kind == 2:
        tangent = call("tan", X)
        pair = Pair(power(cosine, Number(-4)), add(tangent, divide(power(tangent, Number(3)), Number(3))), 3)
    elif kind == 3:
        even, odd = stream.below(5), stream.choice([3, 5])
        terms: list[Rational] = [*[0] * even, 1]
        for _ in range(odd // 2):
            terms = product(terms, [1, 0, -1])
        raised = [Fraction(0), *(Fraction(value, place + 1) for place, value in enumerate(terms))]
        pair = Pair(
            multiply(power(sine, Number(even)), power(cosine, Number(odd))),
            substitute(polynomial(raised), "x", sine),
            3,
        )
    else:
        first, second = stream.sample(range(1, 9), 2)
        ends = [
            multiply(number(Fraction(-1, 2 * sum_)), call("cos", multiply(number(sum_), X)))
            for sum_ in (first + second, first - second)
        ]
        waves = [call("sin", multiply(number(first), X)), call("cos", multiply(number(second), X))]
        return scaled(Pair(multiply(*waves), add(*ends), 3), nonzero(stream, most))
    inner = multiply(number(stream.between(1, 5)), X)
    return _rescaled(stream, composed(pair, inner), most)


def partial_fractions(stream: Stream, most: int) -> Pair:
    """A fraction of polynomials whose denominator is multiplied out: simple, double and complex roots."""
    roots = stream.sample(range(-6, 7), stream.between(2, 3))
    numerators = [nonzero(stream, most) for _ in roots]
    pieces: list[tuple[list[Rational], list[Rational]]] = []
    whole: list[Tree] = []
    for root, numerator in zip(roots, numerators, strict=True):
        pieces.append(([numerator], [-root, 1]))
        whole.append(multiply(number(numerator), call("ln", call("abs", add(X, number(-root))))))
    if stream.chance(0.5):
        width, flat, tilt = stream.between(1, 4), nonzero(stream, most), stream.between(-2, 2)
        pieces[-1] = ([flat, 2 * tilt], [width**2, 0, 1])
        angle = call("arctan", divide(X, number(width)))
        logarithm = call("ln", add(power(X, TWO), number(width**2)))
        whole[-1] = add(multiply(number(Fraction(flat, width)), angle), multiply(number(tilt), logarithm))
    elif stream.chance(0.4):
        again = nonzero(stream, most)
        pieces[-1] = ([again + numerators[-1] * -roots[-1], numerators[-1]], [roots[-1] ** 2, -2 * roots[-1], 1])
        whole.append(divide(number(-again), add(X, number(-roots[-1]))))
    top: list[Rational] = [0]
    bottom: list[Rational] = [1]
    for above, below in pieces:
        top = plus(product(top, below), product(above, bottom))
        bottom = product(bottom, below)
    return Pair(divide(polynomial(top), polynomial(bottom)), add(*whole), len(whole) + 2)


def exponential_quotient(stream: Stream, most: int) -> Pair:
    """The quotient rule backwards: p*exp(a*x)/q, differentiated over one denominator and multiplied out."""
    factor = nonzero(stream, 3)
    top = random_polynomial(stream, stream.below(2), most)
    bottom: list[Rational] = [nonzero(stream, most), 1] if stream.chance(0.6) else [stream.between(1, most), 0, 1]
    grown = plus(slope(top), [factor * value for value in top])
    shrunk = [-value for value in product(top, slope(bottom))]
    exponential = call("exp", multiply(number(factor), X))
    numerator = multiply(polynomial(plus(product(grown, bottom), shrunk)), exponential)
    return Pair(
        divide(numerator, power(polynomial(bottom), TWO)),
        divide(multiply(polynomial(top), exponential), polynomial(bottom)),
        12,
    )


def hidden_product(stream: Stream, most: int) -> Pair:
    """The product rule backwards: the terms have no antiderivative each for itself, only together."""
    left = random_polynomial(stream, stream.between(1, 2), most)
    right = stream.choice(TABLE[:4]).antiderivative
    outer = Call(right.function, X) if isinstance(right, Call) else call("cos", X)
    inner = inner_function(stream, most)
    antiderivative = multiply(polynomial(left), substitute(outer, "x", inner))
    return Pair(tidy(derivative(antiderivative, "x")), antiderivative, 14)


def composed_parts(stream: Stream, most: int) -> Pair:
    """By parts, partial fractions or an identity after a substitution."""
    rule = stream.choice(
        (polynomial_times_exponential, polynomial_times_wave, partial_fractions, exponential_times_wave, wave_powers)
    )
    inner = stream.choice(
        [
            power(X, TWO),
            power(X, Number(3)),
            call("sin", X),
            call("cos", X),
            call("exp", X),
            call("ln", X),
            square_root(X),
        ]
    )
    pair = composed(rule(stream, max(3, most // 2)), inner)
    return pair._replace(steps=pair.steps + 6)


def deep_substitution(stream: Stream, most: int) -> Pair:
    """A known function of a function of a function."""
    pair = composed(composed(_outer(stream), inner_function(stream, most)), _deeper(stream))
    return _rescaled(stream, pair._replace(steps=pair.steps + 6), most)


def _deeper(stream: Stream) -> Tree:
    return stream.choice([power(X, TWO), call("sin", X), call("exp", X), call("ln", X), square_root(X)])


TIERS: tuple[tuple[Rule, ...], ...] = (
    (monomial,),
    (root_or_reciprocal, table),
    (linear_inside,),
    (substitution,),
    (polynomial_times_exponential, polynomial_times_wave, power_times_logarithm),
    (inverse_function, exponential_times_wave, wave_powers, partial_fractions),
    (composed_parts, hidden_product, exponential_quotient, deep_substitution),
)
