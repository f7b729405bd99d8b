"""A second opinion on linear systems: sympy's linear algebra solves; a judge evaluates answers at sample points."""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from taskgen.seeding import Stream
from taskgen.verifiers.math.linear_system import CONSTANT, Equation, Group, LinearSystem, Term

Point = Mapping[str, Fraction]


def solutions(problem: LinearSystem, limit: int) -> list[str]:
    """One answer: a refutation from the left null space, or a point and the directions of the null space."""
    matrix, right = _matrix(problem)
    for weights in matrix.T.nullspace():
        if (weights.T * right)[0] != 0:
            parts = [f"({weight})*E{number}" for number, weight in enumerate(weights, 1) if weight]
            return ["inconsistent: " + " + ".join(parts)][:limit]
    reduced, pivots = matrix.row_join(right).rref()
    point = [Fraction(0)] * len(problem.unknowns)
    for row, column in enumerate(pivots):
        point[column] = reduced[row, len(problem.unknowns)]
    directions = matrix.nullspace()
    letters = [letter for letter in "jklrst" if letter not in problem.unknowns][: len(directions)]
    entries = []
    for place, name in enumerate(problem.unknowns):
        moves = [f"({vector[place]}){letter}" for vector, letter in zip(directions, letters, strict=True)]
        entries.append(f"{name} = " + " + ".join([str(point[place]), *moves]))
    return ["\n".join(entries)][:limit]


def _matrix(problem: LinearSystem) -> tuple[Any, Any]:
    """The matrix and the right-hand side: each equation's error at the origin and at the unit points."""
    from sympy import Matrix, Rational

    count = len(problem.unknowns)
    origin = [Fraction(0)] * count
    rows, right = [], []
    for equation in problem.equations:
        start = _error(equation, origin)
        units = [[Fraction(int(place == other)) for other in range(count)] for place in range(count)]
        rows.append([_error(equation, unit) - start for unit in units])
        right.append(-start)
    exact = [[Rational(value.numerator, value.denominator) for value in row] for row in rows]
    return Matrix(exact), Matrix([Rational(value.numerator, value.denominator) for value in right])


def _error(equation: Equation, point: Sequence[Fraction]) -> Fraction:
    """Left side minus right side at a point."""
    error = Fraction(0)
    for sign, side in ((1, equation.left), (-1, equation.right)):
        for group in side:
            for term in group.terms:
                value = Fraction(1) if term.unknown == CONSTANT else point[term.unknown]
                error += sign * Fraction(group.factor * term.coefficient, group.divisor) * value
    return error


def accepts(problem: LinearSystem, answer: str) -> bool:
    """Whether an answer in plain notation does what it should at the origin and at unit and other points."""
    from sympy import Matrix

    matrix, right = _matrix(problem)
    try:
        if answer.lower().startswith("inconsistent:"):
            labels = [f"E{number}" for number in range(1, len(problem.equations) + 1)]
            constant, slopes = _sampled(_postfix(answer.partition(":")[2]), labels)
            weights = Matrix([slopes])
            return constant == 0 and not any(weights * matrix) and (weights * right)[0] != 0
        codes = {}
        for entry in re.split("[,;\n]", answer):
            if entry.strip():
                name, _, form = (part.strip() for part in entry.partition("="))
                if name in codes:
                    return False
                codes[name] = _postfix(form)
        if set(codes) != set(problem.unknowns):
            return False
        parameters = sorted({token for code in codes.values() for token in code if token[0].isalpha()})
        for name in parameters:
            own = name in codes and codes[name] == [name]
            if not own and (name in codes or not re.fullmatch("[a-z][0-9]?", name)):
                return False
        forms = [_sampled(codes[name], parameters) for name in problem.unknowns]
    except (ValueError, ZeroDivisionError, IndexError):
        return False
    origin = [constant for constant, _ in forms]
    directions = [[slopes[number] for _, slopes in forms] for number in range(len(parameters))]
    for move in [[Fraction(0)] * len(forms), *directions]:
        moved = [start + step for start, step in zip(origin, move, strict=True)]
        if any(_error(equation, moved) for equation in problem.equations):
            return False
    spanned = Matrix(directions).rank() if directions else 0
    return bool(spanned == len(problem.unknowns) - matrix.rank())


