"""What counts as overlap: the published rules as published, and ours."""

import numpy
import pytest

from taskgen.curation.decontamination.ngrams import read_texts
from taskgen.curation.decontamination.presets import PRESETS
from taskgen.curation.decontamination.text_layer import ItemGrams, TextLayer
from taskgen.registry import all_tasks, task
from tests.curation.decontamination import plain
from tests.curation.decontamination.real_texts import PARAGRAPHS, prompts

BAKERY = (
    "Maya runs a small bakery near the harbour. On Monday she baked 48 loaves of rye bread and sold 37 of them before "
    "noon. In the afternoon a school ordered 15 loaves, so she baked another 20. How many loaves were left?"
)
RENAMED = (
    "Ingrid runs a small workshop near the station. On Monday she pressed 48 wheels of goat cheese and sold 37 of them "
    "before noon. In the afternoon a school ordered 15 wheels, so she pressed another 20. How many wheels were left?"
)
UNRELATED = tuple(
    f"{name} has {number} {things} in the {place} and gives every {number + 7}th of them to {friend} on a {day}."
    for number, (name, things, place, friend, day) in enumerate(
        (name, things, place, friend, day)
        for name, friend in (("Ada", "Ben"), ("Cem", "Dina"), ("Eva", "Fay"), ("Gus", "Hua"), ("Ida", "Jo"))
        for things in ("marbles", "stamps", "roses", "kites")
        for place in ("cellar", "attic", "garden")
        for day in ("Monday", "Friday")
    )
)


def found(items, texts, preset="default", families=None, share=None, known=False, items_known=False):
    """What the text layer finds for each text: the item and the match, or None."""
    rule = PRESETS[preset]
    grams = read_texts(items, rule.reading)
    knowing = numpy.full(len(items), items_known)
    held = ItemGrams(
        grams.ngrams, grams.ngram_ends, grams.numbers, grams.number_ends, grams.whole, knowing, grams.tokens
    )
    layer = TextLayer(held, rule, rule.template_share if share is None else share, len(texts))
    families = families or ["family"] * len(texts)
    if layer.counts_first:
        layer.count(texts, families)
    layer.weigh()
    return layer.find(texts, families, numpy.full(len(texts), known))


def items_found(*arguments, **options):
    return [match and match.item for match in found(*arguments, **options)]


def published_any(read, size):
    def rule(item, text):
        return not set(plain.ngrams(read(item), size)).isdisjoint(plain.ngrams(read(text), size))

    return rule


PUBLISHED = {
    "gpt3-13": published_any(plain.bare_words, 13),
    "s1-8": published_any(plain.words, 8),
    "tulu3-8-50": lambda item, text: (
        plain.covered_share(plain.words_and_signs(item), plain.words_and_signs(text), 8) > 0.5
    ),
}


@pytest.mark.parametrize("preset", PUBLISHED)
def test_a_published_rule_flags_exactly_the_texts_that_it_flags_in_plain_python(preset):
    texts = [*PARAGRAPHS, *prompts(), BAKERY, RENAMED, "", "short", BAKERY.upper(), BAKERY.replace(",", "")]
    items = [BAKERY, *PARAGRAPHS[::2], *prompts()[::3], prompts()[1][:200], "short"]
    flagged = [match is not None for match in found(items, texts, preset)]
    assert flagged == [any(PUBLISHED[preset](item, text) for item in items) for text in texts]
    assert 0 < sum(flagged) < len(texts)


def test_the_coverage_of_the_best_item_is_the_one_that_plain_python_finds():
    texts, items = list(prompts()), list(prompts()[::2])
    read = plain.words_and_signs
    for text, match in zip(texts, found(items, texts, "tulu3-8-50"), strict=True):
        shares = [plain.covered_share(read(item), read(text), 8) for item in items]
        assert match is None or match.score == pytest.approx(max(shares))
        assert match is None or shares[match.item] == pytest.approx(max(shares))


def test_half_of_the_tokens_is_not_more_than_half():
    item = " ".join(f"w{number}" for number in range(16))
    half, more = " ".join(item.split()[:8]), " ".join(item.split()[:9])
    assert items_found([item], [half, more], "tulu3-8-50") == [None, 0]


def test_a_copy_is_found_inside_a_longer_text_whatever_its_case_and_punctuation():
    texts = [f"Solve this problem.\n\n{BAKERY}\n\nThink.", BAKERY.upper().replace(".", " !"), *UNRELATED]
    assert items_found([BAKERY], texts) == [0, 0] + [None] * len(UNRELATED)


def test_a_renamed_copy_is_found_by_what_is_left_and_the_numbers():
    (match, *others) = found([BAKERY], [RENAMED, *UNRELATED])
    assert match is not None
    assert match.score < PRESETS["default"].sure
    assert others == [None] * len(UNRELATED)


