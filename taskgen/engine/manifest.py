"""The manifest of a dataset folder: what was asked for, what was found, and the hash of every file. No clock, no host,
no paths but its own, so that equal commands leave equal manifests.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from taskgen.engine.errors import Damaged
from taskgen.engine.files import sha256_of, write_whole
from taskgen.engine.orders import Order
from taskgen.problem import Split

NAME = "manifest.json"


class FileEntry(msgspec.Struct, frozen=True):
    """A data file, its path relative to the dataset folder."""

    path: str
    rows: Annotated[int, Meta(ge=0, lt=2**62)]
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
    files: Annotated[tuple[FileEntry, ...], Meta(min_length=1)]


class InputEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dataset that a stage read: its name without a path, what it held, and its commit where it is on the Hub."""

    name: str
    rows: int
    sha256: tuple[str, ...]
    revision: str = ""


class StageEntry(msgspec.Struct, frozen=True):
    """A stage of curation: rows in, rows out, and how many rows were dropped for each reason.

    `key` is a hash of all that decided the result; `notes` is what the stage has to say beyond that, as plain JSON.
    """

    taskgen: str
    stage: str
    key: str
    settings: dict[str, Any]
    inputs: tuple[InputEntry, ...]
    rows_in: int
    rows_out: int
    reasons: dict[str, int]
    notes: dict[str, Any] = {}


class Manifest(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dataset folder: the splits that `generate` made in it, or the stages that led to it and its files.

    `others` are a stage's files beside the data, `dropped.parquet` among them; `bundle` is what was made to go with the
    rows: the card, its plots and pictures, the trainer.
    """

    splits: dict[Split, SplitEntry] = {}
    stages: tuple[StageEntry, ...] = ()
    files: tuple[FileEntry, ...] = ()
    others: tuple[FileEntry, ...] = ()
    bundle: tuple[FileEntry, ...] = ()


def read_manifest(folder: Path, name: str = NAME) -> Manifest:
    """The manifest of a folder; an empty one where there is none.

    Raises Damaged where it cannot be read, or names a file that is not in the folder.
    """
    path = folder / name
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError):
        return Manifest()
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Damaged(f"{path} is not a manifest of taskgen's ({error}); choose another --out") from None
    for file in (*data_files(manifest), *manifest.others, *manifest.bundle):
        if not _is_below(file.path):
            raise Damaged(f"{path} names {file.path!r}, which is no file of this folder; choose another --out")
    return manifest


def _is_below(path: str) -> bool:
    """Whether a path stays in the folder that it is relative to, whatever the system."""
    parts = path.split("/")
    return not ({"", ".", ".."} & set(parts) or "\\" in path or "\0" in path or ":" in parts[0])


def add_split(folder: Path, entry: SplitEntry) -> None:
    """Write the manifest anew with one more split."""
    manifest = read_manifest(folder)
    splits = manifest.splits | {entry.order.split: entry}
    ordered = {split: splits[split] for split in sorted(splits)}
    write_whole(folder / NAME, encode_manifest(msgspec.structs.replace(manifest, splits=ordered)))


def encode_manifest(manifest: Manifest) -> bytes:
    """A manifest as its file has it."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def data_files(manifest: Manifest) -> list[FileEntry]:
    """The data files of a folder, whichever command made it."""
    return [*(file for entry in manifest.splits.values() for file in entry.files), *manifest.files]


def edited(folder: Path, manifest: Manifest) -> list[Path]:
    """The listed files that somebody has changed since they were written."""
    listed = (*manifest.bundle, *manifest.others, *data_files(manifest))
    paths = [(folder / file.path, file.sha256) for file in listed]
    return [path for path, sha256 in paths if path.is_file() and sha256_of(path) != sha256]


def check_files(folder: Path, files: Sequence[FileEntry]) -> None:
    """Compare files with their hashes. Raises Damaged at the first that is missing or different."""
    for file in files:
        path = folder / file.path
        if not path.is_file():
            raise Damaged(f"{path} is missing; delete {folder} or choose another --out to make it again")
        if sha256_of(path) != file.sha256:
            raise Damaged(f"{path} is not what the manifest says; delete {folder} or choose another --out")
