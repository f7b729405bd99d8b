"""Linear equations with rational coefficients: find the solution, or all of them, or refute the system.

Whichever answer is right, it carries its own proof: a solution is substituted, a family of solutions is substituted and
counted by the rank of its directions, and a refutation is a combination of the equations that reads 0 = c with c not 0.
"""

import re
from collections.abc import Hashable, Sequence
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm
from typing import Annotated, ClassVar, Literal, NamedTuple

from msgspec import Meta, Struct

from taskgen.problem import Problem, Verdict, correct, limit, malformed, wrong
from taskgen.verifiers.math._grammar import parse
from taskgen.verifiers.math._trees import (
    MAX_BITS,
    PI,
    ExpressionError,
    Name,
    Number,
    Product,
    Rational,
    Sum,
    TooLarge,
    Tree,
)

MAX_UNKNOWNS = 10
MAX_EQUATIONS = 12
CONSTANT = -1

Coefficient = Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
TERM = re.compile(
    r"([-+]?)\s*"
    r"(?:([0-9]{1,40})(?:\s*/\s*([0-9]{1,40}))?(?![0-9./])(?:\s*\*\s*(?=[A-Za-z]))?)?"
    r"([A-Za-z][0-9]*)?\s*(?=[-+]|\Z)",
    re.ASCII,
)
Affine = dict[str, Rational]
"""A number, under the empty name, plus multiples of names."""


class Term(Struct, frozen=True, array_like=True):
    """A coefficient times an unknown (by number), or a constant term (unknown -1)."""

    coefficient: Coefficient
    unknown: Annotated[int, Meta(ge=CONSTANT, lt=MAX_UNKNOWNS)]


class Group(Struct, frozen=True, array_like=True):
    """`factor*(terms)/divisor`; one term with factor and divisor 1 is a plain term."""

    factor: Annotated[int, Meta(ge=-1_000, le=1_000)]
    divisor: Annotated[int, Meta(ge=1, le=1_000)]
    terms: Annotated[tuple[Term, ...], Meta(min_length=1, max_length=12)]


Side = Annotated[tuple[Group, ...], Meta(max_length=40)]


class Equation(Struct, frozen=True, array_like=True):
    """Two sides, each a sum of groups; an empty side is 0."""

    left: Side
    right: Side


class System(NamedTuple):
    """What the equations say, collected: `sum(row[i] * unknown[i]) + row[-1] == 0`, in whole numbers."""

    rows: tuple[tuple[int, ...], ...]
    scales: tuple[int, ...]
    """What each equation was multiplied by to make its row whole."""
    rank: int


