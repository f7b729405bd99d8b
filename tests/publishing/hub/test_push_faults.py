"""The Hub is busy, refuses, or goes away in the middle: what has arrived stays, and one line says what to do."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from taskgen.engine.manifest import FileEntry
from tests.engine.conftest import contents
from tests.hub.faults import inject, unused_faults
from tests.hub.server import WRITER, settings
from tests.publishing.hub.conftest import REPOSITORY
from tests.publishing.hub.dressed import relist, requests, uploads

pytestmark = pytest.mark.xdist_group("hub_push")
REPEAT = "the same command goes on where this one stopped"


@pytest.fixture
def large(dataset):
    """The dataset with a second large file, and the hashes of both."""
    (dataset / "dropped").mkdir()
    content = hashlib.shake_256(dataset.parent.name.encode()).digest(200_000)
    (dataset / "dropped/filter.parquet").write_bytes(content)
    relist(dataset, others=(FileEntry("dropped/filter.parquet", 0, hashlib.sha256(content).hexdigest()),))
    return dataset


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("step", ["POST .*repos/create", "PUT", "POST .*{}/commit", "POST .*{}/tag"])
def test_a_hub_that_is_busy_once_is_asked_again(hub, target, large, step):
    inject(hub.root, {"match": step.format(target), "status": 503})
    code, _, complaints = hub.taskgen("push", "set", target, "--tag", "v1", cwd=large.parent)
    assert (code, complaints, unused_faults(hub.root)) == (0, "", [])
    assert hub.files(target, "v1") == contents(large)
    assert hub.commits(target) == 1


@pytest.mark.parametrize(("step", "asked", "waited"), [("POST .*{}/preupload", 1, 2), ("POST .*{}/commit", 2, 2)])
def test_we_wait_as_long_as_the_hub_asks(hub, target, dataset, step, asked, waited):
    inject(hub.root, {"match": step.format(target), "status": 429, "headers": {"Retry-After": str(asked)}})
    start = time.monotonic()
    code, _, complaints = hub.taskgen("push", "set", target, cwd=dataset.parent)
    assert (code, hub.commits(target), unused_faults(hub.root)) == (0, 1, [])
    assert complaints == f"the Hub is busy and asks to wait {waited} s\n"  # the client adds a second
    assert time.monotonic() - start >= waited


def test_we_do_not_wait_for_an_hour(hub, target, dataset):
    inject(hub.root, {"match": f"{target}/commit", "status": 429, "headers": {"Retry-After": "3600"}})
    code, _, complaints = hub.taskgen("push", "set", target, cwd=dataset.parent)
    assert (code, complaints) == (
        1,
        f"taskgen: {target}: the Hub counts too many requests and asks to wait 3600 s; {REPEAT}\n",
    )


@pytest.mark.long  # it waits for seven seconds
def test_a_hub_that_stays_busy_is_given_up(hub, target, dataset):
    inject(hub.root, {"match": f"{target}/commit", "status": 503, "times": 99})
    code, _, complaints = hub.taskgen("push", "set", target, cwd=dataset.parent)
    assert (code, complaints) == (1, f"taskgen: {target}: the Hub is busy (it answered 503); {REPEAT}\n")
    assert len(unused_faults(hub.root)) == 1
    assert hub.commits(target) == 0


REFUSED = {
    412: "{0}: somebody pushed meanwhile; look at what is there now, then repeat the command or push with --pr",
    401: "the token of writer may not write to {0}; make one that may on https://huggingface.co/settings/tokens and "
    "log in with `hf auth login` or set HF_TOKEN",
    402: "{0}: the Hub answered 402: storage is full; " + REPEAT,
    413: "{0}: the Hub answered 413: storage is full; " + REPEAT,
}


@pytest.mark.parametrize("status", REFUSED)
def test_a_commit_that_the_hub_refuses_is_not_made_again(hub, target, dataset, status):
    before = len(requests(hub.root, "/commit/"))
    inject(hub.root, {"match": f"{target}/commit", "status": status, "message": "storage is full"})
    code, out, complaints = hub.taskgen("push", "set", target, cwd=dataset.parent)
    assert (code, out, complaints) == (1, "", f"taskgen: {REFUSED[status].format(target)}\n")
    assert len(requests(hub.root, "/commit/")) == before + 1


def test_a_file_that_the_hub_does_not_take_is_one_line(hub, target, dataset):
    inject(hub.root, {"match": f"{target}.git/info/lfs/objects/batch", "objects": "the quota is used up"})
    code, _, complaints = hub.taskgen("push", "set", target, cwd=dataset.parent)
    assert (code, len(complaints.splitlines())) == (1, 1)
    assert "the quota is used up" in complaints


def test_a_connection_that_drops_in_mid_upload_costs_no_more_than_that_file(hub, target, large):
    first, second = sha256(large / "data/train-00000-of-00001.parquet"), sha256(large / "dropped/filter.parquet")
    inject(hub.root, {"match": f"PUT .*{second}", "drop": 50_000})
    before = len(uploads(hub.root, first))
    code, _, complaints = hub.taskgen("push", "set", target, cwd=large.parent)
    assert (code, complaints) == (0, "")
    assert uploads(hub.root, second) == [50_000, 200_000]
    assert len(uploads(hub.root, first)) <= before + 1
    assert hub.files(target) == contents(large)


def test_after_a_push_that_failed_only_what_had_not_arrived_is_sent(hub, target, large):
    first, second = sha256(large / "data/train-00000-of-00001.parquet"), sha256(large / "dropped/filter.parquet")
    inject(hub.root, {"match": f"PUT .*{second}", "status": 400})
    code, _, complaints = hub.taskgen("push", "set", target, cwd=large.parent)
    assert (code, complaints) == (1, f"taskgen: {target}: the Hub answered 400; {REPEAT}\n")
    assert hub.commits(target) == 0
    assert (hub.root / ".lfs" / first).exists()
    before = len(uploads(hub.root, "/.lfs/"))
    assert hub.taskgen("push", "set", target, cwd=large.parent).code == 0
    assert uploads(hub.root, "/.lfs/")[before:] == [200_000]
    assert hub.files(target) == contents(large)


def test_a_commit_whose_answer_is_lost_is_made_once(hub, target, dataset):
    inject(hub.root, {"match": f"{target}/commit", "lost": True})
    code, _, complaints = hub.taskgen("push", "set", target, "--tag", "v1", cwd=dataset.parent)
    assert (code, complaints, hub.commits(target)) == (0, "", 1)
    assert hub.files(target, "v1") == contents(dataset)


def test_a_repository_whose_answer_is_lost_is_made_once(hub, target, dataset):
    inject(hub.root, {"match": "repos/create", "lost": True})
    code, _, complaints = hub.taskgen("push", "set", target, cwd=dataset.parent)
    assert (code, complaints, hub.commits(target), unused_faults(hub.root)) == (0, "", 1, [])
    assert hub.files(target) == contents(dataset)


@pytest.mark.parametrize("step", ["whoami", "GET .*datasets/{}$", "validate", "POST .*{}/commit"])
def test_what_answers_without_being_the_hub_is_said_in_one_line(hub, target, dataset, step):
    inject(hub.root, {"match": step.format(target), "status": 200})
    code, _, complaints = hub.taskgen("push", "set", target, cwd=dataset.parent)
    assert (code, unused_faults(hub.root)) == (1, [])
    assert complaints == (
        "taskgen: what answers in the Hub's place is not the Hub, or speaks another version of its protocol; look at "
        "HF_ENDPOINT and at the network, then repeat the command\n"
    )
    assert hub.taskgen("push", "set", target, cwd=dataset.parent).code == 0
    assert hub.files(target) == contents(dataset)


@pytest.mark.parametrize("step", ["whoami", "GET .*datasets/{}$"])
def test_an_answer_that_repeats_the_token_is_told_without_it(hub, target, dataset, step):
    hub.taskgen("push", "set", target, cwd=dataset.parent)
    inject(hub.root, {"match": step.format(target), "status": 400, "message": f"what is Bearer {WRITER}?"})
    code, out, complaints = hub.taskgen("push", "set", target, cwd=dataset.parent)
    assert (code, out, unused_faults(hub.root)) == (1, "", [])
    assert complaints == f"taskgen: {target}: the Hub answered 400: what is Bearer ***?; {REPEAT}\n"


def test_a_pull_request_whose_answer_is_lost_is_not_opened_again(hub, target, dataset, other):
    hub.taskgen("push", "set", target, cwd=dataset.parent)
    inject(hub.root, {"match": f"{target}/commit", "lost": True})
    code, _, complaints = hub.taskgen("push", "other", target, "--pr", cwd=dataset.parent)
    assert (code, len(complaints.splitlines())) == (1, 1)
    assert "look at the pull requests" in complaints
    assert list(hub.repository(target).refs()) == ["main", "refs/pr/1"]


def test_ctrl_c_in_mid_upload_is_one_line_and_the_next_push_goes_on(hub, target, large, tmp_path):
    second = sha256(large / "dropped/filter.parquet")
    inject(hub.root, {"match": f"PUT .*{second}", "hold": 2})
    process = start(tmp_path, "push", "set", target, address=hub.address)
    while not requests(hub.root, second):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=60)
    assert process.returncode == 130
    assert complaints == "taskgen: stopped; the files that were sent are kept; the same command resumes\n"
    assert hub.commits(target) == 0
    assert hub.taskgen("push", "set", target, cwd=large.parent).code == 0
    assert hub.files(target) == contents(large)


def test_a_file_that_is_edited_during_the_push_is_said_and_nothing_is_committed(hub, target, dataset, tmp_path):
    hub.repository(target).change("main", "")
    inject(hub.root, {"match": f"GET .*{target}/tree", "hold": 2})
    process = start(tmp_path, "push", "set", target, address=hub.address)
    while unused_faults(hub.root):
        time.sleep(0.05)
    with open(dataset / "train_grpo.py", "a") as script:
        script.write("print('more')\n")
    _, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (
        1,
        "taskgen: set/train_grpo.py was changed while it was pushed; nothing was pushed; push again\n",
    )
    assert hub.files(target) == {}


@pytest.mark.parametrize("step", ["PUT", "lfs/verify"])
def test_what_the_client_tries_again_by_itself_is_no_line_of_ours(hub, target, large, tmp_path, step):
    inject(hub.root, {"match": step, "status": 500})
    code, _, complaints = run_alone(tmp_path, "push", "set", target, address=hub.address)
    assert (code, complaints, unused_faults(hub.root)) == (0, "", [])


def test_a_hub_that_is_not_there_is_one_line(dataset, tmp_path):
    code, _, complaints = run_alone(tmp_path, "push", "set", "org/set", address="http://127.0.0.1:9")
    assert (code, len(complaints.splitlines())) == (1, 1)
    assert complaints.startswith("taskgen: org/set: the transfer failed (")


def test_a_hub_that_is_switched_off_is_one_line(dataset, tmp_path):
    code, _, complaints = run_alone(tmp_path, "push", "set", "org/set", address="http://127.0.0.1:9", offline="1")
    assert (code, complaints) == (1, "taskgen: HF_HUB_OFFLINE is set; unset it to reach the Hub\n")


def start(folder, *arguments, address, offline="0"):
    """Start a command line in a process of its own."""
    environment = settings(Path(folder, "home"), address, WRITER) | {"HF_HUB_OFFLINE": offline}
    path = os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(REPOSITORY)])
    return subprocess.Popen(
        [sys.executable, "-m", "taskgen", *arguments],
        env=os.environ | environment | {"PYTHONPATH": path},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_alone(folder, *arguments, address, offline="0"):
    """Run a command line in a process of its own."""
    process = start(folder, *arguments, address=address, offline=offline)
    out, complaints = process.communicate(timeout=100)
    return process.returncode, out, complaints
