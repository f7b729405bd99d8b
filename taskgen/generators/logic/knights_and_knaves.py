"""Makes knights-and-knaves problems with exactly one solution, found by truth tables held in big integers."""

from functools import lru_cache
from typing import Annotated, Literal

from msgspec import Meta, Struct

from taskgen.knobs import BaseKnobs, ladder
from taskgen.registry import Draft
from taskgen.seeding import Stream
from taskgen.verifiers.logic.knights_and_knaves import (
    Claim,
    Count,
    Is,
    Joined,
    KnightsAndKnaves,
    Not,
    Statement,
)

NAMES = (
    "Ada Ben Clara David Elena Felix Grace Henry Iris Jonas Karen Leo Mina Nora Oscar Paula Quentin Rosa Samuel Tara "
    "Ulrich Vera Walter Xenia Yusuf Zoe Amir Bella Carlos Dina Emil Fiona Gustav Hanna Igor Julia Kofi Lena Marco Nadia"
).split()


CONNECTIVES: tuple[Literal["and", "or", "if", "iff"], ...] = ("and", "or", "if", "iff")
BOUNDS: tuple[Literal["at least", "at most", "exactly"], ...] = ("at least", "at most", "exactly")


class Knobs(BaseKnobs, frozen=True):
    """What moves the difficulty of the puzzle."""

    people: Annotated[int, Meta(ge=2, le=16, description="how many people there are")] = 5
    depth: Annotated[int, Meta(ge=0, le=4, description="how deep connectives nest in a statement")] = 2
    plain: Annotated[float, Meta(ge=0, le=1, description="share of statements without any connective")] = 0.1
    counts: Annotated[float, Meta(ge=0, le=1, description="share of parts that count knights")] = 0.15
    splits: Annotated[int, Meta(ge=0, le=40, description="least number of case distinctions the solver needed")] = 1


LADDER = ladder(
    Knobs,
    people=[3, 3, 4, 4, 5, 6, 7, 8, 10, 12],
    depth= [1, 1, 1, 1, 2, 2, 2, 3, 3, 3],
    plain= [0.6, 0.4, 0.4, 0.2, 0.1, 0.1, 0.05, 0, 0, 0],
    counts=[0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.25, 0.25, 0.3, 0.3],
    splits=[1, 1, 1, 2, 2, 3, 4, 5, 7, 10],
)  # fmt: skip


def generate(stream: Stream, knobs: Knobs) -> Draft | None:
    """One statement by each person, drawn around a hidden world; None unless that world is the only one that fits."""
    count = knobs.people
    tables = _knight_tables(count)
    hidden = 1 + stream.below((1 << count) - 2)
    speakers = stream.shuffled(range(count))
    said = [_statement(stream, knobs, speaker, tables, hidden) for speaker in speakers]
    for _ in range(4 * count):
        fitting = tables.everywhere
        for _, fits in said:
            fitting &= fits
        if fitting.bit_count() == 1:
            break
        place = stream.below(count)
        said[place] = _statement(stream, knobs, speakers[place], tables, hidden)
    else:
        return None
    statements = tuple(statement for statement, _ in said)
    splits, evaluations = effort(statements, count)
    if splits < knobs.splits:
        return None
    people = tuple(stream.sample(NAMES, count))
    kinds = ["knight" if hidden >> person & 1 else "knave" for person in range(count)]
    answer = ", ".join(f"{name}: {kind}" for name, kind in zip(people, kinds, strict=True))
    return Draft(KnightsAndKnaves(people, statements), answer, effort=evaluations)


class _Tables(Struct, frozen=True):
    """Truth tables as big integers: bit w is the truth in world w, and bit p of w says that person p is a knight."""

    knights: list[int]
    everywhere: int


@lru_cache(maxsize=32)
def _knight_tables(count: int) -> _Tables:
    knights = []
    for person in range(count):
        table, period = ((1 << (1 << person)) - 1) << (1 << person), 2 << person
        while period < 1 << count:
            table |= table << period
            period *= 2
        knights.append(table)
    return _Tables(knights, (1 << (1 << count)) - 1)


def _statement(stream: Stream, knobs: Knobs, speaker: int, tables: _Tables, hidden: int) -> tuple[Statement, int]:
    """A random statement that its speaker can make in the hidden world, and the table of worlds that it fits."""
    depth = 0 if knobs.plain and stream.chance(knobs.plain) else knobs.depth
    while True:
        claim, table = _claim(stream, knobs, speaker, depth, tables)
        fits = tables.everywhere ^ table ^ tables.knights[speaker]
        if fits >> hidden & 1:
            return Statement(speaker, claim), fits


