"""What a recipe's stages leave is used again while it is whole and what it was made from is the same; nothing that is
not a recipe's is ever removed.
"""

import json
import os
import shutil
from pathlib import Path

import pyarrow.parquet
import pytest

from taskgen.curation.recipes.places import check_places
from taskgen.curation.recipes.reading import read_recipe
from taskgen.curation.recipes.running import run_recipe
from taskgen.curation.stages import no_report
from taskgen.engine.errors import FolderTaken, UsageError
from tests.engine.conftest import command, contents

RECIPE = "stages:\n  - load: {data: rows.jsonl}\n  - dedup\n  - split\n"
ROWS = ["1+1", "1+2", "1+1", "2+5", "3+9"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps({"question": text}) + "\n" for text in ROWS))
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    return tmp_path


def run(folder, out="out", recipe="recipe.yaml"):
    """Which stages of a recipe were run."""
    ran = []
    run_recipe(
        read_recipe(folder / recipe),
        folder / out,
        workers=1,
        begin=lambda number, name, rows: no_report,
        end=lambda number, entry, run: ran.append((entry.stage, run)),
    )
    return ran


def unchanged(*names):
    return [(name, False) for name in names]


def test_how_the_recipe_is_named_changes_nothing(folder, monkeypatch):
    run(folder)
    before = contents(folder / "out")
    monkeypatch.chdir(folder)
    assert run(Path()) == unchanged("load", "dedup", "split")
    assert contents(folder / "out") == before


def test_other_folders_beside_the_stages_are_left_alone(folder):
    (folder / "out.stages/precious").mkdir(parents=True)
    (folder / "out.stages/precious/file").write_text("mine")
    run(folder)
    assert (folder / "out.stages/precious/file").read_text() == "mine"


def test_a_place_that_is_taken_is_said_before_anything_runs(folder):
    (folder / "out").mkdir()
    (folder / "out/recipe.yaml").write_text("mine")
    with pytest.raises(FolderTaken, match="out is not from a recipe"):
        run(folder)
    assert (folder / "out/recipe.yaml").read_text() == "mine"
    assert not (folder / "out.stages").exists()


@pytest.mark.parametrize("out", [".", "..", "/"])
def test_a_folder_named_by_dots_is_taken_like_any_other(folder, out):
    (folder / "below").mkdir()
    shutil.copy(folder / "rows.jsonl", folder / "below")
    code, _, complaints = command("curate", "../recipe.yaml", "-o", out, cwd=folder / "below")
    assert code == 1
    assert complaints.endswith("is not from a recipe; move it or choose another --out\n")
    assert len(complaints.splitlines()) == 1


def test_a_link_stays_one_and_its_folder_takes_the_result(folder):
    (folder / "real").mkdir()
    (folder / "out").symlink_to("real")
    for text in (RECIPE, RECIPE.replace("  - split\n", "")):
        (folder / "recipe.yaml").write_text(text)
        run(folder)
        assert os.readlink(folder / "out") == "real"
        assert (folder / "real/recipe.yaml").read_text() == text


@pytest.mark.parametrize("harmed", ["manifest.json", "dropped.parquet", "stage.json"])
def test_a_stage_that_lost_any_of_its_files_is_run_again(folder, harmed):
    run(folder)
    before = contents(folder / "out")
    (file,) = (folder / "out.stages").glob(f"02-*/{harmed}")
    file.unlink()
    assert run(folder) == [("load", False), ("dedup", True), ("split", False)]
    assert contents(folder / "out") == before


def test_what_a_killed_run_was_publishing_is_forgotten(folder):
    run(folder, "other")
    (folder / ".out.partial/data").mkdir(parents=True)
    (folder / ".out.partial/data/train-00007-of-00009.parquet").write_text("half")
    run(folder)
    assert contents(folder / "out") == contents(folder / "other")


def test_a_file_renamed_in_a_folder_is_another_input(folder):
    (folder / "set").mkdir()
    (folder / "rows.jsonl").rename(folder / "set/train.jsonl")
    (folder / "recipe.yaml").write_text("stages:\n  - load: {data: set}\n")
    assert run(folder) == [("load", True)]
    (folder / "set/train.jsonl").rename(folder / "set/test.jsonl")
    assert run(folder) == [("load", True)]
    assert [path.name for path in (folder / "out/data").iterdir()] == ["test-00000-of-00001.parquet"]


