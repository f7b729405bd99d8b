"""Symbolic derivatives, and the sorted form of a tree in which equal terms and equal bases stand together."""

from collections.abc import Sequence

from taskgen.verifiers.math._trees import (
    HALF,
    MINUS_ONE,
    ONE,
    ZERO,
    Call,
    Name,
    Number,
    Power,
    Product,
    Rational,
    Sum,
    Tree,
    add,
    call,
    coefficient_of,
    divide,
    multiply,
    negate,
    number,
    power,
    show,
    square_root,
)

TWO = Number(2)


def derivative(tree: Tree, variable: str) -> Tree:
    """The derivative by a variable; other names are constants."""
    match tree:
        case Name(name):
            return ONE if name == variable else ZERO
        case Sum(terms):
            return add(*(derivative(term, variable) for term in terms))
        case Product(factors):
            return add(
                *(
                    multiply(*factors[:place], derivative(factor, variable), *factors[place + 1 :])
                    for place, factor in enumerate(factors)
                )
            )
        case Power(base, Number(exponent)):
            return multiply(number(exponent), power(base, number(exponent - 1)), derivative(base, variable))
        case Power(base, exponent):
            return multiply(tree, derivative(multiply(exponent, call("ln", base)), variable))
        case Call(function, argument):
            return multiply(_outer(function, argument), derivative(argument, variable))
    return ZERO


def _outer(function: str, inner: Tree) -> Tree:
    """The derivative of a function at an argument."""
    square = power(inner, TWO)
    match function:
        case "exp":
            return call("exp", inner)
        case "ln":
            return power(inner, MINUS_ONE)
        case "sin":
            return call("cos", inner)
        case "cos":
            return negate(call("sin", inner))
        case "tan":
            return power(call("cos", inner), Number(-2))
        case "sinh":
            return call("cosh", inner)
        case "cosh":
            return call("sinh", inner)
        case "tanh":
            return power(call("cosh", inner), Number(-2))
        case "arctan":
            return divide(ONE, add(ONE, square))
        case "arcsin":
            return divide(ONE, square_root(add(ONE, negate(square))))
        case "arccos":
            return divide(MINUS_ONE, square_root(add(ONE, negate(square))))
        case "arcsinh":
            return divide(ONE, square_root(add(ONE, square)))
        case "arccosh":
            return divide(ONE, multiply(square_root(add(inner, MINUS_ONE)), square_root(add(inner, ONE))))
        case "arctanh":
            return divide(ONE, add(ONE, negate(square)))
        case "abs":
            return divide(call("abs", inner), inner)
    raise ValueError(f"no derivative is known for {function}")


def tidy(tree: Tree) -> Tree:
    """The tree with like terms and like bases collected, and operands sorted: one form for all their orders."""
    match tree:
        case Sum(terms):
            return _collected_sum([tidy(term) for term in terms])
        case Product(factors):
            return _collected_product([tidy(factor) for factor in factors])
        case Power(base, exponent):
            return power(tidy(base), tidy(exponent))
        case Call(function, argument):
            return call(function, tidy(argument))
    return tree


def _collected_sum(terms: list[Tree]) -> Tree:
    totals: dict[Tree, Rational] = {}
    for term in _flat(add(*terms), Sum):
        coefficient, rest = coefficient_of(term)
        totals[rest] = totals.get(rest, 0) + coefficient
    kept = [multiply(number(total), rest) for rest, total in totals.items() if total]
    return add(*_ordered(kept)[::-1])


def _collected_product(factors: list[Tree]) -> Tree:
    """Powers of one base with fixed exponents become one power; exponentials become one exponential."""
    coefficient, rest = coefficient_of(multiply(*factors))
    exponents: dict[Tree, Rational] = {}
    raised: list[Tree] = []
    others: list[Tree] = []
    for factor in _flat(rest, Product):
        match factor:
            case Call("exp", argument):
                raised.append(argument)
            case Power(base, Number(exponent)):
                exponents[base] = exponents.get(base, 0) + exponent
            case Power():
                others.append(factor)
            case _:
                exponents[factor] = exponents.get(factor, 0) + 1
    others += [power(base, number(exponent)) for base, exponent in exponents.items() if exponent]
    if raised:
        others.append(call("exp", tidy(add(*raised)) if len(raised) > 1 else raised[0]))
    return multiply(number(coefficient), *_ordered(_flat(multiply(*others), Product)))


def _flat(tree: Tree, kind: type[Sum] | type[Product]) -> tuple[Tree, ...]:
    if isinstance(tree, kind):
        return tree.terms if isinstance(tree, Sum) else tree.factors if isinstance(tree, Product) else (tree,)
    return (tree,)


def _ordered(trees: Sequence[Tree]) -> Sequence[Tree]:
    return sorted(trees, key=_rank) if len(trees) > 1 else trees


def _rank(tree: Tree) -> tuple[int, int, str]:
    """Numbers, then powers of names, then sums, then functions; by text within a kind."""
    rest = coefficient_of(tree)[1]
    base = rest.base if isinstance(rest, Power) else rest
    degree = 0
    if isinstance(rest, Power) and isinstance(rest.exponent, Number) and rest.exponent != HALF:
        degree = int(rest.exponent.value)
    order = {Number: 0, Name: 1, Sum: 2, Product: 3, Power: 4, Call: 5}[type(base)]
    return order, degree, show(tree)
