"""instruction_constraints: what words, sentences, lines and paragraphs are, and the edges of every rule."""

import time

import pytest

import taskgen
from taskgen.oracles.language.instruction_constraints import accepts
from taskgen.problem import decode
from taskgen.verifiers.language import _text_rules as rules
from taskgen.verifiers.language._text_rules import Piece
from taskgen.verifiers.language.instruction_constraints import Constraint, InstructionConstraints

TEXT = "Don't stop, 12 Birds!  Go on.\nA line\n \n\t\nLast one: 7 and 8"


def test_words_lines_sentences_and_paragraphs_are_what_the_prompt_says():
    piece = Piece(TEXT)
    assert piece.words == ["don", "t", "stop", "birds", "go", "on", "a", "line", "last", "one", "and"]
    assert [line.words[0] for line in piece.lines] == ["don", "a", "last"]
    assert [part.words[-1] for part in piece.paragraphs] == ["line", "and"]
    assert [part.words for part in piece.sentences][:2] == [["don", "t", "stop", "birds"], ["go", "on"]]
    assert len(piece.sentences) == 3


@pytest.mark.parametrize(
    ("rule", "kept", "broken"),
    [
        (rules.Words(2, 3), "one two", "one"),
        (rules.Sentences(2, 2), "One... Two", "One. ... 2."),
        (rules.Lines(2, 2), "a\n\nb", "a b"),
        (rules.Paragraphs(2, 2), "a\n \n\nb", "a\nb"),
        (rules.Letters(3, 3), "a1bc", "abcd"),
        (rules.Lengths(2, 3), "ab abc", "ab a"),
        (rules.Contains("on", 1), "Stone ON one", "on on"),
        (rules.Contains("on", 0), "stone", "go-on"),
        (rules.LetterCount("e", 2), "Ee", "e"),
        (rules.First("go"), "12 Go on", "on go"),
        (rules.Last("go"), "on go 9!", "go on"),
        (rules.At(2, "go"), "to go on", "to"),
        (rules.LongWords(3, 1), "abc de", "abc def"),
        (rules.NoRepeat(), "a b", "a A"),
        (rules.Different(2), "a b a", "a A"),
        (rules.Case("lower"), "ab 1", "aB"),
        (rules.Case("upper"), "AB", "Ab"),
        (rules.Case("capitals"), "Ab C", "AB C"),
        (rules.Case("capitals"), "Don'T A1B", "Don't A1B"),
        (rules.Case("turns"), "ab CD ef", "AB cd"),
        (rules.Alphabetical(), "a a B", "b a"),
        (rules.Growing(), "a bb cc", "aa b"),
        (rules.Chain(), "at Top pa", "at pot"),
        (rules.Mirror(), "a b A", "a b c"),
        (rules.Acrostic("ab"), "1 Apple\nbee", "apple\n1\nbee"),
        (rules.Initials("ab"), "apple bee", "apple bee c"),
        (rules.Sum(2, 10), "a 3 b 07", "a 3 b 7 c 0"),
        (rules.Sum(1, 10), "x10", "9999999999999 a"),
        (rules.Sum(2, 1_000_000), "a 0999999 01", "a 999999 10000001"),
        (rules.Sum(1, 5), "a " + "0" * 2_400 + "5", "a 5" + "0" * 2_400),
        (rules.Sum(1, 0), "a 000", "a 00 0"),
        (rules.Steps(1, 1), "a\nb c", "a\nb"),
        (rules.Marks(",", 1), "a, b", "a, b,"),
        (rules.EveryWordHas("e"), "eat Egg", "eat all"),
        (rules.EndsIn("e"), "on the line 4", "line on"),
        (rules.SameEnds(), "a b A", "a b"),
    ],
)
def test_a_rule_tells_kept_from_broken_and_the_oracle_agrees(rule, kept, broken):
    problem = InstructionConstraints((Constraint("text", 0, rule),))
    assert problem.verify(kept)
    assert accepts(problem, kept)
    assert problem.verify(broken).status == "wrong"
    assert not accepts(problem, broken)


def test_a_part_that_is_not_there_keeps_no_rule():
    third = InstructionConstraints((Constraint("line", 3, rules.Contains("a", 0)),))
    assert third.verify("x\ny\nz")
    assert third.verify("x\ny").status == "wrong"


def test_every_part_has_to_keep_the_rule():
    every = InstructionConstraints((Constraint("line", 0, rules.Words(2, 2)),))
    assert every.verify("a b\n\nc d")
    assert every.verify("a b\nc").status == "wrong"


@pytest.mark.parametrize("answer", ["cаfe", "ａ", "naïve", "a\u2028b", "a\x00b", "İ", "12 34"])
def test_look_alikes_control_characters_and_wordless_texts_are_malformed(answer):
    problem = InstructionConstraints((Constraint("text", 0, rules.Words(0, 9)),))
    assert problem.verify(answer).status == "malformed"


def test_the_order_of_the_rules_is_forgotten_and_their_share_is_partial():
    first, second = Constraint("text", 0, rules.Words(2, 2)), Constraint("text", 0, rules.First("go"))
    one, other = InstructionConstraints((first, second)), InstructionConstraints((second, first))
    assert one.structure() == other.structure()
    assert one.verify("no no").partial == 0.5


@pytest.mark.parametrize(
    "text", ["a" * 2_500, "a " * 1_250, ".a" * 1_250, "a\n\n" * 800, "\n" * 2_490 + "a", "1" * 2_500]
)
def test_long_texts_are_judged_soon(text):
    problem = decode(taskgen.task("instruction_constraints").generate(difficulty=10, seed=1).problem)
    started = time.perf_counter()
    assert not problem.verify(text)
    assert time.perf_counter() - started < 0.05


@pytest.mark.parametrize("where", ["sentence", "line"])
def test_thirty_rules_about_every_part_are_judged_soon(where):
    text = "a." * 1_250 if where == "sentence" else "a\n" * 1_250
    for kind in (rules.Lengths, rules.Letters, rules.Words):
        problem = InstructionConstraints(tuple(Constraint(where, 0, kind(1, high)) for high in range(1, 31)))
        seconds = []
        for _ in range(3):
            started = time.perf_counter()
            assert problem.verify(text)
            seconds.append(time.perf_counter() - started)
        assert min(seconds) < 0.03


def test_a_line_of_tabs_and_spaces_is_no_line():
    problem = InstructionConstraints((Constraint("text", 0, rules.Lines(2, 2)),))
    assert problem.verify("a\n \t \nb")
    assert accepts(problem, "a\n \t \nb")


@pytest.mark.parametrize("difficulty", range(1, 11))
def test_every_list_counts_words_and_asks_for_a_word_of_its_own(difficulty):
    problem = decode(taskgen.task("instruction_constraints").generate(difficulty=difficulty, seed=4).problem)
    chosen = [constraint.rule for constraint in problem.constraints if constraint.where == "text"]
    assert any(isinstance(rule, rules.Words) for rule in chosen)
    assert any(isinstance(rule, rules.Contains) and rule.times for rule in chosen)
