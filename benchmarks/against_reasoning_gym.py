"""Side by side with reasoning-gym, in one process: making items, and judging right and wrong answers.

    pip install -e '.[bench]' && python benchmarks/against_reasoning_gym.py --write docs/benchmarks.md

Equal work: the same size and the same guarantee, where both libraries can state them; the last column says what differs.
Both sides make items for the same wall time, in turns; the figures are medians over the turns, and ours include ids,
prompt and the check of every reference answer.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import reasoning_gym

import taskgen
from taskgen import __version__
from taskgen.judging import judge, read_problem

TURNS = 5


@dataclass(frozen=True)
class Pair:
    """One setting of a task that both libraries have."""

    task: str
    size: str
    knobs: dict[str, Any]
    peer: str
    options: dict[str, Any]
    note: str = ""


def knights(people: int) -> Pair:
    options = {"n_people": people, "depth_constraint": 2, "width_constraint": 2}
    return Pair(
        "knights_and_knaves", f"{people} people", {"people": people, "depth": 2, "splits": 0}, "knights_knaves", options
    )


PAIRS = [
    knights(3),
    knights(5),
    knights(7),
]


def rate(make: Callable[[int], Any], numbers: Iterator[int], seconds: float) -> float:
    """Calls a second; at least one call."""
    done, start = 0, time.perf_counter()
    while True:
        make(next(numbers))
        done += 1
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return done / elapsed


def side_by_side(pair: Pair, seconds: float) -> list[str]:
    """One row of the table: items and verdicts a second of either side."""
    task = taskgen.task(pair.task)
    dataset = reasoning_gym.create_dataset(pair.peer, seed=1, size=1_000_000, **pair.options)
    records = [task.generate(knobs=pair.knobs, seed=1, index=index) for index in range(20)]
    entries = [dataset[index] for index in range(5)]
    problems = [read_problem(record) for record in records]

    ours, theirs = [], []
    mine, other = count(), count()
    for _ in range(TURNS):
        ours.append(rate(lambda i: task.generate(knobs=pair.knobs, seed=2, index=i), mine, seconds))
        theirs.append(rate(lambda i: dataset[1000 + i], other, seconds))

    def right(i: int) -> None:
        judge(problems[i % 20], records[i % 20].answer)

    def wrong(i: int) -> None:
        judge(problems[i % 20], records[(i + 1) % 20].answer)

    def peer_right(i: int) -> None:
        dataset.score_answer(entries[i % 5]["answer"], entries[i % 5])

    judged = {}
    for name, function in {"right": right, "wrong": wrong, "peer": peer_right}.items():
        judged[name] = median(rate(function, count(), seconds / 4) for _ in range(TURNS))
    made, peer_made = median(ours), median(theirs)
    return [
        pair.task, pair.size, figure(made), figure(peer_made), f"{figure(made / peer_made)} x",
        figure(judged["right"]), figure(judged["wrong"]), figure(judged["peer"]), pair.note,
    ]  # fmt: skip


def figure(value: float) -> str:
    """Three digits are enough for a noisy machine."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def main() -> None:
    """Print the table, or write it between the markers of a Markdown file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1.0, help="wall time of one turn of one side")
    parser.add_argument("--task", action="append", help="only this task (repeatable)")
    parser.add_argument("--write", type=Path, help="Markdown file whose table is replaced")
    arguments = parser.parse_args()
    head = ["task", "size", "made/s", "reasoning-gym made/s", "ratio", "judged/s, right", "judged/s, wrong"]
    head += ["reasoning-gym judged/s", "what differs"]
    rows = [head, ["---"] + ["---:"] * 0 + ["---"] + ["---:"] * 6 + ["---"]]
    for pair in PAIRS:
        if not arguments.task or pair.task in arguments.task:
            rows.append(side_by_side(pair, arguments.seconds))
            print(" | ".join(rows[-1]), flush=True)
    machine = f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"
    versions = f"taskgen {__version__}, reasoning-gym {reasoning_gym.__version__}"
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    if arguments.write:
        before, _, rest = arguments.write.read_text().partition("<!-- reasoning-gym -->\n")
        after = rest.partition("<!-- end -->\n")[2]
        text = f"{before}<!-- reasoning-gym -->\n\n{versions}; {machine}.\n\n{table}\n\n<!-- end -->\n{after}"
        arguments.write.write_text(text)


if __name__ == "__main__":
    main()
