"""Makes formulas near the edge of satisfiability, each with a model or with a short refutation.

A clause-learning search decides random formulas. Refutations come out of several searches, are trimmed backwards and
freed of spare lemmas; the shortest is the reference answer. Formulas that blind answers would settle are passed
over: a random assignment must not satisfy, and splitting the cases of a few random variables must not refute.
"""

from math import comb
from typing import Annotated, Any

from msgspec import Meta

from taskgen.knobs import BaseKnobs, ladder
from taskgen.registry import Draft
from taskgen.seeding import Stream
from taskgen.verifiers.logic.sat_or_certificate import MAX_CLAUSES, SatOrCertificate

WORDS = (
    "anchor apple arrow badge basket beacon bell bench bottle bridge brush bucket button cabin cable camera "
    "candle canoe carpet castle chain chair clock cloud compass copper corner cradle crane curtain desk dial door "
    "drum engine fan feather fence flag flute fork fountain garden gate glove hammer harbor helmet hinge island "
    "jacket jar kettle key ladder lamp lantern lemon lens lever lock magnet map marble mast mirror motor needle "
    "nest oar orchard oven paddle paper pencil piano pillow pipe planet plate pocket pump quilt radio rail ribbon "
    "ring river rocket roof rope saddle sail saw shelf shield signal siren sofa spoon spring stamp stove switch "
    "table tent thread ticket timber tower train tunnel umbrella valve vase violin wagon wheel whistle window"
).split()
DRAWS = 300
SEARCHES = 4
MOST_CONFLICTS = 4_000
BLIND_MODELS = 128
BLIND_SPLITS = 64


