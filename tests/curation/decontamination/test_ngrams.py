"""Hashed n-grams say what sets of strings say."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from taskgen.curation.decontamination.ngrams import CHARACTERS_AT_ONCE, Reading, in_pieces, read_texts
from taskgen.curation.decontamination.text_layer import HashList
from tests.curation.decontamination import plain
from tests.curation.decontamination.real_texts import PARAGRAPHS, prompts

READINGS = {
    "words": plain.words,
    "bare_words": plain.bare_words,
    "words_and_signs": plain.words_and_signs,
    "lines": plain.lines,
}


def hashed(texts, normalisation, size):
    """The n-gram hashes of each text."""
    grams = read_texts(texts, Reading(normalisation, size))
    return [own.tolist() for own in numpy.split(grams.ngrams, grams.ngram_ends[:-1])]


def check_agreement(texts, normalisation, size):
    """Each n-gram has one hash, each hash one n-gram, in the order of the text."""
    names = {}
    for own, text in zip(hashed(texts, normalisation, size), texts, strict=True):
        grams = plain.ngrams(READINGS[normalisation](text), size)
        assert len(own) == len(grams)
        for gram, name in zip(grams, own, strict=True):
            assert names.setdefault(gram, name) == name
    assert len(set(names.values())) == len(names)
    return names


@pytest.mark.parametrize("size", [1, 4, 8, 13])
@pytest.mark.parametrize("normalisation", READINGS)
def test_real_texts_of_many_scripts_have_the_ngrams_that_plain_python_finds(normalisation, size):
    names = check_agreement([*PARAGRAPHS, *prompts(), ""], normalisation, size)
    assert len(names) > 900


@pytest.mark.parametrize("normalisation", READINGS)
@given(texts=some.lists(some.text(max_size=40), min_size=1, max_size=4), size=some.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_any_text_has_the_ngrams_that_plain_python_finds(normalisation, texts, size):
    check_agreement(texts, normalisation, size)


@given(text=some.text(alphabet="ab 1.\n#", max_size=30))
@settings(max_examples=300, deadline=None)
def test_mixed_lines_have_the_tokens_that_plain_python_finds(text):
    check_agreement([text], "lines", 1)


@pytest.mark.parametrize("normalisation", READINGS)
def test_a_shared_ngram_is_found_in_exactly_the_texts_where_sets_of_strings_find_it(normalisation):
    texts = [*PARAGRAPHS, *prompts()]
    items = [text[len(text) // 3 :] for text in texts[::3]]
    known = HashList(read_texts(items, Reading(normalisation, 8)).ngrams)
    grams = read_texts(texts, Reading(normalisation, 8))
    ends, _ = known.held(grams.ngrams, grams.ngram_ends)
    found = (numpy.diff(ends, prepend=0) > 0).tolist()
    read = READINGS[normalisation]
    plainly = {gram for item in items for gram in plain.ngrams(read(item), 8)}
    assert found == [not plainly.isdisjoint(plain.ngrams(read(text), 8)) for text in texts]
    assert True in found


def test_the_rows_of_a_grid_are_one_token_each_however_they_are_spaced():
    texts = ["5 3 . . 7\n6 . . 1 9", "53..7\n6..19", "  5  3  .  .  7  \r\n6 . .\t1 9"]
    assert len({tuple(own) for own in hashed(texts, "lines", 2)}) == 1
    assert [len(own) for own in hashed(texts, "lines", 1)] == [2, 2, 2]


def test_digits_side_by_side_in_a_sentence_are_one_token():
    spaced, close, other = hashed(["Use 3 5 7 2 now", "Use 3572 now", "Use 357 2 now"], "lines", 1)
    assert spaced == close != other


def test_case_punctuation_and_typography_do_not_matter_to_the_default():
    first, second = hashed(["“Hello,” said the ﬁrst man.", '"HELLO" Said  the first\u00a0man!'], "lines", 2)
    assert first == second


def test_numbers_are_the_tokens_of_prose_that_are_digits():
    grams = read_texts(["Take 12 and x2, then 1,000.\n12 34\n7 8 9 in a line of words"], Reading("lines", 4))
    assert len(grams.numbers) == 3  # 12, 000 and 1, which stands alone between them; 7 8 9 are joined to one word


def test_texts_shorter_than_an_ngram_have_none():
    assert hashed(["one two three", "one two three four", ""], "lines", 4)[::2] == [[], []]


def test_hashes_are_the_same_for_ever():
    assert hashed(["Same bytes for ever: ½ + 三"], "lines", 2)[0][:2] == [5295668868972479824, 6309111901759177179]
    assert read_texts(["Same bytes"], Reading("words", 8)).whole.tolist() == [17927476425359007496]


def test_hashes_are_those_of_a_plain_computation():
    grams = plain.ngrams(plain.lines("\n".join(PARAGRAPHS)), 3)
    assert hashed(["\n".join(PARAGRAPHS)], "lines", 3) == [[plain.ngram_hash(gram) for gram in grams]]


def test_no_text_is_cut_and_none_is_left_out():
    texts = ["a" * 10, "b" * (CHARACTERS_AT_ONCE + 1), "c", "d" * (CHARACTERS_AT_ONCE - 1), "e"]
    pieces = [texts[piece] for piece in in_pieces(texts)]
    assert [text for piece in pieces for text in piece] == texts
    assert [len(piece) for piece in pieces] == [2, 2, 1]
    assert list(in_pieces([])) == []