def _claim(stream: Stream, knobs: Knobs, speaker: int, depth: int, tables: _Tables) -> tuple[Claim, int]:
    """A random claim and its truth table."""
    if depth == 0:
        return _plain_claim(stream, knobs, speaker, tables)
    left, first = _claim(stream, knobs, speaker, depth - 1, tables)
    form = stream.below(5)
    if form == 4:
        return Not(left), tables.everywhere ^ first
    while True:
        right, second = _claim(stream, knobs, speaker, stream.below(depth), tables)
        if second not in (first, tables.everywhere ^ first):
            break
    connective = CONNECTIVES[form]
    if connective == "and":
        table = first & second
    elif connective == "or":
        table = first | second
    else:
        table = (tables.everywhere ^ first) | second if connective == "if" else tables.everywhere ^ first ^ second
    return Joined(connective, left, right), table


def _plain_claim(stream: Stream, knobs: Knobs, speaker: int, tables: _Tables) -> tuple[Claim, int]:
    if knobs.people > 2 and stream.chance(knobs.counts):
        others = [person for person in range(knobs.people) if person != speaker]
        group = tuple(sorted(stream.sample(others, stream.between(2, min(4, len(others))))))
        bound, number = stream.choice(BOUNDS), stream.between(1, len(group) - 1)
        return Count(bound, number, group), _count_table(bound, number, group, tables)
    other = stream.below(knobs.people - 1 if knobs.people > 2 else 2)
    person = other + (other >= speaker and knobs.people > 2)
    table = tables.knights[person]
    return (Is(person, True), table) if stream.below(2) else (Is(person, False), tables.everywhere ^ table)


def _count_table(bound: str, number: int, group: tuple[int, ...], tables: _Tables) -> int:
    exactly = [tables.everywhere] + [0] * len(group)
    for person in group:
        knight = tables.knights[person]
        for total in range(len(group), 0, -1):
            exactly[total] = exactly[total] & ~knight | exactly[total - 1] & knight
        exactly[0] &= ~knight
    spans = {"at least": exactly[number:], "at most": exactly[: number + 1], "exactly": exactly[number : number + 1]}
    table = 0
    for part in spans[bound]:
        table |= part
    return table


def effort(statements: tuple[Statement, ...], count: int) -> tuple[int, int]:
    """What a careful person does: case distinctions made, and statements looked at, until every case is settled."""
    splits = evaluations = 0
    claims = [(said.speaker, said.claim) for said in statements]

    def settle(known: list[bool | None]) -> bool:
        """Draw forced conclusions until nothing changes; False on a contradiction."""
        nonlocal evaluations
        changed = True
        while changed:
            changed = False
            for speaker, claim in claims:
                evaluations += 1
                truth = _partly(claim, known)
                if truth is None:
                    continue
                if known[speaker] is None:
                    known[speaker] = truth
                    changed = True
                elif known[speaker] is not truth:
                    return False
        return True

    def search(known: list[bool | None]) -> None:
        nonlocal splits
        if not settle(known) or None not in known:
            return
        splits += 1
        person = known.index(None)
        for guess in (True, False):
            case = known.copy()
            case[person] = guess
            search(case)

    search([None] * count)
    return splits, evaluations


def _partly(claim: Claim, known: list[bool | None]) -> bool | None:
    """Kleene's three-valued truth of a claim when only some people are known."""
    if isinstance(claim, Is):
        kind = known[claim.person]
        return None if kind is None else kind is claim.knight
    if isinstance(claim, Not):
        truth = _partly(claim.part, known)
        return None if truth is None else not truth
    if isinstance(claim, Count):
        kinds = [known[person] for person in claim.people]
        least = kinds.count(True)
        most = least + kinds.count(None)
        enough = True if least >= claim.number else False if most < claim.number else None
        few = True if most <= claim.number else False if least > claim.number else None
        return enough if claim.bound == "at least" else few if claim.bound == "at most" else _both(enough, few)
    first = _partly(claim.left, known)
    if claim.connective == "and":
        return False if first is False else _both(first, _partly(claim.right, known))
    if claim.connective == "or":
        return True if first else _either(first, _partly(claim.right, known))
    if claim.connective == "if":
        return True if first is False else _either(None if first is None else False, _partly(claim.right, known))
    second = _partly(claim.right, known)
    return None if first is None or second is None else first is second


def _both(first: bool | None, second: bool | None) -> bool | None:
    return False if first is False or second is False else None if first is None or second is None else True


def _either(first: bool | None, second: bool | None) -> bool | None:
    return True if first or second else None if first is None or second is None else False
