"""The bundle: what goes with the rows of a dataset so that it explains itself and trains itself.

Which of its files are ours is told by their hashes, in the manifest and, while a bundle is being written, in a note of
what the folder then may hold: so an interrupted run's files are known, and an edited one never is replaced.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from taskgen.engine.errors import Stopped
from taskgen.engine.files import sha256_of, write_whole
from taskgen.engine.folders import WORK, locked, remove_if_empty
from taskgen.engine.manifest import NAME, FileEntry, Manifest, check_files, data_files, encode_manifest, read_manifest
from taskgen.publishing.facts import DatasetFacts, dataset_manifest, gather
from taskgen.publishing.figures import Picture

CARD, CROISSANT = "README.md", "croissant.json"
NOTE = f"{WORK}/bundle.json"
"""A manifest of all that an unfinished bundle has written or is about to."""

Report = Callable[[str], None]
"""Called with what is being done."""


class Dressed(NamedTuple):
    """What a bundle holds, and which files of it were left as somebody has edited them."""

    files: tuple[Path, ...]
    left: tuple[Path, ...]


def is_dressed(folder: Path) -> bool:
    """Whether a folder has its bundle whole, and it tells of all the rows: Croissant names the hash of every file."""
    manifest = read_manifest(folder)
    paths = [*(file.path for file in manifest.bundle), CROISSANT]
    if not manifest.bundle or not all((folder / path).is_file() for path in paths):
        return False
    told = (folder / CROISSANT).read_bytes()
    return not (folder / NOTE).exists() and all(file.sha256.encode() in told for file in data_files(manifest))


def dress(folder: Path, report: Report = lambda stage: None) -> Dressed:
    """Check a dataset folder's rows, hold its lock and add its bundle.

    Raises FolderTaken, Damaged where a file is not what the manifest says, Stopped on Ctrl-C, and what `add_bundle`
    raises.
    """
    files = data_files(dataset_manifest(folder))  # first, for no folder shall be made
    try:
        check_files(folder, files)
        with locked(folder):
            return add_bundle(folder, report)
    except KeyboardInterrupt:
        raise Stopped(f"all rows in {folder}") from None


def add_bundle(folder: Path, report: Report = lambda stage: None) -> Dressed:
    """Write card, plots, pictures, Croissant and trainers into a dataset folder, and sign them in its manifest.

    A file that somebody has edited, or has put where one of ours would be, is left as it is. Raises UsageError where
    the folder is no dataset of taskgen's, Damaged, OSError.
    """
    report("reading rows")
    facts = gather(folder)
    contents = dict(_contents(facts, report))
    others = tuple(file for file in facts.manifest.others if file.path not in contents or _is_there(folder, file.path))
    rest = {file.path for file in (*data_files(facts.manifest), *others)}  # an edited card is its owner's once pulled
    entries = tuple(
        FileEntry(path, 0, sha256(content).hexdigest()) for path, content in contents.items() if path not in rest
    )
    noted = read_manifest(folder, NOTE).bundle
    ours = sorted({*facts.manifest.bundle, *noted, *entries}, key=lambda file: (file.path, file.sha256))
    unedited = set(_unedited(folder, ours)) - rest
    (folder / WORK).mkdir(exist_ok=True)
    write_whole(folder / NOTE, encode_manifest(Manifest(bundle=tuple(ours))))
    for entry in entries:
        _sweep(folder / entry.path)
        if entry.path in unedited:
            _place(folder / entry.path, contents[entry.path], entry.sha256)
    for path in unedited - contents.keys():
        (folder / path).unlink(missing_ok=True)
    manifest = msgspec.structs.replace(facts.manifest, others=others, bundle=entries)
    write_whole(folder / NAME, encode_manifest(manifest))
    _sweep(folder / NAME)
    _sweep(folder / NOTE)
    (folder / NOTE).unlink()
    remove_if_empty(folder / WORK)
    left = (path for path in contents if path not in unedited)
    return Dressed(tuple(folder / path for path in contents), tuple(folder / path for path in left))


def may_dress(path: str) -> bool:
    """Whether a file of this name can be a bundle's; those that were edited stand with `others` once pushed."""
    from taskgen.training.bundle import SCRIPTS

    return path in (CARD, CROISSANT, *SCRIPTS) or path.startswith(("plots/", "pictures/", "configs/"))


def _is_there(folder: Path, path: str) -> bool:
    """Whether there is anything of that name, be it a link to nowhere."""
    return os.path.lexists(folder / path)


def _unedited(folder: Path, ours: Iterable[FileEntry]) -> Iterator[str]:
    """The paths at which there is nothing, or a file as one of these entries has it."""
    hashes: dict[str, set[str]] = defaultdict(set)
    for entry in ours:
        hashes[entry.path].add(entry.sha256)
    for path, known in hashes.items():
        file = folder / path
        if sha256_of(file) in known if file.is_file() else not _is_there(folder, path):
            yield path


def _place(file: Path, content: bytes, digest: str) -> None:
    """Write a file, where it is not there already."""
    if not (file.is_file() and sha256_of(file) == digest):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, content)


def _sweep(file: Path) -> None:
    """Remove what a run that died has left of writing a file; the folder's lock is ours."""
    for partial in file.parent.glob(f".{file.name}.*.partial"):
        partial.unlink()


def _drawn(problem: str) -> Picture | None:
    """The picture of a problem, where its task has one and this taskgen can read it."""
    from taskgen.publishing.pictures import draw

    try:
        return draw(problem)
    except ValueError:
        return None


def _contents(facts: DatasetFacts, report: Report) -> Iterator[tuple[str, bytes]]:
    """The files of a bundle: their paths in the folder and what they hold."""
    from taskgen.publishing.cards.card import write_card
    from taskgen.publishing.croissant import croissant
    from taskgen.publishing.plots import draw_plots
    from taskgen.training.bundle import training_files

    training = training_files()
    yield from training.items()
    report("drawing plots")
    plots = draw_plots(facts)
    for plot in plots:
        yield f"plots/{plot.name}.png", plot.png
    report("drawing pictures")
    drawn = {task.name: _drawn(task.sample.problem) for task in facts.tasks}
    pictures = {name: picture for name, picture in drawn.items() if picture}
    for name, picture in pictures.items():
        yield f"pictures/{name}.svg", picture.svg
        yield f"pictures/{name}.png", picture.png
    report("writing the card")
    yield CROISSANT, croissant(facts)
    yield CARD, write_card(facts, plots, pictures, training).encode()
