"""The mix stage where sources meet: copies, splits, columns, and rows that are not taskgen's own."""

import polars
import pyarrow
import pytest

from taskgen.curation.mixing import MixSettings, mix
from taskgen.curation.sources import open_source
from taskgen.engine.building import build
from taskgen.engine.errors import UsageError
from taskgen.engine.orders import place_order
from taskgen.problem import SPLITS, split_of
from tests.curation.made_rows import TEST, VALIDATION, dropped, identity, read, row, rows, structure, tasks, write

# Duplicates and splits


def test_of_the_rows_of_one_instance_the_first_stays(sources, tmp_path):
    both = sources(a=rows(5, "x"), b=[*rows(2, "y"), *rows(3, "x", prompt="The same in other words.")])
    entry = mix(both, tmp_path / "out", MixSettings())
    assert entry.reasons == {"duplicate_instance": 3}
    gone = dropped(tmp_path / "out")
    assert gone["row"].to_list() == [7, 8, 9]
    assert gone["matched"].to_list() == ["row 0", "row 1", "row 2"]
    assert entry.notes["first_rows"] == [0, 5]
    assert "The same in other words." not in read(tmp_path / "out")["prompt"].to_list()


def test_a_copy_counts_once_for_the_share(sources, tmp_path):
    both = sources(a=rows(10, "x", task="sudoku") * 3, b=rows(30, "z", task="zebra_puzzle"))
    mix(both, tmp_path / "out", MixSettings(weights={"sudoku": 1}))
    assert tasks(tmp_path / "out") == {"sudoku": 10, "zebra_puzzle": 10}


def test_every_row_goes_to_the_split_of_its_structure(sources, tmp_path):
    content = [
        row("a"),
        row("b", structure=structure("b", TEST)),
        row("c", structure=structure("c", VALIDATION), split="test"),
    ]
    entry = mix(sources(a=content), tmp_path / "out", MixSettings())
    assert entry.notes["splits"] == {"train": 1, "validation": 1, "test": 1}
    assert entry.notes["moved"] == {"test to validation": 1, "train to test": 1}
    for split in SPLITS:
        found = read(tmp_path / "out", split)
        assert set(found["split"]) == {split_of(found["structure"][0])} == {split}


def test_what_one_source_holds_out_another_does_not_bring_to_train(sources, tmp_path):
    shared = structure("shared")
    both = sources(
        a=[row("renamed", structure=shared), *rows(3, "x")],
        b=[row("held out", structure=shared, split="test"), *rows(3, "y")],
    )
    entry = mix(both, tmp_path / "out", MixSettings())
    assert entry.reasons == {"split_conflict": 2}
    assert dropped(tmp_path / "out").select("row", "reason", "matched", "detail").rows() == [
        (0, "split_conflict", "row 4", "another source holds out this structure, which belongs to train"),
        (
            4,
            "split_conflict",
            "",
            "held out as test, but its structure belongs to train; `taskgen split` deals it anew",
        ),
    ]


def test_no_structure_is_in_two_splits(sources, tmp_path):
    names = [f"s{number}" for number in range(100)]
    content = {
        source: [row(f"{source} {name}", structure=identity(name), split=split) for name in names]
        for source, split in (("a", "train"), ("b", "validation"), ("c", "test"))
    }
    mix(sources(**content), tmp_path / "out", MixSettings())
    found = read(tmp_path / "out")
    assert found.group_by("structure").agg(polars.col("split").n_unique())["split"].max() == 1
    assert (found["split"] == [split_of(one) for one in found["structure"]]).all()
    assert found.height == 3 * len([name for name in names if split_of(identity(name)) != "train"])


def test_a_split_of_another_name_is_an_error(sources, tmp_path):
    with pytest.raises(UsageError, match="has a split dev, which is none of train, validation, test"):
        mix(sources(a=[row("a"), row("b", split="dev")]), tmp_path / "out", MixSettings())


