"""The text layer: n-grams that a training text shares with an evaluation item, less what its whole family shares.

Puzzles of one family have most of their text in common, whichever puzzle they are. So an n-gram that stands in more
than a share of a family's texts, or in the family's template, is template and counts for nothing; every other one
counts for more the rarer it is, in the family and among the items (as in allenai/decon, where only the items count).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy

from taskgen.curation.decontamination.keys import keyed
from taskgen.curation.decontamination.ngrams import TextGrams, in_pieces, read_texts
from taskgen.curation.decontamination.presets import Preset
from taskgen.curation.decontamination.templates import template_texts

MAX_FAMILIES = 128
"""Families that may be told apart."""
TEMPLATE_TEXTS = 10
"""Texts of a family that may share an n-gram before it can be template, however small the family."""
PRIOR_TEXTS = 20
"""So much the share of all texts that hold a number weighs beside that of a family's texts."""
COPY_BITS = range(20, 27)
"""Of a text's hash so many bits are remembered, to see whether it has come before: more of them for more texts."""


class ItemGrams(NamedTuple):
    """Evaluation items as an index holds them, item by item with arrays of ends: n-grams, numbers, the hash of the
    whole text, whether ids decide, the number of tokens.
    """

    ngrams: Any
    ngram_ends: Any
    numbers: Any
    number_ends: Any
    whole: Any
    known: Any
    tokens: Any


class Match(NamedTuple):
    """What a text overlaps: the item, by how much, and that in words."""

    item: int
    score: float
    detail: str


class HashList:
    """Hashes, sorted and without repeats, with a directory by their first bits."""

    def __init__(self, hashes: Any) -> None:
        self.hashes, self.first = numpy.unique(hashes, return_index=True)
        """The hashes, and where each of them came first in what the list was made of."""
        bits = max(1, len(self.hashes).bit_length())
        self._shift = 64 - bits
        tops = (self.hashes >> numpy.uint64(self._shift)).astype(numpy.int64)
        self._directory = numpy.searchsorted(tops, numpy.arange((1 << bits) + 1)).astype(numpy.int32)

    def __len__(self) -> int:
        return len(self.hashes)

    def places(self, wanted: Any) -> Any:
        """For each hash its place in the list, or -1."""
        from taskgen.kernels.rolling_hashes import places

        return places(wanted, self.hashes, self._directory, self._shift)

    def held(self, wanted: Any, ends: Any) -> tuple[Any, Any]:
        """Of hashes text by text those that are in the list: where each text's stop, and their places."""
        found = self.places(wanted)
        inside = found >= 0
        return numpy.append(0, numpy.cumsum(inside))[ends], found[inside]


