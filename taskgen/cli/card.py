"""`taskgen card`: the card of a dataset, or the page of a task."""

import sys
from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path | None, typer.Argument(help="A dataset folder whose card is made anew.", metavar="FOLDER")]
TaskName = Annotated[str | None, typer.Option("--task", "-t", help="Make the page of this task instead.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the page.", show_default="data_cards")]


def card(folder: Folder = None, task: TaskName = None, out: Out = None) -> None:
    """Make the card of a dataset anew, with plots, pictures, metadata and trainer, or the page of a task.

    What somebody has edited is left as it is.
    """
    from taskgen.engine.errors import UsageError

    if (folder is None) == (task is None):
        raise UsageError("give a dataset folder, or --task NAME for the page of a task")
    if task is not None:
        _task_page(task, out or Path("data_cards"))
    elif out is not None:
        raise UsageError("--out is for --task; the card of a dataset stands in its folder")
    elif folder is not None:
        _dataset_card(folder)


def _task_page(task: str, out: Path) -> None:
    from taskgen.publishing.cards.task_page import write_task_page

    for path in write_task_page(task, out):
        print(path)


def _dataset_card(folder: Path) -> None:
    from taskgen.publishing.bundle import dress

    dressed = dress(folder)
    for path in dressed.files:
        if path not in dressed.left:
            print(path)
    for path in dressed.left:
        print(f"taskgen: warning: {path} was edited and is left; delete it to have it made anew", file=sys.stderr)
