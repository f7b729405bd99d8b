"""`taskgen calibrate`: one scale of difficulty over tasks and models."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from taskgen.curation.cell_counts import Counts
    from taskgen.engine.calibrations import Calibration

Folders = Annotated[
    list[Path], typer.Argument(help="Folders that `taskgen rollout` made.", metavar="ROLLOUTS", file_okay=False)
]
Out = Annotated[Path, typer.Option("--out", "-o", help="File for `generate --calibration`.", dir_okay=False)]
Plot = Annotated[
    Path | None, typer.Option("--plot", help="PNG of pass rates by difficulty for each task.", dir_okay=False)
]


def calibrate(rollouts: Folders, out: Out = Path("calibration.json"), plot: Plot = None) -> None:
    """Fit one scale of difficulty over tasks and models to rollouts.

    Level 5 is where the average model solves half; each level halves the odds. `taskgen generate --difficulty 5
    --calibration FILE` then makes what is that hard, whatever the task.
    """
    from taskgen.curation.calibration import calibrate
    from taskgen.curation.cell_counts import read_counts
    from taskgen.engine.calibrations import write_calibration

    _check_targets(out, plot)
    counts = read_counts(rollouts)
    calibration = calibrate(counts)
    if plot is not None:
        from taskgen.curation.calibration_plot import plot_pass_rates

        plot_pass_rates(counts, plot)
    write_calibration(out, calibration)
    _print(counts, calibration)
    for file in (out, plot):
        if file is not None:
            print(f"  {file}")
    _print_next_step(calibration, out)
    if counts.censored:
        print(
            f"taskgen: warning: {counts.censored:,} completions were cut off and count neither as right nor as wrong; "
            "where they are many, pass rates are too high",
            file=sys.stderr,
        )


def _check_targets(out: Path, plot: Path | None) -> None:
    """Raise FolderTaken where a file would be written over that is no earlier result."""
    from taskgen.engine.errors import FolderTaken

    for file, begin, kind in ((out, b'{\n  "format": ', "calibration"), (plot, b"\x89PNG", "plot")):
        if file is None or not file.is_file():
            continue
        with open(file, "rb") as content:
            if content.read(len(begin)) != begin:
                raise FolderTaken(f"{file} is there already and is no {kind}; choose another name or delete it")


def _print(counts: "Counts", calibration: "Calibration") -> None:
    from taskgen.cli.printing import console, table
    from taskgen.curation.cell_counts import policy_labels
    from taskgen.engine.calibrations import levels_reached, spans

    screen = console()
    labels = policy_labels(counts.policies)
    abilities = [
        (label, model.theta, model.standard_error, model.trials, model.correct / model.trials)
        for label, model in zip(labels, calibration.models, strict=True)
    ]
    screen.print(table(("model", "ability", "error", "rollouts", "correct"), abilities))
    rows = []
    for task in calibration.tasks:
        cells = [cell for cell in calibration.cells if cell.task == task.task]
        measured = [cell.b for cell in cells if cell.bound == "none"]
        span = f"{min(measured):.1f} to {max(measured):.1f}" if measured else "none measured"
        levels = spans(levels_reached(calibration, task.task)) or "none"
        rows.append((task.task, task.a, len(cells), len(cells) - len(measured), span, levels))
    screen.print(table(("task", "discrimination", "settings", "bounds only", "b", "levels"), rows))
    kind = "2PL" if calibration.response_model == "2PL" else "Rasch (one model or one task: no discriminations)"
    print(
        f"{kind}: {len(calibration.cells)} settings of {len(calibration.tasks)} tasks on one scale; rollouts of one "
        f"record correlate by {calibration.correlation:.2f}"
    )


def _print_next_step(calibration: "Calibration", out: Path) -> None:
    from taskgen.engine.calibrations import levels_reached

    for task in calibration.tasks:
        levels = levels_reached(calibration, task.task)
        if levels:
            level = min(levels, key=lambda level: abs(level - 5))
            file = shlex.quote(str(out))
            print(f"next:\n  taskgen generate --task {task.task} --difficulty {level} --calibration {file}")
            return
