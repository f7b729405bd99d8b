"""`taskgen card FOLDER`: makes anew what goes with the rows, and touches nothing else."""

import shutil

import pyarrow.parquet
import pytest

from taskgen.engine.building import build
from taskgen.engine.manifest import read_manifest
from taskgen.engine.orders import place_order
from tests.curation.in_process import in_process
from tests.engine.conftest import contents


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A dataset without a card."""
    folder = tmp_path_factory.mktemp("made") / "set"
    build(place_order([("sudoku", (2,))], count=12), folder, workers=1)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return shutil.copytree(made, tmp_path / "set")


def test_a_folder_gets_its_card_and_all_that_goes_with_it(folder, capsys):
    before = contents(folder)
    code, output, complaints = in_process(capsys, "card", folder)
    assert (code, complaints) == (0, "")
    after = contents(folder)
    assert {path: after[path] for path in before if path != "manifest.json"} == {
        path: content for path, content in before.items() if path != "manifest.json"
    }
    new = set(after) - set(before)
    assert {"README.md", "croissant.json", "pictures/sudoku.svg", "pictures/sudoku.png"} <= new
    assert {f"{folder}/{path}" for path in new} == set(output.splitlines())
    assert {file.path for file in read_manifest(folder).bundle} == new


def test_every_picture_and_plot_on_the_card_is_in_the_folder(folder, capsys):
    import re

    in_process(capsys, "card", folder)
    card = (folder / "README.md").read_text()
    shown = [path for path in re.findall(r"\]\(([^)#\n]+)\)", card) if "://" not in path]
    assert {"pictures/sudoku.png", "plots/effort.png"} <= set(shown)
    assert all((folder / path).is_file() for path in shown)


def test_a_lost_card_is_made_anew_with_the_same_bytes(folder, capsys):
    in_process(capsys, "card", folder)
    before = contents(folder)
    (folder / "README.md").unlink()
    assert in_process(capsys, "card", folder)[0] == 0
    assert contents(folder) == before


def test_an_edited_card_is_left_and_named(folder, capsys):
    in_process(capsys, "card", folder)
    (folder / "README.md").write_text("mine\n")
    before = contents(folder)
    code, output, complaints = in_process(capsys, "card", folder)
    assert code == 0
    assert complaints == (
        f"taskgen: warning: {folder}/README.md was edited and is left; delete it to have it made anew\n"
    )
    assert f"{folder}/README.md" not in output.splitlines()
    assert contents(folder) == before


def test_files_that_are_not_ours_are_refused_and_left(tmp_path, capsys):
    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), tmp_path / "rows.parquet")
    before = contents(tmp_path)
    code, output, complaints = in_process(capsys, "card", tmp_path)
    assert (code, output) == (2, "")
    assert complaints == (
        f"taskgen: {tmp_path} is no dataset folder of taskgen's: its manifest.json is missing or names no data\n"
    )
    assert contents(tmp_path) == before


HARMS = {
    "cut short": lambda file: file.write_bytes(file.read_bytes()[:-100]),
    "other rows": lambda file: pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), file),
    "lost": lambda file: file.unlink(),
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_rows_that_are_not_what_the_manifest_says_get_no_card(folder, capsys, harm):
    file = folder / "data/train-00000-of-00001.parquet"
    harm(file)
    before = contents(folder)
    code, output, complaints = in_process(capsys, "card", folder)
    assert (code, output, complaints.count("\n")) == (1, "", 1)
    assert complaints.startswith(f"taskgen: {file} is ")
    assert contents(folder) == before


def test_a_damaged_manifest_is_named(folder, capsys):
    (folder / "manifest.json").write_text("{")
    code, output, complaints = in_process(capsys, "card", folder)
    assert (code, output) == (1, "")
    assert complaints.startswith(f"taskgen: {folder}/manifest.json is not a manifest of taskgen's")
