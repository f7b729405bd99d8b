"""YAML becomes plain values that know their lines, and nothing in it surprises."""

import pytest

from taskgen.curation.recipes.yaml_values import Document, written
from taskgen.engine.errors import UsageError


def test_scalars_are_what_they_look_like():
    text = "a: 3\nb: 0.5\nc: true\nd: yes\ne: 20:80\nf: '3'\ng: null\nh: 1e3\ni: 3-5\nj: 012"
    assert Document("r", text).value == {
        "a": 3,
        "b": 0.5,
        "c": True,
        "d": "yes",
        "e": "20:80",
        "f": "3",
        "g": None,
        "h": 1000.0,
        "i": "3-5",
        "j": 12,
    }


def test_a_place_is_named_with_its_line():
    document = Document("r.yaml", "name: x\nstages:\n  - dedup:\n      by: colour\n")
    error = document.error(("stages", 0, "dedup", "by"), "no such value")
    assert str(error) == "r.yaml line 4: stages[1].dedup.by: no such value"


def test_a_place_that_is_missing_has_the_line_of_what_is_around_it():
    document = Document("r.yaml", "name: x\nstages:\n  - generate:\n      seed: 3\n")
    assert str(document.error(("stages", 0, "generate", "tasks"), "missing")).startswith("r.yaml line 3:")


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("a: 1\na: 2\n", 2, "a stands there twice"),
        ("a: 1\nb: [1, 2\n", 3, "expected ',' or ']'"),
        ("a: !!python/object:os.system x\n", 1, "tags such as tag:yaml.org,2002:python/object:os.system are not read"),
        ("a: !thing x\n", 1, "tags such as !thing are not read"),
        ("base: &b {x: 1}\nother:\n  <<: *b\n", 3, "a key must be plain text"),
        ("[1, 2]: 3\n", 1, "a key must be plain text"),
    ],
)
def test_what_is_not_read_is_refused_at_its_line(text, line, complaint):
    with pytest.raises(UsageError) as refusal:
        Document("r.yaml", text)
    assert str(refusal.value).startswith(f"r.yaml line {line}: ")
    assert complaint in str(refusal.value)


def test_an_alias_that_multiplies_or_contains_itself_ends_in_one_line():
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{last}'] * 10)}]\n" for last, name in zip("abcdef", "bcdefg", strict=True)
    )
    for text in (bomb, "a: &a [*a]\n"):
        with pytest.raises(UsageError, match="more than a recipe can hold"):
            Document("r", text)


def test_an_empty_file_is_said_so():
    with pytest.raises(UsageError, match=r"^r is empty$"):
        Document("r", "# nothing\n")


def test_positions_are_written_from_one():
    assert written(("stages", 0, "generate", "tasks", 2, "count")) == "stages[1].generate.tasks[3].count"
