"""A second opinion on antiderivatives: sympy integrates by rules, and differentiates answers to compare numbers."""

from typing import Any

from taskgen.seeding import Stream
from taskgen.verifiers.math._answer_forms import read_answer
from taskgen.verifiers.math._grammar import parse
from taskgen.verifiers.math._trees import (
    PI,
    Call,
    ExpressionError,
    Name,
    Number,
    Power,
    Product,
    Sum,
    Tree,
    add,
    call,
    multiply,
    power,
    show,
    substitute,
)
from taskgen.verifiers.math.antiderivative import Antiderivative, Variable

# Sympy's rule-based integrator can be busy with longer terms for many seconds.
LONGEST_BY_RULES = 12
POINTS = ("0.3125", "-0.4375", "1.71875", "-2.28125", "3.40625", "0.671875", "7.15625", "-5.84375")


def solutions(problem: Antiderivative, limit: int) -> list[str] | None:
    """One antiderivative by sympy, term by term; None where sympy finds none for a term, or not quickly."""
    import sympy

    variable = sympy.Symbol(problem.variable, real=True)
    tree = problem.tree()
    total = []
    for term in tree.terms if isinstance(tree, Sum) else (tree,):
        found = _integral(term, variable)
        if found is None or found.has(sympy.Integral, sympy.Piecewise, sympy.RootSum, sympy.I):
            return None
        found = found.replace(sympy.log, lambda inner: sympy.log(sympy.Abs(inner)))
        total.append(f"({sympy.sstr(found).replace('Abs', 'abs')})")
    answer = " + ".join(total)
    try:
        parse(answer, frozenset((problem.variable,)))
    except ExpressionError:  # a special function
        return None
    return [answer][:limit]


def _integral(term: Tree, variable: Any) -> Any:
    """By Risch's algorithm where there are only exponentials and logarithms, by parts or by sympy's rules elsewhere."""
    import sympy
    from sympy.integrals.manualintegrate import manualintegrate
    from sympy.integrals.risch import risch_integrate

    integrand = _to_sympy(term, {variable.name: variable})
    if not integrand.has(sympy.sin, sympy.cos, sympy.tan, sympy.atan, sympy.asin):
        try:
            return risch_integrate(integrand, variable)
        except NotImplementedError:  # roots
            pass
    for wave in (sympy.sin, sympy.cos):
        for angle in {found.args[0] for found in integrand.atoms(wave)}:
            rest = integrand / wave(angle)
            if rest.is_polynomial(variable) and sympy.diff(angle, variable, 2) == 0:
                return _by_parts(rest, wave, angle, variable)
    return manualintegrate(integrand, variable) if len(show(term)) <= LONGEST_BY_RULES else None


def _by_parts(polynomial: Any, wave: Any, angle: Any, variable: Any) -> Any:
    """The integral of a polynomial times the sine or cosine of a linear angle, degree by degree."""
    import sympy

    total = sympy.Integer(0)
    factor, signs = sympy.diff(angle, variable), {sympy.sin: -1, sympy.cos: 1}
    while polynomial != 0:
        sign = signs[wave]
        wave = sympy.cos if wave is sympy.sin else sympy.sin
        total += sign * polynomial * wave(angle) / factor
        polynomial = sympy.expand(-sign * sympy.diff(polynomial, variable) / factor)
    return total


def accepts(problem: Antiderivative, answer: str) -> bool:
    """Whether sympy's derivative of the answer and the integrand have equal values, to 30 digits, at several points."""
    import sympy

    try:
        tree, _ = read_answer(answer, problem.variable)
    except ExpressionError:
        return False
    variable = sympy.Symbol("x", real=True)
    names = {problem.variable: variable, "C": sympy.Rational(37, 11)}
    target = _to_sympy(problem.tree(), names)
    slope = sympy.diff(_to_sympy(tree, names), variable)
    agreements = 0
    for point in POINTS:
        place = {variable: sympy.Rational(point)}
        wanted, found = target.evalf(50, subs=place), slope.evalf(50, subs=place)
        if not (wanted.is_real and wanted.is_finite and found.is_number and found.is_finite):
            continue
        if abs(wanted - found) > sympy.Float("1e-30") * (1 + abs(wanted)):
            return False
        agreements += 1
    return agreements > 1


def _to_sympy(tree: Tree, names: dict[str, Any]) -> Any:
    import sympy

    match tree:
        case Number(value):
            return sympy.Rational(value.numerator, value.denominator)
        case Name(name):
            return sympy.pi if tree == PI else names[name]
        case Sum(terms):
            return sympy.Add(*(_to_sympy(term, names) for term in terms))
        case Product(factors):
            return sympy.Mul(*(_to_sympy(factor, names) for factor in factors))
        case Power(base, exponent):
            return sympy.Pow(_to_sympy(base, names), _to_sympy(exponent, names))
        case Call(function, argument):
            theirs = {"ln": "log", "abs": "Abs"}.get(function, function.replace("arc", "a"))
            return getattr(sympy, theirs)(_to_sympy(argument, names))


def relabel(problem: Antiderivative, stream: Stream) -> Antiderivative:
    """The same integrand in another variable, its sums and products in another order."""
    letters: tuple[Variable, ...] = ("x", "t", "u", "y")
    variable = stream.choice([letter for letter in letters if letter != problem.variable])
    tree = substitute(problem.tree(), problem.variable, Name(variable))
    return Antiderivative(show(_reordered(tree, stream)), variable)


def _reordered(tree: Tree, stream: Stream) -> Tree:
    match tree:
        case Sum(terms):
            return add(*(_reordered(term, stream) for term in stream.shuffled(terms)))
        case Product(factors):
            return multiply(*(_reordered(factor, stream) for factor in stream.shuffled(factors)))
        case Power(base, exponent):
            return power(_reordered(base, stream), _reordered(exponent, stream))
        case Call(function, argument):
            return call(function, _reordered(argument, stream))
    return tree