class LinearSystem(Problem, frozen=True, cache_hash=True):
    """Unknowns by name and equations in them."""

    accepts: ClassVar[tuple[Literal["answer", "boxed", "fenced"], ...]] = ("answer", "boxed")
    max_answer: ClassVar[int] = 4_000

    unknowns: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z][0-9]?\Z")], ...], Meta(min_length=1, max_length=MAX_UNKNOWNS)
    ]
    equations: Annotated[tuple[Equation, ...], Meta(min_length=1, max_length=MAX_EQUATIONS)]

    def __post_init__(self) -> None:
        if len(set(self.unknowns)) != len(self.unknowns):
            raise ValueError("two unknowns have one name")
        if "e" in self.unknowns:
            raise ValueError("an unknown may not be called e")
        for equation in self.equations:
            for group in equation.left + equation.right:
                if max(term.unknown for term in group.terms) >= len(self.unknowns):
                    raise ValueError("an equation mentions an unknown that is not there")

    def text(self, equation: Equation) -> str:
        """An equation as a person writes it: `3x - 2(y + 1)/5 = 7`."""
        return f"{_show_side(equation.left, self.unknowns)} = {_show_side(equation.right, self.unknowns)}"

    def verify(self, answer: str) -> Verdict:
        """`x = 3, y = -1/2`, on the right perhaps parameters; or `inconsistent:` and a combination of E1, E2, ..."""
        system = collected(self)
        try:
            match = re.match(r"\s*inconsistent\s*:", answer, re.ASCII | re.IGNORECASE)
            if match:
                return self._refutation(system, answer[match.end() :])
            values = self._values(answer)
        except TooLarge as error:
            return limit(str(error))
        except ExpressionError as error:
            return malformed(str(error))
        return self._solution(system, values)

    def _refutation(self, system: System, text: str) -> Verdict:
        labels = [f"E{number}" for number in range(1, len(self.equations) + 1)]
        combination = _read(text, frozenset(labels))
        if combination.get("", 0):
            return malformed("a combination of the equations has no term without an equation")
        weights = [combination.get(label, 0) for label in labels]
        common = lcm(*(weight.denominator * scale for weight, scale in zip(weights, system.scales, strict=True)))
        whole = [
            weight.numerator * (common // (weight.denominator * scale))
            for weight, scale in zip(weights, system.scales, strict=True)
        ]
        *left, constant = (
            sum(weight * row[place] for weight, row in zip(whole, system.rows, strict=True))
            for place in range(len(self.unknowns) + 1)
        )
        if any(left):
            name = self.unknowns[[value != 0 for value in left].index(True)]
            return wrong(f"{name} does not cancel in that combination", left.count(0) / len(left))
        return correct() if constant else wrong("the combination reads 0 = 0, which refutes nothing")

    def _values(self, answer: str) -> list[Affine]:
        """What each unknown is given as. Raises ExpressionError."""
        values: dict[str, Affine] = {}
        parameters = _parameters(self.unknowns)
        for entry in filter(None, (part.strip() for part in re.split(r"[,;\n]", answer.replace("$", " ")))):
            name, equals, text = entry.partition("=")
            name = name.strip().replace("_", "").replace("{", "").replace("}", "")
            if not equals or name not in self.unknowns:
                raise ExpressionError(f"cannot read {entry[:40]!r} as an unknown, '=' and its value")
            if name in values:
                raise ExpressionError(f"{name} is given twice")
            values[name] = _read(text, parameters)
        if len(values) != len(self.unknowns):
            raise ExpressionError(f"{len(values)} of {len(self.unknowns)} unknowns are given")
        used = {name for value in values.values() for name in value}
        for name in self.unknowns:
            if name in used and values[name] != {name: 1}:
                raise ExpressionError(f"{name} stands on the right, so it is a parameter: give it as {name} = {name}")
        return [values[name] for name in self.unknowns]

    def _solution(self, system: System, values: Sequence[Affine]) -> Verdict:
        parameters = sorted({name for value in values for name in value if name})
        if len(parameters) > MAX_UNKNOWNS:
            return limit(f"there are more than {MAX_UNKNOWNS} parameters")
        places = ["", *parameters]
        common = lcm(*(number.denominator for value in values for number in value.values()))
        if common.bit_length() > MAX_BITS:
            return limit("the fractions in the answer are too large")
        columns = [
            [_times(value.get(name, 0), common) for value in values] + [0 if name else common] for name in places
        ]
        fitting = [all(not _dot(row, column) for column in columns) for row in system.rows]
        if not all(fitting):
            number = fitting.index(False) + 1
            return wrong(f"equation E{number} does not hold", sum(fitting) / len(fitting))
        free = len(self.unknowns) - system.rank
        dimension = rank([column[:-1] for column in columns[1:]])
        if dimension < free:
            return wrong(f"those are solutions, but not all: {free} independent parameters are needed, not {dimension}")
        return correct()

    def structure(self) -> Hashable:
        """A hash of the graph of unknowns and collected equations; each equation is there with both signs."""
        from taskgen.kernels.refinement import structure_hash

        colours = [0] * len(self.unknowns)
        edges: list[tuple[int, int, int]] = []
        for row in collected(self).rows:
            common = gcd(*row) or 1
            plus, minus = len(colours), len(colours) + 1
            for vertex, sign in ((plus, 1), (minus, -1)):
                colours.append(2 + _colour(sign * row[-1] // common))
                for unknown, value in enumerate(row[:-1]):
                    if value:
                        edges.append((vertex, unknown, _colour(sign * value // common)))
            edges += [(plus, minus, 0), (minus, plus, 0)]
        return structure_hash(colours, edges)


@lru_cache(maxsize=4096)
def collected(problem: LinearSystem) -> System:
    """The equations as rows of whole numbers."""
    rows = []
    scales = []
    width = len(problem.unknowns) + 1
    for equation in problem.equations:
        scale = lcm(*(group.divisor for group in equation.left + equation.right))
        row = [0] * width
        for sign, side in ((1, equation.left), (-1, equation.right)):
            for group in side:
                for term in group.terms:
                    row[term.unknown] += sign * group.factor * term.coefficient * (scale // group.divisor)
        rows.append(tuple(row))
        scales.append(scale)
    return System(tuple(rows), tuple(scales), rank([row[:-1] for row in rows]))


def rank(rows: Sequence[Sequence[int]]) -> int:
    """The rank of a matrix of whole numbers, by fraction-free elimination (Bareiss 1968)."""
    left = [list(row) for row in rows]
    found = 0
    previous = 1
    for column in range(len(left[0]) if left else 0):
        pivot = next((place for place in range(found, len(left)) if left[place][column]), None)
        if pivot is None:
            continue
        left[found], left[pivot] = left[pivot], left[found]
        top = left[found]
        for row in left[found + 1 :]:
            factor = row[column]
            for place in range(column, len(row)):
                row[place] = (row[place] * top[column] - factor * top[place]) // previous
        previous = top[column]
        found += 1
    return found


def _dot(row: Sequence[int], column: Sequence[int]) -> int:
    return sum(value * other for value, other in zip(row, column, strict=True))


def _times(value: Rational, common: int) -> int:
    """A number times a multiple of its denominator."""
    return value.numerator * (common // value.denominator)


def _colour(value: int) -> int:
    """A whole number as a colour that fits 60 bits; only huge coefficients can share one."""
    return (2 * abs(value) + (value < 0)) % ((1 << 60) - 93)


@lru_cache(maxsize=256)
def _parameters(unknowns: tuple[str, ...]) -> frozenset[str]:
    """What may stand on the right: the unknowns, and letters with or without a digit."""
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1) if chr(code) != "e"]
    return frozenset([*unknowns, *letters, *(f"{letter}{digit}" for letter in letters for digit in range(10))])


def _read(text: str, names: frozenset[str]) -> Affine:
    """A number plus multiples of names: `5/2 - 3/2*t` at once, other ways to write it through the grammar."""
    total: Affine = {}
    position = 0
    text = text.strip()
    while match := TERM.match(text, position):
        sign, top, bottom, name = match.groups()
        if (position and not sign) or (name and name not in names) or not (top or name) or (bottom and not int(bottom)):
            break
        value = Fraction(int(top or 1), int(bottom)) if bottom else int(top or 1)
        name = name or ""
        total[name] = total.get(name, 0) + (-value if sign == "-" else value)
        position = match.end()
        if position == len(text):
            return {name: value for name, value in total.items() if value}
    # LaTeX writes t_1 or t_{1}; both are the parameter t1.
    return _affine(parse(re.sub(r"_\{?([0-9])\}?", r"\1", text, flags=re.ASCII), names))


def _affine(tree: Tree) -> Affine:
    """A tree as a number plus multiples of names. Raises ExpressionError where it is something else."""
    match tree:
        case Number(value):
            return {"": value}
        case Name(name) if tree != PI:
            return {name: 1}
        case Sum(terms):
            total: Affine = {}
            for term in terms:
                for name, value in _affine(term).items():
                    total[name] = total.get(name, 0) + value
            return {name: value for name, value in total.items() if value}
        case Product((Number(value), inner)):
            return {name: value * old for name, old in _affine(inner).items()}
    raise ExpressionError("only numbers and multiples of names may be added up there")


def _show_side(side: Sequence[Group], unknowns: Sequence[str]) -> str:
    return _joined([_show_group(group, unknowns) for group in side]) if side else "0"


def _show_group(group: Group, unknowns: Sequence[str]) -> str:
    terms = [_show_term(term.coefficient, term.unknown, unknowns) for term in group.terms]
    divisor = f"/{group.divisor}" if group.divisor > 1 else ""
    if len(terms) == 1 and group.factor == 1:
        return terms[0] + divisor
    factor = {1: "", -1: "-"}.get(group.factor, str(group.factor))
    return f"{factor}({_joined(terms)}){divisor}"


def _show_term(coefficient: int, unknown: int, unknowns: Sequence[str]) -> str:
    if unknown == CONSTANT:
        return str(coefficient)
    return {1: "", -1: "-"}.get(coefficient, str(coefficient)) + unknowns[unknown]


def _joined(terms: Sequence[str]) -> str:
    """Terms with signs between them."""
    text = "".join(f" - {term[1:]}" if term.startswith("-") else f" + {term}" for term in terms)
    return text[3:] if text.startswith(" + ") else "-" + text[3:]
