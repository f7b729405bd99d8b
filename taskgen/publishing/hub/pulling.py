"""A dataset of ours comes from the Hub: every file that its manifest lists, each compared with its hash.

It is gathered in a folder beside the one that is asked for and takes its name at the end, so it appears whole or not at
all; what has come stays there for the next try.
"""

import glob
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from taskgen.engine.errors import Damaged, FolderTaken, Stopped, Trouble, UsageError
from taskgen.engine.files import naming, sha256_of, sync_folder
from taskgen.engine.folders import locked
from taskgen.engine.manifest import NAME, Manifest, data_files
from taskgen.publishing.hub.client import check_name, open_client, patiently, plain_words
from taskgen.publishing.hub.contents import CHECKING, FETCHING, Begin, Remote, holds_rows, listed, same_file
from taskgen.publishing.hub.reading import read_remote


class Pulled(NamedTuple):
    """Where a dataset came from and went to, whether there was anything to do, and its card's state."""

    address: str
    commit: str
    folder: Path
    rows: int
    made: bool
    edited: tuple[str, ...]
    """Cards, scripts and reports that are not as they were pushed or, where nothing was done, not as on the Hub."""


def pull(repository: str, revision: str, out: Path, begin: Begin) -> Pulled:
    """Fetch a dataset that was pushed by taskgen, at a revision (main if it is empty).

    Raises UsageError where there is no such dataset or it is not ours, FolderTaken where `out` holds something else,
    Damaged where data is not what the manifest says, Trouble where the Hub stays away, Stopped at Ctrl-C.
    """
    check_name(repository)
    try:
        with plain_words(repository, "the same command goes on where this one stopped"):
            client = open_client()
            remote = read_remote(client, repository, revision or None)
            manifest = _manifest(remote)
            address = f"{client.endpoint}/datasets/{repository}"
            rows = sum(file.rows for file in data_files(manifest))
            if out.exists() and (not out.is_dir() or any(out.iterdir())):
                changed = _finished(out, remote)
                return Pulled(address, remote.commit, out, rows, False, changed)
            changed = _fetch(client, remote, manifest, out, begin)
    except KeyboardInterrupt:
        raise Stopped("the files that came") from None
    return Pulled(address, remote.commit, out, rows, True, changed)


def _manifest(remote: Remote) -> Manifest:
    if remote.manifest is None:
        raise UsageError(
            f"{remote.repository} was not pushed by taskgen; load it with "
            f'datasets.load_dataset("{remote.repository}") or read it as hf:{remote.repository}'
        )
    missing = [file.path for file in listed(remote.manifest) if file.path not in remote.files]
    if missing:
        raise Damaged(f"{remote.repository} lacks {missing[0]}, which its manifest lists; pull another --revision")
    return remote.manifest


def _finished(out: Path, remote: Remote) -> tuple[str, ...]:
    """The cards, scripts and reports that differ in a folder that holds this revision. Raises FolderTaken, Damaged."""
    if not out.is_dir() or not (out / NAME).is_file() or (out / NAME).read_bytes() != remote.text:
        raise FolderTaken(f"{out} is there already and not this revision; choose another --out or delete it")
    assert remote.manifest is not None
    differing = [
        file.path
        for file in listed(remote.manifest)
        if not (out / file.path).is_file()
        or not same_file(out / file.path, sha256_of(out / file.path), remote.files[file.path])
    ]
    for path in differing:
        if holds_rows(path):
            raise Damaged(f"{out / path} is not what the manifest says; delete {out} or choose another --out")
    return tuple(differing)


def _fetch(client: Any, remote: Remote, manifest: Manifest, out: Path, begin: Begin) -> tuple[str, ...]:
    place = out.resolve()
    partial = place.with_name(f".{place.name}.pull")
    place.parent.mkdir(parents=True, exist_ok=True)
    with locked(partial), naming(partial):
        paths = [file.path for file in listed(manifest)]
        size, done = sum(remote.files[path].size for path in paths), 0
        report = begin(FETCHING, size)
        for batch in (paths[start : start + 20] for start in range(0, len(paths), 20)):
            _download(client, remote, batch, partial)
            done += sum(remote.files[path].size for path in batch)
            report(done)
        changed = _check(partial, remote, manifest, begin(CHECKING, size))
        _leave_only(partial, {*paths})
        (partial / NAME).write_bytes(remote.text)
        if place.exists():
            place.rmdir()
        os.rename(partial, place)
        sync_folder(place.parent)
    return changed


def _download(client: Any, remote: Remote, paths: list[str], partial: Path) -> None:
    """Fetch files of a commit; those that are there already are not fetched again."""
    patiently(
        lambda: client.snapshot_download(
            remote.repository,
            repo_type="dataset",
            revision=remote.commit,
            allow_patterns=[glob.escape(path) for path in paths],
            local_dir=partial,
        )
    )


def _check(partial: Path, remote: Remote, manifest: Manifest, report: Callable[[int], None]) -> tuple[str, ...]:
    """Compare what came with the manifest; gives the files that were edited on the Hub since."""
    changed, done = [], 0
    for file in listed(manifest):
        path = partial / file.path
        if not path.is_file():
            raise Trouble(f"{remote.repository}: {file.path} did not come; repeat the command")
        sha256 = sha256_of(path)
        done += path.stat().st_size
        report(done)
        if sha256 == file.sha256:
            continue
        if holds_rows(file.path) or not same_file(path, sha256, remote.files[file.path]):
            path.unlink()
            raise Damaged(f"{file.path} of {remote.repository} is not what its manifest says; pull another --revision")
        changed.append(file.path)
    return tuple(changed)


def _leave_only(folder: Path, paths: set[str]) -> None:
    """Remove what an earlier try or the client has left beside the files."""
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(folder).as_posix() not in paths:
            path.unlink()
