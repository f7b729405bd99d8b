"""A recipe's stages run once; a change runs what comes after it; what it leaves is whole and tells how it was made."""

import json
import signal
import time

import datasets
import pytest

from taskgen.curation.recipes.reading import read_recipe
from taskgen.curation.recipes.running import run_recipe
from taskgen.curation.stages import no_report
from taskgen.engine.errors import FolderTaken
from taskgen.publishing.bundle import dress
from tests.engine.conftest import command, contents, start

RECIPE = """\
name: sums
stages:
  - generate:
      tasks:
        - {task: addition, difficulty: 1, count: {train: 300, test: 20}}
      seed: 4
  - dedup: {by: structure, max_loss: 0.9}
"""


@pytest.fixture
def folder(tmp_path, toys):
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    return tmp_path


def run(folder, text=None):
    """The result of a recipe, and which of its stages were run."""
    if text is not None:
        (folder / "recipe.yaml").write_text(text)
    ran = []
    finished = run_recipe(
        read_recipe(folder / "recipe.yaml"),
        folder / "out",
        workers=1,
        begin=lambda number, name, rows: no_report,
        end=lambda number, entry, run: ran.append((entry.stage, run)),
    )
    return finished, ran


def test_the_result_is_a_dataset_with_recipe_report_and_manifest(folder):
    finished, _ = run(folder)
    out = folder / "out"
    assert {path.name for path in out.iterdir()} == {"data", "dropped", "manifest.json", "recipe.yaml", "report.md"}
    assert (out / "recipe.yaml").read_text() == RECIPE
    rows = datasets.load_dataset(str(out), cache_dir=str(folder / "cache"))
    generated, deduped = finished.entries
    assert (generated.rows_in, generated.rows_out) == (320, 320)
    assert rows["train"].num_rows + rows["test"].num_rows == deduped.rows_out == 320 - sum(deduped.reasons.values())
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert [stage["stage"] for stage in manifest["stages"]] == ["generate", "dedup"]
    assert f"| dedup | 320 | {deduped.rows_out} |" in (out / "report.md").read_text()


def test_the_same_recipe_leaves_the_same_bytes_wherever_it_runs(folder, tmp_path_factory):
    run(folder)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    run(elsewhere, RECIPE)
    assert contents(folder / "out") == contents(elsewhere / "out")


def test_what_has_not_changed_is_not_run_again(folder):
    assert run(folder)[1] == [("generate", True), ("dedup", True)]
    before = contents(folder / "out")
    assert run(folder)[1] == [("generate", False), ("dedup", False)]
    assert contents(folder / "out") == before


def test_a_changed_last_stage_runs_alone(folder):
    run(folder)
    _, ran = run(folder, RECIPE.replace("by: structure", "by: instance"))
    assert ran == [("generate", False), ("dedup", True)]
    assert json.loads((folder / "out/manifest.json").read_bytes())["stages"][1]["settings"]["by"] == "instance"
    assert len(list((folder / "out.stages").glob("02-*"))) == 1, "the folder of the old variant is gone"


def test_a_changed_first_stage_runs_all(folder):
    run(folder)
    assert run(folder, RECIPE.replace("seed: 4", "seed: 5"))[1] == [("generate", True), ("dedup", True)]


def test_a_stage_whose_files_were_harmed_is_run_again(folder):
    run(folder)
    before = contents(folder / "out")
    (file,) = (folder / "out.stages").glob("02-*/data/train-*")
    content = file.read_bytes()
    file.unlink()  # the published file shares its content
    file.write_bytes(content[:-1])
    assert run(folder)[1] == [("generate", False), ("dedup", True)]
    assert contents(folder / "out") == before


def test_a_folder_with_other_things_in_it_is_left_alone(folder):
    run(folder)
    (folder / "out/notes.txt").write_text("mine")
    before = contents(folder / "out")
    with pytest.raises(FolderTaken, match=r"notes\.txt is not from a recipe"):
        run(folder, RECIPE.replace("by: structure", "by: instance"))
    assert contents(folder / "out") == before


def test_foreign_rows_can_be_loaded(folder):
    (folder / "rows.jsonl").write_text('{"question": "1+1", "answer": "2"}\n{"question": "1+2", "answer": "3"}\n')
    finished, _ = run(folder, "stages:\n  - load: {data: rows.jsonl}\n")
    assert finished.entries[0].rows_out == 2
    _, ran = run(folder)
    assert ran == [("load", False)]
    (folder / "rows.jsonl").write_text('{"question": "1+1", "answer": "2"}\n')
    finished, ran = run(folder)
    assert ran == [("load", True)], "a changed file is a changed input"
    assert finished.entries[0].rows_out == 1


def test_a_killed_run_resumes_to_the_same_bytes(folder, tmp_path_factory):
    slow = RECIPE.replace("difficulty: 1,", "difficulty: 6, knobs: {pause: 2},").replace("train: 300", "train: 900")
    (folder / "recipe.yaml").write_text(slow)
    process = start("curate", "recipe.yaml", "-o", "out", cwd=folder)
    while len(list(folder.glob("out.stages/01-*/.taskgen/train/*.json"))) < 2:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (folder / "out").exists()
    code, _, complaints = command("curate", "recipe.yaml", "-o", "out", cwd=folder)
    assert code == 0, complaints
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    run(elsewhere, slow)
    dress(elsewhere / "out")
    assert contents(folder / "out") == contents(elsewhere / "out")


def test_ctrl_c_says_so_in_one_line_and_leaves_no_result(folder):
    slow = RECIPE.replace("difficulty: 1,", "difficulty: 6, knobs: {pause: 2},").replace("train: 300", "train: 900")
    (folder / "recipe.yaml").write_text(slow)
    process = start("curate", "recipe.yaml", "-o", "out", cwd=folder)
    while len(list(folder.glob("out.stages/01-*/.taskgen/train/*.json"))) < 2:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=20)
    assert process.returncode == 130
    assert len(complaints.splitlines()) == 1
    assert "the same command resumes" in complaints.decode()
    assert not (folder / "out").exists()


def test_a_recipe_can_be_checked_without_running(folder):
    code, output, _ = command("curate", "recipe.yaml", "--check", cwd=folder)
    assert (code, output) == (0, "recipe.yaml: 2 stages, nothing wrong\n")
    code, _, complaints = command("curate", "missing.yaml", cwd=folder)
    assert code == 1
    assert complaints == "taskgen: missing.yaml: No such file or directory\n"
    assert {path.name for path in folder.iterdir()} == {"recipe.yaml"}
