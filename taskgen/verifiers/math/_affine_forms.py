r"""Affine forms in answers to linear systems: text in, a number plus multiples of names out, exactly.

Numbers (whole, decimal, fractions), names (a letter, perhaps with digits), + - * / and parentheses; the product sign
may be left out, as in `3t`, `(3/2)t` and `2(t - s)`. Products and quotients are read from left to right, so `1/2t` is
(1/2)*t; `1/2(3)` could be meant in two ways and is refused. Some LaTeX is read as well: `\frac{1}{2}t_1`, `\cdot`.
"""

import re
from math import gcd

MAX_DIGITS = 40
MAX_DEPTH = 20
MAX_BITS = 400

Ratio = tuple[int, int]
"""A numerator and a positive denominator, in lowest terms."""
Affine = dict[str, Ratio]
"""Multiples of names, none of them 0; the empty name stands for 1."""

_TOKEN = re.compile(r"[0-9]+(?:\.[0-9]+)?|[A-Za-z][0-9]*|\S", re.ASCII)
# One summand in the commonest spelling: a sign and `3`, `3/4`, `t`, `3t` or `3/4*t`.
_SUMMAND = re.compile(
    r"\s*([-+])\s*(?=[0-9A-Za-z])(?:([0-9]{1,40})(?:/([0-9]{1,40}))?(?:\s*\*(?=\s*[A-Za-z]))?)?\s*([A-Za-z][0-9]*)?",
    re.ASCII,
)
_SPELLINGS = str.maketrans("−–·×⋅\u00a0\u2009\u202f$", "--***    ")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_COMMANDS = re.compile(r"\\(?:(cdot|times)|left|right|quad)(?![A-Za-z])|\\[,;:! ]")
_SUBSCRIPT = re.compile(r"_\s*(?:\{\s*([0-9]{1,2})\s*\}|([0-9]))", re.ASCII)


class UnreadableError(ValueError):
    """The text is no affine form; the message says why in one line."""


class TooLargeError(ValueError):
    """A number is too long, or the nesting too deep, to be judged."""


def plain(text: str) -> str:
    """The text without LaTeX and typographic signs."""
    text = text.translate(_SPELLINGS)
    if "\\" in text:
        text = _FRACTION.sub(r"((\1)/(\2))", text)
        text = _COMMANDS.sub(lambda match: "*" if match[1] else " ", text)
    return _SUBSCRIPT.sub(r"\1\2", text) if "_" in text else text


def parse(text: str) -> Affine:
    """The affine form that a plain text denotes. Raises UnreadableError and TooLargeError."""
    form = _flat(text)
    if form is not None:
        return form
    reader = _Reader(text)
    form = reader.expression()
    if reader.token:
        raise UnreadableError(f"did not expect {reader.token[:20]!r} there")
    return form


def _flat(text: str) -> Affine | None:
    """A sum of summands in the commonest spelling, read without the grammar; None for any other text."""
    text = text.strip()
    if text[:1] not in ("-", "+"):
        text = "+" + text
    total: Affine = {}
    position = 0
    while position < len(text):
        match = _SUMMAND.match(text, position)
        if match is None:
            return None
        position = match.end()
        sign, top, bottom, name = match.groups("")
        value = (int(top or 1), int(bottom or 1))
        if name in total or not value[1]:
            return None
        if value[0]:
            value = _reduced(*value)
            total[name] = (-value[0], value[1]) if sign == "-" else value
    return total


class _Reader:
    """Recursive descent over tokens; `token` is the next one, empty at the end."""

    __slots__ = ("depth", "following", "token")

    def __init__(self, text: str) -> None:
        self.following = iter(_TOKEN.findall(text))
        self.depth = 0
        self.step()

    def step(self) -> None:
        self.token = next(self.following, "")

    def expression(self) -> Affine:
        total: Affine = {}
        negative = self.sign()
        while True:
            for name, (top, bottom) in self.term().items():
                if negative:
                    top = -top
                if name in total:
                    old_top, old_bottom = total[name]
                    top, bottom = _reduced(old_top * bottom + top * old_bottom, old_bottom * bottom)
                total[name] = top, bottom
            operator = self.token
            if operator != "+" and operator != "-":
                return {name: value for name, value in total.items() if value[0]}
            self.step()
            negative = (operator == "-") != self.sign()

    def sign(self) -> bool:
        """Whether a minus stands here; it, or a plus, is stepped over."""
        sign = self.token
        if sign == "-" or sign == "+":
            self.step()
        return sign == "-"

    def term(self) -> Affine:
        value = self.factor()
        divided = False
        while True:
            operator = self.token
            if operator == "*" or operator == "/":
                self.step()
                other = self.factor()
            elif operator == "(" or operator[:1].isalpha():
                other = self.factor()
                if divided and not any(other):
                    raise UnreadableError("write a product sign, or parentheses, after the division")
            elif "0" <= operator[:1] <= "9":
                raise UnreadableError(f"an operator is missing before {operator[:20]}")
            else:
                return value
            if operator == "/":
                value = _divided(value, other)
                divided = True
            else:
                value = _product(value, other)

    def factor(self) -> Affine:
        token = self.token
        first = token[:1]
        if "0" <= first <= "9":
            self.step()
            number = _number(token)
            return {"": number} if number[0] else {}
        if first.isalpha():
            self.step()
            if self.token == "(":
                raise UnreadableError(f"write a product sign after {token[:20]}")
            return {token: (1, 1)}
        if first != "(":
            raise UnreadableError(f"a number or a name is missing before {token!r}" if token else "it ends too early")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooLargeError(f"parentheses are nested more than {MAX_DEPTH} deep")
        self.step()
        value = self.expression()
        if self.token != ")":
            raise UnreadableError("a '(' is never closed")
        self.step()
        self.depth -= 1
        return value


def _number(token: str) -> Ratio:
    if len(token) > MAX_DIGITS:
        raise TooLargeError(f"a number has more than {MAX_DIGITS} digits")
    whole, _, decimals = token.partition(".")
    if not decimals:
        return int(token), 1
    return _reduced(int(whole + decimals), 10 ** len(decimals))


def _product(first: Affine, second: Affine) -> Affine:
    if any(first):
        first, second = second, first
    if any(first):
        raise UnreadableError("names may not be multiplied with one another")
    if not first:
        return {}
    top, bottom = first[""]
    return {name: _reduced(value[0] * top, value[1] * bottom) for name, value in second.items()}


def _divided(first: Affine, second: Affine) -> Affine:
    if any(second):
        raise UnreadableError("names may not stand in a denominator")
    if not second:
        raise UnreadableError("there is a division by zero")
    top, bottom = second[""]
    if top < 0:
        top, bottom = -top, -bottom
    return {name: _reduced(value[0] * bottom, value[1] * top) for name, value in first.items()}


def _reduced(top: int, bottom: int) -> Ratio:
    if top.bit_length() > MAX_BITS or bottom.bit_length() > MAX_BITS:
        raise TooLargeError("the numbers get too long")
    shared = gcd(top, bottom)
    return (top // shared, bottom // shared) if shared > 1 else (top, bottom)
