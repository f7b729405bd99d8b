"""Text of any origin as Markdown: shown as it is, never read as markup."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from taskgen.publishing.cards.markdown import cell, code, cut, fence, label, listed, number, paragraphs, prose, setting

MARKDOWN = MarkdownIt("commonmark").enable("table")
LINES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=60)
TEXTS = st.lists(st.one_of(LINES, st.sampled_from(["```", "````text", "---", "# a", "| a |", "    b", "~~~"]))).map(
    "\n".join
)


@given(TEXTS)
def test_a_fence_shows_any_text(text):
    (token,) = MARKDOWN.parse(fence(text))
    assert token.type == "fence"
    assert token.content == f"{text}\n"


@given(LINES.filter(str.strip))
def test_code_shows_any_line(text):
    (inline,) = (token for token in MARKDOWN.parse(f"a {code(text)} b") if token.type == "inline")
    (span,) = (child for child in inline.children if child.type == "code_inline")
    assert span.content == " ".join(text.split())


@given(TEXTS, TEXTS)
def test_a_cell_holds_any_text(first, second):
    table = f"| a | b |\n|---|---|\n| {cell(prose(first))} | {cell(prose(second))} |\n"
    rows = sum(token.type == "tr_open" for token in MARKDOWN.parse(table))
    cells = re.split(r"(?<!\\)\|", table.splitlines()[2])
    assert (rows, len(cells)) == (2, 4)


def test_prose_has_no_html_but_in_code():
    assert prose("a <b> `<answer>` > c") == "a &lt;b&gt; `<answer>` &gt; c"


def test_a_label_closes_where_it_should():
    assert label("a [b]\nc") == r"a \[b\] c"


def test_a_long_text_is_cut_at_the_end_of_a_line():
    assert cut("aaa\nbbb\nccc", 11) == ("aaa\nbbb\nccc", 0)
    assert cut("aaa\nbbb\nccc", 9) == ("aaa\nbbb", 4)
    assert cut("aaaaaaaaaa", 4) == ("aaaa", 6)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (1234, "1,234"),
        (1234.6, "1,235"),
        (12.345, "12.3"),
        (0.04567, "0.0457"),
        (41.0, "41"),
        (1e300, "1e+300"),
    ],
)
def test_numbers_have_commas_or_three_digits(value, shown):
    assert number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(True, "true"), ([3, 3], "3, 3"), (["at", "next"], "at, next"), ([], "none"), ("free", "free")]
)
def test_settings_are_shown_as_they_are_typed(value, shown):
    assert setting(value) == shown


def test_words_are_listed_as_in_a_sentence():
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"], " or ")] == ["a", "a and b", "a, b or c"]


def test_a_docstring_becomes_paragraphs_and_a_table_in_it_stays_one():
    assert paragraphs("One\n    line.\n\n        a  b\n        c  d\n\n    Two.") == [
        "One line.",
        "```text\na  b\nc  d\n```",
        "Two.",
    ]
