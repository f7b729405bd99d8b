"""`taskgen rescore`: judge kept completions again."""

from pathlib import Path
from typing import Annotated

import typer

from taskgen.cli.arguments import Workers

Rollouts = Annotated[Path, typer.Argument(metavar="ROLLOUTS", help="Folder that `taskgen rollout` wrote.")]
All = Annotated[bool, typer.Option("--all", help="Judge everything again, up to date or not.")]


def rescore(rollouts: Rollouts, everything: All = False, workers: Workers = None) -> None:
    """Judge the completions that have no verdict, or one by an older version of their task, without sampling again."""
    from taskgen.cli.progress import Bar
    from taskgen.curation.rollouts.scoring import count_completions, rescore

    with Bar(count_completions(rollouts), "completions") as bar:
        summary = rescore(rollouts, everything, workers, bar.report)
    print(
        f"rescore: {summary.judged:,} of {summary.completions:,} completions judged, "
        f"{summary.changed:,} scores changed, in {rollouts}"
    )
