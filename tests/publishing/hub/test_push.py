"""What a push leaves on the Hub: what the manifest lists, in one commit, and nothing of others is lost."""

import hashlib

import msgspec
import pytest

from taskgen.engine.manifest import NAME, FileEntry, Manifest
from tests.engine.conftest import contents
from tests.hub.faults import inject
from tests.publishing.hub.dressed import CARD, dress, requests, uploads

pytestmark = pytest.mark.xdist_group("hub_push")
STALE = "somebody pushed meanwhile; look at what is there now, then repeat the command or push with --pr"


def edit_on_the_hub(hub, target, **files):
    """Somebody edits files on the website."""
    repository = hub.repository(target)
    content = {path.replace("__", "."): text.encode() for path, text in files.items()}
    return repository.change("main", repository.refs()["main"], content, summary="edit")


def test_one_commit_holds_what_the_manifest_lists_and_nothing_else(hub, target, dataset):
    listed = contents(dataset)
    for stray in ("runs/a/metrics.jsonl", ".taskgen/train/order.json", "data/notes.txt", "mine.py"):
        (dataset / stray).parent.mkdir(parents=True, exist_ok=True)
        (dataset / stray).write_text("stray")
    code, out, complaints = hub.taskgen("push", "set", target, cwd=dataset.parent)
    commit = hub.repository(target).refs()["main"]
    assert (code, complaints) == (0, "")
    assert out.splitlines() == [
        f"{target}: 4 files sent, commit {commit}",
        f"  {hub.address}/datasets/{target}",
        f'  datasets.load_dataset("{target}")',
    ]
    assert hub.files(target) == listed
    assert hub.commits(target) == 1
    assert not (hub.repository(target).home / "private").exists()


def test_a_new_dataset_is_private_if_asked_for(hub, target, dataset):
    assert hub.taskgen("push", "set", target, "--private", cwd=dataset.parent).code == 0
    assert (hub.repository(target).home / "private").exists()
    assert hub.taskgen("push", "set", target, "--private", cwd=dataset.parent).code == 0


def test_the_same_folder_again_makes_no_commit_and_sends_nothing(hub, target, dataset):
    hub.taskgen("push", "set", target, cwd=dataset.parent)
    before = len(requests(hub.root))
    code, out, _ = hub.taskgen("push", "set", target, cwd=dataset.parent)
    assert (code, hub.commits(target)) == (0, 1)
    assert "holds all of it already" in out
    assert not [line for line in requests(hub.root)[before:] if line.split()[0] in ("POST", "PUT")]


def test_what_was_listed_before_and_is_no_longer_goes_and_what_a_user_added_stays(hub, target, dataset, other):
    dress(dataset, **{"configs/verl.yaml": "a: 1\n"})
    hub.taskgen("push", "set", target, cwd=dataset.parent)
    edit_on_the_hub(hub, target, notes__md="mine")
    code, out, _ = hub.taskgen("push", "other", target, cwd=dataset.parent)
    assert (code, hub.commits(target)) == (0, 3)
    assert "2 files sent, 1 deleted" in out  # data and manifest; card and script are the same
    assert hub.files(target) == contents(other) | {"notes.md": b"mine"}


def test_a_tag_names_the_commit_and_the_same_push_again_is_fine(hub, target, dataset):
    for _ in range(2):
        code, out, _ = hub.taskgen("push", "set", target, "--tag", "v1", cwd=dataset.parent)
        assert code == 0
        assert f'datasets.load_dataset("{target}", revision="v1")' in out
    refs = hub.repository(target).refs()
    assert refs["v1"] == refs["main"]


def test_a_tag_is_never_moved(hub, target, dataset, other):
    hub.taskgen("push", "set", target, "--tag", "v1", cwd=dataset.parent)
    before = hub.repository(target).refs()
    code, _, complaints = hub.taskgen("push", "other", target, "--tag", "v1", cwd=dataset.parent)
    assert (code, complaints) == (
        2,
        f"taskgen: {target} has a tag v1 on another commit ({before['v1'][:8]}); choose another name; "
        "nothing was pushed\n",
    )
    assert hub.repository(target).refs() == before


