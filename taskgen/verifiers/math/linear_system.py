"""Solve a system of linear equations: one solution, all of infinitely many, or a proof that there is none.

Every kind of answer is its own certificate. A solution is substituted. A family of solutions is substituted as affine
forms in its parameters, and is all of them when its directions have as high a rank as the system leaves unknowns free
(Rouché and Capelli). That there is none is shown by a combination of the equations that reads 0 = c with c not 0.
"""

import re
from collections.abc import Hashable, Sequence
from functools import cached_property
from math import gcd, lcm
from operator import mul
from typing import Annotated, ClassVar, NamedTuple

from msgspec import Meta, Struct

from taskgen.problem import Forms, Problem, Verdict, correct, limit, malformed, wrong
from taskgen.verifiers.math._affine_forms import Affine, TooLargeError, UnreadableError, parse, plain

MAX_UNKNOWNS = 8
MAX_EQUATIONS = 12
MAX_PARAMETERS = 12
CONSTANT = -1

_INCONSISTENT = re.compile(r"(?:\\text\s*\{)?\s*inconsistent\s*:\s*\}?", re.ASCII | re.IGNORECASE)
_PARAMETER = re.compile(r"[a-z][0-9]?")
_LABEL = re.compile(r"[Ee]([1-9][0-9]?)")


class Term(Struct, frozen=True, array_like=True):
    """A multiple of an unknown, given by its place, or a constant (CONSTANT instead of a place)."""

    coefficient: Annotated[int, Meta(ge=-99_999, le=99_999)]
    unknown: Annotated[int, Meta(ge=CONSTANT, lt=MAX_UNKNOWNS)]


class Group(Struct, frozen=True, array_like=True):
    """`factor(terms)/divisor`: a bracket, or just a term where there is one term and the factor is 1."""

    factor: Annotated[int, Meta(ge=-999, le=999)]
    terms: Annotated[tuple[Term, ...], Meta(min_length=1, max_length=MAX_UNKNOWNS + 1)]
    divisor: Annotated[int, Meta(ge=1, le=999)] = 1


Side = Annotated[tuple[Group, ...], Meta(max_length=40)]


class Equation(Struct, frozen=True, array_like=True):
    """Two sides, each a sum of groups; a side without any is 0."""

    left: Side
    right: Side


class Collected(NamedTuple):
    """The equations in whole numbers, everything on the left: `row[:-1] . unknowns + row[-1] = 0`."""

    rows: tuple[tuple[int, ...], ...]
    scales: tuple[int, ...]
    """What each equation was multiplied by to become its row."""
    rank: int