def test_the_column_that_is_named_first_is_read_by_all_stages(folder):
    (folder / "rows.jsonl").write_text('{"saying": "one two"}\n{"saying": "one two"}\n{"saying": "three"}\n')
    text = "stages:\n  - load: {data: 'rows.jsonl#saying'}\n  - near_duplicates: {threshold: 0.9}\n  - dedup\n"
    (folder / "recipe.yaml").write_text(text)
    run(folder)
    assert json.loads((folder / "out/manifest.json").read_bytes())["stages"][-1]["rows_out"] == 2


def test_a_stage_after_the_last_row_is_named(folder):
    (folder / "rows.jsonl").write_text('{"question": "a long one"}\n')
    (folder / "recipe.yaml").write_text(RECIPE.replace("- dedup", "- mix: {max_prompt_tokens: 1}"))
    with pytest.raises(UsageError, match=r"line 4: stages\[3\]\.split: mix before it has dropped every row"):
        run(folder)


def test_settings_that_do_not_fit_the_rows_are_named_with_their_line(folder):
    (folder / "recipe.yaml").write_text(RECIPE.replace("- split", "- mix: {weights: {nope: 1}}"))
    with pytest.raises(UsageError, match=r"recipe\.yaml line 4: stages\[3\]\.mix: weight nope: no row is of a task"):
        run(folder)


@pytest.mark.parametrize(
    ("stage", "complaint"),
    [
        ("mix: {others: [rows.jsonl, gone.jsonl]}", r"line 4: stages\[3\]\.mix\.others: .*gone\.jsonl does not exist"),
        ("mix: {others: ['']}", r"line 4: stages\[3\]\.mix\.others: empty text names no file"),
        ("rollout: {policy: 'replay:gone'}", r"line 4: stages\[3\]\.rollout\.policy: .*gone does not exist"),
    ],
)
def test_a_file_that_is_not_there_is_named_before_anything_runs(folder, stage, complaint):
    (folder / "recipe.yaml").write_text(RECIPE.replace("split", stage))
    with pytest.raises(UsageError, match=complaint):
        check_places(read_recipe(folder / "recipe.yaml"))
    with pytest.raises(UsageError, match=complaint):
        run(folder)
    assert {path.name for path in folder.iterdir()} == {"recipe.yaml", "rows.jsonl"}


@pytest.fixture
def sampled(tmp_path, toys):
    """A recipe with rollouts that has run."""
    generate = "stages:\n  - generate: {tasks: [{task: addition, difficulty: 1, count: 6}]}\n"
    (tmp_path / "recipe.yaml").write_text(generate)
    run(tmp_path, "generated")
    (file,) = (tmp_path / "generated/data").iterdir()
    ids = pyarrow.parquet.read_table(file)["id"].to_pylist()
    lines = [json.dumps({"id": identity, "completions": ["<answer>0</answer>"] * 2}) for identity in ids]
    (tmp_path / "said.jsonl").write_text("\n".join(lines))
    rollout = "  - rollout: {policy: 'replay:said.jsonl', max_samples: 2, fixed: true}\n  - split\n"
    (tmp_path / "recipe.yaml").write_text(generate + rollout)
    assert run(tmp_path) == [("generate", True), ("rollout", True), ("split", True)]
    assert run(tmp_path) == unchanged("generate", "rollout", "split")
    return tmp_path


def test_rollouts_that_are_gone_are_sampled_again(sampled):
    (rollouts,) = (sampled / "out.stages").glob("rollouts*")
    before = contents(rollouts)
    shutil.rmtree(rollouts)
    assert run(sampled) == [("generate", False), ("rollout", True), ("split", False)]
    assert contents(rollouts).keys() == before.keys()


def test_rollouts_that_a_server_failed_to_give_are_asked_for_again(sampled):
    (note,) = (sampled / "out.stages").glob("02-*/stage.json")
    entry = json.loads(note.read_bytes())
    entry["notes"]["missing"] = {"failed": 3}
    note.write_text(json.dumps(entry))
    assert run(sampled) == [("generate", False), ("rollout", True), ("split", False)]
    assert run(sampled) == unchanged("generate", "rollout", "split")


def test_other_completions_are_other_rollouts_and_change_what_follows(sampled):
    (sampled / "said.jsonl").write_text((sampled / "said.jsonl").read_text().replace(">0<", ">1<"))
    assert run(sampled) == [("generate", False), ("rollout", True), ("split", True)]
