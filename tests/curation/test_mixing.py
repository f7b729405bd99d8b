"""The mix stage: which rows it takes, in which order, and what it says about it."""

import resource
from collections import Counter

import numpy
import polars
import pyarrow
import pytest

from taskgen.curation.mixing import MixSettings, mix
from taskgen.curation.mixture.ordered_rows import RUN_ROWS, OrderedRows
from taskgen.curation.mixture.shares import Group, exact_size
from taskgen.curation.sources import open_source
from taskgen.curation.stages import read_settings
from taskgen.engine.errors import UsageError
from tests.curation.made_rows import dropped, identity, read, row, rows, tasks
from tests.engine.conftest import contents


@pytest.fixture
def three(sources):
    """300 sudokus, 200 zebra puzzles, 100 knights and knaves; the latter two are of the domain logic."""
    return sources(
        a=rows(300, "sudoku", task="sudoku"),
        b=rows(200, "zebra", task="zebra_puzzle"),
        c=rows(100, "knights", task="knights_and_knaves"),
    )


def reasons(folder):
    return dict(Counter(dropped(folder)["reason"].to_list()))


# Shares


def test_without_weights_everything_is_taken(three, tmp_path):
    entry = mix(three, tmp_path / "out", MixSettings())
    assert tasks(tmp_path / "out") == {"sudoku": 300, "zebra_puzzle": 200, "knights_and_knaves": 100}
    assert (entry.rows_in, entry.rows_out, entry.reasons, entry.notes["short"]) == (600, 600, {}, {})


def test_a_count_without_weights_is_shared_evenly(three, tmp_path):
    mix(three, tmp_path / "out", MixSettings(count=150))
    assert tasks(tmp_path / "out") == {"sudoku": 50, "zebra_puzzle": 50, "knights_and_knaves": 50}


def test_weights_of_tasks_decide_the_shares(three, tmp_path):
    entry = mix(three, tmp_path / "out", MixSettings(weights={"sudoku": 2, "zebra_puzzle": 0.5}, count=140))
    assert tasks(tmp_path / "out") == {"sudoku": 80, "zebra_puzzle": 20, "knights_and_knaves": 40}
    assert entry.notes["tasks"]["sudoku"] == {"weight": 2, "rows": 300, "taken": 80}
    assert entry.reasons == {"over_weight": 460}
    assert "80 of 300 rows are its share" in dropped(tmp_path / "out")["detail"]


def test_the_weight_of_a_domain_is_shared_by_its_tasks(three, tmp_path):
    entry = mix(three, tmp_path / "out", MixSettings(weights={"sudoku": 2, "logic": 1}, count=120))
    assert tasks(tmp_path / "out") == {"sudoku": 80, "zebra_puzzle": 20, "knights_and_knaves": 20}
    assert entry.notes["tasks"]["zebra_puzzle"]["weight"] == 0.5


def test_a_task_with_a_weight_of_its_own_is_none_of_its_domain(three, tmp_path):
    mix(three, tmp_path / "out", MixSettings(weights={"zebra_puzzle": 3, "logic": 1}, count=50))
    assert tasks(tmp_path / "out") == {"sudoku": 10, "zebra_puzzle": 30, "knights_and_knaves": 10}


def test_without_a_count_the_mix_is_as_large_as_exact_shares_allow(three, tmp_path):
    entry = mix(three, tmp_path / "out", MixSettings(weights={"sudoku": 4}))
    assert tasks(tmp_path / "out") == {"sudoku": 300, "zebra_puzzle": 75, "knights_and_knaves": 75}
    assert entry.notes["short"] == {}


def test_a_short_task_gives_all_it_has_and_the_others_fill_up_by_weight(three, tmp_path):
    entry = mix(three, tmp_path / "out", MixSettings(weights={"zebra_puzzle": 2, "knights_and_knaves": 4}, count=280))
    assert tasks(tmp_path / "out") == {"sudoku": 60, "zebra_puzzle": 120, "knights_and_knaves": 100}
    assert entry.notes["short"] == {"knights_and_knaves": {"rows": 100, "share": 160}}


