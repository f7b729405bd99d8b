"""The folder of a training run: checkpoint, metrics, plot, and the model as transformers reads it."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from taskgen.engine.errors import UsageError
from taskgen.engine.files import whole_file, write_whole

CHECKPOINT, METRICS, PLOT, MODEL = "checkpoint.pt", "metrics.jsonl", "plot.png", "model"
MOST_LINES = 10
"""Rungs that are drawn one by one; of more only the mean is drawn."""


def write_checkpoint(folder: Path, parts: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> None:
    """Write state dicts and plain values, and the metrics so far; each file appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / CHECKPOINT) as file:
        torch.save({**parts, "history": json.dumps(list(history))}, file)
    write_whole(folder / METRICS, "".join(json.dumps(line) + "\n" for line in history).encode())


def read_checkpoint(folder: Path, key: Mapping[str, str], device: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What write_checkpoint wrote, where its `key` is this one. Raises UsageError."""
    path = folder / CHECKPOINT
    if not path.is_file():
        raise UsageError(f"there is no {path} to resume")
    try:
        parts = torch.load(path, map_location=device, weights_only=True)
    except (RuntimeError, EOFError, OSError, ValueError, UnpicklingError) as error:
        raise UsageError(f"{path} cannot be read: {str(error).strip().splitlines()[0]}") from None
    other = [name for name, value in key.items() if parts["key"].get(name) != value]
    if other:
        was = ", ".join(f"{name} {parts['key'].get(name)}" for name in other)
        raise UsageError(f"{folder} was begun with other settings ({was}); --name NAME begins another run")
    return parts, json.loads(parts.pop("history"))


def write_model(folder: Path, model: Any) -> None:
    """Write the model's own folder beside its old place, then put it there."""
    partial, place = folder / f".{MODEL}.partial", folder / MODEL
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    model.save(partial)
    shutil.rmtree(place, ignore_errors=True)
    partial.rename(place)


def write_plot(folder: Path, history: Sequence[Mapping[str, Any]], warm: int) -> None:
    """Draw reward and held-out reward by step, and the end of the warm start."""
    from matplotlib.figure import Figure

    looks = [line for line in history if "held_out" in line]
    steps = [line for line in history if "reward" in line]
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([s["step"] for s in steps], [s["reward"] for s in steps], color="0.75", lw=1, label="reward of a step")
    rungs = list(looks[-1]["by_rung"])
    for rung in rungs if len(rungs) <= MOST_LINES else []:
        axes.plot([s["step"] for s in looks], [s["by_rung"][rung] for s in looks], "o-", ms=3, lw=1, label=rung)
    axes.plot([s["step"] for s in looks], [s["held_out"] for s in looks], "ko-", ms=4, label="held out")
    if warm:
        axes.axvline(warm, color="0.5", ls=":", label="end of the warm start")
        axes.set_xlim(left=max(0, warm - 0.2 * (history[-1]["step"] - warm)) if history[-1]["step"] > warm else 0)
    axes.set(xlabel="step", ylabel="pass rate", ylim=(-0.02, 1.02))
    axes.legend(fontsize=8)
    with whole_file(folder / PLOT) as file:
        figure.savefig(file, format="png", dpi=120)
