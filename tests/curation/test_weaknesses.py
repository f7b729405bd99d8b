"""The cells that a policy fails, and the recipe that makes more of them."""

import msgspec
import pytest
import yaml

from taskgen.cli.main import run
from taskgen.curation.cell_counts import choose_policy, count
from taskgen.curation.weakness_recipe import BAND, new_seed, weakness_recipe
from taskgen.curation.weaknesses import find_weaknesses, telling_knobs
from taskgen.engine.errors import UsageError
from taskgen.knobs import KnobError
from taskgen.registry import UnknownTask
from tests.curation.rollout_folders import knobs_of, ladder_knobs, tally_table, write_folder
from tests.engine.conftest import contents

SEED = 77


def counts_of(cells, model="solver"):
    """Counts of ten records with one rollout each; `cells` maps (task, difficulty, knobs) to how many were right."""
    rows = [(f"{place}", *name, model, 1, int(place < right)) for name, right in cells.items() for place in range(10)]
    return count(tally_table(rows), "the rollouts")


def weak(cells, below=0.3):
    return find_weaknesses(counts_of(cells), 0, below)


def additions(**right):
    """Cells of the toy task on rungs of its ladder: d3=5 is five of ten right on rung 3."""
    return {("addition", int(rung[1:]), ladder_knobs("addition", int(rung[1:]))): own for rung, own in right.items()}


def order_of(recipe):
    """What the recipe's first stage orders."""
    from taskgen.curation.recipes.steps import GenerateSettings, orders

    (order,) = orders(msgspec.convert(recipe["stages"][0]["generate"], GenerateSettings))
    return order


def made(cells, count=100, below=0.3):
    """Problems that the recipe makes, by difficulty."""
    recipe = weakness_recipe(weak(cells, below), count, SEED)
    return {target.cell.difficulty: target.count for target in recipe.targets}


# Which cells are failed


def test_cells_under_the_threshold_are_named_worst_first():
    cells = {("t", 1, "{}"): 9, ("t", 2, "{}"): 2, ("t", 3, "{}"): 0, ("u", 1, "{}"): 3, ("u", 2, "{}"): 1}
    found = weak(cells)
    assert [(cell.name.task, cell.name.difficulty, cell.rate) for cell in found.failed] == [
        ("t", 3, 0.0), ("u", 2, 0.1), ("t", 2, 0.2),
    ]  # fmt: skip
    assert [cell.name.task for cell in found.others] == ["t", "u"]
    assert [(cell.records, cell.trials, cell.correct) for cell in found.failed] == [
        (10, 10, 0),
        (10, 10, 1),
        (10, 10, 2),
    ]
    assert all(cell.low <= cell.rate <= cell.high for cell in found.failed)


def test_of_several_policies_one_has_to_be_named():
    rows = [("0", "t", 1, "{}", model, 1, 1) for model in ("large", "small")]
    counts = count(tally_table(rows), "the rollouts")
    assert choose_policy(counts, "small") == 1
    with pytest.raises(UsageError, match=r"rollouts of 2 policies; choose one with --model: 'large', 'small'"):
        choose_policy(counts, None)


def test_another_policy_changes_nothing():
    rows = [(f"{place}", "t", 1, "{}", "other", 1, 1) for place in range(10)]
    rows += [(f"{place}", "t", 1, "{}", "solver", 1, 0) for place in range(10)]
    counts = count(tally_table(rows), "the rollouts")
    assert [cell.rate for cell in find_weaknesses(counts, 1, 0.3).failed] == [0]
    assert find_weaknesses(counts, 0, 0.3).failed == ()


# Which knobs tell them apart


def test_knobs_that_lie_apart_are_said():
    knobs = [
        {"size": 3, "depth": 1, "kind": "plain", "fair": True, "noise": 2},
        {"size": 4, "depth": 2, "kind": "plain", "fair": True, "noise": 9},
        {"size": 5, "depth": 2, "kind": "knotted", "fair": True, "noise": 5},
        {"size": 7, "depth": 3, "kind": "twisted", "fair": True, "noise": 4},
    ]
    cells = {("t", rung, knobs_of(**own)): 9 if rung < 3 else 0 for rung, own in enumerate(knobs, start=1)}
    assert telling_knobs(weak(cells)) == ["t fails at size from 5, not up to 4; kind knotted or twisted, not plain"]


