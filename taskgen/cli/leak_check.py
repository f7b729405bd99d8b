"""`taskgen leak-check`: is the evaluation set in the training set?"""

from typing import TYPE_CHECKING, Annotated

import typer

from taskgen.cli.arguments import AsJson

if TYPE_CHECKING:
    from taskgen.curation.leaks import Leaks

LEAK = 3
"""Exit code where --fail-on-leak was given and there is a leak."""

Train = Annotated[str, typer.Argument(help="Parquet, JSONL or CSV file, a folder, or hf:ID.", metavar="TRAIN")]
Evaluation = Annotated[str, typer.Argument(help="Another of these.", metavar="EVAL")]
Column = Annotated[str | None, typer.Option("--column", help="Where the text is; or write DATA#COLUMN.")]
Show = Annotated[int, typer.Option("--show", min=0, help="Leaked rows that are named.")]
FailOnLeak = Annotated[bool, typer.Option("--fail-on-leak", help=f"Exit with code {LEAK} if any row leaked.")]


def leak_check(
    train: Train,
    evaluation: Evaluation,
    column: Column = None,
    show: Show = 10,
    as_json: AsJson = False,
    fail_on_leak: FailOnLeak = False,
) -> None:
    """Count the rows of EVAL that are in TRAIN: the same problem, the same relabelled, or the same text."""
    import msgspec

    from taskgen.cli.progress import Bar
    from taskgen.curation import leaks
    from taskgen.curation.sources import open_source

    known, asked = open_source(train), open_source(evaluation)
    with Bar(known.rows + asked.rows, "rows") as bar:
        found = leaks.leak_check(known, asked, column, show, bar.report)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        _print(found)
    if fail_on_leak and found.total.leaked:
        raise typer.Exit(LEAK)


def _print(found: "Leaks") -> None:
    from taskgen.cli.printing import console, table

    headings = ("family", "rows in EVAL", "rows in TRAIN", "same problem", "same structure", "same text", "leaked %")
    overlaps = [*found.families, found.total] if len(found.families) > 1 else found.families
    rows = [
        (part.family, part.rows, part.train_rows, part.instance, part.structure, part.text, 100 * part.share)
        for part in overlaps
    ]
    console().print(table(headings, rows))
    for place, example in enumerate(found.examples):
        if place == 0:
            print(f"The first {len(found.examples)} of {found.total.leaked:,} leaked rows, counted from 0:")
        print(f"  EVAL row {example.row:,} is TRAIN row {example.train_row:,}: {example.family}, same {example.kind}")
    for label, side in (("TRAIN", found.train), ("EVAL", found.evaluation)):
        if side.repeated_structures:
            print(
                f"{label} repeats itself: of its {side.rows:,} rows, {side.repeated_instances:,} are the problem of an "
                f"earlier one, {side.repeated_structures:,} that or a relabelled one"
            )
    if not found.total.leaked:
        print(f"no row of {found.evaluation.name} is in {found.train.name}")