def test_the_same_words_with_other_numbers_are_another_problem():
    other = BAKERY.replace("48", "56").replace("37", "31").replace("20", "25")
    assert items_found([BAKERY], [other, *UNRELATED])[0] is None
    assert items_found([BAKERY], [other, *UNRELATED], "s1-8")[0] == 0


def test_what_a_family_shares_is_template_and_counts_for_nothing():
    frame = "You are given a list of numbers. Decide which of them is the largest, and say why. The numbers: {}."
    family = [frame.format(f"a{number} b{number} c{number} d{number} e{number}") for number in range(200)]
    item = frame.format("x1 y2 z3 u4 v5")
    assert items_found([item], family, "s1-8") == [0] * 200
    assert items_found([item], [*family, item]) == [None] * 200 + [0]
    assert items_found([item], family, "s1-8", share=0.01) == [None] * 200


def test_what_is_template_in_one_family_still_counts_in_another():
    frame = "You are given a list of numbers. Decide which of them is the largest, and say why in one line."
    texts = [f"{frame} a{number} b{number} c{number} d{number}" for number in range(100)]
    quoted = f"Somebody asked me this: {frame}"
    families = ["lists"] * 100 + ["quotes"]
    assert items_found([frame], [*texts, quoted], families=families) == [None] * 100 + [0]


def test_copies_of_one_text_do_not_make_it_template():
    texts = [f"{BAKERY} Thanks."] * 300 + list(UNRELATED)
    assert items_found([BAKERY], texts) == [0] * 300 + [None] * len(UNRELATED)


def test_the_words_of_a_tasks_template_count_for_nothing_even_in_a_single_text():
    name = "knights_and_knaves"
    text = prompts()[3 * list(all_tasks()).index(name)]
    ending = text[text.index("Think first") :]
    assert items_found([ending], [text], families=["other"]) == [0]
    assert items_found([ending], [text], families=[name]) == [None]
    assert task(name).template.name == f"{name}.md.jinja"


def test_a_short_item_is_found_only_as_the_whole_text():
    texts = ["2 + 2 = ?", "2+2=?", "What is 2 + 2 = ? Say.", "Name a colour", "name a  COLOUR\n", "Name a colour, Ben"]
    assert items_found(["2 + 2 = ?", "Name a colour"], texts) == [0, 0, None, 1, 1, None]
    assert items_found(["Name a colour"], ["Name a colour"], "s1-8") == [None]


def test_a_grid_is_found_by_its_rows_and_not_by_its_digits():
    grid = "5 3 0 0 7 0 0 0 0\n6 0 0 1 9 5 0 0 0\n0 9 8 0 0 0 0 6 0\n8 0 0 0 6 0 0 0 3\n4 0 0 8 0 3 0 0 1"
    other = "0 0 0 0 7 0 0 0 0\n6 0 0 0 9 5 0 0 0\n0 9 0 0 0 0 0 6 0\n0 0 0 0 6 0 0 0 0\n4 0 0 0 0 3 0 0 0"
    spaced = f"Solve this sudoku, please:\n{grid.replace(' ', '')}\nThank you"
    assert items_found([grid], [grid, spaced, other, *UNRELATED])[:3] == [0, 0, None]
    assert items_found([grid], [other], "s1-8") == [0]  # eight digits in a row are soon the same


def test_of_several_items_the_one_that_is_overlapped_most_is_named():
    near = BAKERY.replace("harbour", "station").replace("rye", "corn")
    assert items_found([near, BAKERY, RENAMED], [BAKERY, *UNRELATED])[0] == 1
    assert items_found([BAKERY, BAKERY], [f"{BAKERY} Yes.", *UNRELATED])[0] == 0


def test_two_problems_that_their_ids_tell_apart_are_left_alone():
    assert items_found([BAKERY], [BAKERY], known=True, items_known=True) == [None]
    assert items_found([BAKERY], [BAKERY], known=True) == [0]
    assert items_found([BAKERY], [BAKERY], items_known=True) == [0]
    assert items_found([BAKERY], [BAKERY], "s1-8", known=True, items_known=True) == [0]


def test_the_match_says_how_much_was_found():
    texts = [f"Well: {BAKERY}", *UNRELATED]
    tokens = len(plain.lines(BAKERY))
    assert found([BAKERY], texts)[0].detail == (
        f"rarity 1.00, {tokens - 3} of {tokens - 3} 4-grams, {tokens} tokens in a row, 4 of 4 numbers"
    )
    words = len(plain.words(BAKERY))
    assert found([BAKERY], texts, "s1-8")[0].detail == f"{words - 7} of {words - 7} 8-grams, {words} tokens in a row"
    assert found([BAKERY], texts, "tulu3-8-50")[0].detail.startswith("coverage 1.00, ")
    assert found([BAKERY], [BAKERY])[0].detail == "the same text but for case and white space"


def test_an_item_without_a_single_token_matches_nothing():
    assert items_found(["", " \n", BAKERY], ["", " ", "\n\n"]) == [None, None, None]
