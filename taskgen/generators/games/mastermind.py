"""Makes Mastermind problems whose turn limit a reference player is guaranteed to keep, whatever the hidden code."""

from functools import lru_cache
from math import log2, perm
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, json

from taskgen.environment import Turn
from taskgen.knobs import BaseKnobs, ladder
from taskgen.registry import Draft
from taskgen.seeding import Stream
from taskgen.verifiers.games.mastermind import MAX_PEGS, MAX_SYMBOLS, MAX_TURNS, Mastermind

if TYPE_CHECKING:
    import numpy as np

MAX_CODES = 20_000
SPREAD = 3
COLOURS = "red blue green yellow orange purple white black pink brown grey cyan".split()
LETTERS = "ABCDEFGHIJKL"
DIGITS = "1234567890"


class Knobs(BaseKnobs, frozen=True):
    """What moves the difficulty of the game."""

    pegs: Annotated[int, Meta(ge=2, le=MAX_PEGS, description="positions of the code")] = 4
    symbols: Annotated[int, Meta(ge=2, le=MAX_SYMBOLS, description="different symbols to choose from")] = 6
    repeats: Annotated[bool, Meta(description="whether a symbol may occur more than once in the code")] = True
    history: Annotated[int, Meta(ge=0, le=8, description="guesses made already, the opening clues")] = 2
    candidates: Annotated[
        int, Meta(ge=20, le=2_000, description=f"codes that fit the opening clues: so many to {SPREAD} times as many")
    ] = 30
    slack: Annotated[int, Meta(ge=0, le=10, description="guesses allowed beyond what the reference player needs")] = 3
    probes: Annotated[
        bool, Meta(description="whether the reference player also guesses codes that it knows to be wrong")
    ] = False

    def __post_init__(self) -> None:
        if not self.repeats and self.symbols < self.pegs:
            raise ValueError("without repeats, symbols must be at least pegs")
        if self.codes > MAX_CODES:
            raise ValueError(f"pegs and symbols make {self.codes} codes, more than {MAX_CODES}: lower one of them")
        if self.codes < self.candidates:
            raise ValueError(f"pegs and symbols make {self.codes} codes, fewer than candidates: raise one of them")

    @property
    def codes(self) -> int:
        """How many codes there are."""
        return self.symbols**self.pegs if self.repeats else perm(self.symbols, self.pegs)


LADDER = ladder(
    Knobs,
    pegs=      [4, 4, 4, 4, 4, 4, 5, 5, 6, 5],
    symbols=   [6, 6, 7, 7, 8, 10, 6, 7, 5, 7],
    repeats=   [True, True, True, True, True, False, True, True, True, True],
    history=   [2, 2, 2, 2, 2, 3, 3, 2, 3, 3],
    candidates=[20, 30, 30, 50, 60, 30, 40, 150, 40, 100],
    slack=     [6, 5, 4, 3, 3, 2, 2, 1, 1, 0],
    probes=    [False, False, False, False, False, False, False, False, False, True],
)  # fmt: skip


def generate(stream: Stream, knobs: Knobs) -> Draft | None:
    """A random code and random opening clues; None where too few or too many codes fit them.

    Neither this choice nor the limit, the reference player's worst case plus the slack, depends on which of the fitting
    codes is the hidden one, so that they give nothing away. Effort is the number of clues, the player's mean number of
    guesses among them, times the bits of a code.
    """
    from taskgen.kernels.codebreaking import fitting, play

    codes, words, tallies = _codes(knobs.pegs, knobs.symbols, knobs.repeats)
    secret, *history = (stream.below(len(codes)) for _ in range(knobs.history + 1))
    if secret in history or len(set(history)) < knobs.history:
        return None
    candidates = fitting(knobs.pegs, words, tallies, secret, _numbers(history))
    if not knobs.candidates <= len(candidates) <= SPREAD * knobs.candidates:
        return None
    path, worst, total = play(knobs.pegs, words, tallies, candidates, secret, knobs.probes)
    if worst + knobs.slack > MAX_TURNS:
        return None
    problem = Mastermind(
        _symbols(stream, knobs.symbols),
        tuple(codes[secret].tolist()),
        tuple(tuple(codes[guess].tolist()) for guess in history),
        worst + knobs.slack,
        knobs.repeats,
    )
    turns: tuple[Turn, ...] = ()
    for guess in codes[path].tolist():
        action = " ".join(problem.symbols[symbol] for symbol in guess)
        turns += (Turn(action, problem.reply(turns, action).observation),)
    effort = (knobs.history + total / len(candidates)) * log2(knobs.codes)
    return Draft(problem, json.encode(turns).decode(), effort)


def _symbols(stream: Stream, count: int) -> tuple[str, ...]:
    kind = stream.below(3)
    if kind == 0:
        return tuple(stream.sample(COLOURS, count))
    return tuple(DIGITS[:count] if kind == 1 and count <= len(DIGITS) else LETTERS[:count])


def _numbers(items: list[int]) -> "np.ndarray":
    import numpy as np

    return np.array(items, dtype=np.int64)


@lru_cache(maxsize=16)
def _codes(pegs: int, symbols: int, repeats: bool) -> "tuple[np.ndarray, np.ndarray, np.ndarray]":
    """All codes, of shape (codes, pegs), packed into words, and their tallies."""
    import numpy as np

    from taskgen.kernels.codebreaking import pack

    codes = np.indices((symbols,) * pegs).reshape(pegs, -1).T
    if not repeats:
        ordered = np.sort(codes, axis=1)
        codes = codes[(ordered[:, 1:] != ordered[:, :-1]).all(axis=1)]
    return codes, *pack(codes)
