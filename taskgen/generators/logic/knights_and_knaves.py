"""Makes knights-and-knaves problems with exactly one solution, found by truth tables held in big integers."""

from typing import Annotated, Literal

from msgspec import Meta

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
    holds,
    people_in,
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
    world = [stream.chance(0.5) for _ in range(count)]
    if len(set(world)) == 1 and count > 2:
        return None
    statements = tuple(
        Statement(speaker, _claim(stream, knobs, speaker, world)) for speaker in stream.shuffled(range(count))
    )
    if not _only(statements, world):
        return None
    splits, evaluations = _effort(statements, count)
    if splits < knobs.splits:
        return None
    people = tuple(stream.sample(NAMES, count))
    answer = ", ".join(f"{name}: {'knight' if knight else 'knave'}" for name, knight in zip(people, world, strict=True))
    return Draft(KnightsAndKnaves(people, statements), answer, effort=evaluations)


def _claim(stream: Stream, knobs: Knobs, speaker: int, world: list[bool]) -> Claim:
    """A random claim whose truth fits its speaker, with as many parts as the nesting depth asks for."""
    depth = 0 if stream.chance(knobs.plain) else knobs.depth
    while True:
        claim = _draw(stream, knobs, speaker, depth)
        if holds(claim, world) == world[speaker]:
            return claim


def _draw(stream: Stream, knobs: Knobs, speaker: int, depth: int) -> Claim:
    if depth == 0:
        others = [person for person in range(knobs.people) if person != speaker]
        if len(others) > 1 and stream.chance(knobs.counts):
            group = sorted(stream.sample(others, stream.between(2, min(4, len(others)))))
            number = stream.between(1, len(group) - 1)
            return Count(stream.choice(BOUNDS), number, tuple(group))
        return Is(stream.choice(others), stream.chance(0.5))
    left = _draw(stream, knobs, speaker, depth - 1)
    if stream.chance(0.2):
        return Not(left)
    connective = stream.choice(CONNECTIVES)
    while True:
        right = _draw(stream, knobs, speaker, stream.below(depth))
        if right != left and (set(people_in(right)) != set(people_in(left)) or depth > 1 or knobs.people < 4):
            return Joined(connective, left, right)


def _only(statements: tuple[Statement, ...], world: list[bool]) -> bool:
    """Whether no other world fits: bit w of a table is a claim's truth in world number w."""
    count = len(world)
    everywhere = (1 << (1 << count)) - 1
    knights = []
    for person in range(count):
        block = ((1 << (1 << person)) - 1) << (1 << person)
        period = 2 << person
        while period < 1 << count:
            block |= block << period
            period *= 2
        knights.append(block)
    fitting = everywhere
    for said in statements:
        fitting &= everywhere ^ _table(said.claim, knights, everywhere) ^ knights[said.speaker]
    return fitting.bit_count() == 1


def _table(claim: Claim, knights: list[int], everywhere: int) -> int:
    match claim:
        case Is(person, knight):
            return knights[person] if knight else everywhere ^ knights[person]
        case Not(part):
            return everywhere ^ _table(part, knights, everywhere)
        case Count(bound, number, people):
            exactly = [everywhere] + [0] * len(people)
            for person in people:
                for total in range(len(people), -1, -1):
                    below = exactly[total - 1] & knights[person] if total else 0
                    exactly[total] = exactly[total] & ~knights[person] | below
            spans = {"at least": exactly[number:], "at most": exactly[: number + 1], "exactly": [exactly[number]]}
            table = 0
            for part_table in spans[bound]:
                table |= part_table
            return table
        case Joined(connective, left, right):
            first, second = _table(left, knights, everywhere), _table(right, knights, everywhere)
            if connective == "and":
                return first & second
            if connective == "or":
                return first | second
            return (everywhere ^ first) | second if connective == "if" else everywhere ^ first ^ second


def _effort(statements: tuple[Statement, ...], count: int) -> tuple[int, int]:
    """What a careful person does: case distinctions made, and statements looked at, until every case is settled."""
    splits = evaluations = 0

    def settle(known: list[bool | None]) -> bool:
        """Draw forced conclusions until nothing changes; False on a contradiction."""
        nonlocal evaluations
        changed = True
        while changed:
            changed = False
            for said in statements:
                evaluations += 1
                truth = _partly(said.claim, known)
                if truth is None:
                    continue
                if known[said.speaker] is None:
                    known[said.speaker] = truth
                    changed = True
                elif known[said.speaker] != truth:
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
    match claim:
        case Is(person, knight):
            return None if known[person] is None else known[person] == knight
        case Not(part):
            truth = _partly(part, known)
            return None if truth is None else not truth
        case Count(bound, number, people):
            least = sum(known[person] is True for person in people)
            most = least + sum(known[person] is None for person in people)
            enough = True if least >= number else False if most < number else None
            few = True if most <= number else False if least > number else None
            return enough if bound == "at least" else few if bound == "at most" else _both(enough, few)
        case Joined(connective, left, right):
            first, second = _partly(left, known), _partly(right, known)
            if connective == "and":
                return _both(first, second)
            if connective == "iff":
                return None if first is None or second is None else first == second
            if connective == "if":
                first = None if first is None else not first
            return True if first or second else None if None in (first, second) else False


def _both(first: bool | None, second: bool | None) -> bool | None:
    return False if first is False or second is False else None if None in (first, second) else True
