"""Reproducing: a dataset folder is made anew from what it says of itself, and compared with that file by file.

A folder of `generate` says it with its orders, a curated one with its recipe, that of a single stage with the stage's
settings. What is compared is what the manifest signs, except the bundle: rows, dropped rows, reports, rollouts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow
import pyarrow.parquet

from taskgen import __version__
from taskgen.curation.recipes.publishing import RECIPE
from taskgen.curation.recipes.running import Begin
from taskgen.curation.stages import no_report
from taskgen.engine.building import build
from taskgen.engine.errors import Damaged, FolderTaken, UsageError
from taskgen.engine.files import sha256_of
from taskgen.engine.folders import finished_split
from taskgen.engine.manifest import NAME, FileEntry, Manifest, data_files, read_manifest
from taskgen.engine.orders import task_of
from taskgen.publishing.bundle import may_dress
from taskgen.publishing.remaking import repeat_recipe, repeat_stage
from taskgen.registry import UnknownTask, task


@dataclass(frozen=True)
class Reproduced:
    """What came of it."""

    out: Path
    files: tuple[FileEntry, ...]
    """What the manifest of the original signs."""
    different: dict[str, str]
    """The files that are not the same, each with what is wrong with it."""
    notes: tuple[str, ...]
    """What else is not as it was: versions, and files of the original that were changed since."""


def default_out(folder: Path) -> Path:
    """Where a reproduction goes if nobody says where: beside the original."""
    place = folder if folder.name not in ("", "..") else folder.resolve()
    return place.with_name(f"{place.name}-reproduced")


def reproduce(
    folder: Path,
    out: Path | None = None,
    inputs: Path | None = None,
    workers: int | None = None,
    begin: Begin = lambda number, name, rows: no_report,
) -> Reproduced:
    """Make a dataset folder anew in `out` and compare; the files that went into it are looked for in `inputs`.

    `inputs` is, if not given, the folder itself, for that of a single stage the folder around it. Raises UsageError
    where the folder is no dataset of taskgen's, something that went into it is missing or another, or cannot be had
    again, and what its making raises: FolderTaken, Damaged, KnobError, Stopped.
    """
    manifest = _manifest(folder)
    out = out or default_out(folder)
    _check_place(folder, out)
    if manifest.splits:
        _check_orders(folder, out, manifest)
        for number, (split, entry) in enumerate(manifest.splits.items(), 1):
            build(entry.order, out, workers, begin(number, split, entry.order.count))
    elif (folder / RECIPE).is_file():
        repeat_recipe(folder, manifest, out, inputs or folder, workers, begin)
    else:
        repeat_stage(folder, manifest, out, inputs or folder.resolve().parent, workers, begin)
    files = _signed(manifest)
    return Reproduced(out, tuple(files), _different(folder, out, files), tuple(_notes(folder, out, manifest)))


def _manifest(folder: Path) -> Manifest:
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder" if folder.exists() else f"{folder} does not exist")
    if not (folder / NAME).is_file():
        raise UsageError(f"{folder} has no {NAME}, so nothing says how it was made")
    try:
        manifest = read_manifest(folder)
    except Damaged:
        raise Damaged(f"{folder / NAME} is not a manifest of taskgen's, or is damaged") from None
    if not manifest.splits and not manifest.stages:
        raise UsageError(f"{folder / NAME} tells of no command that made anything")
    return manifest


def _check_place(folder: Path, out: Path) -> None:
    ours, other = folder.resolve(), out.resolve()
    if other.is_relative_to(ours) or ours.is_relative_to(other):
        raise UsageError(f"{out} and {folder} are one folder, or one lies in the other; choose another --out")


def _check_orders(folder: Path, out: Path, manifest: Manifest) -> None:
    """Raise what no order shall find out after another was carried out: UsageError, UnknownTask, FolderTaken."""
    for entry in manifest.splits.values():
        for cell in entry.order.cells:
            try:
                task_of(cell)
            except msgspec.ValidationError as error:
                raise UsageError(f"{folder} was made with knobs that {cell.task} no longer has: {error}") from None
        finished_split(out, entry.order)
    others = read_manifest(out).splits.keys() - manifest.splits.keys()
    if others:
        raise FolderTaken(f"{out} holds a {min(others)} split, which {folder} has not; choose another --out")


def _signed(manifest: Manifest) -> list[FileEntry]:
    """Rows, dropped rows, reports, rollouts; no card or script, be it ours or edited by its owner."""
    return [*data_files(manifest), *(file for file in manifest.others if not may_dress(file.path))]


def _different(folder: Path, out: Path, files: Sequence[FileEntry]) -> dict[str, str]:
    """What is wrong with each file that was not made again as it was."""
    found = {}
    for file in files:
        made = out / file.path
        if not made.is_file():
            found[file.path] = "is not there"
        elif sha256_of(made) != file.sha256:
            found[file.path] = "has the same rows in other bytes" if _same_rows(folder, made, file) else "differs"
    known = {file.path for file in files}
    return found | {file.path: "is new" for file in _signed(read_manifest(out)) if file.path not in known}


def _same_rows(folder: Path, made: Path, file: FileEntry) -> bool:
    """Whether a Parquet file that has other bytes than the original holds what that held."""
    original = folder / file.path
    if made.suffix != ".parquet" or not original.is_file() or sha256_of(original) != file.sha256:
        return False
    return bool(pyarrow.parquet.read_table(original).equals(pyarrow.parquet.read_table(made)))


def _notes(folder: Path, out: Path, manifest: Manifest) -> Iterator[str]:
    made_by = {entry.taskgen for entry in manifest.splits.values()} | {entry.taskgen for entry in manifest.stages}
    for version in sorted(made_by - {__version__}):
        yield f"{folder} was made by taskgen {version}, this is taskgen {__version__}"
    for name, then, now in _other_tasks(manifest):
        yield f"{folder} holds version {then} of {name}, this taskgen has version {now}"
    files = [file for file in _signed(manifest) if file.path.endswith(".parquet")]
    writers = {writer for file in files if (writer := _writer(folder / file.path))}
    for writer in sorted(writers - {f"parquet-cpp-arrow version {pyarrow.cpp_version}"}):
        yield f"{folder} was written by {writer}, this is pyarrow {pyarrow.__version__}, which may write other bytes"
    for file in _signed(manifest):
        path = folder / file.path
        if not path.is_file():
            yield f"{path} is missing; the new file was compared with what the manifest says"
        elif sha256_of(path) != file.sha256:
            yield f"{path} was changed since; the new file was compared with what the manifest says"


def _other_tasks(manifest: Manifest) -> Iterator[tuple[str, int, int]]:
    """Tasks whose verifier has another version here: name, version then, version now."""
    cells = [(cell.task, cell.task_version) for entry in manifest.splits.values() for cell in entry.cells]
    for entry in manifest.stages:
        cells += [(cell["task"], cell["task_version"]) for cell in entry.notes.get("cells", ())]
    for name, version in sorted(set(cells)):
        try:
            here = task(name).version
        except UnknownTask:
            continue
        if here != version:
            yield name, version, here


def _writer(path: Path) -> str | None:
    """What wrote a Parquet file, as it says itself; None where it cannot be read."""
    try:
        return str(pyarrow.parquet.read_metadata(path).created_by)
    except (pyarrow.ArrowInvalid, OSError):
        return None
