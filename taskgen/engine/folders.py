"""The folder that a dataset is written to: whose it is, what is in it already, and where unfinished work is kept."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from taskgen.engine.errors import FolderTaken
from taskgen.engine.files import naming, sha256_of, sync_folder, write_whole
from taskgen.engine.manifest import read_manifest
from taskgen.engine.orders import Order

WORK = ".taskgen"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the folder and hold its lock, which ends with the process. Raises FolderTaken where another run has it."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderTaken(f"another taskgen is writing to {folder}; wait for it or choose another --out") from None
        except OSError:
            pass  # some network file systems have no locks
        yield
    finally:
        os.close(descriptor)


def work_folder(out: Path, order: Order) -> Path:
    """The folder of unfinished work for an order, made or found. Raises FolderTaken where it belongs to another."""
    work = out / WORK / order.split
    mine = msgspec.json.encode(order)
    note = work / "order.json"
    if note.exists():
        if note.read_bytes() != mine:
            raise FolderTaken(
                f"{out} holds the unfinished {order.split} split of another command; repeat that one, delete {work} "
                "or choose another --out"
            )
        return work
    foreign = sorted((out / "data").glob(f"{order.split}-*"))
    if foreign:
        raise FolderTaken(f"{foreign[0]} is there already and not from taskgen; choose another --out")
    work.mkdir(parents=True, exist_ok=True)
    write_whole(note, mine)
    return work


def finished_split(out: Path, order: Order) -> bool:
    """Whether the folder holds this order's split complete. Raises FolderTaken where the split is another order's."""
    entry = read_manifest(out).splits.get(order.split)
    if entry is not None and entry.order != order:
        raise FolderTaken(
            f"{out} holds a {order.split} split that another command made; choose another --out or delete it"
        )
    return entry is not None


def publish(file: Path, target: Path) -> None:
    """Move a finished file to its place, where only the very same file may be already. Raises FolderTaken."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and sha256_of(target) != sha256_of(file):
        raise FolderTaken(f"{target} is there already and not from this command; choose another --out")
    with naming(target):
        os.replace(file, target)
    sync_folder(target.parent)


def remove_work(out: Path, split: str) -> None:
    """Remove the unfinished work of a split, and the folder around it if that was the last."""
    shutil.rmtree(out / WORK / split, ignore_errors=True)
    with suppress(OSError):
        (out / WORK).rmdir()


def remove_if_empty(out: Path) -> None:
    """Remove a dataset folder that nothing was written to."""
    with suppress(OSError):
        out.rmdir()