def test_a_knob_that_shrinks_is_said_as_well():
    cells = {("t", rung, knobs_of(givens=40 - rung)): 9 if rung < 3 else 0 for rung in range(1, 5)}
    assert telling_knobs(weak(cells)) == ["t fails at givens up to 37, not from 38"]


def test_one_failed_cell_tells_nothing():
    cells = {("t", rung, knobs_of(size=rung)): 9 if rung < 4 else 0 for rung in range(1, 5)}
    assert telling_knobs(weak(cells)) == []


# What the recipe makes


def test_problems_are_made_at_the_failed_rung_and_just_below_it(toys):
    # Failure 0.8; p (1 - p) is 0.16 at d5 and 0.24 at d4.
    assert made(additions(d3=9, d4=6, d5=2)) == {4: 60, 5: 40}


def test_what_is_never_solved_sends_its_share_down_to_what_is_sometimes(toys):
    # All to the two hardest that are sometimes solved, p (1 - p) being 0.09 at d5 and 0.24 at d4.
    assert made(additions(d3=7, d4=6, d5=1, d6=0, d7=0), count=1100) == {4: 800, 5: 300}


def test_a_failed_task_gets_more_the_more_it_is_failed(toys):
    cells = additions(d4=5, d5=2) | {
        ("knights_and_knaves", rung, ladder_knobs("knights_and_knaves", rung)): right
        for rung, right in ((4, 5), (5, 2), (6, 0), (7, 0))
    }
    recipe = weakness_recipe(weak(cells), 360, SEED)
    by_task = {}
    for target in recipe.targets:
        by_task[target.cell.task] = by_task.get(target.cell.task, 0) + target.count
    assert by_task == {"addition": 80, "knights_and_knaves": 280}


def test_below_the_lowest_rung_sampled_lies_another(toys):
    assert made(additions(d5=0, d6=0)) == {4: 100}


def test_between_always_and_never_only_the_failed_rung_is_left(toys):
    assert made(additions(d4=10, d5=0, d6=0)) == {5: 100}


def test_a_rung_that_was_not_sampled_between_always_and_never_is_made(toys):
    assert made(additions(d2=10, d5=0)) == {4: 100}


def test_a_task_that_is_beyond_the_policy_gets_nothing_and_a_line(toys):
    recipe = weakness_recipe(weak(additions(d1=0, d2=0)), 100, SEED)
    assert recipe.targets == ()
    assert recipe.left_out == (
        "addition d1: never solved, nor is anything easier; nothing is made for it",
        "addition d2: never solved, nor is anything easier; nothing is made for it",
    )


def test_records_without_a_rung_cannot_be_ordered(toys):
    cells = {("addition", 0, ladder_knobs("addition", 1)): 2}
    assert weakness_recipe(weak(cells), 100, SEED).left_out == (
        "addition: difficulty 0 is no rung; nothing is made for it",
    )


def test_the_recipe_is_valid_and_makes_exactly_the_cells(toys):
    own = ladder_knobs("addition", 5).replace("100000", "123456")
    cells = additions(d4=6) | {("addition", 5, own): 2}
    recipe = yaml.safe_load(weakness_recipe(weak(cells), 100, SEED).text)
    generate, dedup, rollout, chosen = recipe["stages"]
    assert generate["generate"]["tasks"] == [
        {"task": "addition", "difficulty": 4, "count": 60},
        {"task": "addition", "difficulty": 5, "count": 40, "knobs": {"largest": 123456}},
    ]
    order = order_of(recipe)
    assert [(cell.knobs, cell.count) for cell in order.cells] == [(ladder_knobs("addition", 4), 60), (own, 40)]
    assert order.seed == SEED
    assert (dedup, chosen) == ({"dedup": {"by": "structure"}}, {"filter": {"pass_rate": BAND}})
    assert rollout["rollout"] == {
        "policy": "openai:http://127.0.0.1:8000/v1#solver", "max_samples": 16, "band": BAND, "temperature": 1.0,
        "top_p": 1.0, "max_tokens": 4096,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("model", "address"),
    [
        ("Qwen/Qwen3-4B", "openai:http://127.0.0.1:8000/v1#Qwen/Qwen3-4B"),
        ("tiny@0123456789ab", "transformers:tiny"),
        ("replay:completions.jsonl", "openai:http://127.0.0.1:8000/v1#MODEL"),
    ],
)
def test_the_recipe_names_a_likely_place_of_the_policy(toys, model, address):
    found = find_weaknesses(counts_of(additions(d4=6, d5=2), model), 0, 0.3)
    assert yaml.safe_load(weakness_recipe(found, 10, SEED).text)["stages"][2]["rollout"]["policy"] == address


