"""`taskgen show`: one problem as a person would read it."""

from typing import TYPE_CHECKING, Annotated

import typer

from taskgen.cli.arguments import AsJson, CalibrationFile, Knobs, Seed, Split, Wording

if TYPE_CHECKING:
    from taskgen.problem import Verdict
    from taskgen.records import Record

TaskName = Annotated[str, typer.Argument(metavar="TASK", help="A task; `taskgen list` shows all.")]
Difficulty = Annotated[int, typer.Option("--difficulty", "-d", help="1 to 10.")]
Index = Annotated[int, typer.Option("--index", "-i", min=0, help="Which record of the endless dataset.")]


def show(
    task: TaskName,
    difficulty: Difficulty = 5,
    knob: Knobs = None,
    seed: Seed = 0,
    index: Index = 0,
    split: Split = "train",
    wording: Wording = None,
    calibration: CalibrationFile = None,
    json: AsJson = False,
) -> None:
    """Show one problem, its answer and the verdict."""
    from taskgen.cli.arguments import open_calibration, parse_knobs
    from taskgen.engine.orders import one_record, place_order
    from taskgen.engine.policies import completion
    from taskgen.judging import verify

    order = place_order(
        [(task, [difficulty])],
        knobs=parse_knobs(knob),
        count=1,
        seed=seed,
        split=split,
        wording=wording,
        calibration=open_calibration(calibration),
    )
    record = one_record(order, index)
    verdict = verify(record, completion(record.answer))
    if json:
        import msgspec

        row = msgspec.to_builtins(record) | {"verdict": msgspec.to_builtins(verdict)}
        print(msgspec.json.format(msgspec.json.encode(row), indent=2).decode())
    else:
        _print(record, verdict)


def _print(record: "Record", verdict: "Verdict") -> None:
    from taskgen.cli.printing import console, panel

    screen = console()
    place = f"seed {record.seed}, {record.split}, index {record.index}"
    screen.print(panel(record.prompt, f"{record.task}, difficulty {record.difficulty}, {place}"))
    screen.print(panel(record.problem, "problem"))
    screen.print(panel(record.answer, "answer"))
    facts = {
        "verdict": f"{verdict.status}, score {verdict.score:g}",
        "effort": f"{record.effort:g}",
        "wording": record.wording,
        "knobs": record.knobs,
        "instance id": record.id,
        "structure id": record.structure,
    }
    for name, value in facts.items():
        print(f"{name + ':':14}{value}")
