"""Countdown items: as TinyZero and Countdown-Tasks-3to4 word them, as reasoning-gym does, or as columns.

All of them call an answer right that uses every number once and hits the target, which can be hit.
"""

import re
from collections.abc import Sequence
from typing import Any

from taskgen.curation.parsers import Row, problem
from taskgen.verifiers.math.countdown import Countdown

MARKS = (
    "create an equation that equals",
    "create an expression that equals",
    "all of these numbers: ",
    "Make 24 using",
)
COLUMNS = ({"nums", "target"},)

_LIST = r"(?P<numbers>\[[0-9, ]+\]|[0-9]+(?:, [0-9]+)+)"
_TARGET = r"(?P<target>[0-9]+)(?!\.?[0-9]|\s*[-+*/^%]|\s+mod)"
_WORDINGS = (
    re.compile(rf"the numbers (?:in the list )?{_LIST}, create an equation that equals {_TARGET}"),
    re.compile(rf"all the numbers {_LIST}, create an expression that equals {_TARGET}"),
    re.compile(rf"(?:Calculate|make) (?P<target>[0-9]+) using all of these numbers: {_LIST}"),
    re.compile(rf"Make (?P<target>24) using {_LIST}\."),
)
_OPERATIONS = re.compile(r"(?:operations? \(|operators )([-+*/, ]+)")
# Rules beyond those of the plain game: with them, another problem.
_OTHER_RULES = re.compile(
    r"(?:\b(?:not|never|without|avoid\w*|no|only|except)|n't)\b[^.\n]{0,40}\b(?:divi\w+|multipl\w+|subtract\w*|add\w*|plus|"
    r"minus|parenthes\w+|brackets?|fractions?|negativ\w+|operat\w+|order)\b|"
    r"\b(?:division|multiplication|subtraction|addition|parenthes\w+|brackets?|fractions?)\b[^.\n]{0,20}\b(?:not|forbidden)\b|"
    r"(?:\b(?:need|have) not|n't|\bnot)\b (?:need |have )?to use (?:all|every)|\bneed not use\b|"
    r"\b(?:more than once|any number of times|twice|reus\w+|subset|some of (?:the|these)|"
    r"(?:in|keep) [^.\n]{0,30}\border|(?:few|small|large|great|long|short)est|fewer|at least|"
    r"concatenat\w+|intermediate|integers?|exponent\w*|powers?|"
    r"factorials?|(?:square )?roots?|modul\w+)\b",
    re.IGNORECASE,
)


def parse(row: Row) -> Countdown | None:
    """The one list of numbers with its target that the row states."""
    if _OTHER_RULES.search(row.text):
        return None
    if row.fields.keys() >= {"nums", "target"}:
        return countdown(row.fields["nums"], row.fields["target"])
    found = {(match["numbers"], match["target"]) for wording in _WORDINGS for match in wording.finditer(row.text)}
    allowed = {frozenset(match[1]) - {",", " "} for match in _OPERATIONS.finditer(row.text)}
    if len(found) != 1 or not allowed <= {frozenset("+-*/")}:
        return None
    ((numbers, target),) = found
    return countdown(re.findall("[0-9]+", numbers), target)


def countdown(numbers: Sequence[Any], target: Any) -> Countdown | None:
    """The problem of reaching a target with all of some numbers. Raises ValueError where they are not whole."""
    return problem(Countdown, numbers=[int(str(number)) for number in numbers], target=int(str(target)), use_all=True)
