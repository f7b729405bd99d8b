"""What choosing prompts by difficulty saves: `python benchmarks/difficulty_filter.py [--quick] [--seeds 5] [--jobs 2]`.

The reference trainer (taskgen/training/train_grpo.py) is run with plain, dynamic and targeted sampling from the same
warmed-up tiny model, once for every seed, each for the same CPU time (`--seconds`, one thread; evaluation excluded).
Asked is at which share of the time that plain GRPO was given another way of sampling has reached the held-out pass rate
that plain GRPO ended with, and how many groups had no variance. Curves go to --plot.

The mixture: sudoku, from nearly solved to impossible. Half of the rows are easy (boxes of 2x2, 12 and 11 of 16 cells
given), a sixth is informative (9, 8, 7 and 6 given), a third impossible for such a model (boxes of 2x3, 14 of 36 cells
given; never taught). Looked at are puzzles of structures that are not in train, 40 of each of the six rungs that can be
learned, three completions each.

Caveats. It is a toy: 0.35 million parameters, one task, a mixture chosen so that five prompts in six say little; the
gain of choosing depends on that share. Plain GRPO already spends no backward pass on groups without variance. What
targeted sampling does needs problems that can be had by difficulty: a generator, or a dataset with a column for it.
The held-out puzzles stand for the learnable rungs in equal shares, not in those of the mixture. It is no reproduction
of "Online difficulty filtering for reasoning oriented reinforcement learning" (Bae et al., 2025). Completions of the
impossible rung are twice as long as the others, so that leaving them out saves more time than groups.
"""

import argparse
import contextlib
import copy
import io
import json
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

EASY, MIDDLE, SAMPLES = (12, 11), (9, 8, 7, 6), 3
SAMPLINGS = ("plain", "dynamic", "targeted")
LOOKS = 15
"""Looks at the held-out puzzles in the time that a run has."""


def knobs(givens):
    return {"box": (2, 2), "givens": givens, "tier": 1}


def make_mixture(folder, rows, held_out, seed):
    """A dataset folder of the mixture: rungs 1 to 6 are learnable, 7 is not."""
    from taskgen.engine.schema import parquet_writer, to_table
    from taskgen.knobs import canonical
    from taskgen.records import make_record
    from taskgen.registry import task

    sudoku = task("sudoku")
    shares = [0.25] * len(EASY) + [1 / 6 / len(MIDDLE)] * len(MIDDLE)
    cells = [(sudoku.knobs(None, knobs(givens)), share) for givens, share in zip(EASY + MIDDLE, shares, strict=True)]
    cells.append((sudoku.knobs(None, {"box": (2, 3), "givens": 14, "tier": 1}), 1 / 3))
    (folder / "data").mkdir()
    for split, learnable in (("train", len(cells)), ("test", len(cells) - 1)):
        records = {}
        for rung, (setting, share) in enumerate(cells[:learnable], 1):
            count = round(rows * share) if split == "train" else held_out
            for index in range(count):
                record = make_record(sudoku, rung, setting, 1000 + seed, split, index, "terse")
                records[record.id] = record
        path = folder / "data" / f"{split}-00000-of-00001.parquet"
        with open(path, "wb") as file, parquet_writer(file) as writer:
            writer.write_table(to_table(records.values()))
    return [canonical(setting) for setting, _ in cells]


def one_seed(seed, seconds, warm, rows, held_out):
    """The curves of every way of sampling from one warmed-up model: time, held-out pass rate; and what it cost."""
    from taskgen.training import train_grpo

    with tempfile.TemporaryDirectory() as place, contextlib.redirect_stdout(io.StringIO()):
        make_mixture(Path(place), rows, held_out, seed)
        words = ["--data", place, "--seed", seed, "--warm", warm, "--look-rows", held_out, "--look-samples", SAMPLES]
        run = train_grpo.Run(train_grpo.arguments(list(map(str, words))))
        run.state["open"] = {"sudoku": len(EASY + MIDDLE)}  # all that can be learned is taught from the first step
        run.state["sure"] = {"sudoku": -1e9}
        while run.state["step"] < warm:
            run.warm_step()
            run.state["step"] += 1
        weights, state = copy.deepcopy(run.model.state_dict()), copy.deepcopy(run.state)
        return {sampling: _curve(run, sampling, weights, state, seconds) for sampling in SAMPLINGS}


