"""Which item of a collection a text overlaps most, by the n-grams that both hold.

N-grams and numbers are named by their places in sorted lists; all lists of lists lie end to end, with an array of ends.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

Array = np.ndarray

ANY, COVERAGE, RARITY = range(3)
"""What an overlap is measured by: one n-gram; the share of tokens covered; the share of weight, and numbers."""
NONE = -1


class Items(NamedTuple):
    """The items: the n-grams of each in order, `known` where ids decide, their distinct numbers; and for each n-gram
    the items that hold it and where.
    """

    size: int
    ngram_ends: Array
    ngrams: Array
    known: Array
    number_ends: Array
    numbers: Array
    posting_ends: Array
    posting_items: Array
    posting_places: Array


class Texts(NamedTuple):
    """The texts: of each the n-grams and numbers that some item holds, too, its family, `known` where ids decide."""

    ngram_ends: Array
    ngrams: Array
    number_ends: Array
    numbers: Array
    family: Array
    known: Array


class Weights(NamedTuple):
    """What an n-gram weighs in each family, 0 where it is template; what each item's n-grams make up together, or
    how many tokens they cover; and minus the logarithm of the share of texts that hold a number.
    """

    ngrams: Array
    totals: Array
    numbers: Array


class Rule(NamedTuple):
    """From what score on an overlap counts: `least` where the numbers bear it out, else `sure`; then at least
    `ngrams` n-grams, or all of an item that has fewer; `agreement` is the share of the item's numbers that must be
    found, `evidence` how improbable they must be together, as minus a logarithm.
    """

    measure: int
    least: float
    sure: float
    ngrams: int
    agreement: float
    evidence: float


class Overlaps(NamedTuple):
    """For each text the item, NONE where none counts, with its score, n-grams, tokens in a row, and numbers found."""

    item: Array
    score: Array
    ngrams: Array
    run: Array
    numbers: Array


@njit(cache=True)
def covered(bits: Array, size: int) -> tuple[int, int]:
    """The number of tokens that the n-grams marked in a set of bits cover, and of the most of them in a row."""
    count, longest, first, last = 0, 0, 0, -1
    for word in range(len(bits)):
        if bits[word] == 0:
            continue
        for bit in range(64):
            if (bits[word] >> np.uint64(bit)) & np.uint64(1):
                place = 64 * word + bit
                if last < 0 or place > last + 1:
                    first = place
                count += size if last < 0 else min(size, place - last)
                longest = max(longest, place - first + size)
                last = place
    return count, longest


@njit(cache=True)
def covered_tokens(items: Items, weights: Array) -> Array:
    """For each item the number of tokens that its n-grams of some weight cover."""
    found = np.zeros(len(items.ngram_ends), np.float64)
    start = 0
    for item in range(len(items.ngram_ends)):
        last = -items.size
        for place in range(start, items.ngram_ends[item]):
            if weights[items.ngrams[place]] > 0:
                found[item] += min(items.size, place - last) if last >= start else items.size
                last = place
        start = items.ngram_ends[item]
    return found


@njit(cache=True)
def count_texts(ends: Array, values: Array, family: Array, counted: Array, counts: Array) -> None:
    """Add to `counts[family, value]` the number of those texts, among the `counted`, that hold the value."""
    seen = np.full(counts.shape[1], -1, np.int64)
    start = 0
    for text in range(len(ends)):
        if counted[text]:
            for place in range(start, ends[text]):
                value = values[place]
                if seen[value] != text:
                    seen[value] = text
                    counts[family[text], value] += 1
        start = ends[text]


class Marks(NamedTuple):
    """What a text shares with each item: `bits` from `words[item]` on for its n-grams, how many they are, what they
    weigh; the items touched at all; for each number the last text that held it.
    """

    words: Array
    bits: Array
    matched: Array
    weight: Array
    touched: Array
    stamps: Array


@njit(cache=True)
def _no_marks(items: Items, numbers: int) -> Marks:
    count = len(items.ngram_ends)
    words = np.zeros(count + 1, np.int64)
    start = 0
    for item in range(count):
        words[item + 1] = words[item] + (items.ngram_ends[item] - start + 63) // 64
        start = items.ngram_ends[item]
    return Marks(
        words,
        np.zeros(words[count], np.uint64),
        np.zeros(count, np.int64),
        np.zeros(count, np.float64),
        np.empty(count, np.int64),
        np.full(numbers, -1, np.int64),
    )


@njit(cache=True)
def _mark(texts: Texts, text: int, items: Items, weights: Array, marks: Marks) -> int:
    """Mark what a text shares with the items that it may be compared with; the result is how many were touched."""
    reached = 0
    for place in range(texts.ngram_ends[text - 1] if text else 0, texts.ngram_ends[text]):
        ngram = texts.ngrams[place]
        if weights[ngram] == 0:
            continue
        for posting in range(items.posting_ends[ngram], items.posting_ends[ngram + 1]):
            item = items.posting_items[posting]
            if texts.known[text] and items.known[item]:
                continue
            word = marks.words[item] + items.posting_places[posting] // 64
            bit = np.uint64(1) << np.uint64(items.posting_places[posting] % 64)
            if marks.bits[word] & bit:
                continue
            marks.bits[word] |= bit
            if marks.matched[item] == 0:
                marks.touched[reached] = item
                reached += 1
            marks.matched[item] += 1
            marks.weight[item] += weights[ngram]
    for place in range(texts.number_ends[text - 1] if text else 0, texts.number_ends[text]):
        marks.stamps[texts.numbers[place]] = text
    return reached


@njit(cache=True)
def _numbers(text: int, item: int, items: Items, weights: Array, marks: Marks) -> tuple[int, float, float]:
    """How many of an item's numbers the text holds, what they weigh, and what all of them weigh."""
    found, agreeing, all_numbers = 0, 0.0, 0.0
    for place in range(items.number_ends[item - 1] if item else 0, items.number_ends[item]):
        number = items.numbers[place]
        all_numbers += weights[number]
        if marks.stamps[number] == text:
            found += 1
            agreeing += weights[number]
    return found, agreeing, all_numbers


