"""Extraction: the last closed <answer> after the reasoning, and nothing else unless the task says so."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgen.responses import NoAnswer, extract


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("<answer>7</answer>", "7"),
        ("so it is <answer> 7\n</answer>. Done.", "7"),
        ("<answer>6</answer> no: <answer>7</answer>", "7"),
        ("<think>maybe <answer>6</answer></think><answer>7</answer>", "7"),
        ("maybe <answer>6</answer></think><answer>7</answer>", "7"),
        ("<reasoning>x</reasoning>\n<answer>7</answer>", "7"),
        ("<answer><answer>7</answer></answer>", "7"),
        ("<answer></answer>", ""),
        ("<answer>a\nb</answer>", "a\nb"),
        ("<answer>1</answer><answer>\\boxed{7}</answer>", "\\boxed{7}"),
    ],
)
def test_the_last_pair_after_the_reasoning_counts(completion, answer):
    assert extract(completion) == answer


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        ("", "there is no <answer>"),
        ("7", "there is no <answer>"),
        ("<answer>7", "never closed"),
        ("<answer>6</answer> wait <answer>7", "never closed"),
        ("</answer>7<answer>", "never closed"),
        ("<think><answer>7</answer>", "never ends"),
        ("<think><answer>7</answer></think>", "there is no <answer>"),
        ("<answer>7</answer></think> and so on", "there is no <answer>"),
        ("<ANSWER>7</ANSWER>", "there is no <answer>"),
        ("\uff1canswer\uff1e7\uff1c/answer\uff1e", "there is no <answer>"),
        ("<\u0430nswer>7</\u0430nswer>", "there is no <answer>"),
        ("\\boxed{7}", "there is no <answer>"),
    ],
)
def test_anything_else_is_no_answer(completion, reason):
    with pytest.raises(NoAnswer, match=reason):
        extract(completion)


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("\\boxed{7}", "7"),
        ("\\boxed{6} and \\boxed{\\frac{1}{2}}", "\\frac{1}{2}"),
        ("<answer>5</answer> \\boxed{7}", "5"),
        ("<think>\\boxed{6}</think> \\boxed{7}", "7"),
    ],
)
def test_a_boxed_answer_counts_where_the_task_accepts_it(completion, answer):
    assert extract(completion, ("answer", "boxed")) == answer


def test_an_unbalanced_box_is_no_answer():
    with pytest.raises(NoAnswer):
        extract("\\boxed{\\frac{1}{2}", ("answer", "boxed"))


def test_the_last_fenced_block_counts_where_the_task_accepts_it():
    completion = "```\n1\n```\ntext\n```text\n1 2\n3 4\n```\n"
    assert extract(completion, ("answer", "fenced")) == "1 2\n3 4"


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("<answer>\\boxed{7}</answer>", "7"),
        ("<answer>$\\boxed{\\frac{1}{2}}$</answer>", "\\frac{1}{2}"),
        ("<answer>**7**</answer>", "7"),
        ("<answer>```\n1 2\n3 4\n```</answer>", "1 2\n3 4"),
        ("<answer>\n```text\n1 2\n```\n</answer>", "1 2"),
        ("<answer>\\boxed{7} or \\boxed{8}</answer>", "\\boxed{7} or \\boxed{8}"),
        ("<answer>```\n1\n```\nor\n```\n2\n```</answer>", "```\n1\n```\nor\n```\n2\n```"),
    ],
)
def test_one_wrapper_around_the_whole_answer_is_taken_off_where_the_task_accepts_it(completion, answer):
    assert extract(completion, ("answer", "boxed", "fenced")) == answer
    inner = completion.removeprefix("<answer>").removesuffix("</answer>").strip()
    assert extract(completion) == inner


@given(st.text())
def test_junk_is_an_answer_or_no_answer(completion):
    with suppress(NoAnswer):
        assert extract(completion, ("answer", "boxed", "fenced")).strip() in completion


@given(st.text().filter(lambda text: "<" not in text), st.text())
def test_what_stands_in_the_last_pair_comes_back(answer, before):
    if "<think" in before or "<reasoning" in before:
        return
    assert extract(f"{before}</think><answer>{answer}</answer>") == answer.strip()


@pytest.mark.parametrize("part", ["<answer>", "</answer>", "<think>", "</think>", "\\boxed{", "{", "```", "x"])
def test_a_megabyte_takes_no_time(part):
    completion = part * (1_000_000 // len(part))
    start = time.perf_counter()
    with suppress(NoAnswer):
        extract(completion, ("answer", "boxed", "fenced"))
    assert time.perf_counter() - start < 0.1
