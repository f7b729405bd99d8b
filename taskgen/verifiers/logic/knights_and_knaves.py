"""Knights always tell the truth, knaves always lie; from what they say, find out who is what.

After Raymond Smullyan, "What Is the Name of This Book?" (1978).
"""

import re
from collections.abc import Hashable, Iterator
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from taskgen.problem import Problem, Verdict, correct, malformed, wrong

MAX_PEOPLE = 20
MAX_PARTS = 64

Person = Annotated[int, Meta(ge=0, lt=MAX_PEOPLE)]


class Is(Struct, frozen=True, array_like=True, tag="is"):
    """A person is a knight (or, with `knight` false, a knave)."""

    person: Person
    knight: bool


class Not(Struct, frozen=True, array_like=True, tag="not"):
    """The part is false."""

    part: "Claim"


class Joined(Struct, frozen=True, array_like=True, tag="joined"):
    """Two parts under a connective."""

    connective: Literal["and", "or", "if", "iff"]
    left: "Claim"
    right: "Claim"


class Count(Struct, frozen=True, array_like=True, tag="count"):
    """At least, at most or exactly so many of these people are knights."""

    bound: Literal["at least", "at most", "exactly"]
    number: Annotated[int, Meta(ge=0, le=MAX_PEOPLE)]
    people: Annotated[tuple[Person, ...], Meta(min_length=2, max_length=MAX_PEOPLE)]


Claim = Is | Not | Joined | Count


class Statement(Struct, frozen=True):
    """Somebody makes a claim."""

    speaker: Person
    claim: Claim


class KnightsAndKnaves(Problem, frozen=True):
    """People by name and what they say; exactly one assignment of knight and knave fits."""

    unique: ClassVar[bool] = True

    people: Annotated[
        tuple[Annotated[str, Meta(pattern="^[A-Z][a-z]{1,14}$")], ...], Meta(min_length=2, max_length=MAX_PEOPLE)
    ]
    statements: Annotated[tuple[Statement, ...], Meta(min_length=1, max_length=40)]

    def __post_init__(self) -> None:
        if len(set(self.people)) != len(self.people):
            raise ValueError("two people have one name")
        for statement in self.statements:
            if sum(1 for _ in parts(statement.claim)) > MAX_PARTS:
                raise ValueError(f"a claim has more than {MAX_PARTS} parts")
            mentioned = [statement.speaker, *people_in(statement.claim)]
            if max(mentioned) >= len(self.people):
                raise ValueError("a statement mentions a person who is not there")

    def verify(self, answer: str) -> Verdict:
        """`Name: knight` or `Name: knave` for each person once, separated by commas or line breaks, in any order."""
        knights: dict[str, bool] = {}
        for entry in re.split(r"[,\n]", answer):
            name, colon, kind = entry.partition(":")
            name, kind = name.strip(), kind.strip()
            if name in self.people and kind in ("knight", "knave"):
                if name in knights:
                    return malformed(f"{name} is given twice")
                knights[name] = kind == "knight"
            elif kind in ("knight", "knave"):
                return malformed(f"there is nobody called {name[:40]!r}")
            elif name or colon:
                return malformed(f"cannot read {entry.strip()[:40]!r} as 'Name: knight' or 'Name: knave'")
        if len(knights) != len(self.people):
            return malformed(f"{len(knights)} of {len(self.people)} people are given")
        world = [knights[name] for name in self.people]
        fitting = [holds(said.claim, world) == world[said.speaker] for said in self.statements]
        if all(fitting):
            return correct()
        said = self.statements[fitting.index(False)]
        kind = "knight" if world[said.speaker] else "knave"
        return wrong(
            f"{self.people[said.speaker]} cannot be a {kind} and make statement {fitting.index(False) + 1}",
            sum(fitting) / len(fitting),
        )

    def structure(self) -> Hashable:
        """A hash of the statements' syntax graph: people, order of statements and of symmetric parts are forgotten."""
        from taskgen.kernels.refinement import structure_hash

        colours = [0] * len(self.people)
        edges: list[tuple[int, int, int]] = []
        kinds = ("says", "not", "and", "or", "if", "iff", "at least", "at most", "exactly")

        def add(claim: Claim, parent: int, label: int) -> None:
            match claim:
                case Is(person, knight):
                    edges.append((parent, person, 2 * label + knight))
                    return
                case Count(bound, number, people):
                    colours.append(100 + 9 * number + kinds.index(bound))
                    edges.extend((len(colours) - 1, person, 8) for person in people)
                case Not():
                    colours.append(1)
                case Joined(connective):
                    colours.append(kinds.index(connective))
            vertex = len(colours) - 1
            edges.append((parent, vertex, 2 * label))
            match claim:
                case Not(part):
                    add(part, vertex, 1)
                case Joined(connective, left, right):
                    add(left, vertex, 1)
                    add(right, vertex, 2 if connective == "if" else 1)

        for statement in self.statements:
            colours.append(99)
            edges.append((len(colours) - 1, statement.speaker, 9))
            add(statement.claim, len(colours) - 1, 1)
        return structure_hash(colours, edges)


def holds(claim: Claim, world: list[bool]) -> bool:
    """Whether a claim is true in a world, `world[person]` being true for knights."""
    if isinstance(claim, Is):
        return world[claim.person] is claim.knight
    if isinstance(claim, Not):
        return not holds(claim.part, world)
    if isinstance(claim, Count):
        knights = [world[person] for person in claim.people].count(True)
        if claim.bound == "exactly":
            return knights == claim.number
        return knights >= claim.number if claim.bound == "at least" else knights <= claim.number
    left = holds(claim.left, world)
    if claim.connective == "and":
        return left and holds(claim.right, world)
    if claim.connective == "or":
        return left or holds(claim.right, world)
    return (not left or holds(claim.right, world)) if claim.connective == "if" else left is holds(claim.right, world)


def parts(claim: Claim) -> Iterator[Claim]:
    """A claim and all claims inside it."""
    yield claim
    match claim:
        case Not(part):
            yield from parts(part)
        case Joined(_, left, right):
            yield from parts(left)
            yield from parts(right)


def people_in(claim: Claim) -> list[int]:
    """The people that a claim mentions, with repetitions."""
    found: list[int] = []
    for part in parts(claim):
        match part:
            case Is(person):
                found.append(person)
            case Count(_, _, people):
                found.extend(people)
    return found