class TextLayer:
    """Reads the training texts twice: counts how common the items' n-grams are in each family, then finds overlaps.

    There may be MAX_FAMILIES families.
    """

    def __init__(
        self, items: ItemGrams, preset: Preset, template_share: float, rows: int, key: bytes | None = None
    ) -> None:
        """`rows` is about how many texts there will be."""
        self._items = items if preset.ids_decide else items._replace(known=numpy.zeros_like(items.known))
        self._preset = preset
        self._share = template_share
        self._key = key
        self._ngrams = HashList(items.ngrams)
        self._numbers = HashList(items.numbers)
        self._catalogue = _catalogue(self._items, self._ngrams, self._numbers, preset.reading.size)
        self._sizes = numpy.diff(items.ngram_ends, prepend=0)
        self._number_sizes = numpy.diff(self._catalogue.number_ends, prepend=0)
        self._copies = [_first_holders(self._items, chosen) for chosen in (items.tokens > 0, ~self._items.known)]
        self._families: dict[str, int] = {}
        self._texts = numpy.zeros(MAX_FAMILIES, numpy.int64)
        self._ngram_counts = numpy.zeros((MAX_FAMILIES, len(self._ngrams)), numpy.int32)
        self._number_counts = numpy.zeros((MAX_FAMILIES, len(self._numbers)), numpy.int32)
        self._seen = numpy.zeros(1 << min(max((16 * rows).bit_length(), COPY_BITS[0]), COPY_BITS[-1]), bool)
        self._weights: Any = None
        self.template_ngrams: dict[str, int] = {}
        """How many of the items' n-grams were subtracted in each family."""

    @property
    def counts_first(self) -> bool:
        """Whether the texts have to be read twice."""
        return self._preset.measure == "rarity" or self._share < 1

    def undecided(self, known: Any) -> Any:
        """Of texts with their ids `known` or not, which there is anything to find out about."""
        return ~known | (not self._items.known.all())

    def count(self, texts: Sequence[str], families: Sequence[str]) -> None:
        """First reading: how many different texts of each family hold each n-gram and number of the items."""
        from taskgen.kernels.item_overlap import count_texts

        for piece in in_pieces(texts):
            grams = self._read(texts[piece])
            family = self._places(families[piece])
            new = self._first_time(grams)
            self._texts += numpy.bincount(family[new], minlength=MAX_FAMILIES)
            count_texts(*self._ngrams.held(grams.ngrams, grams.ngram_ends), family, new, self._ngram_counts)
            count_texts(*self._numbers.held(grams.numbers, grams.number_ends), family, new, self._number_counts)

    def weigh(self) -> None:
        """Between the readings: decide what is template, and what the rest weighs."""
        from taskgen.kernels.item_overlap import Weights, covered_tokens

        names = list(self._families) or [""]
        usual = numpy.maximum(1, self._number_counts[: len(names)].sum(axis=0)) / (1 + self._texts.sum())
        items = len(self._items.ngram_ends)
        holder = numpy.repeat(numpy.arange(items), self._sizes)
        pairs = numpy.unique(numpy.stack([self._catalogue.ngrams, holder]), axis=1)
        among_items = _rarity(numpy.bincount(pairs[0], minlength=len(self._ngrams)), items)
        weights = numpy.ones((len(names), len(self._ngrams)), numpy.float32)
        totals = numpy.ones((len(names), items))
        numbers = numpy.zeros((len(names), len(self._numbers)))
        for family, own in enumerate(weights):
            texts, counts = int(self._texts[family]), self._ngram_counts[family]
            if self._preset.measure == "rarity":
                own[:] = numpy.minimum(_rarity(counts, texts), among_items)
            if self._share < 1:
                own[counts > max(self._share * texts, TEMPLATE_TEXTS)] = 0
                own[self._template_of(names[family])] = 0
                self.template_ngrams[names[family]] = int((own == 0).sum())
            numbers[family] = -numpy.log((self._number_counts[family] + PRIOR_TEXTS * usual) / (texts + PRIOR_TEXTS))
            if self._preset.measure == "rarity":
                totals[family] = numpy.bincount(holder, own[self._catalogue.ngrams], items)
            else:
                totals[family] = covered_tokens(self._catalogue, own)
        self._weights = Weights(weights, totals, numbers)

    def find(self, texts: Sequence[str], families: Sequence[str], known: Any) -> list[Match | None]:
        """Second reading: what each text overlaps, if that counts; `known` where the ids of a text's row decide."""
        from taskgen.kernels.item_overlap import ANY, COVERAGE, NONE, RARITY, Rule, Texts, overlaps

        rule = self._preset
        measure = {"any": ANY, "coverage": COVERAGE, "rarity": RARITY}[rule.measure]
        kernel_rule = Rule(measure, rule.least, rule.sure, rule.ngrams, rule.agreement, rule.evidence)
        found: list[Match | None] = []
        for piece in in_pieces(texts):
            grams = self._read(texts[piece])
            ngrams = self._ngrams.held(grams.ngrams, grams.ngram_ends)
            numbers = self._numbers.held(grams.numbers, grams.number_ends)
            own = Texts(*ngrams, *numbers, self._places(families[piece]), known[piece])
            best = overlaps(own, self._catalogue, self._weights, kernel_rule)
            matches = [
                None if item == NONE else Match(item, best.score[text], self._in_words(best, text, item))
                for text, item in enumerate(best.item.tolist())
            ]
            if rule.measure == "rarity":
                self._add_copies(matches, grams, known[piece])
            found += matches
        return found

    def _read(self, texts: Sequence[str]) -> TextGrams:
        grams = read_texts(texts, self._preset.reading)
        if self._key is None:
            return grams
        ngrams, numbers, whole = (keyed(own, self._key) for own in (grams.ngrams, grams.numbers, grams.whole))
        return grams._replace(ngrams=ngrams, numbers=numbers, whole=whole)

    def _first_time(self, grams: TextGrams) -> Any:
        """Which texts are not copies of earlier ones, nor empty. (Of many millions, a few are taken for copies.)"""
        slots = grams.whole & numpy.uint64(len(self._seen) - 1)
        first = numpy.zeros(len(slots), bool)
        first[numpy.unique(slots, return_index=True)[1]] = True
        first &= ~self._seen[slots] & (grams.tokens > 0)
        self._seen[slots] = True
        return first

    def _places(self, families: Sequence[str]) -> Any:
        if not self.counts_first:
            return numpy.zeros(len(families), numpy.int64)
        places = (self._families.setdefault(name, len(self._families)) for name in families)
        return numpy.fromiter(places, numpy.int64, len(families))

    def _template_of(self, family: str) -> Any:
        texts = template_texts(family)
        found = self._ngrams.places(self._read(texts).ngrams) if texts else numpy.zeros(0, numpy.int32)
        return found[found >= 0]

    def _add_copies(self, matches: list[Match | None], grams: TextGrams, known: Any) -> None:
        """Add the texts that are an item's but for case and white space, whatever they share with their family."""
        for (holders, items), asked in zip(self._copies, (~known, known), strict=True):
            places = numpy.where(asked & (grams.tokens > 0), holders.places(grams.whole), -1)
            for text in numpy.flatnonzero(places >= 0).tolist():
                matches[text] = Match(int(items[places[text]]), 1.0, "the same text but for case and white space")

    def _in_words(self, best: Any, text: int, item: int) -> str:
        parts = [
            f"{best.ngrams[text]} of {self._sizes[item]} {self._preset.reading.size}-grams",
            f"{best.run[text]} tokens in a row",
        ]
        if self._preset.measure != "any":
            parts.insert(0, f"{self._preset.measure} {best.score[text]:.2f}")
        if self._preset.measure == "rarity":
            parts.append(f"{best.numbers[text]} of {self._number_sizes[item]} numbers")
        return ", ".join(parts)


