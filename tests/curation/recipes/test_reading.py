"""A recipe is checked as a whole before anything runs; what is wrong is named with its line and key."""

import pytest

from taskgen.curation.recipes.reading import read_recipe
from taskgen.engine.errors import UsageError

GOOD = """\
name: demo
stages:
  - generate:
      tasks:
        - {task: mastermind, difficulty: 1-2, count: {train: 30, test: 4}}
        - {task: sudoku, difficulty: 3, count: 10, knobs: {tier: 2}}
      seed: 4
  - dedup: {by: structure, max_loss: 0.9}
  - publish
"""


def read(tmp_path, text):
    (tmp_path / "recipe.yaml").write_text(text)
    return read_recipe(tmp_path / "recipe.yaml")


def test_a_good_recipe_is_read_whole(tmp_path):
    recipe = read(tmp_path, GOOD)
    assert recipe.name == "demo"
    assert [stage.kind.name for stage in recipe.stages] == ["generate", "dedup", "publish"]
    assert recipe.stages[0].settings.tasks[1].knobs == {"tier": 2}
    assert recipe.stages[1].settings.max_loss == 0.9
    assert recipe.text == GOOD


def test_without_a_name_the_file_gives_it(tmp_path):
    assert read(tmp_path, GOOD.removeprefix("name: demo\n")).name == "recipe"


@pytest.mark.parametrize(
    ("old", "new", "line", "complaint"),
    [
        ("sudoku", "sodoku", 6, "stages[1].generate.tasks[2]: unknown task sodoku; did you mean sudoku?"),
        ("difficulty: 3", "difficulty: 30", 6, "stages[1].generate.tasks[2]: sudoku: difficulty 30 is out of range"),
        ("tier: 2", "teir: 2", 6, "stages[1].generate.tasks[2]: sudoku: unknown knob teir; did you mean tier?"),
        ("count: 10", "cuont: 10", 6, "stages[1].generate.tasks[2].cuont: unknown key; did you mean count?"),
        ("test: 4", "tset: 4", 5, "stages[1].generate.tasks[1]: unknown split tset"),
        ("seed: 4", "seed: four", 7, "stages[1].generate.seed: expected `int`, got `str`"),
        ("- dedup", "- deedup", 8, "stages[2].deedup: unknown stage deedup; did you mean dedup?"),
        ("max_loss: 0.9", "max_loss: lots", 8, "stages[2].dedup.max_loss: expected `float`, got `str`"),
        ("max_loss: 0.9", "max_loss: 9", 8, "stages[2].dedup.max_loss: expected `float` <= 1.0"),
        ("by: structure", "by: colour", 8, "stages[2].dedup.by: invalid enum value 'colour'"),
        ("by: structure", "by: instance, keep: 2", 8, "stages[2].dedup.keep: keep is for by structure"),
        ("- dedup: {by: structure, max_loss: 0.9}", "- dedup: 0", 8, "stages[2].dedup: expected `object`, got `int`"),
        ("- publish", "- mix: {weights: {sudoku: -1}}", 9, "stages[3].mix.weights: expected `float` >= 0.0"),
        ("- publish", "- mix: {tokenizer: t.json}", 9, "stages[3].mix.tokenizer: tokenizer is for max_prompt_tokens"),
        ("difficulty: 3", "difficulty: []", 6, "stages[1].generate.tasks[2]: difficulty names no level"),
        ("count: 10", "count: {}", 6, "stages[1].generate.tasks[2]: sudoku: count names no split"),
        (
            "task: sudoku, difficulty: 3, count: 10, knobs: {tier: 2}",
            "task: mastermind, difficulty: 2",
            4,
            "stages[1].generate.tasks: mastermind: the same difficulty and knobs are asked for twice",
        ),
        ("  - publish", "---\nname: other", 9, "expected a single document in the stream, but found another document"),
        ("name: demo", "name: a b", 1, "name: a name is letters, digits, dots, dashes and underscores"),
        ("name: demo", "title: demo", 1, "title: unknown key title (keys: name, stages)"),
        ("  - publish", "  - publish\n  - dedup", 10, "stages[4]: nothing can come after publish"),
        ("  - publish", "  - filter: {pass_rate: '0.2:0.8'}", 9, "stages[3]: filter needs a stage rollout before it"),
        ("  - publish", "  - {dedup: {}, publish: {}}", 9, "stages[3]: a stage is one name with its settings"),
        ("  - publish", "  - load: {data: x.jsonl}", 9, "stages[3]: load can only be the first stage"),
    ],
)
def test_a_fault_is_named_with_its_line_and_key(tmp_path, old, new, line, complaint):
    with pytest.raises(UsageError) as refusal:
        read(tmp_path, GOOD.replace(old, new))
    assert f"recipe.yaml line {line}: {complaint}" in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is empty"),
        ("- generate\n", "line 1: a recipe is a mapping with the keys name and stages"),
        ("name: x\n", "line 1: stages: stages is a list with at least one stage"),
        ("stages: [dedup]\n", "line 1: stages[1]: the first stage must be generate or load"),
        ("stages: [generate]\n", "line 1: stages[1].generate: the key tasks is missing"),
    ],
)
def test_what_is_no_recipe_is_said_so(tmp_path, text, complaint):
    with pytest.raises(UsageError) as refusal:
        read(tmp_path, text)
    assert complaint in str(refusal.value)


def test_a_file_that_is_not_text_is_said_so(tmp_path):
    (tmp_path / "recipe.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        read_recipe(tmp_path / "recipe.yaml")