def test_a_short_task_of_a_domain_is_filled_up_by_its_domain(three, tmp_path):
    entry = mix(three, tmp_path / "out", MixSettings(weights={"logic": 1, "sudoku": 1}, count=480))
    assert tasks(tmp_path / "out") == {"sudoku": 240, "zebra_puzzle": 140, "knights_and_knaves": 100}
    assert entry.notes["short"] == {}


def test_a_count_beyond_all_rows_takes_everything(three, tmp_path):
    entry = mix(three, tmp_path / "out", MixSettings(count=1200))
    assert entry.rows_out == 600
    assert entry.notes["short"]["sudoku"] == {"rows": 300, "share": 400}


def test_a_short_task_may_be_an_error(three, tmp_path):
    with pytest.raises(UsageError, match="knights_and_knaves has 100 rows, its share of 400 is 133"):
        mix(three, tmp_path / "out", MixSettings(count=400, when_short="fail"))
    assert not (tmp_path / "out").exists()
    mix(three, tmp_path / "out", MixSettings(count=300, when_short="fail"))
    assert set(tasks(tmp_path / "out").values()) == {100}


def test_a_weight_of_zero_leaves_a_task_out(three, tmp_path):
    mix(three, tmp_path / "out", MixSettings(weights={"sudoku": 0}))
    assert tasks(tmp_path / "out") == {"zebra_puzzle": 100, "knights_and_knaves": 100}
    with pytest.raises(UsageError, match="every weight is 0"):
        mix(three, tmp_path / "none", MixSettings(weights={"sudoku": 0, "logic": 0}))


def test_a_weight_that_names_nothing_is_an_error(three, tmp_path):
    with pytest.raises(UsageError, match="weight sudko: no row is of a task or domain of that name") as error:
        mix(three, tmp_path / "out", MixSettings(weights={"sudko": 2}))
    assert "tasks: knights_and_knaves, sudoku, zebra_puzzle; domains: grids, logic" in str(error.value)


def test_shares_that_do_not_come_out_even_are_off_by_less_than_a_row(three, tmp_path):
    weights = {"sudoku": 3.7, "zebra_puzzle": 1.1, "knights_and_knaves": 0.9}
    entry = mix(three, tmp_path / "out", MixSettings(weights=weights, count=101))
    assert entry.rows_out == 101
    for task, taken in tasks(tmp_path / "out").items():
        assert abs(taken - 101 * weights[task] / 5.7) < 1


def test_the_largest_exact_mix_is_bounded_by_the_scarcest_group():
    groups = [Group("a", 2, ("a",), 100), Group("b", 1, ("b",), 30), Group("c", 5, ("c",), 0), Group("d", 0, ("d",), 9)]
    assert exact_size(groups) == 90


# Which rows, in which order


def test_a_larger_mix_holds_the_smaller_one(three, tmp_path):
    mix(three, tmp_path / "small", MixSettings(weights={"sudoku": 2}, count=100))
    mix(three, tmp_path / "large", MixSettings(weights={"sudoku": 2}, count=200))
    assert set(read(tmp_path / "small")["id"]) < set(read(tmp_path / "large")["id"])


def test_the_order_of_the_sources_decides_nothing(three, tmp_path):
    mix(three, tmp_path / "one", MixSettings(count=150))
    mix(three[::-1], tmp_path / "two", MixSettings(count=150))
    assert contents(tmp_path / "one" / "data") == contents(tmp_path / "two" / "data")


def test_another_seed_takes_other_rows(three, tmp_path):
    mix(three, tmp_path / "one", MixSettings(count=150, seed=1))
    mix(three, tmp_path / "two", MixSettings(count=150, seed=2))
    common = set(read(tmp_path / "one")["id"]) & set(read(tmp_path / "two")["id"])
    assert 20 < len(common) < 80  # of 50 + 50 + 50 rows about 8 + 12 + 25 by chance


def test_the_result_is_shuffled(three, tmp_path):
    mix(three, tmp_path / "out", MixSettings(weights={"sudoku": 1, "logic": 1}, count=200))
    first = Counter(read(tmp_path / "out")["task"].to_list()[:100])
    assert 35 < first["sudoku"] < 65  # a task whose rows were chosen from many is not in front


