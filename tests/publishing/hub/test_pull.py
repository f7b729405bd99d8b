"""What a pull leaves on the disk: the dataset whole, as it was pushed, or nothing."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from taskgen.engine.manifest import NAME, FileEntry
from tests.engine.conftest import contents
from tests.hub.faults import inject, unused_faults
from tests.hub.server import settings
from tests.publishing.hub.conftest import REPOSITORY
from tests.publishing.hub.dressed import CARD, relist, requests

pytestmark = pytest.mark.xdist_group("hub_push")
DATA = "data/train-00000-of-00001.parquet"


@pytest.fixture
def pushed(hub, target, dataset):
    """A dataset on the Hub under its tag v1; the folder it was pushed from."""
    assert hub.taskgen("push", "set", target, "--tag", "v1", cwd=dataset.parent).code == 0
    return dataset


def edit(hub, target, **files):
    """Somebody puts other files in place on the website."""
    repository = hub.repository(target)
    return repository.change("main", repository.refs()["main"], files, summary="edit")


def test_a_dataset_comes_back_byte_for_byte(hub, target, pushed, tmp_path):
    code, out, complaints = hub.taskgen("pull", target, "--out", "back", cwd=tmp_path)
    commit = hub.repository(target).refs()["main"]
    assert (code, complaints) == (0, "")
    assert out.splitlines() == [
        f"{target}: 30 rows in back, commit {commit}",
        f"  {hub.address}/datasets/{target}",
        '  datasets.load_dataset("back")',
    ]
    assert contents(tmp_path / "back") == contents(pushed)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back", "set"]


def test_the_folder_is_named_for_the_dataset_if_nobody_says(hub, target, pushed, tmp_path):
    assert hub.taskgen("pull", target, cwd=tmp_path).code == 0
    assert contents(tmp_path / target.partition("/")[2]) == contents(pushed)


def test_only_what_the_manifest_lists_comes(hub, target, pushed, tmp_path):
    edit(hub, target, **{"notes.md": b"theirs", "data/extra.csv": b"q\n1\n"})
    assert hub.taskgen("pull", target, "-o", "back", cwd=tmp_path).code == 0
    assert contents(tmp_path / "back") == contents(pushed)


def test_a_folder_that_is_that_revision_is_left_as_it_is(hub, target, pushed, tmp_path):
    hub.taskgen("pull", target, "-o", "back", cwd=tmp_path)
    (tmp_path / "back/README.md").write_text("edited")
    code, out, complaints = hub.taskgen("pull", target, "-o", "back", cwd=tmp_path)
    assert code == 0
    assert "was there already, its data is right; nothing was changed: 30 rows in back" in out
    assert complaints == "taskgen: warning: back/README.md differs from the Hub's and was left\n"
    assert (tmp_path / "back/README.md").read_text() == "edited"


def test_a_folder_that_holds_anything_else_is_refused(hub, target, pushed, other, tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange/mine").write_text("x")
    before = contents(tmp_path)
    for taken in ("other", "strange", "file"):
        code, _, complaints = hub.taskgen("pull", target, "-o", taken, cwd=tmp_path)
        assert (code, complaints) == (
            1,
            f"taskgen: {taken} is there already and not this revision; choose another --out or delete it\n",
        )
    assert contents(tmp_path) == before


def test_a_folder_whose_data_was_changed_is_refused(hub, target, pushed, tmp_path):
    hub.taskgen("pull", target, "-o", "back", cwd=tmp_path)
    (tmp_path / "back" / DATA).write_bytes(b"x")
    code, _, complaints = hub.taskgen("pull", target, "-o", "back", cwd=tmp_path)
    assert (code, complaints) == (
        1,
        f"taskgen: back/{DATA} is not what the manifest says; delete back or choose another --out\n",
    )


def test_a_revision_is_a_tag_or_a_commit(hub, target, pushed, other, tmp_path):
    first = hub.repository(target).refs()["v1"]
    hub.taskgen("push", "other", target, cwd=tmp_path)
    for revision, wanted in (("v1", pushed), (first, pushed), ("main", other)):
        assert hub.taskgen("pull", target, "--revision", revision, "-o", revision, cwd=tmp_path).code == 0
        assert contents(tmp_path / revision) == contents(wanted)
    code, _, complaints = hub.taskgen("pull", target, "--revision", "v9", "-o", "v9", cwd=tmp_path)
    assert (code, complaints) == (
        2,
        f"taskgen: {target} has no such revision; look at the tags on its page\n",
    )
    assert not (tmp_path / "v9").exists()


def test_a_dataset_of_others_is_for_load_dataset(hub, target, tmp_path):
    hub.repository(target).change("main", "", {"train.csv": b"q\n1\n", NAME: b'{"name": "app"}'})
    code, _, complaints = hub.taskgen("pull", target, cwd=tmp_path)
    assert (code, complaints) == (
        2,
        f'taskgen: {target} was not pushed by taskgen; load it with datasets.load_dataset("{target}") '
        f"or read it as hf:{target}\n",
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "path", ["../../escaped", "/escaped", "data/../../escaped", "a\0b", "red\x1b[31m", "two\nlines"]
)
def test_a_manifest_with_paths_that_none_of_ours_has_is_none_of_ours(hub, target, pushed, tmp_path, path):
    relist(pushed, others=(FileEntry(path, 0, "0" * 64),))
    edit(hub, target, **{NAME: (pushed / NAME).read_bytes()})
    before = contents(tmp_path)
    assert "was not pushed by taskgen" in hub.taskgen("pull", target, "-o", "back", cwd=tmp_path).complaints
    assert contents(tmp_path) == before


def test_a_manifest_that_is_nested_without_end_is_none_of_ours(hub, target, pushed, tmp_path):
    deep = b'{"stages": [{"settings": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}]}"
    edit(hub, target, **{NAME: deep})
    assert "was not pushed by taskgen" in hub.taskgen("pull", target, "-o", "back", cwd=tmp_path).complaints


def test_a_dataset_that_is_not_there_or_private_is_one_line(hub, target, dataset, tmp_path):
    hub.taskgen("push", "set", target, "--private", cwd=tmp_path)
    for name in (target, "org/none"):
        code, _, complaints = hub.taskgen("pull", name, "-o", "back", cwd=tmp_path, token="")
        assert (code, complaints) == (
            2,
            f"taskgen: {name} is not on the Hub, or private; check the name, or log in with `hf auth login` "
            "or set HF_TOKEN\n",
        )
    assert hub.taskgen("pull", target, "-o", "back", cwd=tmp_path).code == 0


def test_a_card_that_was_edited_on_the_hub_comes_as_it_is_there(hub, target, pushed, tmp_path):
    edited = CARD.encode() + b"By hand.\n"
    edit(hub, target, **{"README.md": edited})
    code, _, complaints = hub.taskgen("pull", target, "-o", "back", cwd=tmp_path)
    assert (code, complaints) == (
        0,
        "taskgen: warning: back/README.md was edited on the Hub and came as it is there\n",
    )
    assert contents(tmp_path / "back") == contents(pushed) | {"README.md": edited}


def test_data_that_is_not_what_the_manifest_says_is_refused_and_nothing_appears(hub, target, pushed, tmp_path):
    edit(hub, target, **{DATA: b"PAR1"})
    code, _, complaints = hub.taskgen("pull", target, "-o", "back", cwd=tmp_path)
    assert (code, complaints) == (
        1,
        f"taskgen: {DATA} of {target} is not what its manifest says; pull another --revision\n",
    )
    assert not (tmp_path / "back").exists()
    assert hub.taskgen("pull", target, "--revision", "v1", "-o", "back", cwd=tmp_path).code == 0
    assert contents(tmp_path / "back") == contents(pushed)


def test_a_download_that_breaks_off_goes_on_where_it_broke(hub, target, dataset, tmp_path):
    content = hashlib.shake_256(b"rows").digest(12_000_000)  # the client writes ten mebibytes at a time
    (dataset / "dropped").mkdir()
    (dataset / "dropped/filter.parquet").write_bytes(content)
    relist(dataset, others=(FileEntry("dropped/filter.parquet", 0, hashlib.sha256(content).hexdigest()),))
    assert hub.taskgen("push", "set", target, cwd=tmp_path).code == 0
    inject(hub.root, {"match": f"GET .*{target}/resolve/.*filter.parquet", "cut": 11_000_000})
    code, _, complaints = hub.taskgen("pull", target, "-o", "back", cwd=tmp_path)
    assert (code, complaints, unused_faults(hub.root)) == (0, "", [])
    assert contents(tmp_path / "back") == contents(dataset)
    asked = [line.split()[1] for line in (hub.root / "ranges").read_text().splitlines() if target in line]
    assert asked == [f"bytes={10 * 2**20}-"]


def test_a_hub_that_is_busy_once_is_asked_again(hub, target, pushed, tmp_path):
    steps = (f"GET .*datasets/{target}$", f"GET .*{target}/tree", f"HEAD .*{target}/resolve/.*parquet")
    inject(hub.root, *({"match": step, "status": 503} for step in steps))
    code, _, complaints = hub.taskgen("pull", target, "-o", "back", cwd=tmp_path)
    assert (code, complaints, unused_faults(hub.root)) == (0, "", [])
    assert contents(tmp_path / "back") == contents(pushed)


def test_a_hub_that_does_not_come_back_is_one_line_and_the_next_pull_goes_on(hub, target, pushed, tmp_path):
    inject(hub.root, {"match": f"GET .*{target}/resolve/.*parquet", "status": 403, "times": 9, "message": "no"})
    code, _, complaints = hub.taskgen("pull", target, "-o", "back", cwd=tmp_path)
    assert (code, len(complaints.splitlines())) == (1, 1)
    assert complaints.startswith(f"taskgen: {target}: the Hub answered 403: no; ")
    assert not (tmp_path / "back").exists()
    inject(hub.root)
    before = len(requests(hub.root, "GET /datasets"))
    assert hub.taskgen("pull", target, "-o", "back", cwd=tmp_path).code == 0
    fetched = [line.rpartition("/")[2] for line in requests(hub.root, "GET /datasets")[before:]]
    assert sorted(fetched) == ["manifest.json", "train-00000-of-00001.parquet"]
    assert contents(tmp_path / "back") == contents(pushed)
    assert not (tmp_path / ".back.pull").exists()


def test_ctrl_c_is_one_line_and_leaves_no_folder(hub, target, pushed, tmp_path):
    inject(hub.root, {"match": f"GET .*{target}/resolve/.*parquet", "hold": 2})
    process = subprocess.Popen(
        [sys.executable, "-m", "taskgen", "pull", target, "-o", "back"],
        env=os.environ
        | settings(tmp_path / "home", hub.address)
        | {"PYTHONPATH": os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(REPOSITORY)])},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while unused_faults(hub.root):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=60)
    assert process.returncode == 130
    assert complaints == "taskgen: stopped; the files that came are kept; the same command resumes\n"
    assert not (tmp_path / "back").exists()
    assert hub.taskgen("pull", target, "-o", "back", cwd=tmp_path).code == 0
    assert contents(tmp_path / "back") == contents(pushed)


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 64 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("mounting is not permitted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_is_one_line_and_no_folder(hub, target, pushed, tiny_disk, tmp_path):
    (tiny_disk / "mine").write_bytes(bytes(45_000))
    code, _, complaints = hub.taskgen("pull", target, "-o", "disk/back", cwd=tmp_path)
    assert (code, len(complaints.splitlines())) == (1, 1)
    assert complaints.strip().endswith("No space left on device")
    assert not (tiny_disk / "back").exists()
    (tiny_disk / "mine").unlink()
    assert hub.taskgen("pull", target, "-o", "disk/back", cwd=tmp_path).code == 0
    assert contents(tiny_disk / "back") == contents(pushed)


def test_a_read_only_disk_is_one_line(hub, target, pushed, tiny_disk, tmp_path):
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    code, _, complaints = hub.taskgen("pull", target, "-o", "disk/back", cwd=tmp_path)
    assert (code, len(complaints.splitlines())) == (1, 1)
    assert complaints.strip().endswith("Read-only file system")


def test_what_another_revision_has_left_is_no_part_of_it(hub, target, pushed, tmp_path):
    shutil.copytree(pushed, tmp_path / ".back.pull")
    (tmp_path / ".back.pull/configs").mkdir()
    (tmp_path / ".back.pull/configs/old.yaml").write_text("old")
    (tmp_path / ".back.pull" / DATA).write_bytes(b"old")
    assert hub.taskgen("pull", target, "-o", "back", cwd=tmp_path).code == 0
    assert contents(tmp_path / "back") == contents(pushed)
    assert not (tmp_path / "back/configs").exists()
