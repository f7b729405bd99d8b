"""Ranks, bins and weights of a curriculum, and the files of its stages."""

import datasets
import numpy
import pyarrow
import pytest

from taskgen.curation.curriculum import curriculum_rank, mix_weight, part_of, quantiles
from taskgen.curation.mixing import MixSettings, mix
from taskgen.curation.sources import open_source
from tests.curation.made_rows import TEST, identity, read, row, rows, structure, write

NAN = numpy.nan


def ranks(*, task=None, difficulty=None, effort=None, pass_rate=None, ids=None):
    """Ranks of rows of which only what matters is told."""
    count = len(next(given for given in (difficulty, effort, pass_rate, task) if given is not None))
    numbers = numpy.arange(count)[::-1] if ids is None else numpy.array(ids)
    return curriculum_rank(
        numpy.stack([numbers, numbers], axis=1).astype(numpy.uint64),
        numpy.zeros(count, int) if task is None else numpy.array(task),
        *(
            numpy.full(count, NAN) if given is None else numpy.array(given, float)
            for given in (difficulty, effort, pass_rate)
        ),
    ).tolist()


def test_the_highest_pass_rate_comes_first():
    assert ranks(pass_rate=[0.1, 0.9, 0.5], difficulty=[1, 2, 3]) == [2, 0, 1]


def test_without_pass_rates_the_rung_decides_and_effort_within_it():
    assert ranks(difficulty=[5, 2, 2, 5], effort=[1, 9, 3, 7]) == [2, 1, 0, 3]


def test_effort_is_normalised_by_task():
    # 900 nodes are little for task 1, 30 are much for task 0.
    assert ranks(task=[0, 0, 0, 1, 1], difficulty=[3] * 5, effort=[10, 20, 30, 900, 9000], ids=[1, 2, 3, 4, 5]) == [
        0,
        2,
        4,
        1,
        3,
    ]


def test_equal_pass_rates_go_by_rung_then_by_id():
    assert ranks(pass_rate=[0.5, 0.5, 0.5], difficulty=[4, 2, 2], ids=[1, 3, 2]) == [2, 1, 0]


def test_a_row_without_a_rung_stands_by_its_effort_and_one_without_either_in_the_middle():
    easy, middle, hard = ranks(difficulty=[0, NAN, 0], effort=[1, NAN, 5])
    assert (easy, middle, hard) == (0, 1, 2)
    assert ranks(difficulty=[1, NAN, 10], effort=[1, NAN, 1]) == [0, 1, 2]


