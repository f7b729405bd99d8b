"""Which rows of an evaluation set are in a training set, and how."""

import json
from collections import Counter

import msgspec
import numpy
import pyarrow.parquet
import pytest

import taskgen
from taskgen.curation import leaks as module
from taskgen.curation.leaks import leak_check
from taskgen.curation.sources import open_source
from taskgen.engine.errors import UsageError
from taskgen.engine.schema import to_table
from taskgen.problem import decode, encode, instance_id, structure_id
from taskgen.registry import task
from taskgen.seeding import Stream
from tests.curation.in_process import in_process
from tests.curation.parsers.reasoning_gym_rows import read_rows

TINY_ZERO = "Using the numbers {}, create an equation that equals {}."


def jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def parquet(path, records):
    pyarrow.parquet.write_table(to_table(records), path)
    return str(path)


def prompts(path, *texts):
    return jsonl(path, [{"prompt": text} for text in texts])


def check(train, evaluation, **options):
    return leak_check(open_source(train), open_source(evaluation), **options)


def kinds(overlap):
    return overlap.instance, overlap.structure, overlap.text, overlap.leaked


def seeded(split):
    """500 rows of reasoning-gym, made as its own training script does: with seed 1 for train, with 2 for validation."""
    rows = [row for row in read_rows("neighbouring_seeds.jsonl.xz") if row["split"] == split]
    return [{key: row[key] for key in ("question", "metadata")} for row in rows]


@pytest.fixture
def neighbouring_seeds(tmp_path):
    return {split: jsonl(tmp_path / f"{split}.jsonl", seeded(split)) for split in ("train", "validation")}


def test_neighbouring_seeds_of_reasoning_gym_share_499_of_500_rows(neighbouring_seeds):
    found = check(neighbouring_seeds["train"], neighbouring_seeds["validation"])
    assert found.total.instance == 499
    assert [(example.row, example.train_row) for example in found.examples[:3]] == [(0, 1), (1, 2), (2, 3)]


def test_the_one_that_is_left_has_the_structure_of_another(neighbouring_seeds):
    found = check(neighbouring_seeds["train"], neighbouring_seeds["validation"], show=500)
    assert kinds(found.total) == (499, 500, 0, 500)
    assert [(e.family, e.row) for e in found.examples if e.kind == "structure"] == [("knights_and_knaves", 499)]


def test_they_do_so_without_their_metadata(neighbouring_seeds, tmp_path):
    bare = {
        split: prompts(tmp_path / f"bare-{split}.jsonl", *(row["question"] for row in seeded(split)))
        for split in ("train", "validation")
    }
    assert check(bare["train"], bare["validation"]).total.instance == 499
    half = check(bare["train"], neighbouring_seeds["validation"])
    assert half.total.leaked == 500
    by_family = {part.family: kinds(part) for part in half.families}
    assert by_family["gcd"][2] == by_family["gcd"][3] > 90  # known as texts on one side, found by their text
    assert by_family["countdown"][0] == by_family["countdown"][3] > 90  # parsed on both


def test_a_family_is_counted_apart(neighbouring_seeds):
    found = check(neighbouring_seeds["train"], neighbouring_seeds["validation"])
    rows = Counter(row["metadata"]["source_dataset"] for row in seeded("validation"))
    names = {"knights_knaves": "knights_and_knaves"}
    assert {part.family: part.rows for part in found.families} == {names.get(name, name): n for name, n in rows.items()}
    assert sum(part.instance for part in found.families) == 499
    assert all(part.share == part.leaked / part.rows for part in found.families)


def test_train_and_test_of_ours_share_nothing_whatever_the_seeds(tmp_path):
    kind = task("knights_and_knaves")
    train = parquet(tmp_path / "train.parquet", [kind.generate(difficulty=1, index=place) for place in range(150)])
    test = [kind.generate(difficulty=1, index=place, seed=1, split="test") for place in range(30)]
    assert kinds(check(train, parquet(tmp_path / "test.parquet", test)).total) == (0, 0, 0, 0)


