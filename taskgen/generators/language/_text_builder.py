"""Builds texts of plain words line by line; some lines keep a pattern, and all words keep clear of some letters."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from taskgen.generators.language._word_list import WORDS
from taskgen.seeding import Stream

MAX_TRIES = 4_000

Pattern = str
PATTERNS: tuple[Pattern, ...] = ("alphabetical", "growing", "chain", "mirror", "initials", "same")


class Plan(NamedTuple):
    """What a text shall be: words per line, a pattern for each line (or ""), and what holds for every word."""

    lengths: tuple[int, ...]
    patterns: tuple[Pattern, ...]
    starts: str
    banned: str
    least: int
    most: int
    repeat: bool


class Builder:
    """Fills lines by depth-first search over the words in random order. `tries` counts the words that were tried."""

    def __init__(self, stream: Stream, plan: Plan) -> None:
        self.stream = stream
        self.plan = plan
        self.tries = 0
        self.used: set[str] = set()
        self.words = [
            word for word in WORDS if plan.least <= len(word) <= plan.most and not set(plan.banned) & set(word)
        ]

    def lines(self) -> list[list[str]] | None:
        """The words of every line; None where the search leads nowhere."""
        lines: list[list[str]] = []
        for number, (length, pattern) in enumerate(zip(self.plan.lengths, self.plan.patterns, strict=True)):
            start = self.plan.starts[number] if self.plan.starts else ""
            words = self.line(length, pattern, start)
            if words is None:
                return None
            lines.append(words)
            self.used.update(words)
        return lines

    def line(self, length: int, pattern: Pattern, start: str) -> list[str] | None:
        """One line that begins with a word in `start` and keeps a pattern."""
        if pattern in ("mirror", "same"):
            half = self.line((length + 1) // 2 if pattern == "mirror" else length - 1, "", start)
            if half is None:
                return None
            return half + (half[: length // 2][::-1] if pattern == "mirror" else half[:1])
        initials = start
        if pattern == "initials":
            fitting = [word for word in WORDS if len(word) == length and word.startswith(start)]
            if not fitting:
                return None
            initials = self.stream.choice(fitting)
        return self._search([], length, initials, _FOLLOWS.get(pattern, _any))

    def _search(
        self, chosen: list[str], length: int, initials: str, follows: Callable[[str, str, int], bool]
    ) -> list[str] | None:
        if len(chosen) == length:
            return chosen
        place = len(chosen)
        for word in self._candidates(initials[place : place + 1]):
            self.tries += 1
            if self.tries > MAX_TRIES:
                return None
            if word in chosen or (not self.plan.repeat and word in self.used):
                continue
            if chosen and not follows(chosen[-1], word, length - place):
                continue
            found = self._search([*chosen, word], length, initials, follows)
            if found is not None:
                return found
        return None

    def _candidates(self, initial: str) -> Sequence[str]:
        pool = [word for word in self.words if word[0] == initial] if initial else self.words
        return self.stream.sample(pool, min(len(pool), 24))


def _any(before: str, word: str, left: int) -> bool:
    return True


def _alphabetical(before: str, word: str, left: int) -> bool:
    # Leave some of the alphabet for the words that are still to come.
    return before < word and ord(word[0]) <= ord("z") - 3 * (left - 1)


def _growing(before: str, word: str, left: int) -> bool:
    return len(before) <= len(word) <= 8 - (left - 1) // 2


def _chained(before: str, word: str, left: int) -> bool:
    return before[-1] == word[0]


_FOLLOWS = {"alphabetical": _alphabetical, "growing": _growing, "chain": _chained}
