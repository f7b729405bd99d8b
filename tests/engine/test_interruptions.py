"""Kills, Ctrl-C, full disks: nothing half-written, and the same command ends with the same bytes."""

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from taskgen.engine.building import build
from taskgen.engine.errors import ShardLost
from taskgen.engine.orders import place_order
from taskgen.publishing.bundle import dress
from tests.engine.conftest import TOYS, command, contents, start

SLOW = ("generate", "--task", "addition", "-d", "6", "--knob", "pause=2", "--count", "800", "--workers", "2")


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """What the slow command leaves when nothing interrupts it."""
    folder = tmp_path_factory.mktemp("reference")
    command(*SLOW, "--out", folder / "out", cwd=folder)
    return contents(folder / "out")


def wait_for_shards(process, out, number=2):
    while len(list(out.glob(".taskgen/train/*.json"))) < number + 1:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)


def test_a_killed_run_leaves_no_data_and_resumes_to_the_same_bytes(tmp_path, reference, toys):
    out = tmp_path / "out"
    process = start(*SLOW, "--out", out, cwd=tmp_path, PYTHONHASHSEED="1")
    wait_for_shards(process, out)
    process.kill()
    process.communicate()
    assert not (out / "data").exists()
    assert not (out / "manifest.json").exists()
    reports = []
    order = place_order([("addition", (6,))], knobs={"pause": 2}, count=800)
    build(order, out, workers=1, report=lambda stage, done: reports.append(done))
    assert reports[0] >= 200, "finished shards are not made again"
    dress(out)
    assert contents(out) == reference


def test_ctrl_c_keeps_what_is_finished(tmp_path, reference):
    out = tmp_path / "out"
    process = start(*SLOW, "--out", out, cwd=tmp_path, PYTHONHASHSEED="2")
    wait_for_shards(process, out)
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=20)
    assert process.returncode == 130
    kept = int(complaints.decode().split("stopped; ")[1].split(" of 800 records are kept; the same command")[0])
    assert 200 <= kept < 800
    assert len(complaints.splitlines()) == 1
    assert not list(out.rglob("*.partial"))
    code, _, _ = command(*SLOW, "--out", out, cwd=tmp_path, PYTHONHASHSEED="3")
    assert code == 0
    assert contents(out) == reference


def test_a_killed_worker_changes_nothing(tmp_path, reference):
    out = tmp_path / "out"
    process = start(*SLOW, "--out", out, cwd=tmp_path)
    wait_for_shards(process, out, 1)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    _, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (0, b"")
    assert contents(out) == reference


def test_a_task_that_kills_every_worker_is_named(tmp_path, toys, monkeypatch):
    monkeypatch.setattr("taskgen.engine.building.MAKE_SHARD", "tests.engine.jobs:die")
    with pytest.raises(ShardLost, match=r"every worker that made addition d6, indices \d+ to \d+, died: killed by"):
        build(place_order([("addition", (6,))], count=60), tmp_path, workers=2)


def test_workers_end_with_their_parent(tmp_path):
    out = tmp_path / "out"
    process = start(*SLOW, "--knob", "pause=1000", "--out", out, cwd=tmp_path)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while len(workers := children.read_text().split()) < 2:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10
    while any(is_running(worker) for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 128 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", disk], capture_output=True)
    if mounting.returncode:
        pytest.skip("mounting is not permitted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_is_one_clear_error(tmp_path, tiny_disk):
    arguments = ("generate", "--task", "addition", "-d", "6", "--out", tiny_disk / "out", "--count")
    code, _, complaints = command(*arguments, 5000, "--workers", "2", cwd=tmp_path)
    assert code == 1
    assert complaints.strip().endswith("No space left on device")
    assert len(complaints.splitlines()) == 1
    assert not list(tiny_disk.rglob("*.partial"))
    assert not list(tiny_disk.rglob("data/*"))


def test_a_read_only_disk_is_one_clear_error(tmp_path, tiny_disk):
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    code, _, complaints = command(
        *("generate", "--task", "addition", "-d", "6", "--count", 5), "--out", tiny_disk / "out", cwd=tmp_path
    )
    assert (code, complaints) == (1, f"taskgen: {tiny_disk / 'out'}: Read-only file system\n")


@pytest.mark.parametrize("most", [4_000, 60_000], ids=["at a shard", "at the final file"])
def test_a_write_that_the_kernel_refuses_leaves_nothing_half_written(tmp_path, toys, most):
    order = place_order([("addition", (6,))], count=1500)
    out = tmp_path / "out"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        with pytest.raises(OSError) as refusal:
            build(order, out, workers=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert refusal.value.errno == errno.EFBIG
    assert str(out) in refusal.value.filename
    assert not list(out.rglob("*.partial"))
    assert not (out / "data").exists()
    build(order, out, workers=1)
    build(order, tmp_path / "reference", workers=1)
    assert contents(out) == contents(tmp_path / "reference")


def test_a_run_killed_while_publishing_ends_with_the_same_bytes(tmp_path, toys, monkeypatch):
    order = place_order([("addition", (6,))], count=60)
    build(order, tmp_path / "reference", workers=1)
    with monkeypatch.context() as patch:
        patch.setattr("taskgen.engine.building.add_split", lambda out, entry: sys.exit("killed"))
        with pytest.raises(SystemExit):
            build(order, tmp_path / "out", workers=1)
    assert (tmp_path / "out" / "data").exists()
    build(order, tmp_path / "out", workers=1)
    assert contents(tmp_path / "out") == contents(tmp_path / "reference")


def test_a_script_without_a_main_guard_can_generate(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {TOYS!r})\n"
        "from pathlib import Path\n"
        "from taskgen.engine.building import build\n"
        "from taskgen.engine.orders import place_order\n"
        "print('begun')\n"
        f"build(place_order([('addition', (6,))], count=60), Path({str(tmp_path / 'out')!r}), workers=2)\n"
    )
    finished = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60)
    assert (finished.stdout, finished.stderr) == ("begun\n", "")