# Columns


def test_columns_are_united_with_nulls_taskgen_s_own_first(tmp_path):
    one = open_source(write(tmp_path / "a.parquet", [row("a", pass_rate=0.5)], pass_rate=pyarrow.float64()))
    two = open_source(write(tmp_path / "b.parquet", [row("b", source="web")], source=pyarrow.string()))
    mix([two, one], tmp_path / "out", MixSettings())
    found = read(tmp_path / "out").sort("prompt")
    assert found.columns == [*row("a"), "source", "pass_rate"]
    assert found.select("source", "pass_rate").rows() == [(None, 0.5), ("web", None)]


def test_numbers_of_different_width_agree(tmp_path):
    write(tmp_path / "a.parquet", [row("a", tries=7)], tries=pyarrow.int32())
    polars.DataFrame([row("b", tries=8, seed=2**40)]).write_ndjson(tmp_path / "b.jsonl")
    mix([open_source(str(tmp_path / name)) for name in ("a.parquet", "b.jsonl")], tmp_path / "out", MixSettings())
    found = read(tmp_path / "out").sort("prompt")
    assert found.schema["difficulty"] == polars.Int8  # taskgen's own column keeps its type
    assert found.schema["tries"] == polars.Int64
    assert found.select("tries", "seed").rows() == [(7, 0), (8, 2**40)]


def test_the_text_of_a_csv_file_becomes_what_taskgen_s_own_columns_hold(tmp_path):
    one = open_source(write(tmp_path / "a.parquet", [row("a", difficulty=3)]))
    polars.DataFrame([row("b", difficulty=4, effort=2.5)]).write_csv(tmp_path / "b.csv")
    for number, order in enumerate(
        ([one, open_source(str(tmp_path / "b.csv"))], [open_source(str(tmp_path / "b.csv")), one])
    ):
        mix(order, tmp_path / str(number), MixSettings(curriculum=True))
        found = read(tmp_path / str(number)).sort("curriculum_rank")
        assert found.select("difficulty", "effort").rows() == [(3, 1.0), (4, 2.5)]
    polars.DataFrame([row("c") | {"difficulty": "hard"}]).write_csv(tmp_path / "c.csv")
    with pytest.raises(UsageError, match=r"c\.csv: column difficulty does not fit int8: .*'hard'"):
        mix([one, open_source(str(tmp_path / "c.csv"))], tmp_path / "out", MixSettings())


def test_different_types_under_one_name_are_an_error(tmp_path):
    one = open_source(write(tmp_path / "a.parquet", [row("a", level=1)], level=pyarrow.int32()))
    two = open_source(write(tmp_path / "b.parquet", [row("b", level="hard")], level=pyarrow.string()))
    with pytest.raises(UsageError, match=r"column level is int32 in .*a\.parquet but string in .*b\.parquet"):
        mix([one, two], tmp_path / "out", MixSettings())


def test_a_number_too_wide_for_taskgen_s_own_column_is_an_error(tmp_path):
    write(tmp_path / "a.parquet", [row("a")])
    polars.DataFrame([row("b", difficulty=1000)]).write_ndjson(tmp_path / "b.jsonl")
    with pytest.raises(UsageError, match=r"b\.jsonl: column difficulty does not fit int8"):
        mix([open_source(str(tmp_path / name)) for name in ("a.parquet", "b.jsonl")], tmp_path / "out", MixSettings())
    assert not (tmp_path / "out").exists()


# Foreign data


@pytest.fixture
def questions(tmp_path):
    """Forty questions of the web, which carry no id of ours but one of their own."""
    content = [{"id": number, "question": f"What is {number} + 1?", "answer": str(number + 1)} for number in range(40)]
    polars.DataFrame(content).write_ndjson(tmp_path / "questions.jsonl")
    return open_source(str(tmp_path / "questions.jsonl"))


