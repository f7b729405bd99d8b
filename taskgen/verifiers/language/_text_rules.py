"""Rules about a piece of text, and what its words, sentences, lines and paragraphs are.

A word is a maximal run of letters A to Z, in either case; a number a maximal run of digits. Lines are those with
something in them; a paragraph is a maximal run of lines without a blank line between them. Sentences are what full
stops, exclamation marks and question marks separate, counting only pieces that hold a word. Words and letters are
compared without regard to case, unless the rule is about case.
"""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import Meta, Struct

MAX_WORDS = 400

Word = Annotated[str, Meta(pattern=r"^[a-z]{1,15}\Z")]
Letter = Annotated[str, Meta(pattern=r"^[a-z]\Z")]
LetterRow = Annotated[str, Meta(pattern=r"^[a-z]{2,20}\Z")]
Number = Annotated[int, Meta(ge=0, le=4_000)]
Ordinal = Annotated[int, Meta(ge=1, le=MAX_WORDS)]
Value = TypeVar("Value")

_words = re.compile("[a-z]+").findall
_letter = re.compile("[A-Za-z]").search
_ends = re.compile("[.!?]").split
_blank_lines = re.compile(r"\n[ \t]*(?:\n[ \t]*)+").split


class _Once(Generic[Value]):
    """A property that is computed once: functools.cached_property without its lock, which takes longer than a rule."""

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        self.compute, self.name = compute, compute.__name__

    def __get__(self, owner: Any, kind: type) -> Value:
        value = owner.__dict__[self.name] = self.compute(owner)
        return value


class Piece:
    """A text in ASCII, or a part of one. All rules about it share what they look at."""

    def __init__(self, text: str) -> None:
        self.text = text

    @_Once
    def lower(self) -> str:
        """The text in lower case."""
        return self.text.lower()

    @_Once
    def words(self) -> list[str]:
        """The words in lower case."""
        return _words(self.lower)

    @_Once
    def lengths(self) -> list[int]:
        """The number of letters of each word."""
        return list(map(len, self.words))

    @_Once
    def span(self) -> tuple[int, int] | None:
        """The lengths of the shortest and the longest word, None where there is no word."""
        return (min(self.lengths), max(self.lengths)) if self.words else None

    @_Once
    def lines(self) -> list["Piece"]:
        """The lines that are not blank."""
        return [Piece(line) for line in self.text.split("\n") if line.strip()]

    @_Once
    def paragraphs(self) -> list["Piece"]:
        """Runs of lines between blank lines."""
        return [Piece(part) for part in _blank_lines(self.text) if part.strip()]

    @_Once
    def sentences(self) -> list["Piece"]:
        """Pieces between end marks that hold a word."""
        return [Piece(part) for part in _ends(self.text) if _letter(part)]


class Rule(Struct, frozen=True, array_like=True):
    """Something that is true or false of a piece of text."""

    def holds(self, piece: Piece) -> bool:
        """Whether the rule is kept."""
        raise NotImplementedError


class _Range(Rule, frozen=True, array_like=True):
    low: Number
    high: Number

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("a range that is upside down")


class Words(_Range, frozen=True, array_like=True, tag="words"):
    """The number of words lies in a range."""

    def holds(self, piece: Piece) -> bool:
        return self.low <= len(piece.words) <= self.high


class Sentences(_Range, frozen=True, array_like=True, tag="sentences"):
    """The number of sentences lies in a range."""

    def holds(self, piece: Piece) -> bool:
        return self.low <= len(piece.sentences) <= self.high


class Lines(_Range, frozen=True, array_like=True, tag="lines"):
    """The number of lines lies in a range."""

    def holds(self, piece: Piece) -> bool:
        return self.low <= len(piece.lines) <= self.high


class Paragraphs(_Range, frozen=True, array_like=True, tag="paragraphs"):
    """The number of paragraphs lies in a range."""

    def holds(self, piece: Piece) -> bool:
        return self.low <= len(piece.paragraphs) <= self.high


class Letters(_Range, frozen=True, array_like=True, tag="letters"):
    """The number of letters lies in a range."""

    def holds(self, piece: Piece) -> bool:
        return self.low <= sum(piece.lengths) <= self.high


class Lengths(_Range, frozen=True, array_like=True, tag="lengths"):
    """The number of letters of every word lies in a range."""

    def holds(self, piece: Piece) -> bool:
        span = piece.span
        return span is None or (self.low <= span[0] and span[1] <= self.high)


class Contains(Rule, frozen=True, array_like=True, tag="contains"):
    """A word occurs so many times."""

    word: Word
    times: Number

    def holds(self, piece: Piece) -> bool:
        return piece.words.count(self.word) == self.times


class LetterCount(Rule, frozen=True, array_like=True, tag="letter"):
    """A letter occurs so many times, in either case."""

    letter: Letter
    times: Number

    def holds(self, piece: Piece) -> bool:
        return piece.lower.count(self.letter) == self.times


class First(Rule, frozen=True, array_like=True, tag="first"):
    """The first word is this."""

    word: Word

    def holds(self, piece: Piece) -> bool:
        return piece.words[:1] == [self.word]


class Last(Rule, frozen=True, array_like=True, tag="last"):
    """The last word is this."""

    word: Word

    def holds(self, piece: Piece) -> bool:
        return piece.words[-1:] == [self.word]


