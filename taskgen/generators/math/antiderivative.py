"""Makes integrands from the rules of integration read backwards, so that an antiderivative in closed form is known."""

from collections.abc import Callable
from fractions import Fraction
from typing import Annotated

from msgspec import Meta

from taskgen.generators.math._integration_rules import TIERS, Pair
from taskgen.knobs import BaseKnobs, ladder
from taskgen.registry import Draft
from taskgen.seeding import Stream
from taskgen.verifiers.math._derivative import TWO, tidy
from taskgen.verifiers.math._equality import Comparison, is_derivative
from taskgen.verifiers.math._trees import (
    HALF,
    Call,
    Name,
    Number,
    Power,
    Product,
    Sum,
    TooLarge,
    Tree,
    add,
    call,
    multiply,
    number,
    power,
    show,
    size,
    substitute,
)
from taskgen.verifiers.math.antiderivative import Antiderivative, Variable

MAX_INTEGRAND = 400
MAX_TERMS = 12
VARIABLES: tuple[Variable, ...] = ("x", "x", "x", "x", "t", "t", "u", "y", "z", "s", "w", "v")


class Knobs(BaseKnobs, frozen=True):
    """What moves the difficulty of the integral."""

    tier: Annotated[
        int,
        Meta(
            ge=1,
            le=len(TIERS),
            description="hardest rule of integration: 1 powers, 2 table, 3 linear argument, 4 substitution, "
            "5 by parts, 6 partial fractions, identities and inverse functions, 7 several of these composed",
        ),
    ] = 4
    spread: Annotated[int, Meta(ge=0, le=6, description="how many tiers below the hardest the other parts reach")] = 2
    terms: Annotated[int, Meta(ge=1, le=6, description="how many parts are added up")] = 2
    rewriting: Annotated[float, Meta(ge=0, le=1, description="share of parts multiplied out or rewritten")] = 0
    coefficient: Annotated[int, Meta(ge=2, le=20, description="largest coefficient that is drawn")] = 9


LADDER = ladder(
    Knobs,
    tier=       [1, 2, 3, 4, 5, 5, 6, 7, 7, 7],
    spread=     [0, 1, 1, 1, 1, 1, 1, 2, 0, 0],
    terms=      [3, 3, 2, 2, 2, 3, 3, 2, 2, 3],
    rewriting=  [0, 0, 0, 0, 0, 0.2, 0.4, 0.4, 0.5, 0.7],
    coefficient=[6, 9, 9, 9, 9, 9, 9, 9, 9, 9],
)  # fmt: skip


def generate(stream: Stream, knobs: Knobs) -> Draft | None:
    """A sum of parts, one of them from the hardest tier; None where they cancel, repeat, or grow too long."""
    pairs = []
    for place in range(knobs.terms):
        tier = knobs.tier if place == 0 else stream.between(max(1, knobs.tier - knobs.spread), knobs.tier)
        pairs.append(stream.choice(TIERS[tier - 1])(stream, knobs.coefficient))
    parts, rewritings = _presented(stream, knobs, pairs)
    if len(set(map(_kind, parts))) < len(parts):
        return None
    integrand = add(*stream.shuffled(parts))
    antiderivative = tidy(add(*(pair.antiderivative for pair in pairs)))
    if not _sound(integrand, antiderivative):
        return None
    variable = stream.choice(VARIABLES)
    text, answer = (show(substitute(tree, "x", Name(variable))) for tree in (integrand, antiderivative))
    if len(text) > MAX_INTEGRAND or len(answer) > 2 * MAX_INTEGRAND:
        return None
    steps = sum(pair.steps for pair in pairs) + 2 * rewritings
    return Draft(Antiderivative(text, variable), answer, effort=10 * steps + size(integrand) + size(antiderivative))


def _sound(integrand: Tree, antiderivative: Tree) -> bool:
    """Whether the verifier accepts the antiderivative, and not the integrand itself nor a constant."""
    try:
        return (
            is_derivative(integrand, antiderivative, "x") is Comparison.EQUAL
            and is_derivative(integrand, integrand, "x") is Comparison.DIFFERENT
            and is_derivative(integrand, Number(0), "x") is Comparison.DIFFERENT
        )
    except TooLarge:
        return False


def _presented(stream: Stream, knobs: Knobs, pairs: list[Pair]) -> tuple[list[Tree], int]:
    """The parts' integrands, tidied, some of them rewritten; and how many were."""
    parts = []
    rewritings = 0
    for pair in pairs:
        integrand = tidy(pair.integrand)
        if stream.chance(knobs.rewriting):
            rewritten = stream.choice(REWRITINGS)(integrand)
            rewritings += rewritten != integrand
            integrand = rewritten
        parts.append(integrand)
    return parts, rewritings


def _kind(part: Tree) -> Tree:
    """A part without its coefficient: parts of one kind would be added up at sight."""
    if isinstance(part, Number):
        return Number(1)
    if isinstance(part, Product) and isinstance(part.factors[0], Number):
        return multiply(*part.factors[1:])
    return part


def _multiplied_out(tree: Tree) -> Tree:
    """The tree with sums multiplied out, unless that gives more than MAX_TERMS terms."""
    match tree:
        case Sum(terms):
            return tidy(add(*(_multiplied_out(term) for term in terms)))
        case Product(factors):
            expanded: list[Tree] = [Number(1)]
            for factor in factors:
                expanded = [multiply(left, right) for left in expanded for right in _terms(factor)]
            return tidy(add(*expanded)) if len(expanded) <= MAX_TERMS else tree
        case Power():
            return tidy(add(*_terms(tree)))
    return tree


def _terms(tree: Tree) -> tuple[Tree, ...]:
    """What a factor becomes when multiplied out: the terms of a sum, or of a small power of one."""
    match tree:
        case Sum(terms):
            return terms
        case Power(Sum(terms), Number(exponent)) if isinstance(exponent, int) and 1 < exponent <= 4:
            expanded = tidy(add(*(multiply(left, right) for left in terms for right in terms)))
            if exponent > 2:
                rest = _terms(power(tree.base, number(exponent - 2))) if exponent > 3 else terms
                expanded = tidy(add(*(multiply(left, right) for left in _terms(expanded) for right in rest)))
            return _terms(expanded)
    return (tree,)


def _with_double_angles(tree: Tree) -> Tree:
    """sin(u)*cos(u) as sin(2u)/2, squares of sine and cosine by cos(2u), 1/cos(u)^2 as 1 + tan(u)^2."""
    match tree:
        case Sum(terms):
            return add(*map(_with_double_angles, terms))
        case Power(Call("cos", inner), Number(-2)):
            return add(Number(1), power(call("tan", inner), TWO))
        case Power(Call("sin" | "cos" as wave, inner), Number(2)):
            half_wave = multiply(Number(Fraction(1 if wave == "cos" else -1, 2)), call("cos", multiply(TWO, inner)))
            return add(HALF, half_wave)
        case Product(factors):
            arguments = [factor.argument for factor in factors if isinstance(factor, Call) and factor.function == "sin"]
            for argument in arguments:
                pair = (call("sin", argument), call("cos", argument))
                if pair[1] in factors:
                    others = [factor for factor in factors if factor not in pair]
                    return multiply(HALF, *others, call("sin", multiply(TWO, argument)))
            return multiply(*map(_with_double_angles, factors))
    return tree


REWRITINGS: tuple[Callable[[Tree], Tree], ...] = (_multiplied_out, _multiplied_out, _with_double_angles)
