r"""The grammar of expressions in answers: text in, tree out, in time linear in a bounded length.

Plain text and simple LaTeX: + - * / ^ (or **), brackets ( ) [ ] { }, |x|, functions by name, `\frac{a}{b}`, `\frac12`,
`\sqrt{a}`, `\sqrt[n]{a}` (which is a^(1/n), for positive a only), `\cdot`, raised digits. A product sign may be
left out, as in `2x` or `x sin(x)`; products and quotients, with or without a sign, are read from left to right, so
`1/2x` is (1/2)*x; powers from right to left; a sign binds less than a power, so `-x^2` is -(x^2). `log` is the natural
logarithm, `e` Euler's number. What could be read in two ways (`x2`, `sin^-1(x)`,
`1e-9`, `sin 2(x+1)`, `log10(x)`, `sqrt 2x`) is refused.
"""

import re
from fractions import Fraction
from functools import lru_cache

from taskgen.verifiers.math._trees import (
    HALF,
    MINUS_ONE,
    ONE,
    PI,
    ZERO,
    ExpressionError,
    Name,
    Number,
    TooLarge,
    Tree,
    add,
    call,
    multiply,
    negate,
    number,
    power,
)

MAX_LENGTH = 4_000
MAX_TOKENS = 1_000
MAX_DEPTH = 40
MAX_DIGITS = 60

FUNCTIONS = {
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "exp": "exp",
    "ln": "ln",
    "log": "ln",
    "abs": "abs",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "arcsin": "arcsin",
    "asin": "arcsin",
    "arccos": "arccos",
    "acos": "arccos",
    "arctan": "arctan",
    "atan": "arctan",
    "arcsinh": "arcsinh",
    "arsinh": "arcsinh",
    "asinh": "arcsinh",
    "arccosh": "arccosh",
    "arcosh": "arccosh",
    "acosh": "arccosh",
    "arctanh": "arctanh",
    "artanh": "arctanh",
    "atanh": "arctanh",
}
RECIPROCALS = {"sec": "cos", "csc": "sin", "cosec": "sin", "cot": "tan"}
WORDS = (*FUNCTIONS, *RECIPROCALS, "sqrt", "pi", "e", "frac", "dfrac", "tfrac")
BRACKETS = {"(": ")", "[": "]", "{": "}"}
SPELLINGS = str.maketrans(
    {
        **dict.fromkeys("·×⋅∗∙•", "*"),
        **dict.fromkeys("−–", "-"),
        **dict.fromkeys("÷⁄∕", "/"),
        **dict.fromkeys("$\u00a0\u2009\u202f\u2062", " "),
        "π": " pi ",
        "√": " sqrt ",
    }
)
RAISED = re.compile("[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,60}")
LOWERED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
# LaTeX that stands for spacing or sizing only.
ORNAMENTS = re.compile(r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|q?quad)(?![A-Za-z])|\\[,;:! ]")
BARS = re.compile(r"\\[lr]?vert(?![A-Za-z])")
UPRIGHT = re.compile(r"\\(?:operatorname|mathrm)\{([A-Za-z]{1,20})\}")
NATURAL = re.compile(r"log_(?:e|\{e\})(?![A-Za-z])")


def parse(text: str, names: frozenset[str], dropped: list[Tree] | None = None) -> Tree:
    """The tree of a text in which these names may stand. Raises ExpressionError (TooLarge where a bound is met).

    What the tree lost because it was multiplied by 0 or raised to the power 0 is added to `dropped`: where that is
    undefined, so is the expression.
    """
    if len(text) > MAX_LENGTH:
        raise TooLarge(f"the expression has {len(text)} characters, more than {MAX_LENGTH}")
    parser = _Parser(_tokens(text, names), names)
    tree = parser.whole()
    if dropped is not None:
        dropped.extend(parser.dropped)
    return tree


@lru_cache(maxsize=256)
def _token_pattern(names: frozenset[str]) -> re.Pattern[str]:
    words = sorted({*WORDS, *names}, key=lambda word: (-len(word), word))
    return re.compile(
        rf"\s+|(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)|\\?(?P<word>{'|'.join(map(re.escape, words))})"
        r"|\\(?:cdot|times)(?P<dot>(?![A-Za-z]))|(?P<mark>\*\*|[-+*/^()\[\]{}|])",
        re.ASCII,
    )


