"""From given numbers and + - * / make an expression whose value is as close to a target as possible.

After the numbers round of the French television game "Le compte est bon" (1972), in exact fractions.
"""

import re
from collections.abc import Hashable
from math import gcd
from typing import Annotated, ClassVar

from msgspec import Meta

from taskgen.problem import Forms, Problem, Verdict, correct, malformed, verifier_error, wrong

MAX_NUMBERS = 10

_SIGNS = str.maketrans("×·⋅∙∗✕✖xX÷∕⁄:−–[]{}", "*********////--()()")
_LATEX = re.compile(r"\\(times|cdot|div|left|right)(?![A-Za-z])")
_LATEX_SIGNS = {"times": "*", "cdot": "*", "div": "/", "left": "", "right": ""}
_TOKEN = re.compile(r"[1-9][0-9]*|\S")
_STATED = re.compile(r"(-?)\s*([0-9]{1,40})(?:\.([0-9]{1,20})|\s*/\s*([0-9]{1,40}))?")
_RANK = {"+": 1, "-": 1, "*": 2, "/": 2}


class Countdown(Problem, frozen=True):
    """Numbers, a target, and the smallest possible distance from it (numerator, denominator), which is proved."""

    forms: ClassVar[Forms] = ("answer", "boxed", "fenced")
    max_answer: ClassVar[int] = 1_000

    numbers: Annotated[tuple[Annotated[int, Meta(ge=1, le=1_000)], ...], Meta(min_length=2, max_length=MAX_NUMBERS)]
    target: Annotated[int, Meta(ge=1, le=1_000_000)]
    use_all: bool
    distance: tuple[Annotated[int, Meta(ge=0, lt=2**62)], Annotated[int, Meta(ge=1, lt=2**62)]] = (0, 1)

    def __post_init__(self) -> None:
        if gcd(*self.distance) != 1:
            raise ValueError("the distance is not in lowest terms")

    def verify(self, answer: str) -> Verdict:
        """An infix expression of the numbers; a closing `= value` is accepted where it is the expression's value.

        That value may be a fraction or a decimal, but an exact one. A full stop at the end is skipped.
        """
        text = answer.translate(_SIGNS).removesuffix(".")
        if "\\" in text:
            text = _LATEX.sub(lambda match: _LATEX_SIGNS[match[1]], text)
        expression, equals, stated = text.partition("=")
        tokens = _TOKEN.findall(expression)
        left = list(self.numbers)
        for token in tokens:
            if "1" <= token[0] <= "9":
                if int(token) not in left:
                    return wrong(f"{token[:12]} is not among the numbers, or is used too often")
                left.remove(int(token))
        if self.use_all and left:
            return wrong(f"not all numbers are used: {', '.join(map(str, left))} left")
        value = _evaluate(tokens)
        if isinstance(value, Verdict):
            return value
        top, bottom = value
        if equals and not _states(stated, top, bottom):
            return malformed(f"what stands after '=' is not the value of the expression, {_fraction(top, bottom)}")
        gap = abs(top - self.target * bottom)
        least, unit = self.distance
        excess = gap * unit - least * bottom
        if excess == 0:
            return correct()
        if excess < 0:
            return verifier_error(f"{_fraction(top, bottom)} is nearer to the target than was proved possible")
        nearer = f"; a distance of {_fraction(least, unit)} is possible"
        return wrong(
            f"the value is {_fraction(top, bottom)}, {_fraction(gap, bottom)} away from {self.target}{nearer}",
            bottom * unit / (bottom * unit + excess),
        )

    def structure(self) -> Hashable:
        """The numbers in ascending order, the target, and whether all are used."""
        return tuple(sorted(self.numbers)), self.target, self.use_all


def _evaluate(tokens: list[str]) -> tuple[int, int] | Verdict:
    """The exact value (numerator, positive denominator) by operator precedence, or what is wrong."""
    values: list[tuple[int, int]] = []
    waiting: list[str] = []
    operand_next = True
    for token in tokens:
        if operand_next:
            if "1" <= token[0] <= "9":
                values.append((int(token), 1))
                operand_next = False
            elif token == "(":
                waiting.append(token)
            else:
                return malformed(f"{token!r} stands where a number or '(' should")
        elif token in _RANK:
            while waiting and _RANK.get(waiting[-1], 0) >= _RANK[token]:
                if not _apply(waiting.pop(), values):
                    return wrong("the expression divides by zero")
            waiting.append(token)
            operand_next = True
        elif token == ")":
            while waiting and waiting[-1] != "(":
                if not _apply(waiting.pop(), values):
                    return wrong("the expression divides by zero")
            if not waiting:
                return malformed("a ')' has no '('")
            waiting.pop()
        else:
            return malformed(f"{token[:12]!r} stands where an operator or ')' should")
    if operand_next:
        return malformed("the expression ends where a number should stand")
    while waiting:
        operator = waiting.pop()
        if operator == "(":
            return malformed("a '(' is never closed")
        if not _apply(operator, values):
            return wrong("the expression divides by zero")
    return values[0]


def _apply(operator: str, values: list[tuple[int, int]]) -> bool:
    """Replace the last two values by their result; False if that divides by zero."""
    c, d = values.pop()
    a, b = values[-1]
    if operator == "+":
        values[-1] = a * d + c * b, b * d
    elif operator == "-":
        values[-1] = a * d - c * b, b * d
    elif operator == "*":
        values[-1] = a * c, b * d
    elif c == 0:
        return False
    else:
        values[-1] = (a * d, b * c) if c > 0 else (-a * d, -b * c)
    return True


def _states(stated: str, top: int, bottom: int) -> bool:
    match = _STATED.fullmatch(stated.strip())
    if match is None:
        return False
    decimals = match[3] or ""
    over = int(match[1] + match[2] + decimals)
    under: int = int(match[4] or 1) * 10 ** len(decimals)
    return under > 0 and over * bottom == top * under


def _fraction(top: int, bottom: int) -> str:
    divisor = gcd(top, bottom)
    return f"{top // divisor}" if bottom == divisor else f"{top // divisor}/{bottom // divisor}"
