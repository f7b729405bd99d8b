"""A second opinion on linear systems: sympy's null spaces of the matrix that sympy collects from the equations."""

import ast
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from msgspec.structs import replace

from taskgen.seeding import Stream
from taskgen.verifiers.math.linear_system import Equation, Group, LinearSystem, Term


def solutions(problem: LinearSystem, limit: int) -> list[str]:
    """One answer, of the kind that the ranks call for."""
    import sympy

    matrix, right = _matrix(problem)
    count = len(problem.unknowns)
    for weights in matrix.T.nullspace():
        if (weights.T * right)[0]:
            parts = [f"({value})*E{number}" for number, value in enumerate(weights, 1) if value]
            return ["inconsistent: " + " + ".join(parts)][:limit]
    reduced, pivots = matrix.row_join(right).rref()
    point = sympy.zeros(count, 1)
    for row, column in enumerate(pivots):
        point[column] = reduced[row, count]
    directions = matrix.nullspace()
    names = [name for name in ("t", "s", "r", "k", "w", "u", "v") if name not in problem.unknowns][: len(directions)]
    entries = []
    for place, name in enumerate(problem.unknowns):
        terms = [f"({vector[place]})*{letter}" for vector, letter in zip(directions, names, strict=True)]
        entries.append(f"{name} = " + " + ".join([str(point[place]), *terms]))
    return ["\n".join(entries)][:limit]


def _matrix(problem: LinearSystem) -> tuple[Any, Any]:
    """The matrix and the right-hand side, as sympy reads the equations."""
    import sympy

    symbols = sympy.symbols(f"x:{len(problem.unknowns)}")

    def value(side: Sequence[Group]) -> Any:
        return sympy.Add(
            *(
                sympy.Rational(group.factor, group.divisor)
                * sum(
                    (term.coefficient * (symbols[term.unknown] if term.unknown >= 0 else 1) for term in group.terms),
                    sympy.Integer(0),
                )
                for group in side
            )
        )

    return sympy.linear_eq_to_matrix([value(side.left) - value(side.right) for side in problem.equations], *symbols)


def accepts(problem: LinearSystem, answer: str) -> bool:
    """Whether sympy finds that the answer refutes the system, or that it is all of its solutions."""
    import sympy

    matrix, right = _matrix(problem)
    try:
        refutation = re.match(r"\s*inconsistent\s*:", answer, re.IGNORECASE)
        if refutation:
            labels = sympy.symbols(f"E1:{len(problem.equations) + 1}")
            combination = sympy.expand(_expression(answer[refutation.end() :]))
            weights = sympy.Matrix([[combination.coeff(label) for label in labels]])
            rest = combination - sum(weight * label for weight, label in zip(weights, labels, strict=True))
            return sympy.expand(rest) == 0 and not any(weights * matrix) and bool((weights * right)[0])
        values = {}
        for entry in filter(str.strip, re.split(r"[,;\n]", answer)):
            name, _, text = entry.partition("=")
            if name.strip() in values:
                return False
            values[name.strip()] = sympy.expand(_expression(text))
        if set(values) != set(problem.unknowns):
            return False
        point = sympy.Matrix([values[name] for name in problem.unknowns])
    except (SyntaxError, ValueError, ZeroDivisionError):
        return False
    own = {sympy.Symbol(name) for name in problem.unknowns} & point.free_symbols
    if any(values[str(symbol)] != symbol for symbol in own) or point.has(sympy.zoo, sympy.nan):
        return False
    if any(sympy.expand(value) for value in matrix * point - right):
        return False
    parameters = sorted(point.free_symbols, key=str)
    if any(not sympy.Poly(value, *parameters).total_degree() <= 1 for value in point if parameters):
        return False
    directions = point.jacobian(parameters) if parameters else sympy.zeros(1, 1)
    return bool(directions.rank() == len(problem.unknowns) - matrix.rank())


def _expression(text: str) -> Any:
    """Arithmetic on names and numbers, walked through Python's syntax tree. Raises SyntaxError, ValueError."""
    import sympy

    plain = text.strip().replace("^", "**")
    plain = re.sub(r"[0-9]*\.[0-9]+|[0-9]+\.", lambda match: f"({Fraction(match[0])})", plain)
    plain = re.sub(r"(?<![A-Za-z0-9])0+(?=[0-9])", "", plain)  # Python refuses 05
    plain = re.sub(r"(?<![A-Za-z0-9])([0-9]+)\s*(?=[A-Za-z(])", r"\1*", plain)  # and wants every product sign
    plain = re.sub(r"\)\s*(?=[A-Za-z0-9(])", ")*", plain)
    plain = re.sub(r"([A-Za-z][0-9]?)\s*\(", r"\1*(", plain)

    def walk(node: ast.AST) -> Any:
        match node:
            case ast.BinOp(left, ast.Add() | ast.Sub() | ast.Mult() | ast.Div() as operator, right):
                first, second = walk(left), walk(right)
                if isinstance(operator, ast.Add):
                    return first + second
                if isinstance(operator, ast.Sub):
                    return first - second
                return first * second if isinstance(operator, ast.Mult) else first / second
            case ast.UnaryOp(ast.USub(), operand):
                return -walk(operand)
            case ast.UnaryOp(ast.UAdd(), operand):
                return walk(operand)
            case ast.BinOp(left, ast.Pow(), ast.Constant(value=int() as exponent)) if exponent < 100:
                return walk(left) ** exponent
            case ast.Name(id=name) if re.fullmatch("[A-DF-Za-df-z][0-9]?|E[0-9]+", name):
                return sympy.Symbol(name)
            case ast.Constant(value=int() as value):
                return sympy.Integer(value)
        raise ValueError("not arithmetic")

    return walk(ast.parse(plain, mode="eval").body)


def relabel(problem: LinearSystem, stream: Stream) -> LinearSystem:
    """The same system with unknowns renamed and moved, equations reordered, and both sides multiplied by a number."""
    count = len(problem.unknowns)
    position = stream.shuffled(range(count))
    names = stream.sample([name for name in "ghjklnoprs" if name not in problem.unknowns], count)

    def moved(side: Sequence[Group], factor: int) -> tuple[Group, ...]:
        return tuple(
            replace(
                group,
                factor=group.factor * factor,
                terms=tuple(
                    Term(term.coefficient, position[term.unknown] if term.unknown >= 0 else term.unknown)
                    for term in stream.shuffled(group.terms)
                ),
            )
            for group in stream.shuffled(side)
        )

    equations = []
    for equation in stream.shuffled(problem.equations):
        factor = stream.choice([-5, -2, -1, 1, 2, 3])
        sides = [moved(side, factor) for side in (equation.left, equation.right)]
        equations.append(Equation(*(sides[::-1] if stream.chance(0.5) else sides)))
    return LinearSystem(tuple(names), tuple(equations))