def test_foreign_rows_get_our_ids_and_keep_their_own(questions, sources, tmp_path):
    entry = mix([*sources(a=rows(20)), questions], tmp_path / "out", MixSettings())
    found = read(tmp_path / "out")
    assert found.columns == [*row("a"), "source_id", "question"]
    assert entry.rows_out == 60
    assert found["id"].str.len_chars().unique().to_list() == [32]
    assert found["id"].n_unique() == 60
    foreign = found.filter(polars.col("task") == "text")
    assert sorted(foreign["source_id"]) == list(range(40))
    assert (foreign["split"] == [split_of(one) for one in foreign["structure"]]).all()
    assert foreign["prompt"].null_count() == foreign["task_version"].null_count() == 40


def test_a_mix_with_foreign_rows_can_be_mixed_again(questions, sources, tmp_path):
    mix([*sources(a=rows(20)), questions], tmp_path / "once", MixSettings())
    entry = mix([open_source(str(tmp_path / "once")), questions], tmp_path / "twice", MixSettings())
    assert entry.reasons == {"duplicate_instance": 40}
    assert read(tmp_path / "twice").sort("id").equals(read(tmp_path / "once").sort("id"))


def test_the_weight_of_foreign_rows_goes_by_their_task_column(tmp_path):
    content = [{"question": f"{task} {number}", "task": task} for task in ("gsm", "aime") for number in range(30)]
    polars.DataFrame(content).write_csv(tmp_path / "web.csv")
    mix(
        [open_source(str(tmp_path / "web.csv"))], tmp_path / "out", MixSettings(weights={"gsm": 2, "aime": 1}, count=30)
    )
    assert tasks(tmp_path / "out") == {"gsm": 20, "aime": 10}


def test_a_trainer_s_copy_of_our_problem_is_a_duplicate(generated, tmp_path):
    copies = [
        {"prompt": "In other words.", "reward_model": {"ground_truth": problem}, "split": split}
        for problem, split in read_source(generated[0]).select("problem", "split").rows()
    ]
    polars.DataFrame(copies).write_parquet(tmp_path / "verl.parquet")
    entry = mix([*generated, open_source(str(tmp_path / "verl.parquet"))], tmp_path / "out", MixSettings())
    assert entry.reasons == {"duplicate_instance": 70}
    assert entry.rows_out == 110


def test_without_a_column_of_prompts_there_are_no_tokens_to_count(tmp_path):
    polars.DataFrame([{"riddle": "?", "n": 1}]).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(UsageError, match=r"has no column of prompts \(columns: riddle, n\); name one after #"):
        mix([open_source(str(tmp_path / "a.parquet"))], tmp_path / "out", MixSettings(max_prompt_tokens=9))


# Real data


def read_source(source):
    return polars.from_arrow(pyarrow.concat_tables(source.tables()))


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """Countdowns, train and test, and knights and knaves, as `generate` makes them."""
    folder = tmp_path_factory.mktemp("generated")
    for split, count in (("train", 60), ("test", 10)):
        build(place_order([("countdown", [1, 2])], count=count, split=split), folder / "countdown", 1)
    build(place_order([("knights_and_knaves", [1])], count=40), folder / "knights", 1)
    return [open_source(str(folder / name)) for name in ("countdown", "knights")]


def test_generated_data_is_mixed_and_stays_verifiable(generated, tmp_path):
    import taskgen

    settings = MixSettings(weights={"math": 2, "logic": 1}, count=60, stages=2)
    entry = mix(generated, tmp_path / "out", settings)
    assert tasks(tmp_path / "out") == {"countdown": 40, "knights_and_knaves": 20}
    assert entry.notes["moved"] == {}
    assert entry.notes["splits"]["validation"] == 0
    for record in taskgen.load(tmp_path / "out"):
        assert taskgen.verify(record.problem, f"<answer>{record.answer}</answer>")
        assert split_of(record.structure) == record.split
