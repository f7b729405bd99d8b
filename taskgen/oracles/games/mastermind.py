"""A second opinion on Mastermind: a plain player with a list of the codes that fit, and a judge of transcripts."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from itertools import permutations, product

from taskgen.seeding import Stream
from taskgen.verifiers.games.mastermind import MAX_GUESS, Mastermind

GAMES = 200
NAMES = "amber azure beige coral gold ivory jade lilac mauve olive rust teal".split()

Code = tuple[int, ...]


def solutions(problem: Mastermind, limit: int) -> list[str]:
    """Up to `limit` transcripts in which a player that guesses just any fitting code wins within the turn limit."""
    secret = problem.secret
    numbers = range(len(problem.symbols))
    every = product(numbers, repeat=len(secret)) if problem.repeats else permutations(numbers, len(secret))
    answers = [(guess, _compare(secret, guess)) for guess in problem.history]
    fitting = [code for code in every if all(_compare(code, guess) == told for guess, told in answers)]
    assert secret in fitting
    found: list[str] = []
    for game in range(GAMES):
        transcript = _play(problem, Stream.keyed("game", game).shuffled(fitting))
        if transcript is not None and transcript not in found:
            found.append(transcript)
        if len(found) == limit:
            break
    return found


def accepts(problem: Mastermind, answer: str) -> bool:
    """Whether a transcript has genuine answers only and ends, within the turn limit, with the hidden code."""
    try:
        turns = json.loads(answer)
    except (ValueError, RecursionError):
        return False
    pairs = isinstance(turns, list) and all(
        isinstance(turn, list) and len(turn) == 2 and all(isinstance(text, str) for text in turn) for turn in turns
    )
    if not pairs or not 1 <= len(turns) <= problem.limit:
        return False
    for number, (action, observation) in enumerate(turns, 1):
        guess = _read(problem, action)
        if guess is None:
            symbols = ", ".join(problem.symbols)
            told = f"not a guess; write {len(problem.secret)} symbols from {symbols}, separated by spaces"
        else:
            told = "{} exact, {} misplaced".format(*_compare(problem.secret, guess))
        if observation != told or (guess == problem.secret) != (number == len(turns)):
            return False
    return True


def relabel(problem: Mastermind, stream: Stream) -> Mastermind:
    """The same game with symbols renamed and reordered, positions exchanged, and the clues in another order."""
    places = stream.shuffled(range(len(problem.secret)))
    numbers = stream.shuffled(range(len(problem.symbols)))

    def moved(code: Code) -> Code:
        return tuple(numbers[code[place]] for place in places)

    return Mastermind(
        tuple(stream.sample(NAMES, len(numbers))),
        moved(problem.secret),
        tuple(stream.shuffled([moved(guess) for guess in problem.history])),
        problem.limit,
        problem.repeats,
    )


def _compare(code: Code, guess: Code) -> tuple[int, int]:
    """Exact and misplaced, by removing the exact ones and intersecting what is left."""
    pairs = [(mine, theirs) for mine, theirs in zip(code, guess, strict=True) if mine != theirs]
    left = Counter(mine for mine, _ in pairs) & Counter(theirs for _, theirs in pairs)
    return len(code) - len(pairs), left.total()


def _play(problem: Mastermind, fitting: Sequence[Code]) -> str | None:
    turns: list[tuple[str, str]] = []
    while len(turns) < problem.limit:
        guess = fitting[0]
        exact, misplaced = _compare(problem.secret, guess)
        action = ", ".join(problem.symbols[number].upper() for number in guess)
        turns.append((action, f"{exact} exact, {misplaced} misplaced"))
        if guess == problem.secret:
            return json.dumps(turns)
        fitting = [code for code in fitting if _compare(code, guess) == (exact, misplaced)]
    return None


def _read(problem: Mastermind, action: str) -> Code | None:
    if len(action) > MAX_GUESS:
        return None
    names = [symbol.lower() for symbol in problem.symbols]
    words = re.findall(r"(?:^|(?<=[\s,]))[\[\]().*\"'`]*([^\s,]*?)[\[\]().*\"'`]*(?=[\s,]|\Z)", action.lower())
    words = [word for word in words if word]
    if all(len(name) == 1 for name in names) and len(words) < len(problem.secret):
        words = [letter for word in words for letter in word]
    if len(words) != len(problem.secret) or not set(words) <= set(names):
        return None
    return tuple(names.index(word) for word in words)