@njit(cache=True)
def overlaps(texts: Texts, items: Items, weights: Weights, rule: Rule) -> Overlaps:
    """For each text the item that it overlaps most, among those whose overlap counts; of equals the first."""
    count = len(texts.ngram_ends)
    best = Overlaps(
        np.full(count, NONE, np.int64),
        np.zeros(count, np.float64),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
    )
    marks = _no_marks(items, weights.numbers.shape[1])
    for text in range(count):
        family = texts.family[text]
        for item in marks.touched[: _mark(texts, text, items, weights.ngrams[family], marks)]:
            bits, matched = marks.bits[marks.words[item] : marks.words[item + 1]], marks.matched[item]
            if rule.measure == ANY:
                score = float(matched)
            elif rule.measure == COVERAGE:
                score = covered(bits, items.size)[0] / weights.totals[family, item]
            else:
                score = marks.weight[item] / weights.totals[family, item]
            better = score > best.score[text] or (score == best.score[text] and item < best.item[text])
            if better and score >= rule.least:
                found, agreeing, all_numbers = _numbers(text, item, items, weights.numbers[family], marks)
                counts = True
                if rule.measure == RARITY:
                    size = items.ngram_ends[item] - (items.ngram_ends[item - 1] if item else 0)
                    counts = matched >= min(rule.ngrams, size) and agreeing >= rule.agreement * all_numbers
                    counts = counts and (score >= rule.sure or agreeing >= rule.evidence)
                if counts:
                    best.item[text], best.score[text], best.ngrams[text] = item, score, matched
                    best.run[text], best.numbers[text] = covered(bits, items.size)[1], found
            bits[:] = 0
            marks.matched[item] = 0
            marks.weight[item] = 0.0
    return best
