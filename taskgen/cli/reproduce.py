"""`taskgen reproduce`: make a dataset folder again."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from taskgen.cli.arguments import Workers

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="A dataset that generate, curate or a stage made.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Folder.", show_default="FOLDER-reproduced")]
Inputs = Annotated[
    Path | None,
    typer.Option("--inputs", help="Where the files lie that went into it.", show_default="FOLDER", file_okay=False),
]


def reproduce(folder: Folder, out: Out = None, inputs: Inputs = None, workers: Workers = None) -> None:
    """Make a dataset again, from its manifest or its recipe, and say whether its bytes are the same.

    An interrupted run goes on where it stopped. The new folder has no card: `taskgen card` makes one.
    """
    from taskgen.cli.progress import StageBars
    from taskgen.engine.errors import Trouble
    from taskgen.publishing.reproducing import reproduce

    with StageBars() as bars:
        result = reproduce(folder, out, inputs, workers, bars.begin)
    for note in result.notes:
        print(f"taskgen: warning: {note}", file=sys.stderr)
    for file in result.files:
        print(f"  {result.out / file.path}  {result.different.get(file.path, 'is the same')}")
    if result.different:
        told = ", ".join(f"{path} {what}" for path, what in result.different.items())
        raise Trouble(f"{folder} was not reproduced: {told}")
    rows = sum(file.rows for file in result.files if file.path.startswith("data/"))
    files = "1 file" if len(result.files) == 1 else f"{len(result.files)} files"
    print(f"{folder}: the same bytes: {files}, {rows:,} rows, in {result.out}")
