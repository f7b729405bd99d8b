"""Datasets and runs of the reference trainer for its tests."""

import json
import sys

import torch

from taskgen.engine.building import build
from taskgen.engine.orders import place_order
from taskgen.training import train_grpo

TINY = ["--width", "32", "--layers", "1", "--warm", "4", "--steps", "3", "--prompts", "2", "--group", "4"]
LOOKS = ["--look-rows", "2", "--look-samples", "2", "--look-every", "2"]


def dataset(folder, tasks=(("sudoku", (1,)),), count=60, split="train", **more):
    """A dataset folder as `taskgen generate` leaves it."""
    build(place_order(list(tasks), count=count, split=split, **more), folder, workers=1)
    return folder


def options(folder, *words):
    return train_grpo.arguments(["--data", str(folder), *TINY, *LOOKS, *words])


def train(folder, *words):
    """A run from the command line to the end; its metrics, without the seconds."""
    threads = torch.get_num_threads()
    try:
        train_grpo.main(["--data", str(folder), *TINY, *LOOKS, *words])
    finally:
        torch.set_num_threads(threads)
    return metrics(folder, *words)


def metrics(folder, *words):
    name = words[words.index("--name") + 1] if "--name" in words else "tiny"
    lines = [json.loads(line) for line in (folder / "runs" / name / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def command(*words):
    return [sys.executable, train_grpo.__file__, *map(str, words)]
