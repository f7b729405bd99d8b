"""`taskgen verify`: score completions in a file or from standard input."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from taskgen.engine.scoring import Tally

File = Annotated[str, typer.Argument(metavar="FILE", help="Parquet, JSON lines, or - for JSON lines from stdin.")]
Out = Annotated[str | None, typer.Option("--out", "-o", help="Scored rows go here: .parquet, .jsonl, or - for stdout.")]
ProblemColumn = Annotated[str, typer.Option("--problem-column", help="Column of the problem's JSON string.")]
CompletionColumn = Annotated[
    str | None,
    typer.Option("--completion-column", help="A text or a list of texts.", show_default="completion or completions"),
]
Workers = Annotated[
    int, typer.Option("--workers", "-w", min=1, help="Processes; more than one can be killed on a hang.")
]


def verify(
    file: File,
    out: Out = None,
    problem_column: ProblemColumn = "problem",
    completion_column: CompletionColumn = None,
    workers: Workers = 1,
) -> None:
    """Score completions in a file or from stdin.

    Each row gets the columns score, status, reason and partial; a summary by task is printed.
    """
    from taskgen.engine.scoring import Columns, Source, open_sink, score, write_jsonl

    source, columns = Source(file), Columns(problem_column, completion_column)
    target = out or ("-" if file == "-" else None)
    if target is None:
        tally = score(source, columns, lambda rows: None, workers)
    elif target == "-":
        tally = score(source, columns, lambda rows: write_jsonl(sys.stdout.buffer, rows), workers)
    else:
        with open_sink(Path(target), source) as write:
            tally = score(source, columns, write, workers)
    _print(tally, to_stderr=target == "-")


def _print(tally: "Tally", to_stderr: bool) -> None:
    from taskgen.cli.printing import console, table

    statuses = ("correct", "wrong", "no_answer", "malformed", "limit", "verifier_error")
    rows = []
    for task, counts in sorted(tally.statuses.items()):
        total = counts.total()
        rows.append((task, total, *(counts[status] for status in statuses), counts["correct"] / total))
    headings = ("task", "completions", *(status.replace("_", " ") for status in statuses), "score")
    console(to_stderr).print(table(headings, rows))
