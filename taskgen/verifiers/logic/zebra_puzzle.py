"""Houses in a row, one value of each attribute in each house; from clues, find out what is where.

After the puzzle "Who owns the zebra?" (Life International, 17 December 1962).
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Annotated, ClassVar, Literal, NamedTuple

from msgspec import Meta, Struct

from taskgen.problem import Forms, Problem, Verdict, correct, malformed, wrong

MAX_HOUSES = 8
MAX_ATTRIBUTES = 7
MAX_CLUES = 200

_HOUSES = {str(house + 1): house for house in range(MAX_HOUSES)}
_BARS = str.maketrans("│┃║", "|||")
_RULE = " \t|-:+=─━═┄┅┈┉┌┬┐├┼┤└┴┘╔╦╗╠╬╣╚╩╝┏┳┓┣╋┫┗┻┛╞╪╡"

AttributeName = Literal[
    "name", "nationality", "pet", "drink", "colour", "job", "hobby",
    "sport", "fruit", "instrument", "flower", "transport", "birthday", "city",
]  # fmt: skip
Kind = Literal[
    "at", "not_at", "end", "same", "different", "left", "directly_left", "next", "apart", "between", "either",
]  # fmt: skip
Item = tuple[Annotated[int, Meta(ge=0, lt=MAX_ATTRIBUTES)], Annotated[int, Meta(ge=0, lt=MAX_HOUSES)]]
"""Attribute and value, both by their index."""


class Rule(NamedTuple):
    """What a kind of clue says: how many items it has, which numbers it takes, and when it holds.

    `holds(places, number, houses)` takes the items' houses, counted from 0.
    """

    arity: int
    numbers: Callable[[int], range]
    holds: Callable[[Sequence[int], int, int], bool]


def _none(houses: int) -> range:
    return range(1)


RULES: dict[Kind, Rule] = {
    "at": Rule(1, lambda houses: range(1, houses + 1), lambda p, number, houses: p[0] + 1 == number),
    "not_at": Rule(1, lambda houses: range(1, houses + 1), lambda p, number, houses: p[0] + 1 != number),
    "end": Rule(1, _none, lambda p, number, houses: p[0] in (0, houses - 1)),
    "same": Rule(2, _none, lambda p, number, houses: p[0] == p[1]),
    "different": Rule(2, _none, lambda p, number, houses: p[0] != p[1]),
    "left": Rule(2, _none, lambda p, number, houses: p[0] < p[1]),
    "directly_left": Rule(2, _none, lambda p, number, houses: p[0] + 1 == p[1]),
    "next": Rule(2, _none, lambda p, number, houses: abs(p[0] - p[1]) == 1),
    "apart": Rule(2, lambda houses: range(2, houses), lambda p, number, houses: abs(p[0] - p[1]) == number),
    "between": Rule(3, _none, lambda p, number, houses: p[1] < p[0] < p[2] or p[2] < p[0] < p[1]),
    "either": Rule(3, _none, lambda p, number, houses: p[0] in (p[1], p[2])),
}
"""`between` lists the middle item first; `either` says that the first item goes with the second or with the third."""


class Clue(Struct, frozen=True, array_like=True):
    """A fact about one to three items; `number` is a house, or for `apart` a distance, and 0 where it means nothing."""

    kind: Kind
    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=3)]
    number: Annotated[int, Meta(ge=0, le=MAX_HOUSES)] = 0


class Attribute(Struct, frozen=True):
    """What its values are called; each belongs to one house."""

    name: AttributeName
    values: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Za-z]{2,20}\Z")], ...], Meta(min_length=2, max_length=MAX_HOUSES)
    ]


class ZebraPuzzle(Problem, frozen=True):
    """Attributes with as many values as there are houses, and clues that exactly one table satisfies."""

    unique: ClassVar[bool] = True
    forms: ClassVar[Forms] = ("answer", "fenced")
    max_answer: ClassVar[int] = 4_000

    attributes: Annotated[tuple[Attribute, ...], Meta(min_length=2, max_length=MAX_ATTRIBUTES)]
    clues: Annotated[tuple[Clue, ...], Meta(min_length=1, max_length=MAX_CLUES)]

    @property
    def houses(self) -> int:
        """How many houses there are."""
        return len(self.attributes[0].values)

    def __post_init__(self) -> None:
        if len({attribute.name for attribute in self.attributes}) != len(self.attributes):
            raise ValueError("two attributes have one name")
        if any(len(attribute.values) != self.houses for attribute in self.attributes):
            raise ValueError("the attributes have different numbers of values")
        words = {value.casefold() for attribute in self.attributes for value in attribute.values}
        if len(words) != self.houses * len(self.attributes):
            raise ValueError("two values have one name")
        for number, clue in enumerate(self.clues, 1):
            self._check(clue, number)

    def _check(self, clue: Clue, position: int) -> None:
        rule = RULES[clue.kind]
        if len(clue.items) != rule.arity or len(set(clue.items)) != rule.arity:
            raise ValueError(f"clue {position}: {clue.kind} takes {rule.arity} different items")
        if clue.number not in rule.numbers(self.houses):
            raise ValueError(f"clue {position}: {clue.kind} cannot have the number {clue.number}")
        if any(attribute >= len(self.attributes) or value >= self.houses for attribute, value in clue.items):
            raise ValueError(f"clue {position} mentions a value that is not there")
        kinds = [attribute for attribute, _ in clue.items]
        if clue.kind in ("same", "different", "either") and kinds[0] in kinds[1:]:
            raise ValueError(f"clue {position}: {clue.kind} compares two values of one attribute")
        if clue.kind == "either" and kinds[1] != kinds[2]:
            raise ValueError(f"clue {position}: either offers values of two attributes")

    def verify(self, answer: str) -> Verdict:
        """A line for each house: its number, then its value of each attribute in the problem's order, between bars."""
        table = self._read(answer)
        if isinstance(table, Verdict):
            return table
        houses, broken = self.houses, []
        for position, clue in enumerate(self.clues, 1):
            places = [table[attribute][value] for attribute, value in clue.items]
            if not RULES[clue.kind].holds(places, clue.number, houses):
                broken.append(position)
        if not broken:
            return correct()
        more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
        return wrong(f"clue {broken[0]}{more} of {len(self.clues)} broken", 1 - len(broken) / len(self.clues))

    def _read(self, answer: str) -> list[list[int]] | Verdict:
        """`table[attribute][value]` is the house, counted from 0; or what keeps the answer from being a table."""
        columns: list[dict[str, int]] = [{} for _ in self.attributes]
        heading = [attribute.name for attribute in self.attributes]
        given = 0
        for cells in self._rows(answer):
            house = _HOUSES.get(cells[0].strip("*#. ").removeprefix("house").lstrip("# "), MAX_HOUSES)
            if house >= self.houses:
                if heading in (cells, cells[1:]):
                    continue
                return malformed(f"a line begins with {cells[0][:20]!r}, not with the number of a house")
            if given >> house & 1:
                return malformed(f"house {house + 1} is given twice")
            given |= 1 << house
            if len(cells) != len(columns) + 1:
                return malformed(f"house {house + 1} has {len(cells) - 1} values, not {len(columns)}")
            for column, word in zip(columns, cells[1:], strict=True):
                column[word] = house
        if given + 1 != 1 << self.houses:
            return malformed(f"{given.bit_count()} of {self.houses} houses are given")
        table = []
        for attribute, column in zip(self.attributes, columns, strict=True):
            places = [column.get(value.casefold(), -1) for value in attribute.values]
            if -1 in places:
                return wrong(f"{attribute.values[places.index(-1)]} is in no house's column for {attribute.name}")
            table.append(places)
        return table

    def _rows(self, answer: str) -> list[list[str]]:
        """The cells of every line; outer bars, emphasis and the rules of a drawn table are left out."""
        if not answer.isascii():
            answer = answer.translate(_BARS)
        rows = []
        for line in answer.casefold().splitlines():
            line = line.strip(" \t|")
            if line.strip(_RULE):
                rows.append([cell.strip(" \t\xa0*") for cell in line.split("|")])
        return rows

    def structure(self) -> Hashable:
        """A hash of the clue graph: names, order of values, attributes and clues, and left and right are forgotten."""
        from taskgen.kernels.refinement import structure_hash

        houses, kinds = self.houses, list(RULES)
        colours = [0] * houses + [1] * len(self.attributes)
        edges = [(house, house + 1, 0) for house in range(houses - 1)]
        first = len(colours)
        colours += [2] * (houses * len(self.attributes))
        edges += [(houses + item // houses, first + item, 0) for item in range(houses * len(self.attributes))]

        def add(colour: int, neighbours: Sequence[tuple[int, int]]) -> int:
            colours.append(colour)
            edges.extend((len(colours) - 1, vertex, role) for vertex, role in neighbours)
            return len(colours) - 1

        for clue in self.clues:
            items = [first + attribute * houses + value for attribute, value in clue.items]
            colour = 16 * (kinds.index(clue.kind) + 1)
            match clue.kind:
                case "at" | "not_at":
                    add(colour, [(items[0], 1), (clue.number - 1, 2)])
                case "left" | "directly_left":
                    # Each item is tied to the end of the row that it lies towards, so reflection keeps the graph.
                    arms = [add(3, [(items[0], 1), (0, 2)]), add(3, [(items[1], 1), (houses - 1, 2)])]
                    add(colour, [(arm, 3) for arm in arms])
                case "between" | "either":
                    add(colour, [(items[0], 2), (items[1], 1), (items[2], 1)])
                case _:
                    add(colour + clue.number, [(item, 1) for item in items])
        return structure_hash(colours, edges, directed=False)
