"""Expression trees: immutable, with numbers folded and sums and products flat, and their text.

Trees are made by `add`, `multiply`, `power` and `call` only, which apply no identity that could fail where both sides
are defined. Nothing here expands, so a tree is never larger than the text it came from by more than a constant.
"""

from fractions import Fraction
from typing import TypeAlias

from msgspec import Struct

MAX_BITS = 2_000

Rational: TypeAlias = int | Fraction


class ExpressionError(ValueError):
    """The text is no expression; the message is one line that says why."""


class TooLarge(ExpressionError):
    """The expression is too long, too deep, or holds numbers too large to be judged."""


class Number(Struct, frozen=True):
    """A rational number: an int wherever it is whole."""

    value: Rational


class Name(Struct, frozen=True):
    """A variable, a parameter or an unknown constant."""

    name: str


class Sum(Struct, frozen=True):
    """Two or more terms, none of them a Sum, at most one a Number."""

    terms: "tuple[Tree, ...]"


class Product(Struct, frozen=True):
    """Two or more factors, none of them a Product; only the first may be a Number."""

    factors: "tuple[Tree, ...]"


class Power(Struct, frozen=True):
    """A base to an exponent; quotients have exponent -1, square roots 1/2."""

    base: "Tree"
    exponent: "Tree"


class Call(Struct, frozen=True):
    """A function of one argument."""

    function: str
    argument: "Tree"


Tree: TypeAlias = Number | Name | Sum | Product | Power | Call

ZERO, ONE, MINUS_ONE, HALF = Number(0), Number(1), Number(-1), Number(Fraction(1, 2))
PI = Name("pi")


def number(value: Rational) -> Number:
    """A number, an int where it is whole. Raises TooLarge above MAX_BITS bits."""
    if isinstance(value, Fraction):
        if value.denominator == 1:
            value = value.numerator
        elif value.denominator.bit_length() > MAX_BITS:
            raise TooLarge("a number in the expression is too large")
    if value.numerator.bit_length() > MAX_BITS:
        raise TooLarge("a number in the expression is too large")
    return Number(value)


def add(*terms: Tree) -> Tree:
    """The sum: flat, its numbers added up where the first of them stood."""
    kept: list[Tree] = []
    total: Rational = 0
    place = -1
    for term in terms:
        for part in term.terms if isinstance(term, Sum) else (term,):
            if isinstance(part, Number):
                total += part.value
                place = len(kept) if place < 0 else place
            else:
                kept.append(part)
    if total:
        kept.insert(place, number(total))
    return Sum(tuple(kept)) if len(kept) > 1 else kept[0] if kept else ZERO


def multiply(*factors: Tree) -> Tree:
    """The product: flat, its numbers multiplied into one that stands first."""
    kept: list[Tree] = []
    coefficient: Rational = 1
    for factor in factors:
        for part in factor.factors if isinstance(factor, Product) else (factor,):
            if isinstance(part, Number):
                coefficient = number(coefficient * part.value).value
            else:
                kept.append(part)
    if coefficient == 0:
        return ZERO
    if coefficient != 1 or not kept:
        kept.insert(0, number(coefficient))
    return Product(tuple(kept)) if len(kept) > 1 else kept[0]


def negate(tree: Tree) -> Tree:
    """Minus the tree."""
    return multiply(MINUS_ONE, tree)


def divide(top: Tree, bottom: Tree) -> Tree:
    """The quotient. Raises ExpressionError for a bottom that is the number 0."""
    return multiply(top, power(bottom, MINUS_ONE))


def power(base: Tree, exponent: Tree) -> Tree:
    """The power: of numbers worked out, of products spread over the factors if the exponent is whole."""
    if isinstance(base, Call) and base.function == "exp":
        return call("exp", multiply(base.argument, exponent))
    if not isinstance(exponent, Number):
        return Power(base, exponent)
    value = exponent.value
    if value == 0:
        return ONE
    if value == 1:
        return base
    if isinstance(value, int):
        match base:
            case Number():
                return _number_power(base.value, value)
            case Product(factors):
                return multiply(*(power(factor, exponent) for factor in factors))
            case Power(inner, Number(first)):
                return power(inner, number(first * value))
    return Power(base, exponent)


