"""What a trainer has to be told to read an export: its options, and what to know, from a template a trainer."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from taskgen.engine.manifest import FileEntry, StageEntry
from taskgen.publishing.exports.formats import FORMATS

README = "README.md"
HERE = "$HERE"
"""How the README names its own folder, so that it reads the same wherever that lies."""


def options(to: str, folder: str, files: Sequence[FileEntry]) -> str:
    """The option lines for a trainer; `folder` is the path of the export."""
    return str(_macros(to).options(_places(folder, files))).strip() + "\n"


def readme(to: str, entry: StageEntry, files: Sequence[FileEntry]) -> str:
    """The README of an export."""
    return str(
        _environment()
        .get_template("readme.md.jinja")
        .render(
            to=to,
            title=_macros(to).title,
            language=_macros(to).language,
            read=_macros(to).read,
            options=options(to, HERE, files),
            notes=str(_macros(to).notes()).strip(),
            judge=FORMATS[to].judge,
            plays_dialogues=FORMATS[to].plays_dialogues,
            entry=entry,
            files=files,
        )
    )


def _places(folder: str, files: Sequence[FileEntry]) -> dict[str, Any]:
    """The files by name; `held_out` is validation or else test, `train` may be missing."""
    found = {Path(file.path).stem: f"{folder}/{file.path}" for file in files}
    held_out = found.get("validation") or found.get("test")
    return {"folder": folder, "train": found.get("train"), "held_out": held_out} | {
        "trains": [path for name, path in found.items() if name.removesuffix("-dialogues") == "train"]
    }


def _macros(to: str) -> Any:
    return _environment().get_template(f"options/{to}.jinja").module


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
