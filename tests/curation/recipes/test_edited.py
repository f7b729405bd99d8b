"""What somebody has changed in the result of a recipe is never replaced by a later run."""

from pathlib import Path

import pytest

from taskgen.curation.recipes.reading import read_recipe
from taskgen.curation.recipes.running import run_recipe
from taskgen.engine.errors import FolderTaken
from taskgen.engine.files import sha256_of
from taskgen.engine.manifest import read_manifest
from taskgen.publishing.bundle import NOTE, add_bundle
from tests.engine.conftest import contents

RECIPE = "stages:\n  - load: {data: rows.jsonl}\n  - dedup\n"


@pytest.fixture
def folder(tmp_path):
    """A recipe and its result, with all that goes with it."""
    (tmp_path / "rows.jsonl").write_text('{"question": "1+1"}\n{"question": "1+2"}\n')
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    run(tmp_path)
    return tmp_path


def run(folder, dress=add_bundle):
    run_recipe(read_recipe(folder / "recipe.yaml"), folder / "out", workers=1, dress=dress)


def test_recipe_and_report_are_listed_with_their_hashes(folder):
    listed = {file.path: file.sha256 for file in read_manifest(folder / "out").others}
    for name in ("recipe.yaml", "report.md"):
        assert listed[name] == sha256_of(folder / "out" / name)


def test_an_unedited_result_is_replaced_by_the_same_bytes(folder):
    before = contents(folder / "out")
    run(folder)
    assert contents(folder / "out") == before


@pytest.mark.parametrize(
    "edited", ["README.md", "train_grpo.py", "recipe.yaml", "report.md", "dropped/02-dedup.parquet"]
)
def test_an_edited_file_is_named_and_left(folder, edited):
    (folder / "out" / edited).write_bytes(b"mine")
    before = contents(folder)
    with pytest.raises(FolderTaken, match=f"out/{edited} was edited since the recipe made it"):
        run(folder)
    assert contents(folder) == before


def test_a_file_that_is_edited_during_the_run_is_left(folder):
    def edit(partial: Path) -> None:
        add_bundle(partial)
        (folder / "out/README.md").write_text("mine")

    with pytest.raises(FolderTaken, match=r"README\.md was edited"):
        run(folder, edit)
    assert (folder / "out/README.md").read_text() == "mine"
    assert {path.name for path in folder.iterdir()} == {"rows.jsonl", "recipe.yaml", "out", "out.stages"}


def test_a_link_is_nobody_elses(folder):
    (folder / "mine").mkdir()
    (folder / "out/link").symlink_to(folder / "mine")
    with pytest.raises(FolderTaken, match="out/link is not from a recipe"):
        run(folder)
    assert (folder / "out/link").is_symlink()


def test_what_an_interrupted_card_left_is_no_file_of_anybodys(folder):
    (folder / "out" / NOTE).parent.mkdir()
    (folder / "out" / NOTE).write_text("{}")
    run(folder)
    assert not (folder / "out" / NOTE).exists()
