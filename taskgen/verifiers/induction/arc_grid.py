"""A hidden rule turns input grids into output grids; from a few pairs, find what it makes of one more input.

After François Chollet, "On the Measure of Intelligence" (2019), the Abstraction and Reasoning Corpus. The rules are
short programs of primitives in six families, of which the maker and the oracle each hold an implementation:

    geometry   turn and flip; shift around the edge
    colour     recolour, swap, keep one colour, paint all; the most and least frequent colour
    frame      crop, trim, squeeze out empty lines, append the mirror image, repeat, enlarge, halve, fractal
    objects    keep, remove or cut out by size, edge, holes, form, colour; fall, slide; fill, outline, hollow, box, join
               by lines, cast rays, grow
    symmetry   complete a symmetry; overlay halves, keep where they agree
    condition  paint, mirror or move some objects only; repeat and enlarge by counts

An object is a set of cells of one colour joined by their sides; the background is the inputs' commonest colour.

The problem holds the output instead of the rule. The claim behind an answer is that every shortest program that fits
the pairs gives this output, which no single rule could prove by being run; with the output at hand, the referee needs
no interpreter of programs, judges in microseconds, and stays right whatever becomes of the language.
"""

from collections import Counter
from collections.abc import Hashable
from itertools import permutations, product
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from taskgen.problem import Forms, Problem, Verdict, correct, malformed, wrong

MAX_SIDE = 30

Row = Annotated[str, Meta(pattern=r"^[0-9]{1,30}\Z")]
Grid = Annotated[tuple[Row, ...], Meta(min_length=1, max_length=MAX_SIDE)]

# Layout says nothing: rows end at a line break, a slash, a bar, a semicolon or a closing bracket, the rest is dropped.
_LAYOUT = str.maketrans(dict.fromkeys("/|;]\"'", "\n") | dict.fromkeys(" ,[\t\r", ""))


class Pair(Struct, frozen=True, array_like=True):
    """An input grid and what the rule makes of it, each a tuple of rows of digits."""

    input: Grid
    output: Grid


class ArcGrid(Problem, frozen=True):
    """Training pairs, a test input, and the output that the rule behind the pairs gives for it."""

    unique: ClassVar[bool] = True
    forms: ClassVar[Forms] = ("answer", "fenced")
    max_answer: ClassVar[int] = 10_000

    pairs: Annotated[tuple[Pair, ...], Meta(min_length=1, max_length=8)]
    test: Grid
    output: Grid

    def __post_init__(self) -> None:
        for grid in (self.test, self.output, *(grid for pair in self.pairs for grid in (pair.input, pair.output))):
            if len({len(row) for row in grid}) != 1:
                raise ValueError("the rows of a grid have different lengths")

    def verify(self, answer: str) -> Verdict:
        """Rows of digits; spaces, commas and brackets between the digits do not matter."""
        if answer.count("[") > 1:  # a list of lists: its brackets end the rows, whatever its line breaks
            answer = answer.replace("\n", "")
        rows = tuple(row for row in answer.translate(_LAYOUT).split("\n") if row)
        if rows == self.output:
            return correct()
        if not rows:
            return malformed("the answer holds no grid")
        for number, row in enumerate(rows, 1):
            if not (row.isascii() and row.isdigit()):
                return malformed(f"row {number} is not made of digits: {row[:40]!r}")
        shape = f"{len(rows)} x {len(rows[0])}"
        if len({len(row) for row in rows}) != 1:
            return malformed("the rows of the grid have different lengths")
        if len(rows) != len(self.output) or len(rows[0]) != len(self.output[0]):
            return wrong(f"the output is not {shape}")
        cells = [given == right for given, right in zip("".join(rows), "".join(self.output), strict=True)]
        return wrong(f"{cells.count(False)} of {len(cells)} cells are wrong", cells.count(True) / len(cells))

    def structure(self) -> Hashable:
        """The least form over the square's symmetries, with colours renamed and pairs sorted."""
        pairs = [(pair.input, pair.output) for pair in self.pairs]
        test = (self.test, self.output)
        forms = []
        for _ in range(2):
            for _ in range(4):
                forms.append(_canonical(pairs, test))
                pairs = [(_turned(first), _turned(second)) for first, second in pairs]
                test = (_turned(test[0]), _turned(test[1]))
            pairs = [(first[::-1], second[::-1]) for first, second in pairs]
            test = (test[0][::-1], test[1][::-1])
        return min(forms)


def _turned(grid: tuple[str, ...]) -> tuple[str, ...]:
    """The grid turned by a quarter to the right."""
    return tuple(map("".join, zip(*grid[::-1], strict=True)))


def _canonical(pairs: list[tuple[Grid, Grid]], test: tuple[Grid, Grid]) -> tuple[str, ...]:
    """Test and pairs as text, the same whatever the colours are called and however the pairs are ordered.

    A colour is known by the cells that it has in the test and, in no order, in the pairs. Colours that have the same
    cells are rare; every order of them is tried, unless there are many: then they are not told apart.
    """
    test_text = _text(test)
    texts = [_text(pair) for pair in pairs]
    known: dict[tuple[str, ...], list[str]] = {}
    for colour in sorted(set("".join((test_text, *texts))) & set("0123456789")):
        table = {ord(digit): "." for digit in "0123456789" if digit != colour} | {ord(colour): "#"}
        cells = (test_text.translate(table), *sorted(text.translate(table) for text in texts))
        known.setdefault(cells, []).append(colour)
    groups = [known[cells] for cells in sorted(known)]
    many = max(Counter(map(len, groups))) > 3
    orders = [[tuple(group)] if len(group) == 1 or many else list(permutations(group)) for group in groups]
    forms = []
    for chosen in product(*orders):
        names: dict[int, str] = {}
        for number, group in enumerate(chosen):
            for place, colour in enumerate(group):
                names[ord(colour)] = chr(97 + number) if many else chr(97 + number + 10 * place)
        forms.append((test_text.translate(names), *sorted(text.translate(names) for text in texts)))
    return min(forms)


def _text(pair: tuple[Grid, Grid]) -> str:
    return "/".join(pair[0]) + ">" + "/".join(pair[1])
