"""`taskgen dedup`: drop what repeats."""

from typing import Annotated

import typer

from taskgen.cli.arguments import Data, StageOut, Workers

By = Annotated[str, typer.Option("--by", help="instance: the same problem; structure: the same modulo symmetry.")]
Keep = Annotated[int, typer.Option("--keep", min=1, help="Different problems that stay of each structure.")]
MaxLoss = Annotated[float, typer.Option("--max-loss", min=0, max=1, help="Share of a task that may go unasked.")]
Yes = Annotated[bool, typer.Option("--yes", help="Drop even more of a task than --max-loss.")]


def dedup(
    data: Data,
    by: By = "instance",
    keep: Keep = 1,
    max_loss: MaxLoss = 0.5,
    yes: Yes = False,
    out: StageOut = None,
    workers: Workers = None,
) -> None:
    """Drop the records whose problem, or whose structure, is in the dataset already."""
    from taskgen.cli.staging import run_stage_command
    from taskgen.curation.dedup import DedupSettings, dedup
    from taskgen.curation.stages import read_settings

    settings = read_settings(DedupSettings, by=by, keep=keep, max_loss=max_loss, yes=yes)
    run_stage_command(
        "dedup", data, out, lambda source, folder, report: dedup(source, folder, settings, workers, report)
    )
