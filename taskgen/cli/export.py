"""`taskgen export`: a dataset as a trainer reads it."""

from pathlib import Path
from typing import Annotated

import typer

from taskgen.cli.arguments import Data, StageOut

To = Annotated[
    str,
    typer.Option(
        "--to",
        help="trl, verl, openrlhf, easyr1, skyrl, slime, nemo-gym, verifiers, ms-swift or open-instruct.",
        metavar="NAME",
    ),
]


def export(data: Data, to: To, out: StageOut = None) -> None:
    """Write a dataset of taskgen's as a trainer reads it, and say which options the trainer needs."""
    from taskgen.cli.progress import Bar
    from taskgen.curation.sources import open_source
    from taskgen.curation.stages import default_out
    from taskgen.publishing.exports.formats import find_format
    from taskgen.publishing.exports.guide import options
    from taskgen.publishing.exports.writing import export

    find_format(to)
    source = open_source(data)
    folder = out or default_out(data, to)
    with Bar(source.rows, "rows") as bar:
        manifest = export(source, to, folder, bar.report)
    for file in manifest.files:
        print(f"  {folder / file.path}  {file.rows:,} rows")
    dialogues = manifest.stages[-1].notes["dialogues"]
    if dialogues:
        print(f"  of many turns, in files of their own: {', '.join(dialogues)}")
    print(f"\n{options(to, str(Path(folder).resolve()), manifest.files)}")
    print(f"  {folder / 'README.md'}  says more")
