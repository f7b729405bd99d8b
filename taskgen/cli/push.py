"""`taskgen push`: a dataset goes to the Hub."""

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="What `generate` or `curate` made.")]
Repository = Annotated[str, typer.Argument(metavar="NAMESPACE/NAME", help="A dataset on the Hub; made if need be.")]
Private = Annotated[bool, typer.Option("--private", help="Make it private where it is new.")]
Tag = Annotated[str, typer.Option("--tag", help="Name the commit, for instance v1.", show_default=False)]
PullRequest = Annotated[bool, typer.Option("--pr", help="Open a pull request instead of changing the main branch.")]


def push(
    folder: Folder, repository: Repository, private: Private = False, tag: Tag = "", pr: PullRequest = False
) -> None:
    """Push a dataset to the Hub: the files that its manifest lists, in one commit.

    Again, it commits nothing where nothing has changed; after a broken connection it sends only what has not arrived.
    """
    from taskgen.cli.transfers import TransferBars
    from taskgen.publishing.hub.pushing import push

    with TransferBars() as bars:
        pushed = push(folder, repository, private, tag, pr, bars.begin)
    if pushed.sent or pushed.deleted:
        deleted = f", {pushed.deleted} deleted" if pushed.deleted else ""
        print(f"{repository}: {pushed.sent} files sent{deleted}, commit {pushed.commit}")
    else:
        print(f"{repository}: holds all of it already, commit {pushed.commit}; nothing was sent")
    print(f"  {pushed.address}")
    if not pr:
        revision = f', revision="{tag}"' if tag else ""
        print(f'  datasets.load_dataset("{repository}"{revision})')
