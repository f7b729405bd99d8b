"""The bundle: what goes with the rows of a dataset so that it explains itself and trains itself."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from taskgen.engine.files import sha256_of, write_whole
from taskgen.engine.folders import locked
from taskgen.engine.manifest import NAME, FileEntry, check_files, data_files, encode_manifest, read_manifest
from taskgen.publishing.facts import DatasetFacts, dataset_manifest, gather

CARD, CROISSANT = "README.md", "croissant.json"

Report = Callable[[str], None]
"""Called with what is being done."""


class Dressed(NamedTuple):
    """What a bundle holds, and which files of it were left as somebody has edited them."""

    files: tuple[Path, ...]
    left: tuple[Path, ...]


def is_dressed(folder: Path) -> bool:
    """Whether a folder has its bundle whole."""
    files = read_manifest(folder).bundle
    return bool(files) and all((folder / file.path).is_file() for file in files)


def dress(folder: Path, report: Report = lambda stage: None) -> Dressed:
    """Check a dataset folder's rows, hold its lock and add its bundle.

    Raises FolderTaken, Damaged where a file is not what the manifest says, and what `add_bundle` raises.
    """
    files = data_files(dataset_manifest(folder))  # first, for no folder shall be made
    check_files(folder, files)
    with locked(folder):
        return add_bundle(folder, report)


def add_bundle(folder: Path, report: Report = lambda stage: None) -> Dressed:
    """Write card, plots, pictures, Croissant and trainers into a dataset folder, and sign them in its manifest.

    A file that somebody has edited, or has put where one of ours would be, is left as it is. Raises UsageError where
    the folder is no dataset of taskgen's, Damaged, OSError.
    """
    report("reading rows")
    facts = gather(folder)
    signed = {file.path: file.sha256 for file in facts.manifest.bundle}
    entries, left = [], []
    for path, content in _contents(facts, report):
        file, digest = folder / path, sha256(content).hexdigest()
        entries.append(FileEntry(path, 0, digest))
        if file.exists() and sha256_of(file) not in (digest, signed.pop(path, None)):
            left.append(file)
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, content)
    manifest = msgspec.structs.replace(facts.manifest, bundle=tuple(entries))
    write_whole(folder / NAME, encode_manifest(manifest))
    _remove_unedited(folder, signed, {entry.path for entry in entries})
    return Dressed(tuple(folder / entry.path for entry in entries), tuple(left))


def _contents(facts: DatasetFacts, report: Report) -> Iterator[tuple[str, bytes]]:
    """The files of a bundle: their paths in the folder and what they hold."""
    from taskgen.publishing.cards.card import write_card
    from taskgen.publishing.croissant import croissant
    from taskgen.publishing.pictures import draw
    from taskgen.publishing.plots import draw_plots
    from taskgen.training.bundle import training_files

    training = training_files()
    yield from training.items()
    report("drawing plots")
    plots = draw_plots(facts)
    for plot in plots:
        yield f"plots/{plot.name}.png", plot.png
    report("drawing pictures")
    drawn = {task.name: draw(task.sample.problem) for task in facts.tasks}
    pictures = {name: picture for name, picture in drawn.items() if picture}
    for name, picture in pictures.items():
        yield f"pictures/{name}.svg", picture.svg
        yield f"pictures/{name}.png", picture.png
    report("writing the card")
    yield CROISSANT, croissant(facts)
    yield CARD, write_card(facts, plots, pictures, training).encode()


def _remove_unedited(folder: Path, signed: dict[str, str], kept: set[str]) -> None:
    """Remove what an earlier bundle held and this one does not, where nobody has edited it."""
    for path, digest in signed.items():
        file = folder / path
        if path not in kept and file.is_file() and sha256_of(file) == digest:
            file.unlink()
