"""`taskgen curate`: run a recipe."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taskgen.cli.arguments import Workers

if TYPE_CHECKING:
    from taskgen.engine.manifest import StageEntry

RecipeFile = Annotated[Path, typer.Argument(metavar="RECIPE", help="A YAML file; see docs/curation.md.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Folder.", show_default="taskgen-data/NAME")]
Check = Annotated[bool, typer.Option("--check", help="Only read the recipe and say what is wrong with it.")]


def curate(recipe: RecipeFile, out: Out = None, workers: Workers = None, check: Check = False) -> None:
    """Run a recipe: generate, dedup, decontaminate, rollout, filter, mix, split, publish.

    What has not changed since the last run is not run again; an interrupted run goes on where it stopped.
    """
    from taskgen.cli.printing import console, table
    from taskgen.cli.progress import StageBars
    from taskgen.curation.recipes.places import check_places
    from taskgen.curation.recipes.reading import read_recipe
    from taskgen.curation.recipes.running import run_recipe
    from taskgen.publishing.bundle import add_bundle

    read = read_recipe(recipe)
    if check:
        check_places(read)
        print(f"{recipe}: {len(read.stages)} stages, nothing wrong")
        return
    rows: list[tuple[object, ...]] = []
    with StageBars() as bars:

        def end(number: int, entry: "StageEntry", run: bool) -> None:
            bars.end()
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in entry.reasons.items())
            state = "" if run else "unchanged, not run again"
            rows.append((number, entry.stage, entry.rows_in, entry.rows_out, reasons, state))
            print(f"{number}. {entry.stage}: {entry.rows_out:,} of {entry.rows_in:,} rows  {state}", file=sys.stderr)

        place = out or Path("taskgen-data") / read.name
        finished = run_recipe(read, place, workers, bars.begin, end, add_bundle)
    console().print(table(("", "stage", "rows in", "rows out", "dropped for", ""), rows))
    print(f"{read.name}: {finished.entries[-1].rows_out:,} rows in {finished.out}")
    for name in ("README.md", "report.md", "manifest.json"):
        print(f"  {finished.out / name}")