def test_a_pull_request_leaves_the_main_branch_as_it_is(hub, target, dataset, other):
    hub.taskgen("push", "set", target, cwd=dataset.parent)
    code, out, _ = hub.taskgen("push", "other", target, "--pr", cwd=dataset.parent)
    assert code == 0
    assert f"  {hub.address}/datasets/{target}/discussions/1\n" in out
    assert "load_dataset" not in out
    assert hub.files(target) == contents(dataset)
    assert hub.files(target, "refs/pr/1") == contents(other)


def test_a_card_that_was_edited_on_the_hub_is_not_overwritten(hub, target, dataset, other):
    hub.taskgen("push", "set", target, cwd=dataset.parent)
    edit_on_the_hub(hub, target, README__md=CARD + "By hand.\n")
    dress(other, CARD + "Other.\n")
    code, _, complaints = hub.taskgen("push", "other", target, cwd=dataset.parent)
    assert (code, complaints) == (
        2,
        f"taskgen: README.md of {target} was changed on the Hub since the last push; take it into other or remove it "
        "there, then push again, or push with --pr and choose there\n",
    )
    assert hub.commits(target) == 2
    assert hub.taskgen("push", "other", target, "--pr", cwd=dataset.parent).code == 0
    (other / "README.md").write_text(CARD + "By hand.\n")
    assert hub.taskgen("push", "other", target, cwd=dataset.parent).code == 0
    assert hub.files(target)["README.md"].decode() == CARD + "By hand.\n"


def test_a_card_that_was_there_before_the_first_push_is_not_overwritten(hub, target, dataset):
    hub.repository(target).change("main", "", {"README.md": b"mine"})
    code, _, complaints = hub.taskgen("push", "set", target, cwd=dataset.parent)
    assert (code, hub.files(target)) == (2, {"README.md": b"mine"})
    assert complaints.startswith(f"taskgen: README.md of {target} on the Hub is not from a push")


def test_a_card_that_was_edited_here_goes_up_as_its_owners_file(hub, target, dataset, tmp_path):
    hub.taskgen("push", "set", target, cwd=tmp_path)
    for more in ("More.\n", "Even more.\n"):
        (dataset / "README.md").write_text(CARD + more)
        for _ in range(2):
            assert hub.taskgen("push", "set", target, cwd=tmp_path).code == 0
    assert hub.commits(target) == 3
    manifest = msgspec.json.decode(hub.files(target)[NAME], type=Manifest)
    assert [file.path for file in manifest.bundle] == ["train_grpo.py"]
    card = hashlib.sha256((CARD + "Even more.\n").encode()).hexdigest()
    assert manifest.others == (FileEntry("README.md", 0, card),)
    assert hub.taskgen("pull", target, "-o", "back", cwd=tmp_path).complaints == ""
    assert "holds all of it already" in hub.taskgen("push", "back", target, cwd=tmp_path).out


def test_what_somebody_pushed_meanwhile_is_not_overwritten(hub, target, dataset, other):
    hub.taskgen("push", "set", target, cwd=dataset.parent)
    inject(hub.root, {"match": f"POST .*{target}/preupload", "meanwhile": {"notes.md": "theirs"}})
    code, _, complaints = hub.taskgen("push", "other", target, cwd=dataset.parent)
    assert (code, complaints) == (1, f"taskgen: {target}: {STALE}\n")
    assert hub.files(target) == contents(dataset) | {"notes.md": b"theirs"}
    assert hub.taskgen("push", "other", target, cwd=dataset.parent).code == 0
    assert hub.files(target)["notes.md"] == b"theirs"


def test_data_that_the_server_has_is_not_sent_again(hub, target, dataset):
    (data,) = (dataset / "data").iterdir()
    sent = hashlib.sha256(data.read_bytes()).hexdigest()
    hub.taskgen("push", "set", hub.name(), cwd=dataset.parent)
    before = len(uploads(hub.root, sent))
    hub.taskgen("push", "set", target, cwd=dataset.parent)
    assert uploads(hub.root, sent)[before:] == []
    assert hub.files(target)["data/train-00000-of-00001.parquet"] == data.read_bytes()
