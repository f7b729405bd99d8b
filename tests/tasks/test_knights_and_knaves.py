"""Knights and knaves: how an answer may be written, how large a claim may be, and how statements read."""

import time

import msgspec
import pytest

import taskgen
from taskgen.oracles.logic.knights_and_knaves import accepts
from taskgen.prompts import render, wordings
from taskgen.verifiers.logic.knights_and_knaves import Count, Is, Joined, KnightsAndKnaves, Not, Statement

# Ada: "Ben is a knave." Ben: "Ada is a knight and Andy is a knave." Andy: "Ada is a knight."
PUZZLE = KnightsAndKnaves(
    ("Ada", "Ben", "Andy"),
    (
        Statement(0, Is(1, False)),
        Statement(1, Joined("and", Is(0, True), Is(2, False))),
        Statement(2, Is(0, True)),
    ),
)
ANSWER = "Ada: knight, Ben: knave, Andy: knight"
TEMPLATE = taskgen.task("knights_and_knaves").template


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER,
        "Andy: knight\nBen: knave\n\nAda: knight",
        "Ada: knight; Ben: knave; Andy: knight.",
        "Ada: knight, Ben: knave, and Andy: knight",
        "ADA: Knight, ben: KNAVE, andy: knight",
        "- Ada: knight\r\n- Ben: knave\r\n- Andy: knight",
        "* **Ada**: knight\n* **Ben:** knave\n* and **Andy: knight**",
        "\u2022 Ada: _knight_\n\u2022 Ben: *knave*\n\u2022\xa0Andy: knight",
    ],
)
def test_bullets_emphasis_case_and_separators_mean_nothing(answer):
    assert PUZZLE.verify(answer)
    assert accepts(PUZZLE, answer)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("Ada: knight, Ben: knave", "2 of 3 people are given"),
        (ANSWER + ", Ben: knave", "Ben is given twice"),
        (ANSWER + ", ben: knight", "Ben is given twice"),
        (ANSWER + ", Dan: knave", "there is nobody called 'dan'"),
        (ANSWER + ", and", "cannot read 'and' as 'Name: knight' or 'Name: knave'"),
        ("Ada: knight, Ben: knave or knight, Andy: knight", "cannot read 'ben: knave or knight' as"),
        ("Ada: knight, Ben: not a knight, Andy: knight", "cannot read 'ben: not a knight' as"),
        ("Ada, Andy: knight, Ben: knave", "cannot read 'ada' as"),
        ("Ada and Andy: knight, Ben: knave", "there is nobody called 'ada and andy'"),
    ],
)
def test_anything_but_one_kind_for_each_person_is_malformed(answer, reason):
    verdict = PUZZLE.verify(answer)
    assert verdict.status == "malformed"
    assert verdict.reason.startswith(reason)
    assert not accepts(PUZZLE, answer)


def test_a_statement_that_its_speaker_cannot_make_is_named():
    verdict = PUZZLE.verify("Ada: knight, Ben: knight, Andy: knight")
    assert (verdict.status, verdict.reason) == ("wrong", "Ada cannot be a knight and make statement 1")
    assert not accepts(PUZZLE, "Ada: knight, Ben: knight, Andy: knight")


def test_an_answer_may_stand_in_a_fenced_block():
    assert taskgen.verify(PUZZLE, f"So:\n```\n{ANSWER}\n```")
    assert taskgen.verify(PUZZLE, f"<answer>\n```text\n{ANSWER}\n```\n</answer>")


def nested(depth):
    claim = Is(0, True)
    for _ in range(depth - 1):
        claim = Not(claim)
    return claim


def balanced(depth):
    return Is(0, True) if depth == 1 else Joined("iff", balanced(depth - 1), balanced(depth - 1))


def test_claims_are_bounded_in_depth_and_in_parts():
    people = ("Ada", "Ben")
    assert KnightsAndKnaves(people, (Statement(0, nested(8)),))
    assert KnightsAndKnaves(people, (Statement(0, balanced(6)),))
    with pytest.raises(ValueError, match="nests more than 8 deep"):
        KnightsAndKnaves(people, (Statement(0, nested(9)),))
    with pytest.raises(ValueError, match="more than 64 parts"):
        KnightsAndKnaves(people, (Statement(0, balanced(7)),))


def test_an_enormous_claim_is_refused_at_once():
    claim = balanced(17)
    start = time.perf_counter()
    with pytest.raises(ValueError, match="more than 64 parts"):
        KnightsAndKnaves(("Ada", "Ben"), (Statement(0, claim),))
    assert time.perf_counter() - start < 0.01


def test_the_largest_problem_has_its_structure_quickly():
    problem = KnightsAndKnaves(("Ada", "Ben"), (Statement(0, balanced(6)),) * 40)
    problem.structure()
    start = time.perf_counter()
    problem.structure()
    assert time.perf_counter() - start < 0.5


def test_a_name_that_ends_in_a_line_break_is_refused():
    fields = msgspec.to_builtins(PUZZLE) | {"people": ["Ada", "Ben", "Andy\n"]}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields, KnightsAndKnaves)


@pytest.mark.parametrize("wording", ["court", "diary", "island", "terse"])
def test_a_quoted_statement_begins_with_a_capital_letter(wording):
    claims = (
        (Not(Is(1, True)), "It is not true that Ben is a knight."),
        (Count("at least", 1, (0, 1)), "At least 1 of Ada and Ben is a knight."),
        (
            Joined("or", Not(Is(0, True)), Is(1, True)),
            "(It is not true that Ada is a knight) or Ben is a knight.",
        ),
    )
    for claim, sentence in claims:
        assert sentence in render(TEMPLATE, KnightsAndKnaves(("Ada", "Ben"), (Statement(0, claim),)), wording)


def test_every_wording_says_that_or_is_inclusive_and_if_is_material():
    for wording in wordings(TEMPLATE):
        text = render(TEMPLATE, PUZZLE, wording)
        assert any(words in text for words in ("inclusive", "at least one of the two", "both"))
        assert "if A, then B" in text.replace("If A", "if A")