def test_cells_of_an_unknown_task_or_of_knobs_that_are_gone_are_one_line(toys):
    with pytest.raises(UnknownTask, match="unknown task additions; did you mean addition"):
        weakness_recipe(weak({("additions", 5, "{}"): 2}), 10, SEED)
    with pytest.raises(KnobError, match="addition: unknown knob smallest"):
        weakness_recipe(weak({("addition", 5, knobs_of(smallest=1)): 2}), 10, SEED)


def test_the_seed_follows_from_the_records_and_is_none_that_people_choose():
    assert new_seed(["a", "b"]) == new_seed(["a", "b"])
    assert new_seed(["a", "b"]) != new_seed(["a", "c"])
    assert all(10**6 <= new_seed([str(number)]) < 2**33 for number in range(100))


# The command


@pytest.fixture
def rollouts(toys, tmp_path, monkeypatch):
    """Rollouts of one policy on records that `generate` made: all right on d4, one of five right on d6."""
    monkeypatch.chdir(tmp_path)
    from taskgen.engine.building import build
    from taskgen.engine.orders import place_order

    build(place_order([("addition", (4, 6))], count=10), tmp_path / "data", workers=1)
    cells = {
        ("addition", 4, ladder_knobs("addition", 4)): [[1, 1]] * 5,
        ("addition", 6, ladder_knobs("addition", 6)): [[0, 1]] + [[0, 0]] * 4,
    }
    return write_folder(tmp_path / "rollouts", cells)


def test_weak_prints_a_table_and_writes_a_recipe_that_makes_new_problems(rollouts, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        run(["weak", "rollouts", "--count", "20"])
    output = capsys.readouterr()
    assert (end.value.code, output.err) == (0, "")
    row = next(line.split() for line in output.out.splitlines() if "addition" in line)
    assert row[:5] == ["addition", "6", "5", "10", "0.10"]
    for expected in (
        "solver: 1 of 2 cells below 0.3",
        "recipe: 20 problems of 1 cell in",
        "taskgen curate rollouts-weak.yaml",
    ):
        assert expected in output.out

    from taskgen.curation.recipes.reading import read_recipe
    from taskgen.engine.building import build
    from taskgen.records import load

    recipe = read_recipe(tmp_path / "rollouts-weak.yaml")
    assert [stage.kind.name for stage in recipe.stages] == ["generate", "dedup", "rollout", "filter"]
    order = order_of(yaml.safe_load((tmp_path / "rollouts-weak.yaml").read_text()))
    build(order, tmp_path / "more", workers=1)
    new = list(load(tmp_path / "more"))
    assert [record.difficulty for record in new] == [6] * 20
    assert not {record.id for record in new} & {record.id for record in load(tmp_path / "data")}


def test_the_same_command_leaves_the_same_recipe_and_another_is_refused(rollouts, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run(["weak", "rollouts", "--out", "new.yaml"])
    before = contents(tmp_path)
    with pytest.raises(SystemExit) as end:
        run(["weak", "rollouts", "--out", "new.yaml"])
    assert end.value.code == 0
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        run(["weak", "rollouts", "--out", "new.yaml", "--count", "7"])
    assert end.value.code == 1
    assert capsys.readouterr().err == (
        "taskgen: new.yaml is there already and holds something else; choose another --out or delete it\n"
    )
    assert contents(tmp_path) == before


def test_where_nothing_is_failed_nothing_is_written(rollouts, tmp_path, capsys):
    before = contents(tmp_path)
    with pytest.raises(SystemExit) as end:
        run(["weak", "rollouts", "--below", "0.05"])
    assert end.value.code == 0
    assert capsys.readouterr().out == "solver: 0 of 2 cells below 0.05\n"
    assert contents(tmp_path) == before


def test_ctrl_c_leaves_no_recipe(rollouts, tmp_path, monkeypatch, capsys):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    before = contents(tmp_path)
    monkeypatch.setattr("taskgen.curation.weaknesses.rates_of", interrupt)
    with pytest.raises(SystemExit) as end:
        run(["weak", "rollouts"])
    assert (end.value.code, capsys.readouterr().err) == (130, "taskgen: stopped\n")
    assert contents(tmp_path) == before