class At(Rule, frozen=True, array_like=True, tag="at"):
    """The word at this position, counted from 1, is this."""

    position: Ordinal
    word: Word

    def holds(self, piece: Piece) -> bool:
        return piece.words[self.position - 1 : self.position] == [self.word]


class LongWords(Rule, frozen=True, array_like=True, tag="long"):
    """So many words have at least so many letters."""

    length: Ordinal
    times: Number

    def holds(self, piece: Piece) -> bool:
        return sum([length >= self.length for length in piece.lengths]) == self.times


class NoRepeat(Rule, frozen=True, array_like=True, tag="norepeat"):
    """No word occurs twice."""

    def holds(self, piece: Piece) -> bool:
        return len(set(piece.words)) == len(piece.words)


class Different(Rule, frozen=True, array_like=True, tag="different"):
    """There are at least so many different words."""

    least: Ordinal

    def holds(self, piece: Piece) -> bool:
        return len(set(piece.words)) >= self.least


class Case(Rule, frozen=True, array_like=True, tag="case"):
    """How words are written: lower, UPPER, Capitals at the beginning only, or lower and UPPER in turns."""

    style: Literal["lower", "upper", "capitals", "turns"]

    def holds(self, piece: Piece) -> bool:
        match self.style:
            case "lower":
                return piece.text == piece.lower
            case "upper":
                return piece.text == piece.text.upper()
            case "capitals":
                return piece.text == piece.text.title()
            case "turns":
                lower, upper = (" ".join(re.findall("[A-Za-z]+", piece.text)[start::2]) for start in (0, 1))
                return lower == lower.lower() and upper == upper.upper()


class Alphabetical(Rule, frozen=True, array_like=True, tag="alphabetical"):
    """The words stand in alphabetical order; equal words may follow one another."""

    def holds(self, piece: Piece) -> bool:
        return piece.words == sorted(piece.words)


class Growing(Rule, frozen=True, array_like=True, tag="growing"):
    """No word is shorter than the word before it."""

    def holds(self, piece: Piece) -> bool:
        return piece.lengths == sorted(piece.lengths)


class Chain(Rule, frozen=True, array_like=True, tag="chain"):
    """Each word but the first begins with the last letter of the word before it."""

    def holds(self, piece: Piece) -> bool:
        return all(word[-1] == after[0] for word, after in pairwise(piece.words))


class Mirror(Rule, frozen=True, array_like=True, tag="mirror"):
    """The words are the same ones backwards and forwards."""

    def holds(self, piece: Piece) -> bool:
        return piece.words == piece.words[::-1]


class Acrostic(Rule, frozen=True, array_like=True, tag="acrostic"):
    """The first letters of the lines spell this: so many lines, each with a word."""

    letters: LetterRow

    def holds(self, piece: Piece) -> bool:
        return "".join([line.words[0][0] if line.words else "-" for line in piece.lines]) == self.letters


class Initials(Rule, frozen=True, array_like=True, tag="initials"):
    """The first letters of the words spell this: so many words."""

    letters: LetterRow

    def holds(self, piece: Piece) -> bool:
        return "".join([word[0] for word in piece.words]) == self.letters


class Sum(Rule, frozen=True, array_like=True, tag="sum"):
    """There are so many numbers, and they add up to this; zeros before a number change nothing."""

    times: Annotated[int, Meta(ge=1, le=20)]
    total: Annotated[int, Meta(ge=0, le=1_000_000)]

    def holds(self, piece: Piece) -> bool:
        found = re.findall("[0-9]+", piece.text)
        if len(found) != self.times:
            return False
        numbers = [number.lstrip("0") for number in found]
        # A number of more than seven digits is larger than any total, and int() does not read very long ones.
        return max(map(len, numbers)) <= 7 and sum([int(number or "0") for number in numbers]) == self.total


class Steps(Rule, frozen=True, array_like=True, tag="steps"):
    """The first line has so many words, and each further line so many more than the line before."""

    first: Ordinal
    step: Annotated[int, Meta(ge=0, le=20)]

    def holds(self, piece: Piece) -> bool:
        return all(len(line.words) == self.first + number * self.step for number, line in enumerate(piece.lines))


class Marks(Rule, frozen=True, array_like=True, tag="marks"):
    """A punctuation mark occurs so many times."""

    mark: Literal[",", ";", ":", "!", "?"]
    times: Number

    def holds(self, piece: Piece) -> bool:
        return piece.text.count(self.mark) == self.times


class EveryWordHas(Rule, frozen=True, array_like=True, tag="has"):
    """Every word contains a letter."""

    letter: Letter

    def holds(self, piece: Piece) -> bool:
        return all(self.letter in word for word in piece.words)


class EndsIn(Rule, frozen=True, array_like=True, tag="ends"):
    """The last word ends with a letter."""

    letter: Letter

    def holds(self, piece: Piece) -> bool:
        return bool(piece.words) and piece.words[-1][-1] == self.letter


class SameEnds(Rule, frozen=True, array_like=True, tag="same"):
    """The first word and the last word are the same."""

    def holds(self, piece: Piece) -> bool:
        return bool(piece.words) and piece.words[0] == piece.words[-1]


AnyRule = (
    Words | Sentences | Lines | Paragraphs | Letters | Lengths | Contains | LetterCount | First | Last | At | LongWords
    | NoRepeat | Different | Case | Alphabetical | Growing | Chain | Mirror | Acrostic | Initials | Sum | Steps | Marks
    | EveryWordHas | EndsIn | SameEnds
)  # fmt: skip
