"""`taskgen audit`: an independent oracle and null policies against a task."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from taskgen.cli.arguments import Seed

if TYPE_CHECKING:
    from taskgen.engine.audit import TaskAudit

Names = Annotated[list[str] | None, typer.Argument(metavar="[TASK]...", help="Tasks; `taskgen list` shows all.")]
EveryTask = Annotated[bool, typer.Option("--all", help="Audit every task.")]
Sample = Annotated[int, typer.Option("--sample", "-n", min=2, help="Records of each level.")]


def audit(task: Names = None, every_task: EveryTask = False, sample: Sample = 20, seed: Seed = 0) -> None:
    """Check a task with an independent solver.

    The solver proves a sample solvable and, where the task says so, unique; guesses and damaged answers try to fool
    the verifier. Exit code 1 where a fault was found.
    """
    from taskgen.cli.progress import Bar
    from taskgen.engine.audit import audit_task
    from taskgen.engine.errors import OrderError
    from taskgen.registry import task as find
    from taskgen.registry import tasks

    names = tasks() if every_task else task or []
    if not names:
        raise OrderError("name a task, or give --all")
    for name in names:
        find(name)
    faults: list[str] = []
    for name in names:
        with Bar(10, "levels", "compiling kernels (first run only)") as bar:
            outcome = audit_task(name, sample, seed, bar.report)
        _print(outcome)
        faults += outcome.faults
    for fault in faults:
        print(f"taskgen: fault: {fault}", file=sys.stderr)
    if faults:
        raise typer.Exit(1)


def _print(outcome: "TaskAudit") -> None:
    from taskgen.cli.printing import console, table

    headings = (
        *("level", "ms a\nrecord", "mean\neffort", "judged\na second"),
        *("solved", "unique", "too large\nto solve", "best\nguess", "faults"),
    )
    rows = [
        (
            *(rung.difficulty, rung.milliseconds, rung.effort, int(rung.judged_per_second)),
            *(rung.solvable, rung.unique, rung.skipped, rung.floor, len(rung.faults)),
        )
        for rung in outcome.rungs
    ]
    mutants, accepted = sum(rung.mutants for rung in outcome.rungs), sum(rung.accepted for rung in outcome.rungs)
    console().print(table(headings, rows, title=f"{outcome.task}, {outcome.rungs[0].records} records a level"))
    print(
        f"effort rises with the level: rank correlation {outcome.effort_correlation:.2f}\n"
        f"best guess without reading: scores {outcome.floor:.2f} {outcome.floor_policy}\n"
        f"damaged answers: {mutants - accepted:,} of {mutants:,} refused, {accepted:,} right all the same\n"
        f"faults: {len(outcome.faults)}\n"
    )
