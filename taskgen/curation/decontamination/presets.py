"""Rules for when a training text counts as contaminated: three published ones, and our own."""

import math
from typing import Literal, NamedTuple

from taskgen.curation.decontamination.ngrams import Reading

Measure = Literal["any", "coverage", "rarity"]


class Preset(NamedTuple):
    """A rule: how texts are read, how overlap is measured, and from when on it counts.

    `any`: one n-gram in common. `coverage`: the share of the item's tokens that stand in n-grams which the text holds,
    too. `rarity`: the share of the item's n-grams that the text holds, weighed by how rare they are. An overlap counts
    from `least` on; for `rarity` see `taskgen.kernels.item_overlap.Rule`.
    """

    reading: Reading
    measure: Measure
    words: str
    """The rule for a reader of the report."""
    least: float = 1
    sure: float = 1
    ngrams: int = 1
    agreement: float = 0
    evidence: float = 0
    template_share: float = 1
    """Share of a family's texts above which an n-gram is template; 1 subtracts nothing."""
    answers: bool = False
    """Whether answers and solutions are checked as well as prompts."""
    ids_decide: bool = False
    """Whether two problems that their ids tell apart are left alone, however alike their texts are."""


PRESETS = {
    "default": Preset(
        Reading("lines", 4),
        "rarity",
        "a prompt or solution holds, weighed by rarity, 60 % of an item's 4-grams, or 15 % of them if it also holds "
        "numbers of the item's that one text in a hundred holds by chance; at least 8 of the 4-grams, or all if the "
        "item has fewer; and 90 % of the item's numbers. The same text but for case and white space counts, too. Two "
        "problems that their ids tell apart never do",
        least=0.15,
        sure=0.6,
        ngrams=8,
        agreement=0.9,
        evidence=math.log(100),
        template_share=0.002,
        answers=True,
        ids_decide=True,
    ),
    "gpt3-13": Preset(
        Reading("bare_words", 13),
        "any",
        "a prompt shares a 13-gram of words with an item's, after lower case and without punctuation (GPT-3, lm-eval)",
    ),
    "s1-8": Preset(
        Reading("words", 8),
        "any",
        "a prompt shares an 8-gram of words with an item's, after lower case (s1, open-r1)",
    ),
    "tulu3-8-50": Preset(
        Reading("words_and_signs", 8),
        "coverage",
        "more than half of the tokens of an item's prompt stand in 8-grams that one prompt holds, too (Tulu 3)",
        least=math.nextafter(0.5, 1),
    ),
}