def _postfix(text: str) -> list[str]:
    """Edsger Dijkstra's shunting yard. Raises ValueError where the text is no expression."""
    tokens = re.findall(r"[0-9]+(?:\.[0-9]+)?|[A-Za-z][0-9]*|\S", text, re.ASCII)
    output: list[str] = []
    waiting: list[str] = []
    previous = "("
    strength = {"+": 1, "-": 1, "*": 2, "/": 2}
    for place, token in enumerate(tokens):
        operand = token[0].isascii() and token[0].isalnum()
        if operand or token == "(":
            if previous not in (*strength, "("):
                # Only `2t`, `2(`, `)t` and `)(` go without a sign.
                if token[0].isdigit() or (token == "(" and previous[0].isalpha()):
                    raise ValueError("a product sign is missing")
                _push("*", strength, output, waiting)
            (output if operand else waiting).append(token)
        elif token in "+-" and previous == "(" and (place == 0 or tokens[place - 1] == "("):
            # A sign: the term is added to 0, or subtracted from it.
            output.append("0")
            waiting.append(token)
        elif token in "+-" and previous in "+-" and place > 1 and tokens[place - 2] not in (*strength, "("):
            if token == "-":
                waiting[-1] = "-" if waiting[-1] == "+" else "+"
        elif token in strength and previous not in (*strength, "("):
            _push(token, strength, output, waiting)
        elif token == ")" and previous not in (*strength, "("):
            while waiting[-1] != "(":
                output.append(waiting.pop())
            waiting.pop()
        else:
            raise ValueError(f"did not expect {token}")
        previous = token
    if previous in (*strength, "(") or "(" in waiting:
        raise ValueError("the expression is not finished")
    return output + waiting[::-1]


def _push(operator: str, strength: Mapping[str, int], output: list[str], waiting: list[str]) -> None:
    while waiting and strength.get(waiting[-1], 0) >= strength[operator]:
        output.append(waiting.pop())
    waiting.append(operator)


def _sampled(code: Sequence[str], names: Sequence[str]) -> tuple[Fraction, list[Fraction]]:
    """The value at the origin and the change to each unit point. Raises ValueError unless these tell all values."""
    origin = dict.fromkeys(names, Fraction(0))
    start = _value(code, origin)
    slopes = [_value(code, {**origin, name: Fraction(1)}) - start for name in names]
    for power in (1, 2):
        far = {name: Fraction((-7) ** (place * power), 3) for place, name in enumerate(names, 1)}
        straight = start + sum(slope * far[name] for slope, name in zip(slopes, names, strict=True))
        if _value(code, far) != straight:
            raise ValueError("not affine")
    return start, slopes


def _value(code: Sequence[str], point: Point) -> Fraction:
    stack: list[Fraction] = []
    for token in code:
        if token[0].isdigit():
            stack.append(Fraction(token))
        elif token not in "+-*/":
            if token not in point:
                raise ValueError(f"{token} is not known")
            stack.append(point[token])
        else:
            right, left = stack.pop(), stack.pop()
            if token == "+":
                stack.append(left + right)
            elif token == "-":
                stack.append(left - right)
            else:
                stack.append(left * right if token == "*" else left / right)
    (value,) = stack
    return value


def relabel(problem: LinearSystem, stream: Stream) -> LinearSystem:
    """The same system: equations reordered, multiplied and turned round, unknowns renamed and moved."""
    count = len(problem.unknowns)
    position = [*stream.shuffled(range(count)), CONSTANT]
    names = stream.sample([letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter not in problem.unknowns], count)

    def moved(side: Sequence[Group], factor: int) -> tuple[Group, ...]:
        groups = []
        for group in stream.shuffled(side):
            # A plain term is multiplied in its coefficient, a bracket in front.
            inside = factor if len(group.terms) == 1 and group.factor == 1 else 1
            terms = [Term(term.coefficient * inside, position[term.unknown]) for term in stream.shuffled(group.terms)]
            groups.append(Group(group.factor * factor // inside, tuple(terms), group.divisor))
        return tuple(groups)

    equations = []
    for equation in stream.shuffled(problem.equations):
        factor = stream.choice((-5, -3, -2, -1, 1, 2, 3, 7))
        sides = [moved(equation.left, factor), moved(equation.right, factor)]
        equations.append(Equation(*stream.shuffled(sides)))
    return LinearSystem(tuple(names), tuple(equations))
