"""The value of an expression tree at a point and, at the same time, its derivative there, both as balls.

Derivatives are carried along (forward-mode automatic differentiation), so a hostile tree costs no more than its length.
Real functions of a real variable throughout: logarithms and powers that are not whole need a positive base.
"""

from collections.abc import Mapping
from fractions import Fraction

from taskgen.verifiers.math._balls import Ball, Balls, Undefined
from taskgen.verifiers.math._trees import PI, Call, Name, Number, Power, Product, Rational, Sum, Tree

Dual = tuple[Ball, Ball | None]
"""A value and its derivative; None stands for a derivative that is 0 throughout."""


def evaluate(tree: Tree, balls: Balls, values: Mapping[str, Ball], variable: str | None = None) -> Dual:
    """The tree where names have these values, and its derivative by `variable`. Raises Undefined or Overflow."""
    match tree:
        case Number(constant):
            return balls.ratio(constant.numerator, constant.denominator), None
        case Name(name):
            if tree == PI:
                return balls.pi(), None
            return values[name], (balls.one, 0) if name == variable else None
        case Sum(terms):
            total, slope = evaluate(terms[0], balls, values, variable)
            for term in terms[1:]:
                value, change = evaluate(term, balls, values, variable)
                total = balls.add(total, value)
                slope = change if slope is None else slope if change is None else balls.add(slope, change)
            return total, slope
        case Product(factors):
            product = evaluate(factors[0], balls, values, variable)
            for factor in factors[1:]:
                product = _times(balls, product, evaluate(factor, balls, values, variable))
            return product
        case Power(base, Number(exponent)):
            return _fixed_power(balls, evaluate(base, balls, values, variable), exponent)
        case Power(base, exponent):
            value, slope = evaluate(base, balls, values, variable)
            logarithm = _chain(balls, balls.logarithm(value), slope, balls.inverse(value))
            raised, change = _times(balls, evaluate(exponent, balls, values, variable), logarithm)
            result = balls.exponential(raised)
            return _chain(balls, result, change, result)
        case Call(function, argument):
            return _call(balls, function, *evaluate(argument, balls, values, variable))


def _times(balls: Balls, left: Dual, right: Dual) -> Dual:
    (first, slope), (second, change) = left, right
    value = balls.times(first, second)
    one = None if slope is None else balls.times(slope, second)
    other = None if change is None else balls.times(first, change)
    return value, one if other is None else other if one is None else balls.add(one, other)


def _chain(balls: Balls, value: Ball, slope: Ball | None, factor: Ball) -> Dual:
    """The chain rule: `factor` is the outer function's derivative."""
    return value, None if slope is None else balls.times(slope, factor)


def _fixed_power(balls: Balls, dual: Dual, exponent: Rational) -> Dual:
    base, slope = dual
    if isinstance(exponent, Fraction):
        return _root_power(balls, base, slope, exponent)
    if exponent < 0:
        inverse = balls.inverse(base)
        value = balls.whole_power(inverse, -exponent)
        if slope is None:
            return value, None
        return value, balls.times(slope, balls.times(balls.times(value, inverse), balls.ratio(exponent)))
    below = balls.whole_power(base, exponent - 1)
    value = balls.times(below, base)
    return value, None if slope is None else balls.times(slope, balls.times(below, balls.ratio(exponent)))


def _root_power(balls: Balls, base: Ball, slope: Ball | None, exponent: Fraction) -> Dual:
    if exponent.denominator == 2:
        value = balls.whole_power(balls.square_root(base), abs(exponent.numerator))
        value = value if exponent > 0 else balls.inverse(value)
    else:
        scale = balls.ratio(exponent.numerator, exponent.denominator)
        value = balls.exponential(balls.times(balls.logarithm(base), scale))
    if slope is None:
        return value, None
    ratio = balls.times(balls.inverse(base), balls.ratio(exponent.numerator, exponent.denominator))
    return value, balls.times(slope, balls.times(value, ratio))


def _call(balls: Balls, function: str, value: Ball, slope: Ball | None) -> Dual:
    match function:
        case "exp":
            result = balls.exponential(value)
            return _chain(balls, result, slope, result)
        case "ln":
            return _chain(balls, balls.logarithm(value), slope, balls.inverse(value))
        case "abs":
            if abs(value[0]) <= value[1]:
                raise Undefined
            sign = 1 if value[0] > 0 else -1
            return _chain(balls, (abs(value[0]), value[1]), slope, balls.ratio(sign))
        case "sin" | "cos" | "tan":
            return _circular(balls, function, value, slope)
        case "sinh" | "cosh" | "tanh":
            return _hyperbolic(balls, function, value, slope)
        case _:
            return _inverse(balls, function, value, slope)


def _circular(balls: Balls, function: str, value: Ball, slope: Ball | None) -> Dual:
    if abs(value[0]) >> balls.bits > 1 << 64:
        raise Undefined
    cosine, sine = balls.cosine_sine(value)
    if function == "sin":
        return _chain(balls, sine, slope, cosine)
    if function == "cos":
        return _chain(balls, cosine, slope, (-sine[0], sine[1]))
    secant = balls.inverse(cosine)
    return _chain(balls, balls.times(sine, secant), slope, balls.times(secant, secant))


def _hyperbolic(balls: Balls, function: str, value: Ball, slope: Ball | None) -> Dual:
    grown = balls.exponential(value)
    shrunk = balls.exponential((-value[0], value[1]))
    half = balls.ratio(1, 2)
    cosine = balls.times(half, balls.add(grown, shrunk))
    sine = balls.times(half, balls.add(grown, (-shrunk[0], shrunk[1])))
    if function == "sinh":
        return _chain(balls, sine, slope, cosine)
    if function == "cosh":
        return _chain(balls, cosine, slope, sine)
    secant = balls.inverse(cosine)
    return _chain(balls, balls.times(sine, secant), slope, balls.times(secant, secant))


def _inverse(balls: Balls, function: str, value: Ball, slope: Ball | None) -> Dual:
    """The inverse functions, by their expressions in arctan, ln and sqrt."""
    square = balls.times(value, value)
    one = balls.ratio(1)
    if function == "arctan":
        return _chain(balls, balls.arctangent(value), slope, balls.inverse(balls.add(one, square)))
    if function == "arcsinh":
        root = balls.square_root(balls.add(one, square))
        return _chain(balls, balls.logarithm(balls.add(value, root)), slope, balls.inverse(root))
    if function == "arccosh":
        root = balls.times(balls.square_root(balls.add(value, (-one[0], 0))), balls.square_root(balls.add(value, one)))
        return _chain(balls, balls.logarithm(balls.add(value, root)), slope, balls.inverse(root))
    if function == "arctanh":
        ratio = balls.times(balls.add(one, value), balls.inverse(balls.add(one, (-value[0], value[1]))))
        double = balls.logarithm(ratio)
        factor = balls.inverse(balls.add(one, (-square[0], square[1])))
        return _chain(balls, balls.times(double, balls.ratio(1, 2)), slope, factor)
    factor = balls.inverse(balls.square_root(balls.add(one, (-square[0], square[1]))))
    angle = balls.arctangent(balls.times(value, factor))
    if function == "arcsin":
        return _chain(balls, angle, slope, factor)
    quarter = balls.times(balls.pi(), balls.ratio(1, 2))
    return _chain(balls, balls.add(quarter, (-angle[0], angle[1])), slope, (-factor[0], factor[1]))