def relabelled(record):
    problem = task(record.task).oracle.relabel(decode(record.problem), Stream.keyed("relabelled"))
    return msgspec.structs.replace(
        record, id=instance_id(problem), structure=structure_id(problem), problem=encode(problem), prompt="another"
    )


def test_a_relabelled_puzzle_of_ours_is_the_same_structure(tmp_path):
    records = [task("sudoku").generate(difficulty=1, index=place) for place in range(3)]
    train = parquet(tmp_path / "train.parquet", records)
    evaluation = parquet(tmp_path / "eval.parquet", [relabelled(records[1]), records[2]])
    found = check(train, evaluation)
    assert kinds(found.total) == (1, 2, 0, 2)
    assert [(e.kind, e.row, e.train_row) for e in found.examples] == [("structure", 0, 1), ("instance", 1, 2)]


def test_a_puzzle_of_ours_is_found_in_foreign_words(tmp_path):
    record = taskgen.task("countdown").generate(knobs={"numbers": 4, "use_all": True})
    problem = decode(record.problem)
    foreign = prompts(tmp_path / "eval.jsonl", TINY_ZERO.format(sorted(problem.numbers), problem.target), "Why?")
    found = check(parquet(tmp_path / "train.parquet", [record]), foreign)
    assert found.total.structure == found.total.leaked == 1
    assert found.examples[0].family == "countdown"


def test_a_puzzle_of_ours_is_found_by_its_prompt(tmp_path):
    record = taskgen.task("linear_system").generate(difficulty=1)
    train = prompts(tmp_path / "train.jsonl", "Why?", record.prompt.replace("\n", "\r\n"))
    found = check(train, parquet(tmp_path / "eval.parquet", [record]))
    assert kinds(found.total) == (0, 0, 1, 1)
    assert (found.examples[0].kind, found.examples[0].train_row) == ("text", 1)


def test_one_text_before_many_puzzles_is_no_leak(tmp_path):
    rows = [{"prompt": "Solve this.", "nums": [place, 7], "target": place + 7} for place in range(1, 9)]
    train, evaluation = jsonl(tmp_path / "train.jsonl", rows[:4]), jsonl(tmp_path / "eval.jsonl", rows[3:])
    assert kinds(check(train, evaluation).total) == (1, 1, 0, 1)


def test_rows_without_text_are_like_each_other_only_as_texts(tmp_path):
    train, evaluation = prompts(tmp_path / "train.jsonl", "", "a"), prompts(tmp_path / "eval.jsonl", "", "b")
    found = check(train, evaluation)
    assert kinds(found.total) == (1, 1, 0, 1)


def test_repeats_inside_of_a_set_are_counted(tmp_path):
    train = prompts(tmp_path / "train.jsonl", "a", "b", "a", "a")
    said = [TINY_ZERO.format(numbers, 12) for numbers in ("[3, 4]", "[4, 3]", "[3, 4]", "[3, 9]")]
    found = check(train, prompts(tmp_path / "eval.jsonl", *said))
    assert (found.train.rows, found.train.repeated_instances, found.train.repeated_structures) == (4, 2, 2)
    assert (found.evaluation.repeated_instances, found.evaluation.repeated_structures) == (1, 2)


def test_the_first_training_row_is_named(tmp_path):
    train = prompts(tmp_path / "train.jsonl", *"xayaz")
    found = check(train, prompts(tmp_path / "eval.jsonl", *"bab"))
    assert [(example.row, example.train_row) for example in found.examples] == [(1, 1)]


def test_examples_are_as_many_as_are_asked_for(tmp_path):
    path = prompts(tmp_path / "set.jsonl", *"abcdef")
    assert len(check(path, path, show=4).examples) == 4
    assert check(path, path, show=0).examples == ()
    assert check(path, path, show=0).total.leaked == 6


def test_columns_are_named_for_both_sets_or_for_each(tmp_path):
    train = jsonl(tmp_path / "train.jsonl", [{"x": "a", "prompt": "?"}, {"x": "b", "prompt": "?"}])
    evaluation = jsonl(tmp_path / "eval.jsonl", [{"x": "c", "y": "b"}])
    assert check(train, evaluation, column="x").total.leaked == 0
    assert check(train, f"{evaluation}#y", column="x").total.leaked == 1
    assert check(f"{train}#x", f"{evaluation}#y").total.leaked == 1


