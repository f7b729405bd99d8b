"""`taskgen generate`: make a dataset."""

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taskgen.cli.arguments import CalibrationFile, Knobs, Seed, Split, Wording, Workers

if TYPE_CHECKING:
    from taskgen.engine.manifest import SplitEntry
    from taskgen.records import Record

Tasks = Annotated[list[str], typer.Option("--task", "-t", help="A task; may be repeated. `taskgen list` shows all.")]
Difficulties = Annotated[
    list[str] | None,
    typer.Option(
        "--difficulty", "-d", help="5, 3-7 or 2,4,6; one for all tasks or one after each.", show_default="1-10"
    ),
]
Count = Annotated[int, typer.Option("--count", "-n", min=1, help="Records in all, spread evenly.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Folder.", show_default="taskgen-data/TASK-dN")]


def generate(
    task: Tasks,
    difficulty: Difficulties = None,
    knob: Knobs = None,
    count: Count = 1000,
    seed: Seed = 0,
    split: Split = "train",
    wording: Wording = None,
    calibration: CalibrationFile = None,
    out: Out = None,
    workers: Workers = None,
) -> None:
    """Make a dataset of verified problems, with a card that explains it and a trainer that reads it.

    The same command gives the same bytes, with any number of workers; an interrupted one goes on where it stopped.
    """
    from taskgen.cli.arguments import default_folder, open_calibration, pair_difficulties, parse_knobs
    from taskgen.cli.progress import Bar
    from taskgen.engine.building import build
    from taskgen.engine.orders import place_order
    from taskgen.publishing.bundle import dress, is_dressed

    pairs = pair_difficulties(task, difficulty or [])
    order = place_order(
        pairs,
        knobs=parse_knobs(knob),
        count=count,
        seed=seed,
        split=split,
        wording=wording,
        calibration=open_calibration(calibration),
    )
    folder = out or default_folder(pairs)
    with Bar(order.count, "records", "compiling kernels (first run only)") as bar:
        entry, made = build(order, folder, workers, bar.report)
        left = () if is_dressed(folder) else dress(folder, lambda stage: bar.report(stage, entry.rows)).left
    _summarise(entry, folder, made, calibration)
    for file in left:
        print(f"taskgen: warning: {file} was edited and is left; delete it to have it made anew", file=sys.stderr)


def _summarise(entry: "SplitEntry", folder: Path, made: bool, calibration: Path | None) -> None:
    from taskgen.cli.printing import console, table
    from taskgen.records import load

    screen = console()
    _print_problem(load(folder / entry.files[0].path)[0])
    rows = [(cell.task, cell.difficulty, cell.found, cell.asked, cell.duplicates, cell.effort) for cell in entry.cells]
    screen.print(table(("task", "difficulty", "records", "asked", "duplicates", "mean effort"), rows))
    state = "" if made else "was complete already, its hashes are right; nothing was changed: "
    print(f"{entry.order.split}: {state}{entry.rows:,} records in")
    for file in entry.files:
        print(f"  {folder / file.path}  {file.rows:,} rows")
    print(
        f"  {folder / 'README.md'}  the card; manifest.json, plots/, pictures/ and train_grpo.py lie beside it\nnext:"
    )
    for line in _next_steps(entry, folder, calibration):
        print(f"  {line}")
    for line in _warnings(entry):
        print(f"taskgen: warning: {line}", file=sys.stderr)


def _print_problem(record: "Record") -> None:
    from taskgen.cli.printing import console, panel

    screen = console()
    screen.print(panel(record.prompt, f"{record.task}, difficulty {record.difficulty}"))
    screen.print(panel(record.answer, "answer"))


def _warnings(entry: "SplitEntry") -> list[str]:
    return [
        f"{cell.task} d{cell.difficulty}: {cell.found:,} of {cell.asked:,} records: only {cell.found:,} distinct "
        f"problems were found in {cell.draws:,} draws; the space at these knobs holds no more"
        for cell in entry.cells
        if cell.exhausted
    ]


def _next_steps(entry: "SplitEntry", folder: Path, calibration: Path | None) -> list[str]:
    cell = entry.cells[-1]
    place = _quoted(folder)
    load = f"import datasets; print(datasets.load_dataset({json.dumps(str(folder), ensure_ascii=False)}))"
    scale = f" --calibration {shlex.quote(str(calibration))}" if calibration else ""
    return [
        f"taskgen show {cell.task} -d {cell.difficulty}{scale} --index 1",
        f"python -c {shlex.quote(load)}",
        f"cd {place} && python train_grpo.py",
        "taskgen verify completions.jsonl  # columns problem and completion",
        f"taskgen push {place} NAMESPACE/NAME",
    ]


def _quoted(folder: Path) -> str:
    """A folder as a shell takes it, even where it begins like an option."""
    return shlex.quote(f"./{folder}" if str(folder).startswith("-") else str(folder))
