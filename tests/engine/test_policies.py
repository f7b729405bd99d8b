"""Null policies and damaged answers."""

from hypothesis import given
from hypothesis import strategies as st

from taskgen.engine.policies import CONSTANTS, completion, echo, mutations, normal_form, null_completions
from taskgen.responses import extract
from taskgen.seeding import Stream

ANSWER = "Vera: knight, Ben: knave, Nadia: knave"


def test_constants_are_many_and_different():
    assert len(CONSTANTS) == len(set(CONSTANTS)) >= 40


@given(st.text(max_size=80), st.integers(0, 2**32))
def test_mutations_differ_from_the_answer_and_one_another_in_more_than_white_space(answer, key):
    squeezed = ["".join(text.split()) for text in (answer, *mutations(answer, Stream.keyed(key)))]
    assert len(set(squeezed)) == len(squeezed)


def test_mutations_are_of_every_kind():
    mutants = mutations(ANSWER, Stream.keyed("kinds"))
    assert ANSWER[:19] in mutants
    assert ANSWER[:-1] in mutants
    assert ANSWER + ANSWER in mutants
    assert " Nadia: knave, Ben: knave,Vera: knight" in mutants
    assert sum(len(mutant) == len(ANSWER) and mutant.count(":") == 3 for mutant in mutants) >= 2
    assert {"-128", "12", "28", "128128", "821"} <= set(mutations("128", Stream.keyed("kinds")))


def test_mutations_are_the_same_for_the_same_stream():
    assert mutations(ANSWER, Stream.keyed(5)) == mutations(ANSWER, Stream.keyed(5))


def test_normal_form_forgets_the_order_of_entries_only():
    assert normal_form("a: 1,\n b:2") == normal_form("b: 2; a:1")
    assert normal_form("a: 1, b: 2") != normal_form("a: 2, b: 1")
    assert normal_form("1 2 3") != normal_form("2 1 3")


def test_null_policies_wrap_what_they_answer():
    policies = null_completions("Rules 7.\n\nAdd 2 and 35.", "the other")
    answers = {name: extract(text) for name, text in policies.items()}
    assert answers["constant 'yes'"] == "yes"
    assert answers["echo of the prompt"] == extract(echo("Rules 7.\n\nAdd 2 and 35."))
    assert answers["last line of the prompt"] == answers["longest line of the prompt"] == "Add 2 and 35."
    assert (answers["first number of the prompt"], answers["last number of the prompt"]) == ("7", "35")
    assert answers["another problem's answer"] == "the other"
    assert completion("x") == "<answer>x</answer>"
