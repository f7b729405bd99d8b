"""The manifest of a dataset folder: what was asked for, what was found, and the hash of every file. No clock, no host,
no paths but its own, so that equal commands leave equal manifests.
"""

from pathlib import Path

import msgspec

from taskgen.engine.errors import Damaged
from taskgen.engine.files import sha256_of, write_whole
from taskgen.engine.orders import Order

NAME = "manifest.json"


class FileEntry(msgspec.Struct, frozen=True):
    """A data file, its path relative to the dataset folder."""

    path: str
    rows: int
    sha256: str


class CellEntry(msgspec.Struct, frozen=True):
    """What became of a cell; `exhausted` where its space holds no more than was found."""

    task: str
    task_version: int
    difficulty: int
    asked: int
    found: int
    draws: int
    duplicates: int
    effort: float
    exhausted: bool = False


class SplitEntry(msgspec.Struct, frozen=True):
    """One split of the dataset: the order it came from and its files."""

    taskgen: str
    order: Order
    rows: int
    cells: tuple[CellEntry, ...]
    files: tuple[FileEntry, ...]


class Manifest(msgspec.Struct, frozen=True):
    """Every split of a dataset folder."""

    splits: dict[str, SplitEntry] = {}


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder; an empty one where there is none. Raises Damaged where it cannot be read."""
    path = folder / NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError):
        return Manifest()
    except msgspec.MsgspecError as error:
        raise Damaged(f"{path} is not a manifest of taskgen's ({error}); choose another --out") from None


def add_split(folder: Path, entry: SplitEntry) -> None:
    """Write the manifest anew with one more split."""
    splits = read_manifest(folder).splits | {entry.order.split: entry}
    ordered = Manifest({split: splits[split] for split in sorted(splits)})
    write_whole(folder / NAME, msgspec.json.format(msgspec.json.encode(ordered), indent=2) + b"\n")


def check_files(folder: Path, entry: SplitEntry) -> None:
    """Compare every file with its hash. Raises Damaged at the first that is missing or different."""
    for file in entry.files:
        path = folder / file.path
        if not path.is_file():
            raise Damaged(f"{path} is missing; delete {folder} or choose another --out to make it again")
        if sha256_of(path) != file.sha256:
            raise Damaged(f"{path} is not what the manifest says; delete {folder} or choose another --out")
