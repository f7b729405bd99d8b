"""What is not fit for the Hub is refused before anything is sent, in one line that says what to do."""

import shutil

import msgspec
import pytest

from taskgen.engine.manifest import NAME, FileEntry
from tests.hub.server import TOKEN
from tests.publishing.hub.dressed import CARD, read, relist, requests

pytestmark = pytest.mark.xdist_group("hub_push")
TOKENS = "https://huggingface.co/settings/tokens"


def add_to_others(folder, *paths):
    relist(folder, others=tuple(FileEntry(path, 0, "0" * 64) for path in paths))


def change_data(folder):
    path = folder / "data/train-00000-of-00001.parquet"
    path.write_bytes(path.read_bytes() + b"x")


def unlist_card(folder):
    relist(folder, bundle=tuple(file for file in read(folder).bundle if file.path != "README.md"))


def begun(hub, target):
    """The requests that begin an upload."""
    return [line for line in requests(hub.root, target) if "preupload" in line or "lfs" in line]


MADE_BY_US = "push a folder that `taskgen generate` or `taskgen curate` made"
FRONT = (
    "set/README.md does not begin with front matter between two lines ---; put it back, or delete README.md and run "
    "`taskgen card set`"
)
FOLDERS = {
    "no folder": (shutil.rmtree, "set is no folder; push what `taskgen generate` or `taskgen curate` made"),
    "no manifest": (lambda folder: (folder / NAME).unlink(), f"set has no manifest.json; {MADE_BY_US}"),
    "a foreign manifest": (
        lambda folder: (folder / NAME).write_text('{"name": "app"}'),
        "set/manifest.json is not a manifest of a dataset of taskgen's; nothing was pushed",
    ),
    "a broken manifest": (
        lambda folder: (folder / NAME).write_text("{"),
        "set/manifest.json is not a manifest of a dataset of taskgen's; nothing was pushed",
    ),
    "a path out of the folder": (
        lambda folder: add_to_others(folder, "../secret"),
        "set/manifest.json is not a manifest of a dataset of taskgen's; nothing was pushed",
    ),
    "other data": (
        change_data,
        "set/data/train-00000-of-00001.parquet is not what the manifest says; make the dataset again; "
        "nothing was pushed",
    ),
    "no data": (
        lambda folder: (folder / "data/train-00000-of-00001.parquet").unlink(),
        "set/data/train-00000-of-00001.parquet is missing; make the dataset again; nothing was pushed",
    ),
    "no script": (
        lambda folder: (folder / "train_grpo.py").unlink(),
        "set/train_grpo.py is missing; `taskgen card set` makes it again; nothing was pushed",
    ),
    "an unlisted card": (unlist_card, "set has no README.md in its manifest; `taskgen card set` makes it"),
    "a card without front matter": (lambda folder: (folder / "README.md").write_text("# Hello\n"), FRONT),
    "a card with half a front matter": (lambda folder: (folder / "README.md").write_text("---\na: b\n"), FRONT),
    "a card that is not UTF-8": (
        lambda folder: (folder / "README.md").write_bytes(b"\xff\xfe---"),
        "set/README.md is not UTF-8; save it so, or delete it and run `taskgen card set`",
    ),
    "too many files": (
        lambda folder: add_to_others(folder, *(f"reports/{number}" for number in range(10_001))),
        "set/reports holds 10,001 files and the Hub takes 10,000 a folder; push it as several datasets",
    ),
}


@pytest.mark.parametrize("fault", FOLDERS)
def test_a_folder_that_is_not_whole_is_refused_before_the_hub_is_asked(hub, target, dataset, fault):
    spoil, message = FOLDERS[fault]
    spoil(dataset)
    before = len(requests(hub.root))
    code, out, complaints = hub.taskgen("push", "set", target, cwd=dataset.parent)
    assert (out, complaints) == ("", f"taskgen: {message}\n")
    assert code in (1, 2)
    assert len(requests(hub.root)) == before


