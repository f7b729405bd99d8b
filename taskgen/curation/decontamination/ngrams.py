"""Texts as n-grams: how a text is normalised, where its tokens are, and their hashes, many texts at a time."""

import string
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Any, Literal, NamedTuple

import numpy

CHARACTERS_AT_ONCE = 2_000_000
_CODE_POINTS = 0x110000
_IDEOGRAPHS = ((0x3041, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
"""Code points of scripts that set no spaces between words: kana and Han."""
Normalisation = Literal["lines", "words", "words_and_signs", "bare_words"]


@dataclass(frozen=True)
class Reading:
    """How texts are read: a way to find their tokens, and how many of them make an n-gram.

    `words`: lower case, split at white space (as s1 and open-r1 do). `bare_words`: ASCII letters to lower case, ASCII
    punctuation deleted, split at white space (as lm-eval does after GPT-3). `words_and_signs`: lower case; a run of
    letters, marks and digits is a token, and so is every other sign but invisible ones. `lines`: NFKC and case folding;
    a line with a word of two letters is prose, whose tokens are its runs of letters and digits, those of one character
    side by side joined, and every ideograph; any other line (a row of a grid, an equation) is one token, whatever its
    white space.
    """

    normalisation: Normalisation
    size: int


class TextGrams(NamedTuple):
    """What some texts hold, text by text with an array of ends each: hashes of n-grams, and of numbers in digits;
    further, the number of tokens of each text and one hash of all its characters but white space.
    """

    ngrams: Any
    ngram_ends: Any
    numbers: Any
    number_ends: Any
    tokens: Any
    whole: Any


def read_texts(texts: Sequence[str], reading: Reading) -> TextGrams:
    """The n-grams of some texts, in order; a text with fewer tokens than `reading.size` has none."""
    from taskgen.kernels import rolling_hashes as kernel

    codes, ends = _code_points([_NORMALISE[reading.normalisation](text) for text in texts])
    if reading.normalisation == "lines":
        hashes, is_number, stops = kernel.tokens_by_line(codes, ends, *_line_kinds())
    else:
        hashes, is_number, stops = kernel.tokens(codes, ends, _kinds(reading.normalisation))
    ngrams, ngram_ends = kernel.windows(hashes, stops, reading.size)
    number_ends = numpy.append(0, numpy.cumsum(is_number))[stops]
    whole = kernel.whole_texts(codes, ends, _character_kinds())
    return TextGrams(ngrams, ngram_ends, hashes[is_number], number_ends, numpy.diff(stops, prepend=0), whole)


def in_pieces(texts: Sequence[str]) -> Iterator[slice]:
    """Slices of some texts, each of few enough characters to be read at once; a text is never cut."""
    start = characters = 0
    for place, total in enumerate(accumulate(map(len, texts)), 1):
        if total - characters >= CHARACTERS_AT_ONCE or place == len(texts):
            yield slice(start, place)
            start, characters = place, total


def _code_points(texts: Sequence[str]) -> tuple[Any, Any]:
    ends = numpy.cumsum(numpy.fromiter(map(len, texts), numpy.int64, len(texts)))
    return numpy.frombuffer(bytearray("".join(texts).encode("utf-32-le", "surrogatepass")), numpy.uint32), ends


def _folded(text: str) -> str:
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text.casefold())


_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_NORMALISE = {
    "lines": _folded,
    "words": str.lower,
    "words_and_signs": str.lower,
    "bare_words": lambda text: text.lower() if text.isascii() else text.translate(_ASCII_LOWER),
}


@cache
def _kinds(normalisation: Normalisation) -> Any:
    """The kind of every code point, for all readings but `lines`."""
    from taskgen.kernels.rolling_hashes import GAP, IDEOGRAPH, LETTER, SKIPPED

    kinds = _character_kinds()
    if normalisation == "words_and_signs":
        return numpy.where(kinds == IDEOGRAPH, LETTER, kinds).astype(numpy.uint8)
    kinds = numpy.where(kinds == GAP, GAP, LETTER).astype(numpy.uint8)
    if normalisation == "bare_words":
        kinds[[ord(sign) for sign in string.punctuation]] = SKIPPED
    return kinds


@cache
def _line_kinds() -> tuple[Any, Any]:
    """The kinds of every code point in prose, and in other lines."""
    from taskgen.kernels.rolling_hashes import GAP, LETTER, SIGN, SKIPPED

    kinds = _character_kinds()
    prose = numpy.where(kinds == SIGN, GAP, kinds).astype(numpy.uint8)
    other = numpy.where(kinds <= SKIPPED, SKIPPED, LETTER).astype(numpy.uint8)
    return prose, other


@cache
def _character_kinds() -> Any:
    """The kind of every code point by its category in Unicode: white space, letters and marks, digits, and so on."""
    from taskgen.kernels.rolling_hashes import DIGIT, GAP, IDEOGRAPH, LETTER, SIGN, SKIPPED

    kinds = {"Zs": GAP, "Zl": GAP, "Zp": GAP, "Cf": SKIPPED} | dict.fromkeys(("Nd", "Nl", "No"), DIGIT)
    kinds |= dict.fromkeys(("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me"), LETTER)
    table = numpy.array([kinds.get(unicodedata.category(chr(code)), SIGN) for code in range(_CODE_POINTS)], numpy.uint8)
    for first, last in _IDEOGRAPHS:
        own = table[first : last + 1]
        own[own == LETTER] = IDEOGRAPH
    table[[code for code in range(0x3001) if chr(code).isspace()]] = GAP
    return table
