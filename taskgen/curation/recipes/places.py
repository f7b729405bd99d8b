"""The datasets, files and policies that a recipe names: where they are, and what is in them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from taskgen.curation.recipes.reading import Recipe, Stage
from taskgen.curation.sources import open_source, split_column
from taskgen.curation.stages import Settings
from taskgen.engine.errors import UsageError
from taskgen.engine.files import sha256_of


def resolved(stage: Stage, folder: Path) -> Settings:
    """A stage's settings, its relative paths looked up from the recipe's folder."""
    changes: dict[str, Any] = {}
    for name in stage.kind.sources:
        value = getattr(stage.settings, name)
        if isinstance(value, str):
            changes[name] = _resolve(value, folder)
        elif value is not None:
            changes[name] = type(value)(_resolve(item, folder) for item in value)
    return msgspec.structs.replace(stage.settings, **changes)


def _resolve(place: str, folder: Path) -> str:
    kind, colon, path = place.partition(":")
    if colon and kind in ("hf", "openai"):
        return place
    if colon and kind in ("replay", "transformers"):
        return f"{kind}:{folder / path}"
    return str(folder / place)


def fingerprints(stage: Stage, settings: Settings) -> list[str]:
    """The hashes of all files that a stage's settings name."""
    return [mark for _, place in _places(stage, settings) for mark in _fingerprint(place)]


def local_places(stage: Stage, settings: Settings) -> Iterator[Path]:
    """The files and folders that a stage's settings name."""
    for _, place in _places(stage, settings):
        if not place.startswith(("openai:", "hf:")):
            yield _path(place)


def check_places(recipe: Recipe) -> None:
    """Raise UsageError where a file that a stage names does not exist, before any stage runs."""
    for stage in recipe.stages:
        asked = _places(stage, stage.settings)
        for (name, written), (_, place) in zip(asked, _places(stage, resolved(stage, recipe.folder)), strict=True):
            if not written:
                raise UsageError(f"{stage.place}.{name}: empty text names no file")
            if not place.startswith(("openai:", "hf:")) and not _path(place).exists():
                raise UsageError(f"{stage.place}.{name}: {_path(place)} does not exist")


def _places(stage: Stage, settings: Settings) -> Iterator[tuple[str, str]]:
    """The setting and the place for each place that a stage's settings name."""
    for name in stage.kind.sources:
        value = getattr(settings, name)
        for place in (value,) if isinstance(value, str) else value or ():
            yield name, place


def _fingerprint(place: str) -> list[str]:
    if place.startswith("openai:"):
        return []
    if place.startswith("hf:"):
        return list(open_source(place).fingerprints())
    path = _path(place)
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.is_file()]  # their names tell splits
        return [f"{file.relative_to(path).as_posix()} {sha256_of(file)}" for file in files]
    return [sha256_of(path)]


def _path(place: str) -> Path:
    """The file or folder in a place that is neither on the Hub nor a server."""
    kind, colon, rest = place.partition(":")
    return Path(rest if colon and kind in ("replay", "transformers") else split_column(place)[0])
