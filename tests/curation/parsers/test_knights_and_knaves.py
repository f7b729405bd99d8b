"""Knights and knaves in the wording of Xie et al. and reasoning-gym: from text, from trees, and back to ours."""

import pytest

from taskgen.curation.parsers import Row, recognise
from taskgen.problem import decode, instance_id, structure_id
from taskgen.registry import task
from taskgen.verifiers.logic.knights_and_knaves import Is, Joined, Not
from tests.curation.parsers.reasoning_gym_rows import read_rows

SAYINGS = [
    "{name} said that {claim}.",
    "{name} told you that {claim}.",
    '{name} said, "{claim}."',
    '{name} stated, "{claim}".',
    'According to {name}, "{claim}".',
    'In {name}\'s words: "{claim}".',
    '"{claim}," {name} declared.',
    '{name} was heard saying, "{claim}".',
    '"{claim}" - {name}.',
    'As {name} put it, "{claim}".',
    '{name} asserted: "{claim}".',
    'In a statement by {name}: "{claim}".',
]
WORDS = {"and": "{0} and {1}", "or": "{0} or {1}", "if": "if {0} then {1}", "iff": "{0} if and only if {1}"}


def tell(problem, truthful="knight", lying="knave"):
    """A problem of ours as text, brackets around every claim inside another."""

    def words(claim, inside=False):
        match claim:
            case Is(person, knight):
                return f"{problem.people[person]} is a {truthful if knight else lying}"
            case Not(part):
                text = f"it is not the case that {words(part, True)}"
            case Joined(connective, left, right):
                text = WORDS[connective].format(words(left, True), words(right, True))
        return f"({text})" if inside else text

    text = (
        f"A very special island is inhabited only by {truthful}s and {lying}s. "
        f"{truthful.capitalize()}s always tell the truth, and {lying}s always lie. "
        f"You meet {len(problem.people)} inhabitants: {', '.join(problem.people[:-1])}, and {problem.people[-1]}."
    )
    for number, said in enumerate(problem.statements):
        saying = SAYINGS[number % len(SAYINGS)]
        text += " " + saying.format(name=problem.people[said.speaker], claim=words(said.claim))
    return f"{text} So who is a {truthful} and who is a {lying}?"


def without_counts(index):
    """A problem of ours in which nobody counts knights or denies that one person is something."""
    for place in range(200):
        record = task("knights_and_knaves").generate(difficulty=3 + index % 3, index=1000 * index + place)
        if '"count"' not in record.problem and '["not",["is"' not in record.problem:
            return decode(record.problem)
    raise AssertionError("no such problem")


def read(text, **fields):
    return recognise(Row(text, fields))


@pytest.mark.parametrize("index", range(8))
def test_a_problem_of_ours_in_other_words_keeps_its_ids(index):
    problem = without_counts(index)
    again = read(tell(problem))
    assert structure_id(again) == structure_id(problem)
    assert instance_id(again) == instance_id(problem)


def test_the_words_for_the_two_kinds_say_nothing():
    problem = without_counts(1)
    assert read(tell(problem, "pioneer", "laggard")) == problem


def test_who_tells_the_truth_is_told():
    problem = without_counts(1)
    assert read(tell(problem, "knave", "knight")) == problem


QUIZ = (
    "A very special island is inhabited only by knights and knaves. Knights always tell the truth, and knaves always "
    'lie. You meet 2 inhabitants: Zoey, and Oliver. Zoey remarked, "Oliver is not a knight". Oliver stated, "Oliver is '
    'a knight if and only if Zoey is a knave". So who is a knight and who is a knave?'
)
TREES = "(('lying', 1), ('<=>', ('telling-truth', 1), ('lying', 0)))"


def test_the_columns_of_the_dataset_say_what_its_text_says():
    assert read("", names=["Zoey", "Oliver"], statements=TREES) == read(QUIZ)


def test_a_quiz_inside_of_a_longer_prompt_is_found():
    prompt = f"<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n{QUIZ}<|im_end|>"
    assert read(prompt) == read(QUIZ)


def test_two_quizzes_in_one_prompt_are_not_read():
    assert read(f"{QUIZ}\n{QUIZ.replace('Zoey', 'Emma')}") is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Oliver is not a knight", "Oliver is a spy"),
        ("Oliver is not a knight", "Emma is a knight"),
        ("Oliver is not a knight", "Oliver is a knight and Zoey is a knave or Oliver is a knave"),
        ("Zoey remarked, ", "Somebody remarked that "),
    ],
)
def test_what_is_not_plain_is_not_read(old, new):
    assert old in QUIZ
    assert read(QUIZ.replace(old, new)) is None


@pytest.mark.parametrize("statements", ["", "((", "[1]", "x" * 30_000, [["maybe", 0]], [["and", ["lying", 0]]], 7])
def test_other_statements_are_not_read(statements):
    assert read("", names=["Zoey", "Oliver"], statements=statements) is None


def test_text_and_trees_of_reasoning_gyms_rows_say_the_same():
    rows = [row for row in read_rows("neighbouring_seeds.jsonl.xz") if "names" in row["metadata"]]
    assert len(rows) > 200
    for row in rows:
        metadata = row["metadata"]
        assert read(row["question"]) == read("", names=metadata["names"], statements=metadata["statements"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A very", "At night knights lie. A very"),
        ("knights and knaves.", "knights, knaves and spies."),
        (" So who", " Exactly one of them is a knave. So who"),
        ("who is a knave?", "who is a knave? Assume that the first speaker lies."),
        ("who is a knave?", "who is a knave, if exactly one lies?"),
        ("said that", "denied that"),
        ("said, ", "denied, "),
    ],
)
def test_another_rule_makes_another_problem(old, new):
    texts = [text for text in (tell(without_counts(index)) for index in range(6)) if old in text]
    for text in texts:
        assert recognise(Row(text, {})) is not None
        assert recognise(Row(text.replace(old, new, 1), {})) is None
    assert texts
