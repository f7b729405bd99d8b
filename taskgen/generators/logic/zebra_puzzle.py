"""Makes zebra puzzles: true clues are added until one table is left, then removed until none can be spared."""

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Annotated, get_args

from msgspec import Meta

from taskgen.knobs import BaseKnobs, ladder
from taskgen.registry import Draft
from taskgen.seeding import Stream
from taskgen.verifiers.logic.zebra_puzzle import RULES, Attribute, AttributeName, Clue, Kind, ZebraPuzzle

if TYPE_CHECKING:
    import numpy as np

VALUES: dict[AttributeName, str] = {
    "name": "Alice Bruno Clara Dmitri Elena Farid Greta Hugo Ingrid Jamal Keiko Luis",
    "nationality": "Norwegian Dane Swede German Italian Spaniard Greek Turk Pole Finn Brazilian Canadian Mexican",
    "pet": "cat dog fox horse parrot rabbit hamster goldfish tortoise ferret snake gecko",
    "drink": "tea coffee milk water lemonade cocoa cider beer wine juice buttermilk",
    "colour": "red green blue yellow white black pink purple grey brown",
    "job": "baker doctor teacher plumber lawyer farmer pilot nurse dentist tailor gardener judge",
    "hobby": "chess knitting photography fishing pottery origami astronomy juggling calligraphy embroidery",
    "sport": "tennis football rugby cricket hockey golf basketball volleyball squash badminton handball",
    "fruit": "apples pears plums cherries grapes bananas peaches mangoes apricots figs kiwis",
    "instrument": "violin piano flute cello harp guitar trumpet accordion clarinet saxophone oboe tuba",
    "flower": "roses tulips lilies daisies orchids dahlias irises poppies sunflowers peonies",
    "transport": "tram bus bicycle scooter motorcycle taxi train ferry car boat",
    "birthday": "January February March April May June July August September October November December",
    "city": "Lisbon Prague Vienna Dublin Oslo Cairo Nairobi Lima Kyoto Sydney Boston Rome",
}

# Clues of these kinds tell left from right; without one, the mirror image of a table fits as well as the table.
ORIENTED: tuple[Kind, ...] = ("at", "not_at", "left", "directly_left")
# These kinds say nothing, or nothing new, of two houses.
WIDE: tuple[Kind, ...] = ("end", "apart", "between")

PLAIN: tuple[Kind, ...] = ("at", "same", "directly_left", "next")
MIXED: tuple[Kind, ...] = ("at", "not_at", "same", "different", "directly_left", "next", "end")
LOOSE: tuple[Kind, ...] = (
    "at",
    "not_at",
    "same",
    "different",
    "left",
    "directly_left",
    "next",
    "end",
    "apart",
    "between",
    "either",
)
INDIRECT: tuple[Kind, ...] = ("not_at", "different", "left", "next", "apart", "between", "either", "same", "end")

# The search gives up after looking at this many clues in all, which few puzzles take below 8 houses.
BUDGET = 300_000


class Knobs(BaseKnobs, frozen=True):
    """What moves the difficulty of the puzzle."""

    houses: Annotated[int, Meta(ge=2, le=8, description="how many houses stand in the row")] = 5
    attributes: Annotated[int, Meta(ge=2, le=7, description="how many attributes each house has")] = 5
    kinds: Annotated[tuple[Kind, ...], Meta(min_length=1, max_length=11, description="kinds of clues")] = LOOSE
    redundancy: Annotated[int, Meta(ge=0, le=30, description="true clues beyond a set that can spare none")] = 0
    splits: Annotated[int, Meta(ge=0, le=50, description="least number of case distinctions the solver needed")] = 0

    def __post_init__(self) -> None:
        if not set(self.kinds) & set(ORIENTED):
            raise ValueError(f"kinds: left and right look alike without one of {', '.join(ORIENTED)}; add one")
        if self.houses < 3 and set(self.kinds) & set(WIDE):
            raise ValueError(f"kinds {', '.join(WIDE)} need houses=3 or more; leave them out or raise houses")


LADDER = ladder(
    Knobs,
    houses=    [3, 3, 4, 4, 5, 5, 6, 6, 7, 7],
    attributes=[3, 4, 3, 4, 4, 5, 5, 6, 6, 7],
    kinds=     [PLAIN, MIXED, PLAIN, MIXED, LOOSE, LOOSE, LOOSE, INDIRECT, LOOSE, INDIRECT],
    redundancy=[2, 1, 1, 1, 1, 0, 0, 0, 0, 0],
    splits=    [0, 0, 0, 0, 0, 1, 2, 3, 4, 8],
)  # fmt: skip


def generate(stream: Stream, knobs: Knobs) -> Draft | None:
    """A random table and clues that fit no other; None where the solver gave up or found the puzzle too easy."""
    import numpy as np

    from taskgen.kernels.arrangements import LOOKS, SPLITS, pose, search
    from taskgen.kernels.random import hand_back, take_over

    relations, meanings, rows = _relations(knobs.houses)
    kinds = np.array([rows[kind] for kind in knobs.kinds], dtype=np.int64)
    state = take_over(stream)
    places, clues, used, minimal = pose(
        kinds, relations, knobs.houses, knobs.attributes, knobs.redundancy, state, BUDGET
    )
    hand_back(stream, state)
    if minimal == 0:
        return None
    clues = clues[used]
    stats = np.zeros(2, dtype=np.int64)
    search(clues, used[used], -1, relations, knobs.houses, places, np.empty_like(places), state, BUDGET, stats)
    if stats[SPLITS] < knobs.splits:
        return None
    facts = [
        Clue(
            meanings[row[0]][0], tuple(divmod(item, knobs.houses) for item in row[1:] if item >= 0), meanings[row[0]][1]
        )
        for row in clues.tolist()
    ]
    names = stream.sample(get_args(AttributeName), knobs.attributes)
    attributes = tuple(Attribute(name, tuple(stream.sample(VALUES[name].split(), knobs.houses))) for name in names)
    answer = _table(attributes, places.reshape(knobs.attributes, knobs.houses).tolist())
    return Draft(ZebraPuzzle(attributes, tuple(stream.shuffled(facts))), answer, effort=int(stats[LOOKS]))


def _table(attributes: tuple[Attribute, ...], places: list[list[int]]) -> str:
    houses = range(len(places[0]))
    return "\n".join(
        " | ".join(
            [str(house + 1), *(each.values[where.index(house)] for each, where in zip(attributes, places, strict=True))]
        )
        for house in houses
    )


@lru_cache(maxsize=8)
def _relations(houses: int) -> tuple["np.ndarray", list[tuple[Kind, int]], dict[Kind, tuple[int, int, int, int]]]:
    """What the kernel needs to know of the rules: relation tables, what each means, and the row of each kind."""
    import numpy as np

    tables: list[np.ndarray] = []
    meanings: list[tuple[Kind, int]] = []
    rows: dict[Kind, tuple[int, int, int, int]] = {}
    for kind, rule in RULES.items():
        numbers = rule.numbers(houses)
        pattern = 2 if kind == "either" else 1 if kind in ("same", "different") else 0
        rows[kind] = (len(tables), len(tables) + len(numbers), rule.arity, pattern)
        for number in numbers:
            table = np.zeros(64, dtype=np.int64)
            for places in product(range(houses), repeat=rule.arity):
                if rule.holds(places, number, houses):
                    before = 0
                    for place in places[:-1]:
                        before = 8 * before + place
                    table[before] |= 1 << places[-1]
            tables.append(table)
            meanings.append((kind, number))
    return np.array(tables), meanings, rows
