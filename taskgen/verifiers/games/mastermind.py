"""Mastermind: find a hidden code by guesses, each answered with how much of it is right. A multi-turn task.

After the game by Mordecai Meirowitz (1970), and bulls and cows where the code has no repeats. A dialogue begins with
guesses that were made already, the opening clues. The guessing floor: every code that fits the clues is equally
likely to be the hidden one, and generated problems leave at least 20 of them, so a transcript written without an
answer from the problem, which must end with the code, is right with probability 1/20 at most.
"""

from collections.abc import Hashable
from functools import lru_cache
from operator import eq
from typing import Annotated

from msgspec import Meta

from taskgen.environment import MultiTurnProblem, Reply, Turn
from taskgen.problem import Verdict, correct, wrong

MAX_SYMBOLS = 12
MAX_PEGS = 7
MAX_TURNS = 20
MAX_GUESS = 200

_AROUND = "[]().*\"'`"

Symbol = Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{1,12}\Z")]
Code = Annotated[tuple[Annotated[int, Meta(ge=0, lt=MAX_SYMBOLS)], ...], Meta(min_length=2, max_length=MAX_PEGS)]


class Mastermind(MultiTurnProblem, frozen=True):
    """A hidden code, the guesses made already, and how many more are allowed. Codes hold positions in `symbols`."""

    symbols: Annotated[tuple[Symbol, ...], Meta(min_length=2, max_length=MAX_SYMBOLS)]
    secret: Code
    history: Annotated[tuple[Code, ...], Meta(max_length=8)]
    limit: Annotated[int, Meta(ge=1, le=MAX_TURNS)]
    repeats: bool = True

    def __post_init__(self) -> None:
        if len({symbol.lower() for symbol in self.symbols}) < len(self.symbols):
            raise ValueError("two symbols are the same")
        if max(map(max, (self.secret, *self.history))) >= len(self.symbols):
            raise ValueError("a code uses a symbol that is not there")
        if any(len(guess) != len(self.secret) for guess in self.history):
            raise ValueError("an opening clue has another length than the hidden code")
        if self.secret in self.history:
            raise ValueError("an opening clue gives the hidden code away")
        if not self.repeats and len(set(self.secret)) < len(self.secret):
            raise ValueError("the hidden code has a repeat")

    def reply(self, turns: tuple[Turn, ...], action: str) -> Reply:
        """'2 exact, 1 misplaced', or what a guess should look like. Every action takes one of the turns."""
        last = len(turns) + 1 >= self.limit
        guess = self.read(action)
        if guess is None:
            pegs = f"{len(self.secret)} symbols from {', '.join(self.symbols)}"
            return Reply(f"not a guess; write {pegs}, separated by spaces", last)
        exact, misplaced = self.feedback(guess)
        return Reply(f"{exact} exact, {misplaced} misplaced", last or exact == len(self.secret))

    def outcome(self, turns: tuple[Turn, ...]) -> Verdict:
        """Whether the last guess is the hidden code."""
        if turns and self.read(turns[-1].action) == self.secret:
            return correct(f"found with {len(turns)} of {self.limit} guesses")
        guesses = [guess for guess in (self.read(turn.action) for turn in turns) if guess is not None]
        exact = max((self.feedback(guess)[0] for guess in guesses), default=0)
        return wrong(f"the code was not found with {len(turns)} of {self.limit} guesses", exact / len(self.secret))

    def read(self, action: str) -> tuple[int, ...] | None:
        """A guess in an action: symbols in either case, separated by white space or commas; None where there is none.

        Brackets, quotation marks, emphasis and full stops around the guess or a symbol are skipped. Symbols of one
        character may also be written without a separator.
        """
        if len(action) > MAX_GUESS:
            return None
        numbers = _numbers(self.symbols)
        words = action.lower().replace(",", " ").split()
        if not "".join(words).isalnum():
            words = [word for word in (word.strip(_AROUND) for word in words) if word]
        if len(words) < len(self.secret) and max(map(len, numbers)) == 1:
            words = list("".join(words))
        guess = tuple(numbers.get(word, -1) for word in words)
        return None if len(guess) != len(self.secret) or -1 in guess else guess

    def feedback(self, guess: tuple[int, ...]) -> tuple[int, int]:
        """How many positions of a guess are right, and how many more of its symbols stand elsewhere in the code."""
        exact = sum(map(eq, self.secret, guess))
        unmatched = list(self.secret)
        for symbol in guess:
            if symbol in unmatched:
                unmatched.remove(symbol)
        return exact, len(guess) - len(unmatched) - exact

    def structure(self) -> Hashable:
        """A hash of the codes' incidence graph: symbols, positions, order of the clues and the limit are forgotten."""
        from taskgen.kernels.refinement import structure_hash

        pegs, symbols = len(self.secret), len(self.symbols)
        colours = [0] * pegs + [1] * symbols
        edges: list[tuple[int, int, int]] = []
        for row, code in enumerate((self.secret, *self.history)):
            clue = len(colours)
            colours.append(3 if row else 2)
            for position, symbol in enumerate(code):
                cell = len(colours)
                colours.append(4)
                edges += [(cell, clue, 0), (cell, position, 1), (cell, pegs + symbol, 2)]
        return pegs, symbols, self.repeats, structure_hash(colours, edges)


@lru_cache(maxsize=1024)
def _numbers(symbols: tuple[str, ...]) -> dict[str, int]:
    return {symbol.lower(): number for number, symbol in enumerate(symbols)}