def test_ten_runs_on_disk_come_back_in_order(tmp_path):
    count = 9 * RUN_ROWS + 17
    places = numpy.random.RandomState(0).permutation(count)
    ordered = OrderedRows(tmp_path / "rows", count)
    for start in range(0, count, 100_000):
        part = places[start : start + 100_000]
        ordered.add(pyarrow.table({"value": part * 3}), part)
    tables = list(ordered.tables())
    assert [table.num_rows for table in tables] == [RUN_ROWS] * 9 + [17]
    assert pyarrow.concat_tables(tables)["value"].to_numpy().tolist() == [3 * place for place in range(count)]


def test_a_full_disk_leaves_nothing_and_is_named(three, tmp_path):
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in (100, 1000, 5000, 10_000, 20_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            with pytest.raises(OSError, match="File too large") as error:
                mix(three, tmp_path / "out", MixSettings())
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        assert str(error.value.filename).startswith(str(tmp_path / ".out.partial"))
        assert not list(tmp_path.glob("*out*"))


def test_a_finished_mix_is_recognised(three, tmp_path):
    mix(three, tmp_path / "out", MixSettings(weights={"sudoku": 2, "logic": 1}))
    before = contents(tmp_path / "out")
    mix(three, tmp_path / "out", MixSettings(weights={"logic": 1, "sudoku": 2}))
    assert contents(tmp_path / "out") == before


# Balanced answers


def answers(folder, task="sudoku"):
    found = read(folder).filter(polars.col("task") == task)["answer"]
    return dict(Counter(found.to_list()))


def answered(**counts):
    return [one for answer, count in counts.items() for one in rows(count, answer, answer=answer)]


def test_no_answer_of_a_yes_no_task_is_more_frequent_than_the_other(sources, tmp_path):
    entry = mix(sources(a=answered(yes=90, no=30)), tmp_path / "out", MixSettings(balance_answers=True))
    assert answers(tmp_path / "out") == {"yes": 30, "no": 30}
    assert entry.notes["balanced"] == {"sudoku": {"answers": 2, "cap": 30}}
    assert reasons(tmp_path / "out") == {"unbalanced_answer": 60}
    assert set(dropped(tmp_path / "out")["detail"]) == {"30 rows of each of 2 answers"}


def test_answers_stay_balanced_when_only_some_rows_are_taken(sources, tmp_path):
    mix(sources(a=answered(A=90, B=50, C=70, D=60)), tmp_path / "out", MixSettings(balance_answers=True, count=100))
    assert answers(tmp_path / "out") == {"A": 25, "B": 25, "C": 25, "D": 25}
    assert reasons(tmp_path / "out") == {"unbalanced_answer": 70, "over_weight": 100}


def test_a_rare_answer_does_not_set_the_cap(sources, tmp_path):
    mix(sources(a=answered(yes=200, no=100, unknown=3)), tmp_path / "out", MixSettings(balance_answers=True))
    assert answers(tmp_path / "out") == {"yes": 100, "no": 100, "unknown": 3}


def test_case_and_space_make_no_other_answer(sources, tmp_path):
    content = answered(Yes=20, yes=20, no=20) + rows(20, "x", answer=" YES ")
    mix(sources(a=content), tmp_path / "out", MixSettings(balance_answers=True))
    found = Counter(answer.strip().lower() for answer in read(tmp_path / "out")["answer"])
    assert found == {"yes": 20, "no": 20}


def test_a_task_with_many_answers_is_left_as_it_is(sources, tmp_path):
    many = [*rows(300, "x"), *rows(50, "zero", answer="0")]
    few = [one | {"task": "zebra_puzzle"} for one in answered(yes=50, no=40)]
    mix(sources(a=many, b=few), tmp_path / "out", MixSettings(balance_answers=True))
    assert tasks(tmp_path / "out") == {"sudoku": 350, "zebra_puzzle": 80}


def test_without_answers_there_is_nothing_to_balance(tmp_path):
    polars.DataFrame(rows(9)).drop("answer").write_parquet(tmp_path / "a.parquet")
    with pytest.raises(UsageError, match="needs a column answer"):
        mix([open_source(str(tmp_path / "a.parquet"))], tmp_path / "out", MixSettings(balance_answers=True))


# Tokens


def test_prompts_that_are_too_long_go(sources, tmp_path):
    content = [row("short", prompt="x" * 40), row("long", prompt="x" * 41), row("wide", prompt="ä" * 40)]
    entry = mix(sources(a=content), tmp_path / "out", MixSettings(max_prompt_tokens=10))
    assert sorted(read(tmp_path / "out")["id"]) == sorted([identity("short"), identity("wide")])
    assert read(tmp_path / "out")["prompt_tokens_estimate"].to_list() == [10, 10]
    assert dropped(tmp_path / "out").select("reason", "detail").rows() == [("too_long", "11 tokens")]
    assert entry.notes["tokens"] == {"counted_by": "4 characters a token", "prompts": 20}


def test_a_budget_of_tokens_keeps_the_shares(sources, tmp_path):
    both = sources(
        a=rows(100, "x", task="sudoku", prompt="x" * 400), b=rows(100, "z", task="zebra_puzzle", prompt="z" * 40)
    )
    entry = mix(both, tmp_path / "out", MixSettings(max_tokens_total=1100))
    assert tasks(tmp_path / "out") == {"sudoku": 10, "zebra_puzzle": 10}
    assert reasons(tmp_path / "out") == {"over_budget": 180}
    assert entry.notes["tokens"]["prompts"] == 1100


def test_a_budget_keeps_answers_balanced(sources, tmp_path):
    content = [one | {"prompt": "x" * 40} for one in answered(yes=100, no=60)]
    mix(sources(a=content), tmp_path / "out", MixSettings(balance_answers=True, max_tokens_total=400))
    assert answers(tmp_path / "out") == {"yes": 20, "no": 20}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    """A tokenizer of words, as its own library saves it."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    folder = tmp_path_factory.mktemp("words")
    words = Tokenizer(models.WordLevel({"[UNK]": 0, "word": 1}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.save(str(folder / "tokenizer.json"))
    return folder


def test_a_tokenizer_counts_what_is_otherwise_estimated(sources, tokenizer, tmp_path):
    content = [row("three", prompt="word " * 3), row("four", prompt="some other word here")]
    entry = mix(sources(a=content), tmp_path / "out", MixSettings(max_prompt_tokens=3, tokenizer=str(tokenizer)))
    assert read(tmp_path / "out").select("id", "prompt_tokens").rows() == [(identity("three"), 3)]
    assert "prompt_tokens_estimate" not in read(tmp_path / "out").columns
    manifest = (tmp_path / "out" / "manifest.json").read_text()
    assert str(tokenizer) not in manifest
    assert entry.notes["tokens"]["counted_by"] == entry.settings["tokenizer"]
    assert entry.settings["tokenizer"].startswith(f"{tokenizer.name} sha256:")


def test_a_chat_is_as_long_as_what_the_user_says(tmp_path):
    chat = [{"role": "system", "content": "x" * 20}, {"role": "user", "content": "y" * 19}]
    polars.DataFrame([row("a", prompt=chat)]).write_parquet(tmp_path / "a.parquet")
    mix([open_source(str(tmp_path / "a.parquet"))], tmp_path / "out", MixSettings(max_prompt_tokens=100))
    assert read(tmp_path / "out")["prompt_tokens_estimate"].to_list() == [5]


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"tokenizer": "nowhere"}, "tokenizer is for max_prompt_tokens"),
        ({"tokenizer": "nowhere", "max_prompt_tokens": 9}, "nowhere does not exist"),
        ({"tokenizer": __file__, "max_prompt_tokens": 9}, "is not a tokenizer.json"),
    ],
)
def test_a_tokenizer_that_is_none_is_an_error(sources, tmp_path, settings, complaint):
    with pytest.raises(UsageError, match=complaint):
        mix(sources(a=rows(3)), tmp_path / "out", MixSettings(**settings))
    assert not (tmp_path / "out").exists()


# Settings


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"count": 0}, "count"),
        ({"stages": 0}, "stages"),
        ({"stages": 100}, "stages"),
        ({"weights": {"sudoku": -1}}, "weights"),
        ({"weights": {"sudoku": float("nan")}}, "weights"),
        ({"when_short": "ask"}, "when_short"),
        ({"shuffle": True}, "shuffle"),
    ],
)
def test_settings_out_of_range_are_named(values, named):
    with pytest.raises(UsageError, match=named):
        read_settings(MixSettings, **values)
