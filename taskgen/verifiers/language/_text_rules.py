"""Rules about a piece of text, and what its words, sentences, lines and paragraphs are.

A word is a maximal run of letters A to Z, in either case; a number a maximal run of digits. Lines are those with
something in them; a paragraph is a maximal run of lines without a blank line between them. Sentences are what full
stops, exclamation marks and question marks separate, counting only pieces that hold a word. Words and letters are
compared without regard to case, unless the rule is about case.
"""

import re
from functools import cached_property
from typing import Annotated, Literal

from msgspec import Meta, Struct

MAX_WORDS = 400

Word = Annotated[str, Meta(pattern=r"^[a-z]{1,15}\Z")]
Letter = Annotated[str, Meta(pattern=r"^[a-z]\Z")]
LetterRow = Annotated[str, Meta(pattern=r"^[a-z]{2,20}\Z")]
Number = Annotated[int, Meta(ge=0, le=4_000)]
Ordinal = Annotated[int, Meta(ge=1, le=MAX_WORDS)]


class Piece:
    """A text or a part of one."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def cased(self) -> list[str]:
        """The words as they are written."""
        return re.findall("[A-Za-z]+", self.text)

    @cached_property
    def words(self) -> list[str]:
        """The words in lower case."""
        return re.findall("[a-z]+", self.text.lower())

    @cached_property
    def lines(self) -> list["Piece"]:
        """The lines that are not blank."""
        return [Piece(line) for line in self.text.split("\n") if line.strip()]

    @cached_property
    def paragraphs(self) -> list["Piece"]:
        """Runs of lines between blank lines."""
        return [Piece(part) for part in re.split(r"\n[ \t]*(?:\n[ \t]*)+", self.text) if part.strip()]

    @cached_property
    def sentences(self) -> list["Piece"]:
        """Pieces between end marks that hold a word."""
        return [Piece(part) for part in re.split("[.!?]", self.text) if re.search("[A-Za-z]", part)]


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
        return self.low <= sum(map(len, piece.words)) <= self.high


class Lengths(_Range, frozen=True, array_like=True, tag="lengths"):
    """The number of letters of every word lies in a range."""

    def holds(self, piece: Piece) -> bool:
        return all(self.low <= len(word) <= self.high for word in piece.words)


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
        return piece.text.lower().count(self.letter) == self.times


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
        return sum(len(word) >= self.length for word in piece.words) == self.times


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
                return all(word.islower() for word in piece.cased)
            case "upper":
                return all(word.isupper() for word in piece.cased)
            case "capitals":
                return all(word == word.capitalize() for word in piece.cased)
            case "turns":
                lower, upper = piece.cased[::2], piece.cased[1::2]
                return all(word.islower() for word in lower) and all(word.isupper() for word in upper)


class Alphabetical(Rule, frozen=True, array_like=True, tag="alphabetical"):
    """The words stand in alphabetical order; equal words may follow one another."""

    def holds(self, piece: Piece) -> bool:
        return all(word <= after for word, after in zip(piece.words, piece.words[1:], strict=False))


class Growing(Rule, frozen=True, array_like=True, tag="growing"):
    """No word is shorter than the word before it."""

    def holds(self, piece: Piece) -> bool:
        return all(len(word) <= len(after) for word, after in zip(piece.words, piece.words[1:], strict=False))


class Chain(Rule, frozen=True, array_like=True, tag="chain"):
    """Each word but the first begins with the last letter of the word before it."""

    def holds(self, piece: Piece) -> bool:
        return all(word[-1] == after[0] for word, after in zip(piece.words, piece.words[1:], strict=False))


class Mirror(Rule, frozen=True, array_like=True, tag="mirror"):
    """The words are the same ones backwards and forwards."""

    def holds(self, piece: Piece) -> bool:
        return piece.words == piece.words[::-1]


class Acrostic(Rule, frozen=True, array_like=True, tag="acrostic"):
    """The first letters of the lines spell this: so many lines, each with a word."""

    letters: LetterRow

    def holds(self, piece: Piece) -> bool:
        return "".join(line.words[0][0] if line.words else "-" for line in piece.lines) == self.letters


class Initials(Rule, frozen=True, array_like=True, tag="initials"):
    """The first letters of the words spell this: so many words."""

    letters: LetterRow

    def holds(self, piece: Piece) -> bool:
        return "".join(word[0] for word in piece.words) == self.letters


class Sum(Rule, frozen=True, array_like=True, tag="sum"):
    """There are so many numbers, of at most six digits each, and they add up to this."""

    times: Annotated[int, Meta(ge=1, le=20)]
    total: Annotated[int, Meta(ge=0, le=1_000_000)]

    def holds(self, piece: Piece) -> bool:
        found = re.findall("[0-9]+", piece.text)
        return len(found) == self.times and max(map(len, found)) <= 6 and sum(map(int, found)) == self.total


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