def _tokens(text: str, names: frozenset[str]) -> list[str]:
    text = RAISED.sub(lambda digits: f"^({digits[0].translate(LOWERED)})", text.translate(SPELLINGS))
    text = NATURAL.sub("ln", BARS.sub(" | ", UPRIGHT.sub(r" \1 ", ORNAMENTS.sub(" ", text))))
    pattern = _token_pattern(names)
    found: list[str] = []
    position = 0
    while position < len(text):
        match = pattern.match(text, position)
        if match is None:
            raise ExpressionError(f"cannot read {text[position : position + 20]!r}")
        position = match.end()
        kind = match.lastgroup
        if kind == "number":
            if len(match[0]) > MAX_DIGITS:
                raise TooLarge(f"a number has more than {MAX_DIGITS} digits")
            if re.match(r"e[-+]?[0-9]", text[position : position + 3]):
                raise ExpressionError("write numbers without an exponent, as 3/1000 instead of 3e-3")
            found.append(match[0])
        elif kind == "dot":
            found.append("*")
        elif kind is not None:
            found.append("^" if match[0] == "**" else match[kind])
    if len(found) > MAX_TOKENS:
        raise TooLarge(f"the expression has more than {MAX_TOKENS} symbols")
    return found


class _Parser:
    """Recursive descent; every recursion passes through `expression` or `exponent`, which count the depth."""

    def __init__(self, tokens: list[str], names: frozenset[str]) -> None:
        self.tokens = [*tokens, ""]
        self.names = names
        self.position = 0
        self.depth = 0
        self.bars = 0
        self.dropped: list[Tree] = []

    def whole(self) -> Tree:
        tree = self.expression()
        if self.tokens[self.position]:
            raise ExpressionError(f"did not expect {self.tokens[self.position]!r} there")
        return tree

    def expression(self) -> Tree:
        self.enter()
        terms: list[Tree] = []
        token = self.tokens[self.position]
        while not terms or token in ("+", "-"):
            negative = self.signs()
            term = self.term()
            terms.append(negate(term) if negative else term)
            token = self.tokens[self.position]
        self.depth -= 1
        return add(*terms)

    def enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooLarge(f"the expression is nested more than {MAX_DEPTH} deep")

    def signs(self) -> bool:
        """Read signs; whether they make minus."""
        negative = False
        while self.tokens[self.position] in ("+", "-"):
            negative ^= self.tokens[self.position] == "-"
            self.position += 1
        return negative

    def term(self) -> Tree:
        factors = [self.power()]
        while True:
            token = self.tokens[self.position]
            if token in ("*", "/"):
                self.position += 1
                negative = self.signs()
                factor = self.power()
                if negative:
                    factors.append(MINUS_ONE)
                factors.append(power(factor, MINUS_ONE) if token == "/" else factor)
            elif self.starts_factor(token):
                factors.append(self.power())
            else:
                if ZERO in factors:
                    self.dropped += [factor for factor in factors if not isinstance(factor, Number)]
                return multiply(*factors)

    def starts_factor(self, token: str) -> bool:
        """Whether a token begins a factor whose product sign was left out."""
        if token and token[0] in "0123456789.":
            raise ExpressionError(f"write a product sign before {token}")
        return token in BRACKETS or token in self.names or token in WORDS or (token == "|" and self.bars == 0)

    def power(self) -> Tree:
        base = self.atom()
        if self.tokens[self.position] != "^":
            return base
        self.position += 1
        exponent = self.exponent()
        if exponent == ZERO:
            self.dropped.append(base)
        return power(base, exponent)

    def exponent(self) -> Tree:
        self.enter()
        negative = self.signs()
        tree = self.power()
        self.depth -= 1
        return negate(tree) if negative else tree

    def atom(self) -> Tree:
        token = self.tokens[self.position]
        self.position += 1
        if token in BRACKETS:
            return self.bracketed(token)
        if token == "|":
            return self.absolute()
        if token in self.names:
            return Name(token)
        if token and token[0] in "0123456789.":
            return number(Fraction(token)) if "." in token else Number(int(token))
        if token == "e":
            return call("exp", ONE)
        if token == "pi":
            return PI
        if token.endswith("frac"):
            top, bottom = self.part_of_fraction(2), self.part_of_fraction(1)
            if top == ZERO:
                self.dropped.append(power(bottom, MINUS_ONE))
            return multiply(top, power(bottom, MINUS_ONE))
        if token in WORDS:
            return self.application(token)
        raise ExpressionError(f"did not expect {token!r} there" if token else "the expression breaks off")

    def bracketed(self, opening: str) -> Tree:
        bars, self.bars = self.bars, 0
        tree = self.expression()
        self.bars = bars
        self.expect(BRACKETS[opening])
        return tree

    def absolute(self) -> Tree:
        self.bars += 1
        tree = self.expression()
        self.bars -= 1
        self.expect("|")
        return call("abs", tree)

    def braced(self) -> Tree:
        self.expect("{")
        return self.bracketed("{")

    def part_of_fraction(self, most: int) -> Tree:
        r"""In braces, or one digit or name; a first part may have the second's digit behind it, as in `\frac12`."""
        token = self.tokens[self.position]
        if token.isdigit() and len(token) == 2 == most:
            self.tokens[self.position : self.position + 1] = token
        elif token.isdigit() and len(token) > 1:
            raise ExpressionError(r"write both parts of a fraction in braces, as in \frac{1}{2}")
        return self.atom() if token.isdigit() or token in self.names else self.braced()

    def expect(self, token: str) -> None:
        if self.tokens[self.position] != token:
            found = self.tokens[self.position]
            raise ExpressionError(f"expected {token!r}, not {found!r}" if found else f"{token!r} is missing")
        self.position += 1

    def application(self, word: str) -> Tree:
        """A function with its argument; `sin^2(x)` is sin(x)^2."""
        exponent: Tree = ONE
        if self.tokens[self.position] == "^":
            self.position += 1
            exponent = self.exponent_of_function(word)
        if word == "sqrt":
            tree = self.root()
        elif word in RECIPROCALS:
            tree = power(call(RECIPROCALS[word], self.argument(word)), MINUS_ONE)
        else:
            tree = call(FUNCTIONS[word], self.argument(word))
        return power(tree, exponent)

    def exponent_of_function(self, word: str) -> Tree:
        bare_minus = self.tokens[self.position] == "-"
        exponent = MINUS_ONE if bare_minus else self.atom()
        if isinstance(exponent, Number) and exponent.value < 0:
            raise ExpressionError(
                f"{word}^-1 can mean two things: write 1/{word}(x), or the inverse function by its name"
            )
        if not isinstance(exponent, Number) or exponent == ZERO:
            raise ExpressionError(f"write the power of {word} behind its argument, as {word}(x)^n")
        return exponent

    def root(self) -> Tree:
        """A square root, or with an index in square brackets another."""
        degree: Tree = Number(2)
        if self.tokens[self.position] == "[":
            inside = self.atom()
            following = self.tokens[self.position]
            if following != "{":
                if following in ("(", "[") or following in self.names or following[:1].isdigit():
                    raise ExpressionError(r"write a root as \sqrt[n]{x} or as x^(1/n)")
                return power(inside, HALF)
            if not isinstance(inside, Number) or not isinstance(inside.value, int) or inside.value < 1:
                raise ExpressionError("the index of a root must be a whole number")
            degree = inside
        return power(self.argument("sqrt"), power(degree, MINUS_ONE))

    def argument(self, word: str) -> Tree:
        """In brackets or bars, or bare: a number, a name, or a number and a name, the name perhaps to a power.

        A root takes one bare symbol only: the sign is often meant to end there.
        """
        token = self.tokens[self.position]
        if token in BRACKETS or token == "|":
            return self.atom()
        factors: list[Tree] = []
        if token[:1].isdigit() or token[:1] == ".":
            factors.append(self.atom())
            token = self.tokens[self.position]
        if (token in self.names or token == "pi") and not (word == "sqrt" and factors):
            factors.append(self.atom() if word == "sqrt" else self.power())
        following = self.tokens[self.position]
        names = following in self.names or following in ("pi", "e")
        unclear = (
            names
            or following == "^"
            or (len(factors) == 1 and isinstance(factors[0], Number) and following in BRACKETS)
        )
        if not factors or unclear:
            raise ExpressionError(f"write the argument of {word} in brackets")
        return multiply(*factors)
