"""What people put around an antiderivative: delimiters, a name, a constant, a full stop."""

import re

from taskgen.verifiers.math._grammar import parse
from taskgen.verifiers.math._places import CONSTANT
from taskgen.verifiers.math._trees import Tree

OPENING = ("$", r"\(", r"\[")
CLOSING = ("$", r"\)", r"\]", ".")
MAX_DELIMITERS = 8


def read_answer(text: str, variable: str) -> tuple[Tree, list[Tree]]:
    r"""The expression, and what was multiplied by 0 in it. Raises ExpressionError.

    Around the expression may stand `$`, `\( \)` or `\[ \]`, in front of it `F(x) =` or `F =`, with any letter but the
    variable, and behind it a full stop. The constant of integration may have any letter, where it is the last term.
    """
    text = _bare(text)
    name = rf"(?!{variable}|e)[A-Za-z]"
    text = _bare(re.sub(rf"\A{name}\s*(?:\(\s*{variable}\s*\))?\s*=", "", text, count=1))
    text = re.sub(rf"([-+])\s*{name}\Z", rf"\1 {CONSTANT}", text, count=1)
    dropped: list[Tree] = []
    return parse(text, frozenset((variable, CONSTANT)), dropped), dropped


def _bare(text: str) -> str:
    """The text without white space and delimiters at its ends."""
    text = text.strip()
    for _ in range(MAX_DELIMITERS):
        for mark in OPENING:
            text = text.removeprefix(mark).lstrip()
        for mark in CLOSING:
            text = text.removesuffix(mark).rstrip()
    return text
