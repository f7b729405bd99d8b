"""What a dataset holds, in a folder and on the Hub: the files that its manifest lists, and that manifest."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import msgspec

from taskgen.engine.errors import Damaged, UsageError
from taskgen.engine.files import sha256_of
from taskgen.engine.manifest import NAME, FileEntry, Manifest, data_files, encode_manifest

CARD = "README.md"
FILES_PER_FOLDER = 10_000
"""More files than this the Hub takes in no folder (its documentation of repository limits)."""

CHECKING, SENDING, FETCHING = "checking files", "uploading", "downloading"
Begin = Callable[[str, int], Callable[[int], None]]
"""Called with what is begun and how many bytes it will be; the result is called with how many have been."""


class Local(NamedTuple):
    """A dataset folder: its manifest as it is to be on the Hub, and path and SHA-256 of every file that is listed."""

    folder: Path
    manifest: Manifest
    text: bytes
    hashes: dict[str, str]


class Remote(NamedTuple):
    """A dataset on the Hub at one commit: the client's RepoFile of every file, and its manifest where that is ours.

    `text` is what its manifest.json holds, whoever wrote it.
    """

    repository: str
    commit: str
    private: bool
    files: dict[str, Any]
    text: bytes
    manifest: Manifest | None


def listed(manifest: Manifest) -> list[FileEntry]:
    """All files of a dataset but the manifest: data, what stages left beside it, and what goes with the dataset."""
    return [*data_files(manifest), *manifest.others, *manifest.bundle]


def decode_manifest(content: bytes) -> Manifest | None:
    """A manifest of ours with nothing but paths below its folder; None where it is anything else."""
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return manifest if data_files(manifest) and all(_is_below(file.path) for file in listed(manifest)) else None


def holds_rows(path: str) -> bool:
    """Whether a listed file is rows, which nobody edits; a card, a script or a report may be edited by its owner."""
    return path.endswith(".parquet")


def read_folder(folder: Path, begin: Begin) -> Local:
    """A dataset folder, its files compared with their hashes.

    A card, script or report that was edited is taken as it is and listed as its owner's file (`others`), which nothing
    of ours replaces after it was pulled. Raises UsageError where the folder is no dataset of ours or has no card,
    Damaged where a file is missing or rows are not what the manifest says.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; push what `taskgen generate` or `taskgen curate` made")
    if not (folder / NAME).is_file():
        raise UsageError(f"{folder} has no {NAME}; push a folder that `taskgen generate` or `taskgen curate` made")
    text = (folder / NAME).read_bytes()
    manifest = decode_manifest(text)
    if manifest is None:
        raise UsageError(f"{folder / NAME} is not a manifest of a dataset of taskgen's; nothing was pushed")
    _check_numbers(manifest, folder)
    hashes = _hashes(folder, manifest, begin)
    _check_card(folder, manifest)
    edited = {file.path for file in listed(manifest) if file.sha256 != hashes[file.path]}
    if edited:
        own = [file for file in manifest.bundle if file.path in edited]
        others = [msgspec.structs.replace(file, sha256=hashes[file.path]) for file in (*manifest.others, *own)]
        bundle = tuple(file for file in manifest.bundle if file.path not in edited)
        manifest = msgspec.structs.replace(manifest, others=tuple(others), bundle=bundle)
        text = encode_manifest(manifest)
    return Local(folder, manifest, text, hashes)


def same_file(path: Path, sha256: str, file: Any) -> bool:
    """Whether a file on the Hub is that on the disk: large ones are known by SHA-256, others by git's hash."""
    return file.lfs.sha256 == sha256 if file.lfs else file.blob_id == _git_hash(path.read_bytes())


def _git_hash(content: bytes) -> str:
    """The hash that git gives a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _is_below(path: str) -> bool:
    parts = PurePosixPath(path).parts
    odd = any(part.startswith(".") or "\\" in part or not part.isprintable() for part in parts)
    return bool(parts) and str(PurePosixPath(path)) == path and path != NAME and not odd and path[0] != "/"


def _check_numbers(manifest: Manifest, folder: Path) -> None:
    counts: dict[str, int] = {}
    for file in listed(manifest):
        parent = str(PurePosixPath(file.path).parent)
        counts[parent] = counts.get(parent, 0) + 1
    for parent, count in counts.items():
        if count > FILES_PER_FOLDER:
            raise UsageError(
                f"{folder / parent} holds {count:,} files and the Hub takes {FILES_PER_FOLDER:,} a folder; "
                "push it as several datasets"
            )


def _hashes(folder: Path, manifest: Manifest, begin: Begin) -> dict[str, str]:
    bundle = {file.path for file in manifest.bundle}
    paths = [folder / file.path for file in listed(manifest)]
    report = begin(CHECKING, sum(path.stat().st_size for path in paths if path.is_file()))
    found: dict[str, str] = {}
    done = 0
    for file in listed(manifest):
        path = folder / file.path
        if not path.is_file():
            again = f"`taskgen card {folder}` makes it again" if file.path in bundle else "make the dataset again"
            raise Damaged(f"{path} is missing; {again}; nothing was pushed")
        found[file.path] = sha256_of(path)
        if holds_rows(file.path) and found[file.path] != file.sha256:
            raise Damaged(f"{path} is not what the manifest says; make the dataset again; nothing was pushed")
        done += path.stat().st_size
        report(done)
    return found


def _check_card(folder: Path, manifest: Manifest) -> None:
    """A card is part of every dataset on the Hub, and its front matter says how it is loaded."""
    card = folder / CARD
    if CARD not in {file.path for file in listed(manifest)}:
        raise UsageError(f"{folder} has no {CARD} in its manifest; `taskgen card {folder}` makes it")
    try:
        text = card.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{card} is not UTF-8; save it so, or delete it and run `taskgen card {folder}`") from None
    if not re.match(r"\s*---\r?\n.*?\r?\n---\s*(\n|$)", text, re.DOTALL):
        raise UsageError(
            f"{card} does not begin with front matter between two lines ---; put it back, or delete {CARD} and run "
            f"`taskgen card {folder}`"
        )


def differing(local: Local, remote: Remote) -> list[str]:
    """The paths of a folder that are not, or not so, on the Hub; the manifest is one of them where it differs."""
    changed = [
        path
        for path, sha256 in local.hashes.items()
        if path not in remote.files or not same_file(local.folder / path, sha256, remote.files[path])
    ]
    return changed if remote.text == local.text else [*changed, NAME]
