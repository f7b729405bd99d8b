"""`taskgen filter`: keep what a policy sometimes solves."""

from pathlib import Path
from typing import Annotated

import typer

from taskgen.cli.arguments import Data, StageOut

Rollouts = Annotated[
    list[Path] | None,
    typer.Option("--rollouts", "-r", help="Folder of rollouts; may be repeated.", show_default="beside DATA"),
]
PassRate = Annotated[
    str | None, typer.Option("--pass-rate", help="Pass rates LOW:HIGH that stay.", show_default="0.2:0.8")
]
Extremes = Annotated[
    bool, typer.Option("--drop-extremes", help="In place of a band, drop what was solved always or never (DAPO).")
]
By = Annotated[str, typer.Option("--by", help="posterior: estimated rate; observed: share of correct rollouts.")]
Model = Annotated[str | None, typer.Option("--model", help="Whose rollouts count, where there are several.")]
Sampling = Annotated[str | None, typer.Option("--settings", help="Sampling settings that count, as JSON.")]
Mark = Annotated[bool, typer.Option("--mark", help="Keep every row; add the columns keep and reason.")]


def filter_rows(
    data: Data,
    rollouts: Rollouts = None,
    pass_rate: PassRate = None,
    drop_extremes: Extremes = False,
    by: By = "posterior",
    model: Model = None,
    settings: Sampling = None,
    mark: Mark = False,
    out: StageOut = None,
) -> None:
    """Keep the records whose pass rate lies in a band, and write the rates down.

    The pass rate is estimated from a record's rollouts and from those of its cell (task, difficulty, knobs).
    """
    from taskgen.cli.staging import run_stage_command
    from taskgen.curation.filtering import FilterSettings, filter_by_pass_rate
    from taskgen.curation.stages import default_out, read_settings

    chosen = read_settings(
        FilterSettings,
        pass_rate=pass_rate,
        drop_extremes=drop_extremes,
        by=by,
        model=model,
        settings=settings,
        mark=mark,
    )
    folders = rollouts or [default_out(data, "rollouts")]
    entry = run_stage_command(
        "filter", data, out, lambda source, folder, report: filter_by_pass_rate(source, folders, folder, chosen, report)
    )
    notes = entry.notes
    print(f"  by {notes['rollouts']:,} rollouts of {notes['model']}; {notes['censored']:,} more were cut short")
    for reason, count in notes.get("marked", {}).items():
        print(f"  marked {reason}: {count:,}")
