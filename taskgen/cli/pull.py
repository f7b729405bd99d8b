"""`taskgen pull`: a dataset comes from the Hub."""

import sys
from pathlib import Path
from typing import Annotated

import typer

Repository = Annotated[str, typer.Argument(metavar="NAMESPACE/NAME", help="A dataset that taskgen has pushed.")]
Revision = Annotated[str, typer.Option("--revision", help="A tag or a commit.", show_default="main")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Folder.", show_default="NAME")]


def pull(repository: Repository, revision: Revision = "", out: Out = None) -> None:
    """Fetch a dataset from the Hub and check every file; the folder appears whole or not at all."""
    from taskgen.cli.transfers import TransferBars
    from taskgen.publishing.hub.pulling import pull

    folder = out or Path(repository.rpartition("/")[2])
    with TransferBars() as bars:
        pulled = pull(repository, revision, folder, bars.begin)
    state = "" if pulled.made else "was there already, its data is right; nothing was changed: "
    print(f"{repository}: {state}{pulled.rows:,} rows in {folder}, commit {pulled.commit}")
    print(f"  {pulled.address}")
    print(f'  datasets.load_dataset("{folder}")')
    what = "was edited on the Hub and came as it is there" if pulled.made else "differs from the Hub's and was left"
    for path in pulled.edited:
        print(f"taskgen: warning: {folder / path} {what}", file=sys.stderr)