def _number_power(base: Rational, exponent: int) -> Number:
    if base == 0 and exponent < 0:
        raise ExpressionError("the expression divides by zero")
    if abs(exponent) * max(base.numerator.bit_length(), base.denominator.bit_length()) > MAX_BITS + abs(exponent):
        raise TooLarge("a power of a number in the expression is too large")
    return number(Fraction(base) ** exponent)


def call(function: str, argument: Tree) -> Tree:
    """A function of an argument; exp(0) is 1."""
    if function == "exp" and argument == ZERO:
        return ONE
    return Call(function, argument)


def square_root(tree: Tree) -> Tree:
    """The tree to the power 1/2."""
    return power(tree, HALF)


def coefficient_of(tree: Tree) -> tuple[Rational, Tree]:
    """A tree as a number times the rest; the rest of a number is ONE."""
    if isinstance(tree, Number):
        return tree.value, ONE
    if isinstance(tree, Product) and isinstance(tree.factors[0], Number):
        rest = tree.factors[1:]
        return tree.factors[0].value, Product(rest) if len(rest) > 1 else rest[0]
    return 1, tree


def parts(tree: Tree) -> tuple[Tree, ...]:
    """The trees directly inside a tree."""
    match tree:
        case Sum(inner) | Product(inner):
            return inner
        case Power(base, exponent):
            return (base, exponent)
        case Call(_, argument):
            return (argument,)
    return ()


def size(tree: Tree) -> int:
    """How many nodes a tree has."""
    return 1 + sum(size(part) for part in parts(tree))


def substitute(tree: Tree, name: str, value: Tree) -> Tree:
    """The tree with a name replaced throughout."""
    match tree:
        case Name(own):
            return value if own == name else tree
        case Sum(terms):
            return add(*(substitute(term, name, value) for term in terms))
        case Product(factors):
            return multiply(*(substitute(factor, name, value) for factor in factors))
        case Power(base, exponent):
            return power(substitute(base, name, value), substitute(exponent, name, value))
        case Call(function, argument):
            return call(function, substitute(argument, name, value))
    return tree


def show(tree: Tree) -> str:
    """The tree as text that the parser reads: `3*x^2*cos(x^3)/2 - 1/x`."""
    if not isinstance(tree, Sum):
        return _show_term(tree)
    text = _show_term(tree.terms[0])
    for term in tree.terms[1:]:
        shown = _show_term(term)
        text += f" - {shown[1:]}" if shown.startswith("-") else f" + {shown}"
    return text


def _show_term(tree: Tree) -> str:
    """A term with its sign in front and its denominator behind one slash."""
    coefficient, rest = coefficient_of(tree)
    top: list[str] = []
    bottom: list[str] = []
    for factor in rest.factors if isinstance(rest, Product) else (rest,):
        if isinstance(factor, Power) and isinstance(factor.exponent, Number) and factor.exponent.value < 0:
            bottom.append(_show_factor(power(factor.base, negate(factor.exponent))))
        elif factor != ONE:
            top.append(_show_factor(factor))
    if abs(coefficient.numerator) != 1 or not top:
        top.insert(0, str(abs(coefficient.numerator)))
    if coefficient.denominator != 1:
        bottom.insert(0, str(coefficient.denominator))
    text = ("-" if coefficient < 0 else "") + "*".join(top)
    if not bottom:
        return text
    return f"{text}/{bottom[0]}" if len(bottom) == 1 else f"{text}/({'*'.join(bottom)})"


def _show_factor(tree: Tree) -> str:
    match tree:
        case Name(name):
            return name
        case Call(function, argument):
            return f"{function}({show(argument)})"
        case Power(base, exponent) if exponent == HALF:
            return f"sqrt({show(base)})"
        case Power(base, exponent):
            bare_base = isinstance(base, Name | Call) or (isinstance(base, Number) and _is_natural(base))
            bare_exponent = isinstance(exponent, Name) or (isinstance(exponent, Number) and _is_natural(exponent))
            first = show(base) if bare_base else f"({show(base)})"
            return f"{first}^{show(exponent) if bare_exponent else f'({show(exponent)})'}"
        case Number() if _is_natural(tree):
            return str(tree.value)
    return f"({show(tree)})"


def _is_natural(tree: Number) -> bool:
    return isinstance(tree.value, int) and tree.value >= 0