class Knobs(BaseKnobs, frozen=True):
    """What moves the difficulty of the formula."""

    variables: Annotated[int, Meta(ge=5, le=60, description="how many variables there are")] = 16
    length: Annotated[int, Meta(ge=3, le=5, description="literals in a clause")] = 3
    short: Annotated[float, Meta(ge=0, le=0.8, description="share of clauses that have two literals only")] = 0.05
    ratio: Annotated[float, Meta(ge=1, le=30, description="clauses for each variable")] = 4.5
    unsat: Annotated[float, Meta(ge=0, le=1, description="share of formulas that cannot be satisfied")] = 0.5
    planted: Annotated[float, Meta(ge=0, le=1, description="share of satisfiable ones built around a model")] = 0.5
    conflicts: Annotated[
        float, Meta(ge=0, le=500, description="least number of dead ends that a search for a model met, on average")
    ] = 1
    proof: Annotated[int, Meta(ge=2, le=200, description="fewest lines of the reference refutation")] = 5
    lines: Annotated[int, Meta(ge=2, le=200, description="most lines that a refutation may have")] = 12
    words: Annotated[float, Meta(ge=0, le=1, description="share of formulas over words, not numbers")] = 0.5

    def __post_init__(self) -> None:
        if self.proof > self.lines:
            raise ValueError(f"proof={self.proof} is more than lines={self.lines}; lower proof or raise lines")
        # Half of the clauses that a hidden model leaves, so that drawing different ones stays quick.
        room = min(MAX_CLAUSES, comb(self.variables, self.length) * (2**self.length - 1) // 2)
        if round(self.ratio * self.variables) > room:
            raise ValueError(
                f"ratio={self.ratio} asks for more than the {room} clauses that variables={self.variables} and "
                f"length={self.length} allow; lower ratio"
            )


LADDER = ladder(
    Knobs,
    variables=[8, 9, 11, 13, 16, 19, 23, 28, 36, 46],
    short=    [0.35, 0.3, 0.15, 0.1, 0.05, 0, 0, 0, 0, 0],
    ratio=    [3.4, 3.6, 4.3, 4.6, 4.6, 4.7, 4.6, 4.5, 4.5, 4.4],
    unsat=    [0.25, 0.4, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
    planted=  0.5,
    conflicts=[0, 0, 0.5, 1, 1.5, 2, 3, 5, 8, 14],
    proof=    [3, 3, 4, 4, 5, 6, 7, 9, 14, 24],
    lines=    [3, 3, 7, 7, 12, 14, 15, 24, 31, 60],
    words=    [1, 1, 0.7, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
)  # fmt: skip


def generate(stream: Stream, knobs: Knobs) -> Draft | None:
    """A formula that is satisfiable or not, as was drawn first; None where no formula fitted in a number of draws."""
    from taskgen.kernels.random import hand_back, take_over
    from taskgen.kernels.satisfiability import random_formula

    count = knobs.variables
    unsatisfiable = stream.chance(knobs.unsat)
    planted = not unsatisfiable and stream.chance(knobs.planted)
    hidden = stream.below(1 << count) if planted else -1
    state = take_over(stream)
    for _ in range(DRAWS):
        formula = random_formula(state, count, round(knobs.ratio * count), knobs.length, knobs.short, hidden)
        found = _refutation(formula, state, knobs) if unsatisfiable else _model(formula, state, knobs)
        if found is not None:
            break
    else:
        return None
    hand_back(stream, state)
    clauses = tuple(tuple(stream.shuffled(_literals(*masks))) for masks in zip(*formula, strict=True))
    names = tuple(stream.sample(WORDS, count)) if stream.chance(knobs.words) else ()
    problem = SatOrCertificate(count, clauses, knobs.lines, names)
    answer, effort = found
    lines = [" ".join(_spell(literal, names) for literal in clause) or "empty" for clause in answer]
    return Draft(problem, "unsat:\n" + "\n".join(lines) if unsatisfiable else f"sat: {lines[0]}", effort)


Found = tuple[list[list[int]], float]
"""Lines of literals, and the effort it took to find them."""


def _model(formula: tuple[Any, Any], state: Any, knobs: Knobs) -> Found | None:
    from taskgen.kernels.satisfiability import blind_models, search

    effort = conflicts = 0.0
    for _ in range(SEARCHES):
        verdict, model, decided, met, _, _ = search(*formula, knobs.variables, state, MOST_CONFLICTS)
        if verdict != 1:
            return None
        conflicts += met / SEARCHES
        effort += (decided + met) / SEARCHES
    if conflicts < knobs.conflicts or blind_models(*formula, knobs.variables, BLIND_MODELS, state):
        return None
    return [[v if model >> (v - 1) & 1 else -v for v in range(1, knobs.variables + 1)]], effort


def _refutation(formula: tuple[Any, Any], state: Any, knobs: Knobs) -> Found | None:
    from taskgen.kernels.satisfiability import blind_splits, search, trimmed, without_spare_lemmas

    best: tuple[Any, Any] | None = None
    effort = 0.0
    for _ in range(SEARCHES):
        verdict, _, decided, met, *lemmas = search(*formula, knobs.variables, state, MOST_CONFLICTS)
        if verdict != 0 or met < knobs.proof:
            return None
        proof = trimmed(*formula, *trimmed(*formula, *lemmas, knobs.variables), knobs.variables)
        proof = without_spare_lemmas(*formula, *proof, knobs.variables)
        effort += (decided + met) / SEARCHES
        if best is None or len(proof[0]) < len(best[0]):
            best = proof
    assert best is not None
    # Refuting all cases of d variables takes 2**d lines.
    depth = min(knobs.lines.bit_length() - 1, knobs.variables)
    if not knobs.proof <= len(best[0]) <= knobs.lines:
        return None
    if blind_splits(*formula, knobs.variables, depth, BLIND_SPLITS, state):
        return None
    return [_literals(*masks) for masks in zip(*best, strict=True)], effort + len(best[0])


def _literals(positive: Any, negative: Any) -> list[int]:
    """The literals in a pair of masks."""
    plain, negated = int(positive), int(negative)
    variables = range(1, (plain | negated).bit_length() + 1)
    return [v if plain >> (v - 1) & 1 else -v for v in variables if (plain | negated) >> (v - 1) & 1]


def _spell(literal: int, names: tuple[str, ...]) -> str:
    if not names:
        return str(literal)
    return names[literal - 1] if literal > 0 else f"-{names[-literal - 1]}"
