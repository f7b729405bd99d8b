"""The bundle of a dataset: whole in the end whatever happened before, and never at the cost of what is not ours."""

import os
import shutil
from hashlib import sha256

import msgspec
import pytest

from taskgen.engine.building import build
from taskgen.engine.errors import Damaged, Stopped
from taskgen.engine.manifest import FileEntry, encode_manifest, read_manifest
from taskgen.engine.orders import place_order
from taskgen.publishing import bundle
from taskgen.publishing.bundle import dress, is_dressed
from tests.engine.conftest import contents

TRAIN = place_order([("linear_system", (1,))], count=8)
TEST = place_order([("linear_system", (1,))], count=4, split="test")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Rows and manifest, nothing else."""
    folder = tmp_path_factory.mktemp("bare") / "set"
    build(TRAIN, folder, workers=1)
    return folder


@pytest.fixture(scope="module")
def whole(bare, tmp_path_factory):
    """The same with its bundle."""
    folder = shutil.copytree(bare, tmp_path_factory.mktemp("whole") / "set")
    dress(folder)
    return folder


@pytest.fixture(scope="module")
def both(whole, tmp_path_factory):
    """The same with a second split, and the bundle that tells of both."""
    folder = shutil.copytree(whole, tmp_path_factory.mktemp("both") / "set")
    build(TEST, folder, workers=1)
    dress(folder)
    return folder


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "set")


def die_while_writing(folder, number):
    """Let another process dress a folder and die when half of a file is written."""
    child = os.fork()
    if child == 0:
        write, written = bundle.write_whole, iter(range(1, 1000))

        def stop(path, content):
            if next(written) == number:
                path.with_name(f".{path.name}.{os.getpid()}.partial").write_bytes(content[: len(content) // 2])
                os._exit(9)
            write(path, content)

        bundle.write_whole = stop
        dress(folder)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def rebundled(folder, *entries):
    """Let the manifest name these files as parts of its bundle, too."""
    manifest = read_manifest(folder)
    files = (*manifest.bundle, *(FileEntry(path, 0, sha256(content).hexdigest()) for path, content in entries))
    (folder / "manifest.json").write_bytes(encode_manifest(msgspec.structs.replace(manifest, bundle=files)))


@pytest.mark.parametrize("number", [1, 2, 10, 15])
def test_a_run_that_dies_is_finished_by_the_next(bare, whole, tmp_path, number):
    folder = shutil.copytree(bare, tmp_path / "set")
    die_while_writing(folder, number)
    assert not is_dressed(folder)
    assert dress(folder).left == ()
    assert contents(folder) == contents(whole)
    assert not list(folder.rglob(".*"))


@pytest.mark.parametrize("number", [2, 10, 15])
def test_what_a_dead_run_wrote_is_not_taken_for_edited_when_rows_are_added(bare, both, tmp_path, number):
    folder = shutil.copytree(bare, tmp_path / "set")
    die_while_writing(folder, number)
    build(TEST, folder, workers=1)
    assert dress(folder).left == ()
    assert contents(folder) == contents(both)


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_run_that_dies_between_two_bundles_is_finished_by_the_next(whole, both, tmp_path, number):
    folder = shutil.copytree(whole, tmp_path / "set")
    build(TEST, folder, workers=1)
    die_while_writing(folder, number)
    assert not is_dressed(folder)
    assert dress(folder).left == ()
    assert contents(folder) == contents(both)


def test_a_bundle_that_does_not_tell_of_all_rows_is_not_whole(folder):
    assert is_dressed(folder)
    build(TEST, folder, workers=1)
    assert not is_dressed(folder)


def test_ctrl_c_says_that_the_rows_are_kept(bare, tmp_path):
    folder = shutil.copytree(bare, tmp_path / "set")

    def press(stage):
        raise KeyboardInterrupt

    with pytest.raises(Stopped, match=r"stopped; all rows in .*/set are kept; the same command resumes"):
        dress(folder, press)
    assert contents(folder) == contents(bare)


def test_a_bundle_that_is_there_already_is_not_written_again(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != "manifest.json"}
    dress(folder)
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != "manifest.json"}
    assert {path for path in after if path.is_file() and after[path] != before[path]} == set()


def test_files_that_were_there_before_are_left(bare, tmp_path):
    folder = shutil.copytree(bare, tmp_path / "set")
    (tmp_path / "mine.md").write_text("mine")
    (folder / "README.md").symlink_to(tmp_path / "mine.md")
    (folder / "croissant.json").symlink_to(tmp_path / "nowhere")
    (folder / "train_trl.py").mkdir()
    (folder / "train_grpo.py").write_text("mine")
    left = {path.name for path in dress(folder).left}
    assert left == {"README.md", "croissant.json", "train_trl.py", "train_grpo.py"}
    assert (tmp_path / "mine.md").read_text() == (folder / "train_grpo.py").read_text() == "mine"
    assert (folder / "croissant.json").is_symlink()
    assert not (tmp_path / "nowhere").exists()
    assert {path.name for path in dress(folder).left} == left


def test_edited_files_are_left_when_a_split_is_added(folder, both):
    for name in ("README.md", "plots/effort.png"):
        (folder / name).write_bytes(b"mine")
    build(TEST, folder, workers=1)
    assert {path.name for path in dress(folder).left} == {"README.md", "effort.png"}
    other = contents(both) | {"README.md": b"mine", "plots/effort.png": b"mine"}
    assert contents(folder) == other


def test_a_file_that_its_owner_edited_before_a_push_stays_theirs(folder):
    (folder / "README.md").write_text("mine")
    manifest = read_manifest(folder)
    own = FileEntry("README.md", 0, sha256(b"mine").hexdigest())
    bundle = tuple(file for file in manifest.bundle if file.path != own.path)
    pulled = msgspec.structs.replace(manifest, others=(own,), bundle=bundle)
    (folder / "manifest.json").write_bytes(encode_manifest(pulled))
    assert dress(folder).left == (folder / "README.md",)
    assert read_manifest(folder) == pulled


def test_what_a_new_bundle_no_longer_holds_goes_unless_it_was_edited(folder):
    for name in ("old.png", "edited.png"):
        (folder / "plots" / name).write_bytes(b"old")
    rebundled(folder, ("plots/old.png", b"old"), ("plots/edited.png", b"other"))
    dress(folder)
    assert not (folder / "plots/old.png").exists()
    assert (folder / "plots/edited.png").read_bytes() == b"old"


def test_rows_are_never_removed_as_part_of_a_bundle(folder):
    rows = folder / "data/train-00000-of-00001.parquet"
    rebundled(folder, ("data/train-00000-of-00001.parquet", rows.read_bytes()))
    dress(folder)
    assert rows.is_file()


WRONG = {
    "nothing": b"",
    "no object": b"[]",
    "no text": b"\xff\xfe",
    "too deep": b'{"stages":' + b"[" * 100_000,
    "another split": b'{"splits":{"../outside":{}}}',
    "no file": b'{"splits":{"train":{"taskgen":"","order":{},"rows":0,"cells":[],"files":[]}}}',
    "fewer rows than none": b'{"files":[{"path":"a.parquet","rows":-1,"sha256":""}]}',
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_a_manifest_that_cannot_be_one_is_refused(folder, content):
    (folder / "manifest.json").write_bytes(content)
    before = contents(folder)
    with pytest.raises(Damaged, match="is not a manifest of taskgen's"):
        dress(folder)
    assert contents(folder) == before


def test_a_manifest_that_counts_other_rows_is_refused(folder):
    manifest = read_manifest(folder)
    split = manifest.splits["train"]
    (file,) = split.files
    other = msgspec.structs.replace(split, files=(msgspec.structs.replace(file, rows=9),))
    (folder / "manifest.json").write_bytes(encode_manifest(msgspec.structs.replace(manifest, splits={"train": other})))
    with pytest.raises(Damaged, match="holds 8 rows, not the 9 that the manifest says"):
        dress(folder)


@pytest.mark.parametrize("path", ["../outside", "data/../../outside", "/etc/passwd", "", ".", "a//b", "..\\outside"])
def test_a_manifest_that_names_files_outside_its_folder_is_refused(folder, path):
    (folder.parent / "outside").write_bytes(b"mine")
    rebundled(folder, (path, b"mine"))
    before = contents(folder.parent)
    with pytest.raises(Damaged, match="which is no file of this folder"):
        dress(folder)
    assert contents(folder.parent) == before
