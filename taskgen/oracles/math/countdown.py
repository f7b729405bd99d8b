"""A second opinion on countdown: signed values of all subsets in reduced fractions; Python's parser as judge."""

import ast
import re
from fractions import Fraction
from math import gcd

from taskgen.seeding import Stream
from taskgen.verifiers.math.countdown import Countdown

MAX_NUMBERS = 5
SIGNS = {"*": "×·⋅∙∗✕✖xX", "/": "÷∕⁄:", "-": "−–", "(": "[{", ")": "]}"}
Value = tuple[int, int]
Made = tuple[str, Value, Value, int, int] | None
"""How a value is made: operator, two values, the subsets that they come from; None for a given number."""


def solutions(problem: Countdown, limit: int) -> list[str] | None:
    """Up to `limit` expressions at the stated distance; [] where another distance is the smallest."""
    numbers = problem.numbers
    if len(numbers) > MAX_NUMBERS:
        return None
    full = (1 << len(numbers)) - 1
    tables: list[dict[Value, Made]] = [{} for _ in range(full + 1)]
    for mask in range(1, full + 1):
        if mask & (mask - 1) == 0:
            tables[mask][(numbers[mask.bit_length() - 1], 1)] = None
            continue
        part = (mask - 1) & mask
        while part:
            for a in tables[part]:
                for b in tables[mask ^ part]:
                    for operator, value in _results(a, b):
                        tables[mask].setdefault(value, (operator, a, b, part, mask ^ part))
            part = (part - 1) & mask
    best: Fraction | None = None
    found: list[tuple[Value, int]] = []
    for mask in [full] if problem.use_all else range(1, full + 1):
        for value in tables[mask]:
            gap = abs(Fraction(*value) - problem.target)
            if best is None or gap < best:
                best, found = gap, []
            if gap == best:
                found.append((value, mask))
    if best != Fraction(*problem.distance):
        return []
    return list(dict.fromkeys(_text(value, mask, tables) for value, mask in found))[:limit]


def _results(a: Value, b: Value) -> list[tuple[str, Value]]:
    """What the two values make in this order (the other order comes with the other split)."""
    (p, q), (r, s) = a, b
    results = [("-", _reduced(p * s - r * q, q * s))]
    if a <= b:
        results += [("+", _reduced(p * s + r * q, q * s)), ("*", _reduced(p * r, q * s))]
    if r:
        results.append(("/", _reduced(p * s, q * r)))
    return results


def _reduced(p: int, q: int) -> Value:
    divisor = gcd(p, q) if q > 0 else -gcd(p, q)
    return p // divisor, q // divisor


def _text(value: Value, mask: int, tables: list[dict[Value, Made]]) -> str:
    made = tables[mask][value]
    if made is None:
        return str(value[0])
    operator, a, b, first, second = made
    return f"({_text(a, first, tables)} {operator} {_text(b, second, tables)})"


def accepts(problem: Countdown, answer: str) -> bool:
    """An independent judge: Python's grammar, of which only numbers, four operators and parentheses are allowed."""
    answer = "".join(next((plain for plain, others in SIGNS.items() if sign in others), sign) for sign in answer)
    expression, equals, stated = re.sub(r"\.\Z", "", answer).partition("=")
    if not set("".join(expression.split())) <= set("0123456789+-*/()") or re.search(r"\b0", expression, re.ASCII):
        return False
    try:
        tree = ast.parse(" ".join(expression.split()), mode="eval")
        used: list[int] = []
        value = _value(tree.body, used)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError, MemoryError):
        return False
    left = list(problem.numbers)
    for number in used:
        if number not in left:
            return False
        left.remove(number)
    if equals and (
        not re.fullmatch(r"\s*-?\s*\d+(\.\d{1,20}|\s*/\s*\d+)?\s*", stated, re.ASCII) or _stated(stated) != value
    ):
        return False
    return abs(value - problem.target) == Fraction(*problem.distance) and not (problem.use_all and left)


def _stated(stated: str) -> Fraction | None:
    top, _, bottom = "".join(stated.split()).partition("/")
    return Fraction(top) / int(bottom or 1) if int(bottom or 1) else None


def _value(node: ast.expr, used: list[int]) -> Fraction:
    match node:
        case ast.Constant(value=int(number)):
            used.append(number)
            return Fraction(number)
        case ast.BinOp(left, ast.Add(), right):
            return _value(left, used) + _value(right, used)
        case ast.BinOp(left, ast.Sub(), right):
            return _value(left, used) - _value(right, used)
        case ast.BinOp(left, ast.Mult(), right):
            return _value(left, used) * _value(right, used)
        case ast.BinOp(left, ast.Div(), right):
            return _value(left, used) / _value(right, used)
    raise ValueError(f"{type(node).__name__} is not allowed")


def relabel(problem: Countdown, stream: Stream) -> Countdown:
    """The same numbers in another order."""
    while True:
        numbers = tuple(stream.shuffled(problem.numbers))
        if numbers != problem.numbers or len(set(numbers)) == 1:
            return Countdown(numbers, problem.target, problem.use_all, problem.distance)