def _catalogue(items: ItemGrams, ngrams: HashList, numbers: HashList, size: int) -> Any:
    """The items with n-grams and numbers named by their places in the lists."""
    from taskgen.kernels.item_overlap import Items

    own = ngrams.places(items.ngrams)
    order = numpy.argsort(own, kind="stable")
    counts = numpy.diff(items.ngram_ends, prepend=0)
    holder = numpy.repeat(numpy.arange(len(counts)), counts)
    place = numpy.arange(len(own)) - numpy.repeat(items.ngram_ends - counts, counts)
    return Items(
        *(size, items.ngram_ends, own, items.known),
        *_distinct(numbers.places(items.numbers), items.number_ends),
        *(numpy.searchsorted(own[order], numpy.arange(len(ngrams) + 1)), holder[order], place[order]),
    )


def _first_holders(items: ItemGrams, chosen: Any) -> tuple[HashList, Any]:
    """The hashes of the whole texts of some items, and the first item that has each."""
    own = numpy.flatnonzero(chosen & (items.tokens > 0))
    hashes = HashList(items.whole[own])
    return hashes, own[hashes.first]


def _rarity(counts: Any, total: int) -> Any:
    """1 for what one of so many texts holds, near 0 for what all of them do."""
    return numpy.log((1 + total) / numpy.maximum(1, counts)) / numpy.log(1 + max(1, total))


def _distinct(values: Any, ends: Any) -> tuple[Any, Any]:
    """Lists without repeats, each in order of value: where each stops, and their values."""
    holder = numpy.repeat(numpy.arange(len(ends)), numpy.diff(ends, prepend=0))
    pairs = numpy.unique(numpy.stack([holder, values.astype(numpy.int64)]), axis=1)
    return numpy.searchsorted(pairs[0], numpy.arange(len(ends)), "right"), pairs[1].astype(numpy.int32)