def test_rows_with_and_without_pass_rates_are_spread_over_one_range():
    rate = [0.9, 0.6, 0.3, 0.0, NAN, NAN, NAN, NAN]
    rung = [NAN, NAN, NAN, NAN, 1, 2, 3, 4]
    assert sorted(ranks(pass_rate=rate, difficulty=rung)[:4]) == ranks(pass_rate=rate, difficulty=rung)[:4]
    assert {rank // 2 for rank in ranks(pass_rate=rate, difficulty=rung)[:4]} == {0, 1, 2, 3}


def test_quantiles_are_mid_ranks_within_groups():
    values = numpy.array([3.0, 1.0, 1.0, 7.0, 5.0, NAN])
    group = numpy.array([0, 0, 0, 1, 1, 1])
    assert quantiles(values, group).tolist() == pytest.approx([5 / 6, 1 / 3, 1 / 3, 0.75, 0.25, 0.5])


def test_parts_are_equal_and_in_order():
    assert part_of(numpy.arange(10), 3).tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_weights_give_every_task_its_share_of_draws():
    task = numpy.array([0, 0, 0, 1])
    weights = mix_weight(task, numpy.array([1.0, 1.0, 5.0]))  # nothing is left of the third task
    assert weights.mean() == pytest.approx(1)
    assert weights[task == 0].sum() == pytest.approx(weights[task == 1].sum())


def test_weights_of_rows_in_the_right_shares_are_one():
    assert mix_weight(numpy.array([0, 0, 1]), numpy.array([2.0, 1.0])).tolist() == pytest.approx([1, 1, 1])


@pytest.fixture
def ladder(tmp_path):
    """Forty rows, four a rung, and one test row."""
    content = [row(f"r{number}", difficulty=1 + number % 10, effort=float(number)) for number in range(40)]
    content.append(row("held out", structure=structure("held out", TEST), split="test"))
    return open_source(write(tmp_path / "ladder.parquet", content))


def test_the_columns_are_added_for_every_split(ladder, tmp_path):
    mix([ladder], tmp_path / "out", MixSettings(curriculum=True))
    train = read(tmp_path / "out", "train").sort("curriculum_rank")
    assert train["curriculum_rank"].to_list() == list(range(40))
    assert train["difficulty"].to_list() == sorted(train["difficulty"])
    assert train["difficulty_bin"].to_list() == [rank // 4 for rank in range(40)]
    assert set(train["mix_weight"]) == {1.0}
    assert read(tmp_path / "out", "test")["curriculum_rank"].to_list() == [0]
    assert [str(kind) for kind in train.select("curriculum_rank", "difficulty_bin", "mix_weight").dtypes] == [
        "Int32",
        "Int8",
        "Float64",
    ]


def test_the_rank_follows_a_pass_rate_column(tmp_path):
    content = [row(f"r{number}", pass_rate=number / 20, difficulty=1 + number % 10) for number in range(20)]
    source = open_source(write(tmp_path / "rated.parquet", content, pass_rate=pyarrow.float64()))
    mix([source], tmp_path / "out", MixSettings(curriculum=True))
    rates = read(tmp_path / "out").sort("curriculum_rank")["pass_rate"].to_list()
    assert rates == sorted(rates, reverse=True)


def test_stage_files_go_from_easy_to_hard(ladder, tmp_path):
    entry = mix([ladder], tmp_path / "out", MixSettings(stages=3))
    names = sorted(file.name for file in (tmp_path / "out" / "data").iterdir())
    assert names == [
        "test-00000-of-00001.parquet",
        "train-00000-of-00003-stage-1.parquet",
        "train-00001-of-00003-stage-2.parquet",
        "train-00002-of-00003-stage-3.parquet",
    ]
    assert entry.notes["stages"] == [14, 13, 13]
    ranks = read(tmp_path / "out", "train")["curriculum_rank"].to_list()
    assert [sorted(ranks[:14]), sorted(ranks[14:27]), sorted(ranks[27:])] == [
        list(range(14)),
        list(range(14, 27)),
        list(range(27, 40)),
    ]
    assert ranks[:14] != sorted(ranks[:14])  # shuffled within a stage


def test_datasets_reads_the_stages_as_one_train_split(ladder, tmp_path):
    mix([ladder], tmp_path / "out", MixSettings(stages=3))
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {split: len(table) for split, table in loaded.items()} == {"train": 40, "test": 1}
    assert loaded["train"]["curriculum_rank"] == read(tmp_path / "out", "train")["curriculum_rank"].to_list()
    pattern = str(tmp_path / "out" / "data" / "train-*-stage-1.parquet")
    first = datasets.load_dataset("parquet", data_files=pattern, split="train", cache_dir=str(tmp_path / "cache"))
    assert sorted(first["curriculum_rank"]) == list(range(14))


def test_more_stages_than_rows_leave_some_out(tmp_path):
    source = open_source(write(tmp_path / "few.parquet", rows(3)))
    entry = mix([source], tmp_path / "out", MixSettings(stages=12))
    assert sum(entry.notes["stages"]) == 3
    assert sorted(read(tmp_path / "out")["id"]) == sorted(identity(f"row {number}") for number in range(3))


def test_the_columns_of_an_earlier_mix_are_made_anew(ladder, tmp_path):
    more = open_source(write(tmp_path / "more.parquet", rows(20, "more", task="zebra_puzzle", difficulty=1)))
    mix([ladder], tmp_path / "staged", MixSettings(stages=3))
    entry = mix([open_source(str(tmp_path / "staged")), more], tmp_path / "out", MixSettings())
    train = read(tmp_path / "out", "train")
    assert sorted(train["curriculum_rank"]) == list(range(60))
    assert train.filter(train["task"] == "zebra_puzzle")["mix_weight"].to_list() == pytest.approx([1.5] * 20)
    assert "stages" not in entry.notes
