"""Makes countdown problems: a target chosen among all the values that a few numbers reach, or just beside them."""

from math import gcd
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from taskgen.knobs import BaseKnobs, ladder
from taskgen.registry import Draft
from taskgen.seeding import Stream
from taskgen.verifiers.math.countdown import Countdown

if TYPE_CHECKING:
    import numpy as np

# The bounds of the exhaustive search, taskgen.kernels.reachable_values.
SEARCHED_NUMBERS = 6


class Knobs(BaseKnobs, frozen=True):
    """What moves the difficulty of the problem."""

    numbers: Annotated[int, Meta(ge=3, le=8, description="how many numbers are given")] = 5
    largest: Annotated[int, Meta(ge=5, le=100, description="largest number that may be given")] = 50
    target: Annotated[int, Meta(ge=20, le=100_000, description="largest target")] = 999
    use_all: Annotated[bool, Meta(description="whether all numbers must be used, or some may be left out")] = False
    decoys: Annotated[int, Meta(ge=0, le=4, description="numbers that the shortest solution leaves out")] = 0
    exhaustive: Annotated[
        bool, Meta(description="search all expressions, which proves the knobs below and that nothing shorter will do")
    ] = True
    rarity: Annotated[int, Meta(ge=0, le=10_000_000, description="at least this many expressions per solution")] = 0
    fractions: Annotated[Literal["free", "needed"], Meta(description="whether all solutions pass fractions")] = "free"
    unreachable: Annotated[float, Meta(ge=0, le=1, description="share of targets that cannot be reached exactly")] = 0.0

    def __post_init__(self) -> None:
        if self.use_all and self.decoys:
            raise ValueError(f"use_all=true leaves no decoys={self.decoys}; set one of them to its default")
        if self.numbers - self.decoys < 3:
            raise ValueError(f"numbers={self.numbers} with decoys={self.decoys} leaves fewer than 3; lower decoys")
        if self.exhaustive and self.numbers > SEARCHED_NUMBERS:
            raise ValueError(f"numbers={self.numbers} is too many for exhaustive=true; set exhaustive=false")
        if not self.exhaustive and (self.rarity or self.fractions == "needed" or self.unreachable):
            raise ValueError("rarity, fractions=needed and unreachable need exhaustive=true; set it, or leave them out")


LADDER = ladder(
    Knobs,
    numbers=    [3, 4, 4, 4, 5, 5, 5, 6, 6, 6],
    largest=    [30, 20, 30, 50, 30, 50, 50, 50, 75, 100],
    target=     [150, 99, 199, 499, 499, 999, 999, 2_999, 4_999, 9_999],
    use_all=    [True, False, True, False, False, True, False, False, True, False],
    decoys=     [0, 1, 0, 0, 1, 0, 0, 1, 0, 0],
    rarity=     [0, 0, 300, 700, 1_500, 8_000, 20_000, 50_000, 200_000, 500_000],
    fractions=  ["free", "free", "free", "free", "free", "free", "needed", "free", "free", "needed"],
    unreachable=[0, 0, 0, 0.1, 0.1, 0.15, 0.15, 0.15, 0.2, 0.2],
)  # fmt: skip


def generate(stream: Stream, knobs: Knobs) -> Draft | None:
    """Numbers, then a target among the values that they reach or miss; None where none fits the knobs."""
    numbers = [stream.between(1, knobs.largest) for _ in range(knobs.numbers)]
    if len(set(numbers)) < max(2, knobs.numbers - 2):
        return None
    return _searched(stream, knobs, numbers) if knobs.exhaustive else _built(stream, knobs, numbers)


