"""How arguments are written: ranges of difficulties, settings of knobs, defaults that follow from them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from taskgen.engine.errors import OrderError

Knobs = Annotated[
    list[str] | None,
    typer.Option("--knob", "-k", metavar="[TASK.]KNOB=VALUE", help="Set a knob anew; may be repeated."),
]
Seed = Annotated[int, typer.Option("--seed", help="Another seed gives other records.")]
Wording = Annotated[str | None, typer.Option("--wording", help="One wording for all prompts, such as terse.")]
Split = Annotated[str, typer.Option("--split", help="train, validation or test: no puzzle is in two of them.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def parse_difficulties(text: str) -> tuple[int, ...]:
    """The rungs in '5', '3-7' or '2,4,6'."""
    rungs: list[int] = []
    for part in text.split(","):
        low, _, high = part.strip().partition("-")
        if not low.isdecimal() or not (high or low).isdecimal() or part.strip().endswith("-"):
            raise OrderError(f"difficulty {text} cannot be read; write 5, 3-7 or 2,4,6")
        if int(high or low) < int(low) or int(high or low) > 10 or int(low) < 1:
            raise OrderError(f"difficulty {text} is out of range: 1 to 10, the lower one first")
        rungs += range(int(low), int(high or low) + 1)
    return tuple(sorted(set(rungs)))


def pair_difficulties(tasks: Sequence[str], difficulties: Sequence[str]) -> list[tuple[str, tuple[int, ...]]]:
    """Each task with its rungs: its own --difficulty, or the only one, or all ten."""
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


def default_folder(pairs: Sequence[tuple[str, Sequence[int]]]) -> Path:
    """Where a dataset goes if nobody says where: taskgen-data/sudoku-d5."""
    names = list(dict.fromkeys(name for name, _ in pairs))
    rungs = sorted({rung for _, own in pairs for rung in own})
    connected = rungs == list(range(rungs[0], rungs[-1] + 1))
    span = f"{rungs[0]}-{rungs[-1]}" if connected and len(rungs) > 1 else ",".join(map(str, rungs))
    tasks = "-".join(names) if len(names) <= 3 else f"mixed-{len(names)}-tasks"
    return Path("taskgen-data") / f"{tasks}-d{span}"
