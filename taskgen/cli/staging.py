"""What every command that runs a stage of curation does: open the data, show progress, say what became of the rows."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taskgen.cli.progress import Bar

if TYPE_CHECKING:
    from taskgen.curation.sources import Source
    from taskgen.curation.stages import Report
    from taskgen.engine.manifest import StageEntry


def run_stage_command(
    stage: str, data: str, out: Path | None, run: "Callable[[Source, Path, Report], StageEntry]"
) -> "StageEntry":
    """Run a stage on the dataset that `data` names and print what became of its rows."""
    from taskgen.curation.sources import open_source
    from taskgen.curation.stages import default_out

    source = open_source(data)
    folder = out or default_out(data, stage)
    with Bar(source.rows, "rows") as bar:
        entry = run(source, folder, bar.report)
    summarise_stage(entry, folder)
    return entry


def summarise_stage(entry: "StageEntry", folder: Path) -> None:
    """Print rows in, rows out, and the count of each reason."""
    from taskgen.cli.printing import console, table

    if entry.reasons:
        rows: list[tuple[Any, ...]] = [(reason, count) for reason, count in entry.reasons.items()]
        console().print(table(("reason", "rows dropped"), rows))
    print(f"{entry.stage}: {entry.rows_in:,} rows in, {entry.rows_out:,} rows out, in {folder}")
    if entry.reasons:
        print(f"  {folder / 'dropped.parquet'}  every dropped row with its reason")
