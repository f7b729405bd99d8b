"""What a recipe leaves behind: the rows, every dropped row with its reason, the recipe, a report and a manifest."""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet

from taskgen.curation.recipes.reading import Recipe
from taskgen.curation.stages import clear
from taskgen.engine.errors import FolderTaken
from taskgen.engine.files import sha256_of, sync_folder, write_whole
from taskgen.engine.folders import WORK, locked
from taskgen.engine.manifest import (
    NAME,
    FileEntry,
    Manifest,
    StageEntry,
    data_files,
    edited,
    encode_manifest,
    read_manifest,
)

REPORT, RECIPE, ROLLOUTS = "report.md", "recipe.yaml", "rollouts"


Dress = Callable[[Path], object]
"""Called with a folder that holds rows and manifest; adds what is to go with them, and signs it."""


def undressed(folder: Path) -> None:
    """Add nothing."""


def publish(
    recipe: Recipe,
    out: Path,
    data: Path,
    folders: Sequence[Path],
    entries: Sequence[StageEntry],
    dress: Dress = undressed,
    rollouts: Path | None = None,
) -> None:
    """Put the result of the last stage in `out`, in place of what an earlier run of the recipe left there.

    `folders` holds the folder of each entry's stage, `rollouts` the one whose completions go with the rows, if any.
    Raises FolderTaken where `out` holds anything else.
    """
    partial, old = (out.with_name(f".{out.name}.{word}") for word in ("partial", "old"))
    with locked(partial):
        try:
            clear(partial)
            files = _place_rows(data, partial)
            others = _place_others(folders, partial)
            if rollouts is not None:
                others += _place_rollouts(rollouts, partial)
            write_whole(partial / RECIPE, recipe.text.encode())
            write_whole(partial / REPORT, report(recipe, entries, files, others).encode())
            others += [FileEntry(name, 0, sha256_of(partial / name)) for name in (RECIPE, REPORT)]
            manifest = Manifest(stages=tuple(entries), files=tuple(files), others=tuple(others))
            write_whole(partial / NAME, encode_manifest(manifest))
            dress(partial)
            check_owner(out)  # last, for all this may have taken long
            shutil.rmtree(old, ignore_errors=True)
            if out.exists():
                os.rename(out, old)
            os.rename(partial, out)
            sync_folder(out.parent)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            if old.exists() and not out.exists():
                os.rename(old, out)
            raise
        shutil.rmtree(old, ignore_errors=True)


def check_owner(out: Path) -> None:
    """Only what a recipe has put there, and nobody has edited, may be replaced. Raises FolderTaken."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    odd, changed = [out], []
    if all((out / name).is_file() for name in (RECIPE, NAME)):
        manifest = read_manifest(out)
        own = {REPORT, RECIPE, NAME, *(file.path for file in (*manifest.files, *manifest.others, *manifest.bundle))}
        found = [path.relative_to(out) for path in sorted(out.rglob("*")) if path.is_symlink() or not path.is_dir()]
        odd = [out / path for path in found if path.as_posix() not in own and path.parts[0] != WORK]
        changed = edited(out, manifest)
    if odd:
        raise FolderTaken(f"{odd[0]} is not from a recipe; move it or choose another --out")
    if changed:
        raise FolderTaken(f"{changed[0]} was edited since the recipe made it; move it or choose another --out")


def _place_rows(data: Path, partial: Path) -> list[FileEntry]:
    files = data_files(read_manifest(data))
    (partial / "data").mkdir(exist_ok=True)
    for file in files:
        _link(data / file.path, partial / file.path)
    return files


def _place_others(folders: Sequence[Path], partial: Path) -> list[FileEntry]:
    """Every stage's dropped rows, in a file named for the stage, and what else it has written."""
    placed = []
    for folder in folders:
        stage = folder.name.rpartition("-")[0]
        for file in read_manifest(folder).others:
            path = f"dropped/{stage}.parquet" if file.path == "dropped.parquet" else f"reports/{stage}-{file.path}"
            (partial / path).parent.mkdir(exist_ok=True)
            _link(folder / file.path, partial / path)
            placed.append(FileEntry(path, file.rows, file.sha256))
    return placed


def _place_rollouts(rollouts: Path, partial: Path) -> list[FileEntry]:
    """The records that were sampled, what was said to them, and the verdicts on that."""
    placed = []
    for file in sorted(rollouts.rglob("*.parquet")):
        path = f"{ROLLOUTS}/{file.relative_to(rollouts).as_posix()}"
        (partial / path).parent.mkdir(parents=True, exist_ok=True)
        _link(file, partial / path)
        placed.append(FileEntry(path, pyarrow.parquet.read_metadata(file).num_rows, sha256_of(file)))
    return placed


def _link(file: Path, target: Path) -> None:
    """A second name for a file or, where the disk has no such thing, a copy; neither is ever written to again."""
    target.unlink(missing_ok=True)
    try:
        os.link(file, target)
    except OSError:
        shutil.copyfile(file, target)


def report(
    recipe: Recipe, entries: Sequence[StageEntry], files: Sequence[FileEntry], others: Sequence[FileEntry]
) -> str:
    """The report in Markdown: rows in, rows out and the reasons of each stage."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"settings": _settings, "fact": _fact}
    template = environment.get_template("report.md.jinja")
    return template.render(
        recipe=recipe, entries=entries, files=files, others=others, rows=sum(file.rows for file in files)
    )


def _settings(entry: StageEntry) -> str:
    """Settings as `name: value`, those left out that say nothing."""
    shown = {name: value for name, value in entry.settings.items() if name != "tasks" and _says_something(value)}
    return "; ".join(f"{name}: {_fact(value)}" for name, value in shown.items())


def _fact(value: Any) -> str:
    """A value of a manifest as a person reads it; what says nothing is left out."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case dict():
            return ", ".join(f"{name} {_inner(item)}" for name, item in value.items() if _says_something(item))
        case list() | tuple():
            return ", ".join(_inner(item) for item in value)
    return str(value)


def _inner(value: Any) -> str:
    return f"({_fact(value)})" if isinstance(value, dict) else _fact(value)


def _says_something(value: Any) -> bool:
    return value is not None and value is not False and value not in ("", [], {}, ())