@pytest.mark.parametrize("asked", ["set", "org/", "/set", "a/b/c", "or--g/set", "org/se t"])
def test_a_name_that_is_none_is_refused(hub, dataset, asked):
    code, _, complaints = hub.taskgen("push", "set", asked, cwd=dataset.parent)
    assert (code, len(complaints.splitlines())) == (2, 1)
    assert complaints.startswith(f"taskgen: {asked} is no name of a dataset on the Hub")


def test_front_matter_that_the_hub_refuses_is_refused_before_anything_is_sent(hub, target, dataset):
    (dataset / "README.md").write_text(CARD.replace("license: apache-2.0", "license: mine"))
    code, _, complaints = hub.taskgen("push", "set", target, cwd=dataset.parent)
    assert (code, hub.commits(target), begun(hub, target)) == (2, 0, [])
    assert complaints.startswith('taskgen: the Hub refuses the front matter of set/README.md: "license" must be one of')
    assert complaints.endswith("; nothing was pushed\n")


def test_a_public_dataset_is_not_taken_for_a_private_one(hub, target, dataset):
    hub.repository(target).change("main", "")
    code, _, complaints = hub.taskgen("push", "set", target, "--private", cwd=dataset.parent)
    assert (code, complaints) == (
        2,
        f"taskgen: {target} is there and public; make it private on its page or leave out --private\n",
    )
    assert hub.files(target) == {}


def test_a_pull_request_needs_a_dataset_to_be_opened_on(hub, target, dataset):
    code, _, complaints = hub.taskgen("push", "set", target, "--pr", cwd=dataset.parent)
    assert (code, complaints) == (
        2,
        f"taskgen: {target} is not on the Hub: there is nothing to open a pull request on\n",
    )
    code, _, complaints = hub.taskgen("push", "set", target, "--pr", "--tag", "v1", cwd=dataset.parent)
    assert (code, complaints) == (
        2,
        "taskgen: --tag and --pr exclude each other: a pull request is tagged when it is merged\n",
    )
    assert not hub.repository(target).home.exists()


def test_a_tag_that_the_hub_does_not_take_is_named(hub, target, dataset):
    code, _, complaints = hub.taskgen("push", "set", target, "--tag", "v 1", cwd=dataset.parent)
    assert (code, complaints) == (
        2,
        "taskgen: the data is on the Hub, but it does not take v 1 as a tag; choose another\n",
    )


def test_a_tag_is_not_named_like_a_branch(hub, target, dataset):
    hub.repository(target).change("main", "")
    code, _, complaints = hub.taskgen("push", "set", target, "--tag", "main", cwd=dataset.parent)
    assert (code, hub.files(target)) == (2, {})
    assert complaints == (f"taskgen: {target} has a branch main; choose another name for the tag; nothing was pushed\n")


TOKENLESS = {
    "": "taskgen: there is no token for the Hub; log in with `hf auth login` or set HF_TOKEN "
    f"(a token that may write: {TOKENS})\n",
    "hf_wrong": "taskgen: the Hub does not accept HF_TOKEN; log in with `hf auth login` or set HF_TOKEN anew "
    f"(tokens: {TOKENS})\n",
    TOKEN: "taskgen: reader may not write to org, but to: reader; nothing was pushed\n",
}


@pytest.mark.parametrize("token", TOKENLESS)
@pytest.mark.parametrize("there", [False, True])
def test_who_may_not_write_is_told_what_to_do(hub, target, dataset, token, there):
    if there:
        hub.repository(target).change("main", "")
    code, out, complaints = hub.taskgen("push", "set", target, cwd=dataset.parent, token=token)
    assert (code, out, complaints) == (1, "", TOKENLESS[token])
    assert [line for line in begun(hub, target) if "lfs" in line] == []


def test_a_manifest_of_others_on_the_hub_is_not_overwritten(hub, target, dataset):
    hub.repository(target).change("main", "", {NAME: msgspec.json.encode({"name": "app"})})
    code, _, complaints = hub.taskgen("push", "set", target, cwd=dataset.parent)
    assert (code, hub.commits(target)) == (2, 0)
    assert complaints.startswith(f"taskgen: manifest.json of {target} on the Hub is not from a push")