def _curve(run, sampling, weights, state, seconds):
    run.args.sampling = sampling
    run.model.load_state_dict(weights)
    run.state = copy.deepcopy(state)
    run.new_optimizer()
    start = run.look(SAMPLES)
    points, spent, groups, flat, steps = [(0.0, start["held_out"])], 0.0, 0, 0, 0
    while spent < seconds:
        began = time.process_time()
        found = run.grpo_step()
        spent += time.process_time() - began
        run.state["step"] += 1
        steps, groups, flat = steps + 1, groups + found["groups"], flat + found["flat"]
        if spent >= min(seconds, seconds * len(points) / LOOKS):
            points.append((round(spent, 2), run.look(SAMPLES)["held_out"]))
    rungs = {"start": list(start["by_rung"].values()), "end": list(run.look(SAMPLES)["by_rung"].values())}
    return {"points": points, "steps": steps, "groups": groups, "flat": flat / groups, **rungs}


def smoothed(points):
    """Each look averaged with its neighbours: one look has a standard error of about 0.02."""
    values = [value for _, value in points]
    means = [statistics.fmean(values[max(0, n - 1) : n + 2]) for n in range(len(values))]
    return [(seconds, mean) for (seconds, _), mean in zip(points, means, strict=True)]


def reached(points, level):
    """When a curve first comes to a level, by straight lines between its looks; None where it does not."""
    before = points[0]
    for point in points:
        if point[1] >= level:
            share = 0 if point[1] == before[1] else (level - before[1]) / (point[1] - before[1])
            return before[0] + max(0.0, share) * (point[0] - before[0])
        before = point
    return None


def table(results, seconds):
    """The figures of all seeds as a Markdown table."""
    lines = [
        "| sampling | start | end | groups without variance | steps | groups | share of plain's time to plain's end |",
        "|---|---|---|---|---|---|---|",
    ]
    for sampling in SAMPLINGS:
        runs = [result[sampling] for result in results]
        levels = [smoothed(result["plain"]["points"])[-1][1] for result in results]
        curves = [smoothed(run["points"]) for run in runs]
        times = [reached(curve, level) for curve, level in zip(curves, levels, strict=True)]
        found = sorted(at / seconds for at in times if at is not None)
        share = f"{statistics.median(found):.0%} ({found[0]:.0%} to {found[-1]:.0%})" if found else "-"
        missed = f", not reached by {times.count(None)} of {len(times)}" if None in times else ""
        cells = [
            sampling,
            spread([curve[0][1] for curve in curves]),
            spread([curve[-1][1] for curve in curves]),
            spread([run["flat"] for run in runs]),
            f"{statistics.fmean(run['steps'] for run in runs):.0f}",
            f"{statistics.fmean(run['groups'] for run in runs):.0f}",
            "100%" if sampling == "plain" else share + missed,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def spread(values):
    """Mean and standard deviation over the seeds."""
    deviation = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.3f}{deviation}"


def draw(results, path):
    """The curves of all seeds, thin, and their means by time, thick."""
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for sampling, colour in zip(SAMPLINGS, ("0.45", "tab:blue", "tab:orange"), strict=True):
        curves = [smoothed(result[sampling]["points"]) for result in results]
        for curve in curves:
            axes.plot(*zip(*curve, strict=True), color=colour, lw=0.7, alpha=0.5)
        grid = np.linspace(0, min(curve[-1][0] for curve in curves), 100)
        mean = np.mean([np.interp(grid, *zip(*curve, strict=True)) for curve in curves], axis=0)
        axes.plot(grid, mean, color=colour, lw=2.5, label=sampling)
    axes.set(xlabel="seconds of training (CPU time, one thread)", ylabel="held-out pass rate")
    axes.legend()
    figure.savefig(path, dpi=130)


def main():
    parser = argparse.ArgumentParser(description="What choosing prompts by difficulty saves.")
    parser.add_argument("--quick", action="store_true", help="one seed, ten seconds: shows that it runs")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=75.0)
    parser.add_argument("--jobs", type=int, default=1, help="seeds at once, a core each")
    parser.add_argument("--plot", type=Path, default=Path("difficulty_filter.png"))
    parser.add_argument("--save", type=Path, help="write all figures as JSON")
    args = parser.parse_args()
    seeds, seconds, warm, rows, held_out = args.seeds, args.seconds, 800, 3000, 40
    if args.quick:
        seeds, seconds, warm, rows, held_out = 1, min(seconds, 20.0), 800, 1200, 20
    results = []
    with ProcessPoolExecutor(args.jobs, mp_context=get_context("spawn")) as pool:
        work = [pool.submit(one_seed, seed, seconds, warm, rows, held_out) for seed in range(seeds)]
        for seed, one in enumerate(work):
            results.append(one.result())
            ends = ", ".join(f"{name} {curve['points'][-1][1]:.3f}" for name, curve in results[-1].items())
            print(f"seed {seed}: {ends}", file=sys.stderr, flush=True)
    for end in ("start", "end"):
        print(f"seed 0, pass rates by rung, {end}:", {name: curve[end] for name, curve in results[0].items()})
    print(table(results, seconds))
    draw(results, args.plot)
    if args.save:
        args.save.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
