"""`taskgen near-duplicates`: what is alike without being the same."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from taskgen.cli.arguments import Data, StageOut

if TYPE_CHECKING:
    from taskgen.engine.manifest import StageEntry

Threshold = Annotated[float, typer.Option("--threshold", help="Jaccard similarity from which two rows are alike.")]
Text = Annotated[
    str | None,
    typer.Option("--text", metavar="COLUMN", help="Compare this column of free text.", show_default="problems"),
]
Remove = Annotated[bool, typer.Option("--remove", help="Drop the later of two rows; otherwise all stay.")]
MaxLoss = Annotated[float, typer.Option("--max-loss", help="Share of a task that may go unasked.")]
Yes = Annotated[bool, typer.Option("--yes", help="Drop even more of a task than --max-loss.")]


def near_duplicates(
    data: Data,
    threshold: Threshold = 0.8,
    text: Text = None,
    remove: Remove = False,
    max_loss: MaxLoss = 0.1,
    yes: Yes = False,
    out: StageOut = None,
) -> None:
    """List rows that are much like an earlier one; drop them only if asked.

    Two puzzles that differ in one number are alike, and two puzzles: look before you remove.
    """
    from taskgen.cli.staging import run_stage_command
    from taskgen.curation.near_duplicates import NAME, NearDuplicatesSettings, near_duplicates
    from taskgen.curation.stages import default_out, read_settings

    settings = read_settings(
        NearDuplicatesSettings, threshold=threshold, text=text, remove=remove, max_loss=max_loss, yes=yes
    )
    folder = out or default_out(data, "near-duplicates")
    entry = run_stage_command(
        "near-duplicates", data, folder, lambda source, place, report: near_duplicates(source, place, settings, report)
    )
    _summarise(entry)
    print(f"  {folder / NAME}  every near duplicate, the row that it is like, and how much")
    if not remove:
        print("  nothing was removed; --remove drops the near duplicates")


def _summarise(entry: "StageEntry") -> None:
    """Print what each family has, and would keep."""
    from taskgen.cli.printing import console, table

    rows: list[tuple[Any, ...]] = []
    for name, counts in entry.notes["families"].items():
        share = counts["distinct"] / counts["rows"]
        rows.append((name, counts["rows"], counts["near_duplicates"], counts["distinct"], f"{share:.1%}"))
    console().print(table(("task", "rows", "near duplicates", "distinct", "share"), rows))
