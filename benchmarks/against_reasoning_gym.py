"""Side by side with reasoning-gym, in one process: making items, and judging right and wrong answers.

    pip install -e '.[bench]' && python benchmarks/against_reasoning_gym.py --write docs/benchmarks.md

Equal work: the same size and guarantee, where both libraries can state them; the last column says what differs.
Both sides make items for the same wall time, in turns; the figures are medians over the turns, and ours include ids,
prompt and the check of every reference answer.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
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
    knobs = {"people": people, "depth": 2, "splits": 0}
    note = "both with one solution; ours also measures effort"
    return Pair("knights_and_knaves", f"{people} people", knobs, "knights_knaves", options, note)


def sudoku(empty: int, tier: int = 0) -> Pair:
    knobs = {"box": (3, 3), "givens": 81 - empty, "tier": tier}
    note = f"both unique; ours of tier {tier} exactly" if tier else "both unique; ours also graded"
    return Pair("sudoku", f"9x9, {empty} empty", knobs, "sudoku", {"min_empty": empty, "max_empty": empty}, note)


def zebra(size: int) -> Pair:
    knobs = {"houses": size, "attributes": size}
    options = {"num_people": size, "num_characteristics": size}
    note = "both unique; ours 11 kinds of clue, none to spare, whole table asked; theirs asks one name"
    return Pair("zebra_puzzle", f"{size} x {size}", knobs, "zebra_puzzles", options, note)


def countdown(numbers: int, exhaustive: bool) -> Pair:
    knobs = {"numbers": numbers, "largest": 100, "target": 999, "exhaustive": exhaustive}
    options = {"min_numbers": numbers, "max_numbers": numbers, "min_target": 1}
    note = "all expressions searched, effort measured" if exhaustive else "equal: solvable by construction"
    return Pair("countdown", f"{numbers} numbers", knobs, "countdown", options, note)


PAIRS = [
    Pair(
        "sudoku",
        "4x4, 9 empty",
        {"box": (2, 2), "givens": 7, "tier": 0},
        "mini_sudoku",
        {"min_empty": 9, "max_empty": 9},
        "both unique",
    ),
    sudoku(40),
    sudoku(50),
    sudoku(55),
    sudoku(53, 3),
    zebra(4),
    zebra(5),
    zebra(7),
    knights(3),
    knights(5),
    knights(7),
    countdown(4, False),
    countdown(6, False),
    countdown(8, False),
    countdown(4, True),
    countdown(6, True),
    Pair(
        "countdown",
        "game of 24",
        {"numbers": 4, "largest": 10, "target": 24, "use_all": True, "exhaustive": False},
        "puzzle24",
        {},
        "ours draws the target, too",
    ),
    Pair(
        "shortest_path",
        "grid of about 40 cells",
        {"places": 27, "grid": 1.0, "hops": 3, "traps": 0, "rivals": 0, "unreachable": 0.0},
        "shortest_path",
        {"min_rows": 6, "max_rows": 6, "min_cols": 6, "max_cols": 7},
        "not equal: theirs has no costs and one search; ours has costs, hops asked for, effort measured",
    ),
    Pair(
        "sokoban",
        "8x8, 4 boxes",
        {"height": 8, "width": 8, "boxes": 4, "min_pushes": 6, "changes": 3},
        "sokoban",
        {"min_w": 8, "max_w": 8, "min_h": 8, "max_h": 8, "min_boxes": 4, "max_boxes": 4},
        "ours with the least number of pushes proved",
    ),
    Pair("antiderivative", "polynomial", {"tier": 1, "spread": 0, "terms": 3}, "simple_integration", {}, "equal"),
    Pair(
        "antiderivative",
        "parts and substitution",
        {"tier": 5, "spread": 2, "terms": 1},
        "intermediate_integration",
        {},
        "both by substitution, by parts, trigonometry, exponentials",
    ),
    Pair(
        "arc_grid",
        "new tasks",
        {},
        "rearc",
        {},
        "theirs: new examples of 400 fixed tasks; ours: new tasks, ambiguity excluded",
    ),
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
    versions = f"taskgen {__version__}, reasoning-gym {version('reasoning-gym')}"
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    if arguments.write:
        before, _, rest = arguments.write.read_text().partition("<!-- reasoning-gym -->\n")
        after = rest.partition("<!-- end -->\n")[2]
        text = f"{before}<!-- reasoning-gym -->\n\n{versions}; {machine}.\n\n{table}\n\n<!-- end -->\n{after}"
        arguments.write.write_text(text)


if __name__ == "__main__":
    main()
