"""How arguments are written: ranges of difficulties, settings of knobs, defaults that follow from them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taskgen.engine.errors import OrderError

if TYPE_CHECKING:
    from taskgen.engine.calibrations import Calibration

Knobs = Annotated[
    list[str] | None,
    typer.Option("--knob", "-k", metavar="[TASK.]KNOB=VALUE", help="Set a knob anew; may be repeated."),
]
Seed = Annotated[int, typer.Option("--seed", help="Another seed gives other records.")]
Wording = Annotated[str | None, typer.Option("--wording", help="One wording for all prompts, such as terse.")]
Split = Annotated[str, typer.Option("--split", help="train, validation or test: no puzzle is in two of them.")]
CalibrationFile = Annotated[
    Path | None,
    typer.Option("--calibration", help="Difficulties as `taskgen calibrate` measured them.", dir_okay=False),
]
Data = Annotated[str, typer.Argument(help="Parquet, JSONL or CSV file, a folder of them, or hf:ID.", metavar="DATA")]
StageOut = Annotated[Path | None, typer.Option("--out", "-o", help="Folder.", show_default="beside DATA")]
Workers = Annotated[int | None, typer.Option("--workers", "-w", min=1, help="Processes.", show_default="one a core")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def pair_difficulties(tasks: Sequence[str], difficulties: Sequence[str]) -> list[tuple[str, tuple[int, ...]]]:
    """Each task with its rungs: its own --difficulty, or the only one, or all ten."""
    from taskgen.engine.orders import parse_difficulties

    texts = list(difficulties) or ["1-10"]
    if len(texts) == 1:
        texts *= len(tasks)
    if len(texts) != len(tasks):
        raise OrderError(
            f"{len(tasks)} --task and {len(texts)} --difficulty: give one difficulty for all or one for each task"
        )
    return [(task, parse_difficulties(text)) for task, text in zip(tasks, texts, strict=True)]


def parse_knobs(settings: Sequence[str] | None) -> dict[str, str]:
    """The knobs in 'givens=28' and 'sudoku.givens=28'."""
    knobs = {}
    for setting in settings or ():
        name, equals, value = setting.partition("=")
        if not name or not equals:
            raise OrderError(f"knob {setting} cannot be read; write it as name=value")
        knobs[name.strip()] = value.strip()
    return knobs


def open_calibration(file: Path | None) -> "Calibration | None":
    """The calibration in a file, if one is named."""
    from taskgen.engine.calibrations import read_calibration

    return None if file is None else read_calibration(file)


def default_folder(pairs: Sequence[tuple[str, Sequence[int]]]) -> Path:
    """Where a dataset goes if nobody says where: taskgen-data/sudoku-d5."""
    names = list(dict.fromkeys(name for name, _ in pairs))
    rungs = sorted({rung for _, own in pairs for rung in own})
    connected = rungs == list(range(rungs[0], rungs[-1] + 1))
    span = f"{rungs[0]}-{rungs[-1]}" if connected and len(rungs) > 1 else ",".join(map(str, rungs))
    tasks = "-".join(names) if len(names) <= 3 else f"mixed-{len(names)}-tasks"
    return Path("taskgen-data") / f"{tasks}-d{span}"