def _searched(stream: Stream, knobs: Knobs, numbers: list[int]) -> Draft | None:
    """A problem chosen from the table of all expressions. Effort: expressions a blind search tries per solution."""
    import numpy as np

    from taskgen.kernels.reachable_values import nearest, tabulate, tally

    given = np.array(numbers, dtype=np.int64)
    starts, ends, values, origins = tabulate(given)
    table, total = tally(given, starts, ends, values, knobs.use_all, knobs.target)
    ways, whole, fewest = table[:, 0], table[:, 1], table[:, 2]
    needed = knobs.numbers - knobs.decoys
    fitting = (fewest == needed) & (ways * max(1, knobs.rarity) <= total)
    if knobs.fractions == "needed":
        fitting &= whole == 0
    missed = stream.chance(knobs.unreachable)
    if missed:
        # Beyond the largest value that the numbers reach, a target is missed too plainly.
        reached = np.flatnonzero(ways)
        fitting = (ways == 0) & (np.arange(len(ways)) < (reached[-1] if len(reached) else 0))
    fitting[0] = False
    fitting[given[given <= knobs.target]] = False
    targets = np.flatnonzero(fitting).tolist()
    if not targets:
        return None
    target = stream.choice(targets)
    top, bottom, left, right, operator = nearest(given, starts, ends, values, knobs.use_all, target)
    answer, used = _expression(left, right, operator, values, origins)
    if missed and used < needed:
        return None
    divisor = gcd(top, bottom)
    problem = Countdown(tuple(numbers), target, knobs.use_all, (top // divisor, bottom // divisor))
    return Draft(problem, answer, effort=total if missed else total / int(ways[target]))


Part = tuple[str, int]
"""An expression and the rank of its outermost operator: 1 for + and -, 2 for * and /, 3 for a number."""


def _expression(left: int, right: int, operator: int, values: "np.ndarray", origins: "np.ndarray") -> tuple[str, int]:
    """The expression that two rows of the kernel's table and an operator stand for, and how many numbers it uses."""
    used = 0

    def part(row: int) -> Part:
        nonlocal used
        if origins[row, 0] < 0:
            used += 1
            return str(values[row, 0]), 3
        return combined(*(int(entry) for entry in origins[row]))

    def combined(first: int, second: int, operator: int) -> Part:
        (a, b), (c, d) = (tuple(int(entry) for entry in values[row, :2]) for row in (first, second))
        if operator == 4 or (operator == 1 and a * d < c * b):
            first, second = second, first
        return _join("+-*//"[operator], part(first), part(second))

    text, _ = part(left) if operator < 0 else combined(left, right, operator)
    return text, used


def _join(operator: str, left: Part, right: Part) -> Part:
    rank = 1 if operator in "+-" else 2
    first = left[0] if left[1] >= rank else f"({left[0]})"
    second = right[0] if right[1] > rank or (right[1] == rank and operator in "+*") else f"({right[0]})"
    return f"{first} {operator} {second}", rank


def _built(stream: Stream, knobs: Knobs, numbers: list[int]) -> Draft | None:
    """A problem around a random expression in whole numbers. Effort: the size of the space of expressions."""
    parts: list[tuple[int, Part]] = [(number, (str(number), 3)) for number in numbers[knobs.decoys :]]
    while len(parts) > 1:
        a, first = parts.pop(stream.below(len(parts)))
        b, second = parts.pop(stream.below(len(parts)))
        if a < b:
            a, b, first, second = b, a, second, first
        operator = stream.choice("++--**//")
        # Idle steps (x - x, x * 1) would leave less to find; values far beyond the target seldom come back.
        if operator == "*" and (b == 1 or a * b > 4 * knobs.target):
            operator = "+"
        elif operator == "/" and (b <= 1 or a % b):
            operator = "-"
        if operator == "-" and a == b:
            operator = "+"
        value = a + b if operator == "+" else a - b if operator == "-" else a * b if operator == "*" else a // b
        parts.append((value, _join(operator, first, second)))
    target, (answer, _) = parts[0]
    if not 1 <= target <= knobs.target or target in numbers:
        return None
    space = 1
    for count in range(2, knobs.numbers + 1):
        space *= 5 * (2 * count - 3)
    order = stream.shuffled(numbers)
    return Draft(Countdown(tuple(order), target, knobs.use_all), answer, effort=space)
