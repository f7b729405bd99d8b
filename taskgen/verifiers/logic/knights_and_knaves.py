"""Knights always tell the truth, knaves always lie; from what they say, find out who is what.

After Raymond Smullyan, "What Is the Name of This Book?" (1978).
"""

import re
from collections.abc import Hashable
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from taskgen.problem import Forms, Problem, Verdict, correct, malformed, wrong

MAX_PEOPLE = 20
MAX_PARTS = 64
MAX_DEPTH = 8

_ENTRIES = re.compile(r"[,;\n]")
_AROUND = " \t\r\f\v\xa0*_.-•"

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
    forms: ClassVar[Forms] = ("answer", "fenced")
    max_answer: ClassVar[int] = 4_000

    people: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Z][a-z]{1,14}\Z")], ...], Meta(min_length=2, max_length=MAX_PEOPLE)
    ]
    statements: Annotated[tuple[Statement, ...], Meta(min_length=1, max_length=40)]

    def __post_init__(self) -> None:
        if len(set(self.people)) != len(self.people):
            raise ValueError("two people have one name")
        for statement in self.statements:
            mentioned = [statement.speaker, *people_in(statement.claim)]
            if max(mentioned) >= len(self.people):
                raise ValueError("a statement mentions a person who is not there")

    def verify(self, answer: str) -> Verdict:
        """`Name: knight` or `Name: knave` for each person once, in any order and in either case.

        Commas, semicolons or line breaks separate the entries; bullets, emphasis and "and" before a name are skipped.
        """
        names = [name.casefold() for name in self.people]
        knights: dict[str, bool] = {}
        for entry in _ENTRIES.split(answer.casefold()):
            name, colon, kind = entry.partition(":")
            name, kind = name.strip(_AROUND).removeprefix("and ").lstrip(_AROUND), kind.strip(_AROUND)
            if name in names and kind in ("knight", "knave"):
                if name in knights:
                    return malformed(f"{name.capitalize()} is given twice")
                knights[name] = kind == "knight"
            elif kind in ("knight", "knave"):
                return malformed(f"there is nobody called {name[:40]!r}")
            elif name or colon:
                return malformed(f"cannot read {entry.strip()[:40]!r} as 'Name: knight' or 'Name: knave'")
        if len(knights) != len(names):
            return malformed(f"{len(knights)} of {len(names)} people are given")
        world = [knights[name] for name in names]
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


def parts(claim: Claim) -> list[Claim]:
    """A claim and all claims inside it, level by level. Raises ValueError where they are too many or too deep."""
    found: list[Claim] = []
    level = [claim]
    for _ in range(MAX_DEPTH):
        found += level
        if len(found) > MAX_PARTS:
            raise ValueError(f"a claim has more than {MAX_PARTS} parts")
        below: list[Claim] = []
        for part in level:
            if isinstance(part, Not):
                below.append(part.part)
            elif isinstance(part, Joined):
                below += (part.left, part.right)
        if not below:
            return found
        level = below
    raise ValueError(f"a claim nests more than {MAX_DEPTH} deep")


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
