"""A second opinion on knights and knaves: z3 enumerates every model."""

import re
from typing import Any

from taskgen.seeding import Stream
from taskgen.verifiers.logic.knights_and_knaves import Claim, Count, Is, Joined, KnightsAndKnaves, Not, Statement

OTHER_NAMES = "Ann Bob Cid Dot Eve Fay Gil Hal Ida Jim Kim Lou Mia Ned Ona Pia Rex Sue Tim Uma".split()


def solutions(problem: KnightsAndKnaves, limit: int) -> list[str]:
    """Up to `limit` different answers."""
    import z3

    knights = [z3.Bool(f"p{person}") for person in range(len(problem.people))]
    solver = z3.Solver()
    for said in problem.statements:
        solver.add(knights[said.speaker] == _formula(said.claim, knights))
    found: list[str] = []
    while len(found) < limit and solver.check() == z3.sat:
        model = solver.model()
        world = [z3.is_true(model.eval(knight, model_completion=True)) for knight in knights]
        found.append(
            "\n".join(
                f"{name}: {'knight' if is_knight else 'knave'}"
                for name, is_knight in zip(problem.people, world, strict=True)
            )
        )
        solver.add(z3.Or([knight != is_knight for knight, is_knight in zip(knights, world, strict=True)]))
    return found


def _formula(claim: Claim, knights: list[Any]) -> Any:
    import z3

    match claim:
        case Is(person, knight):
            return knights[person] if knight else z3.Not(knights[person])
        case Not(part):
            return z3.Not(_formula(part, knights))
        case Count(bound, number, people):
            total = z3.Sum([z3.If(knights[person], 1, 0) for person in people])
            return (
                total >= number if bound == "at least" else total <= number if bound == "at most" else total == number
            )
        case Joined(connective, left, right):
            join = {"and": z3.And, "or": z3.Or, "if": z3.Implies, "iff": lambda a, b: a == b}[connective]
            return join(_formula(left, knights), _formula(right, knights))


def accepts(problem: KnightsAndKnaves, answer: str) -> bool:
    """An independent judge: every entry must match one pattern, every statement one evaluation of its formula."""
    around = r"[-\s\xa0*_.•]*"
    pattern = re.compile(rf"{around}(?:and {around})?([a-z]+){around}:{around}(knight|knave){around}", re.ASCII)
    numbers = {name.lower(): person for person, name in enumerate(problem.people)}
    world: dict[int, bool] = {}
    for entry in answer.lower().replace(";", ",").replace("\n", ",").split(","):
        match = pattern.fullmatch(entry)
        if match and match[1] in numbers and numbers[match[1]] not in world:
            world[numbers[match[1]]] = match[2] == "knight"
        elif match or re.sub(around, "", entry, flags=re.ASCII):
            return False
    return len(world) == len(numbers) and all(
        world[said.speaker] == _true(said.claim, world) for said in problem.statements
    )


def _true(claim: Claim, world: dict[int, bool]) -> bool:
    match claim:
        case Is(person, knight):
            return world[person] == knight
        case Not(part):
            return not _true(part, world)
        case Count(bound, number, group):
            surplus = sum(world[person] for person in group) - number
            return {"at least": surplus >= 0, "at most": surplus <= 0, "exactly": surplus == 0}[bound]
        case Joined(connective, left, right):
            sides = (_true(left, world), _true(right, world))
            false = {"and": [(1, 0), (0, 1), (0, 0)], "or": [(0, 0)], "if": [(1, 0)], "iff": [(1, 0), (0, 1)]}
            return sides not in false[connective]


def relabel(problem: KnightsAndKnaves, stream: Stream) -> KnightsAndKnaves:
    """The same puzzle with people renamed and moved, statements reordered, and symmetric parts swapped."""
    position = stream.shuffled(range(len(problem.people)))
    people = stream.shuffled(OTHER_NAMES)

    def moved(claim: Claim) -> Claim:
        match claim:
            case Is(person, knight):
                return Is(position[person], knight)
            case Not(part):
                return Not(moved(part))
            case Count(bound, number, group):
                return Count(bound, number, tuple(stream.shuffled([position[person] for person in group])))
            case Joined(connective, left, right):
                pair = (moved(left), moved(right))
                swap = connective != "if" and stream.chance(0.5)
                return Joined(connective, *(pair[::-1] if swap else pair))

    statements = [Statement(position[said.speaker], moved(said.claim)) for said in problem.statements]
    return KnightsAndKnaves(tuple(people[: len(position)]), tuple(stream.shuffled(statements)))