def test_tables_of_any_size_give_the_same(tmp_path, monkeypatch):
    draws = Stream.keyed("leaks")
    train, evaluation = (
        prompts(tmp_path / name, *(str(draws.below(60)) for _ in range(80))) for name in ("a.jsonl", "b.jsonl")
    )
    whole = check(train, evaluation)
    monkeypatch.setattr(module, "ROWS", 7)
    assert check(train, evaluation) == whole


def test_ids_are_compared_as_sets_would_compare_them():
    draws = numpy.random.Generator(numpy.random.PCG64(1))
    for size in (0, 1, 3, 50, 400):
        known, asked = (draws.integers(0, 9, (size, 2)).astype("<u8") for _ in range(2))
        first = {}
        for row, words in enumerate(known.tolist()):
            first.setdefault(tuple(words), row)
        first.pop((0, 0), None)
        expected = [first.get(tuple(words), -1) for words in asked.tolist()]
        assert module._first_rows(known, asked).tolist() == expected


@pytest.mark.parametrize("side", ["train", "evaluation"])
def test_what_cannot_be_compared_is_named(tmp_path, side):
    good, bad = prompts(tmp_path / "good.jsonl", "a"), jsonl(tmp_path / "bad.jsonl", [{"x": 1}])
    with pytest.raises(UsageError, match=r"bad\.jsonl: no column holds a text to compare \(columns: x\)"):
        check(**{"train": good, "evaluation": good} | {side: bad})


# The command.


def test_the_command_counts_and_names_what_leaked(neighbouring_seeds, capsys):
    code, said, _ = in_process(
        capsys, "leak-check", neighbouring_seeds["train"], neighbouring_seeds["validation"], "--show", 2
    )
    lines = [line.split() for line in said.splitlines()]
    assert code == 0
    assert ["all", "500", "500", "499", "500", "0", "100"] in lines
    assert "EVAL row 1 is TRAIN row 2" in said
    assert "EVAL row 2" not in said


def test_the_command_says_so_where_nothing_leaked(tmp_path, capsys):
    train, evaluation = prompts(tmp_path / "train.jsonl", "a"), prompts(tmp_path / "eval.jsonl", "b")
    code, said, _ = in_process(capsys, "leak-check", train, evaluation, "--fail-on-leak")
    assert (code, said.splitlines()[-1]) == (0, f"no row of {evaluation} is in {train}")


def test_a_leak_has_an_exit_code_of_its_own_if_asked_for(tmp_path, capsys):
    path = prompts(tmp_path / "set.jsonl", "a")
    assert in_process(capsys, "leak-check", path, path)[0] == 0
    assert in_process(capsys, "leak-check", path, path, "--fail-on-leak")[0] == 3


def test_the_report_as_json_is_the_report(tmp_path, capsys):
    train, evaluation = prompts(tmp_path / "train.jsonl", *"ab"), prompts(tmp_path / "eval.jsonl", *"bc")
    code, said, complaints = in_process(capsys, "leak-check", train, evaluation, "--json")
    assert (code, complaints) == (0, "")
    assert msgspec.json.decode(said, type=module.Leaks) == check(train, evaluation)


def test_the_command_changes_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = prompts(tmp_path / "set.jsonl", "a")
    in_process(capsys, "leak-check", path, path)
    assert [file.name for file in tmp_path.iterdir()] == ["set.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["{0}", "{0}", "--column", "nowhere"], "has no column nowhere (columns: prompt)"),
        (["{0}", "{0}#nowhere"], "has no column nowhere (columns: prompt)"),
        (["{0}"], "Missing argument 'EVAL'."),
        (["{0}", "{0}", "--show", "-1"], "Invalid value for '--show'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, capsys, arguments, complaint):
    path = prompts(tmp_path / "set.jsonl", "a")
    code, said, complaints = in_process(capsys, "leak-check", *(argument.format(path) for argument in arguments))
    assert (code, said) == (2, "")
    assert complaint in complaints
    assert len(complaints.splitlines()) == 1