class LinearSystem(Problem, frozen=True, dict=True):
    """The unknowns' names, and the equations as they are written down."""

    forms: ClassVar[Forms] = ("answer", "boxed")
    max_answer: ClassVar[int] = 4_000

    unknowns: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z][0-9]?\Z")], ...], Meta(min_length=1, max_length=MAX_UNKNOWNS)
    ]
    equations: Annotated[tuple[Equation, ...], Meta(min_length=1, max_length=MAX_EQUATIONS)]

    def __post_init__(self) -> None:
        if len(set(self.unknowns)) != len(self.unknowns):
            raise ValueError("two unknowns have one name")
        for equation in self.equations:
            for group in equation.left + equation.right:
                if any(term.unknown >= len(self.unknowns) for term in group.terms):
                    raise ValueError("an equation mentions an unknown that is not there")

    @property
    def lines(self) -> list[str]:
        """The equations as a person writes them: `3x - 2(y + 1)/5 = 7`."""
        return [
            f"{_side(equation.left, self.unknowns)} = {_side(equation.right, self.unknowns)}"
            for equation in self.equations
        ]

    @cached_property
    def collected(self) -> Collected:
        """What the equations say when everything is multiplied out and moved to the left."""
        rows, scales = [], []
        for equation in self.equations:
            scale = lcm(*(group.divisor for group in equation.left + equation.right))
            row = [0] * (len(self.unknowns) + 1)
            for sign, side in ((scale, equation.left), (-scale, equation.right)):
                for group in side:
                    share = sign // group.divisor * group.factor
                    for term in group.terms:
                        row[term.unknown] += share * term.coefficient
            rows.append(tuple(row))
            scales.append(scale)
        return Collected(tuple(rows), tuple(scales), rank([row[:-1] for row in rows]))

    def verify(self, answer: str) -> Verdict:
        """`x = 3, y = 1/2 - 2t` for all unknowns in any order, or `inconsistent: 2*E1 - 3*E2`."""
        text = plain(answer)
        claim = _INCONSISTENT.match(text)
        try:
            if claim:
                return self._judge_combination(self._weights(text[claim.end() :]))
            return self._judge_values(self._values(text))
        except TooLargeError as error:
            return limit(str(error))
        except UnreadableError as error:
            return malformed(str(error))

    def _weights(self, text: str) -> list[tuple[int, int]]:
        """What each equation is multiplied by. Raises UnreadableError and TooLargeError."""
        weights = [(0, 1)] * len(self.equations)
        for name, value in parse(text).items():
            label = _LABEL.fullmatch(name)
            if label is None or int(label[1]) > len(weights):
                raise UnreadableError(
                    f"a combination is a sum of multiples of E1 to E{len(weights)}, without {name[:20] or 'constants'}"
                )
            weights[int(label[1]) - 1] = value
        return weights

    def _judge_combination(self, weights: list[tuple[int, int]]) -> Verdict:
        rows, scales, _ = self.collected
        common = lcm(*(bottom * scale for (_, bottom), scale in zip(weights, scales, strict=True)))
        total = [0] * (len(self.unknowns) + 1)
        for (top, bottom), scale, row in zip(weights, scales, rows, strict=True):
            if top:
                share = top * (common // (bottom * scale))
                total = [old + share * value for old, value in zip(total, row, strict=True)]
        for name, left in zip(self.unknowns, total, strict=False):
            if left:
                return wrong(f"{name} does not cancel in that combination")
        if not total[-1]:
            return wrong("that combination reads 0 = 0, which is no contradiction")
        return correct()

    def _values(self, text: str) -> list[Affine]:
        """An affine form for each unknown, in order. Raises UnreadableError and TooLargeError."""
        values: dict[str, Affine] = {}
        for entry in re.split(r"[,;\n]", text):
            if not entry or entry.isspace():
                continue
            name, equals, form = entry.partition("=")
            name = name.strip()
            if not equals or name not in self.unknowns:
                raise UnreadableError(f"cannot read {entry.strip()[:40]!r} as an unknown, '=' and its value")
            if name in values:
                raise UnreadableError(f"{name} is given twice")
            values[name] = parse(form)
        if len(values) != len(self.unknowns):
            raise UnreadableError(f"{len(values)} of {len(self.unknowns)} unknowns are given")
        for name in sorted({name for value in values.values() for name in value if name}):
            # An unknown may be its own parameter, as in `x = 1 + z, z = z`.
            if name in values and values[name] != {name: (1, 1)}:
                raise UnreadableError(f"{name} is an unknown, so it cannot be a parameter")
            if not _PARAMETER.fullmatch(name):
                raise UnreadableError(f"{name[:20]!r} is no parameter: use small letters, perhaps with a digit")
        return [values[name] for name in self.unknowns]

    def _judge_values(self, values: list[Affine]) -> Verdict:
        parameters = sorted({name for value in values for name in value if name})
        if len(parameters) > MAX_PARAMETERS:
            return limit(f"there are more than {MAX_PARAMETERS} parameters")
        rows, _, known = self.collected
        # One column for the number in each form, one for each parameter; the last row belongs to the constants.
        common = lcm(*(bottom for value in values for _, bottom in value.values()))
        columns = []
        for name in ("", *parameters):
            column = [value[name][0] * (common // value[name][1]) if name in value else 0 for value in values]
            columns.append([*column, 0 if name else common])
        for number, row in enumerate(rows, 1):
            for column in columns:
                if sum(map(mul, row, column)):
                    return wrong(f"equation E{number} does not hold", self._share(columns))
        free = len(self.unknowns) - known
        directions = rank([column[:-1] for column in columns[1:]]) if parameters else 0
        if directions < free:
            return wrong(
                f"these are solutions, but not all: {free} independent parameters are needed, not {directions}",
                (1 + directions) / (1 + free),
            )
        return correct()

    def _share(self, columns: list[list[int]]) -> float:
        """The share of the equations that hold, or 0 where all of them cannot."""
        rows, _, known = self.collected
        if rank(rows) > known:
            return 0.0
        holding = [not any(sum(map(mul, row, column)) for column in columns) for row in rows]
        return sum(holding) / len(holding)

    def structure(self) -> Hashable:
        """A hash of the graph of unknowns and collected equations, each of which is there with either sign."""
        from taskgen.kernels.refinement import structure_hash

        colours = [0] * len(self.unknowns)
        edges: list[tuple[int, int, int]] = []
        for row in self.collected.rows:
            shared = gcd(*row) or 1
            pair = len(colours)
            edges += [(pair, pair + 1, 0), (pair + 1, pair, 0)]
            for sign in (shared, -shared):
                vertex = len(colours)
                edges += [(vertex, place, _colour(value // sign)) for place, value in enumerate(row[:-1]) if value]
                colours.append(1 + _colour(row[-1] // sign))
        return structure_hash(colours, edges)


def rank(rows: Sequence[Sequence[int]]) -> int:
    """The rank of a matrix of whole numbers, by fraction-free elimination (Bareiss 1968)."""
    waiting = [list(row) for row in rows]
    found, previous = 0, 1
    while waiting and waiting[0]:
        place = next((place for place, row in enumerate(waiting) if row[0]), None)
        if place is None:
            waiting = [row[1:] for row in waiting]
            continue
        first, *top = waiting.pop(place)
        waiting = [
            [(first * value - row[0] * above) // previous for value, above in zip(row[1:], top, strict=True)]
            for row in waiting
        ]
        found, previous = found + 1, first
    return found


def _colour(value: int) -> int:
    """Signed numbers as natural ones; below 2**60 no two are alike."""
    return (2 * value if value >= 0 else -2 * value - 1) % ((1 << 61) - 1)


def _side(groups: Sequence[Group], unknowns: tuple[str, ...]) -> str:
    return _sum([_group(group, unknowns) for group in groups])


def _group(group: Group, unknowns: tuple[str, ...]) -> str:
    terms = [_term(term, unknowns) for term in group.terms]
    if len(terms) == 1 and group.factor == 1:
        text = terms[0]
    else:
        text = f"{_FACTORS.get(group.factor, group.factor)}({_sum(terms)})"
    return text if group.divisor == 1 else f"{text}/{group.divisor}"


_FACTORS = {1: "", -1: "-"}


def _term(term: Term, unknowns: tuple[str, ...]) -> str:
    if term.unknown == CONSTANT:
        return str(term.coefficient)
    return f"{_FACTORS.get(term.coefficient, term.coefficient)}{unknowns[term.unknown]}"


def _sum(summands: Sequence[str]) -> str:
    if not summands:
        return "0"
    signed = [f" - {text[1:]}" if text[0] == "-" else f" + {text}" for text in summands]
    return "".join([summands[0], *signed[1:]])
