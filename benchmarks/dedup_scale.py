"""Deduplication at scale: rows a second and peak memory of `taskgen dedup` on millions of rows.

    python benchmarks/dedup_scale.py --rows 10000000 --folder /somewhere/with/3GB     (--quick: 300,000 rows)

A dataset in the native schema is written a file at a time: every column is there, the texts are short, one row in ten
is a copy of an earlier one and one in twenty is another problem of an earlier structure. Then `taskgen dedup` runs in
a process of its own. Memory is sampled twenty times a second and summed over it and its workers: resident size, which
counts shared pages once for each process, and proportional size, which counts them once. What was planted is counted
on the way, and the result must agree with it.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

import numpy
import pyarrow
import pyarrow.compute
import pyarrow.parquet

from taskgen.engine.manifest import read_manifest
from taskgen.engine.schema import ROWS_PER_FILE, ROWS_PER_GROUP, SCHEMA, parquet_writer

COPIES, RELABELLED = 0.10, 0.05
TASKS = ["countdown", "knights_and_knaves", "sudoku", "shortest_path", "zebra_puzzle"]


def make_dataset(folder: Path, rows: int) -> dict[str, int]:
    """Write the dataset; the result is the number of rows that each kind of deduplication must keep."""
    (folder / "data").mkdir(parents=True)
    random = numpy.random.Generator(numpy.random.Philox(7))
    problem = numpy.arange(rows)  # the problem of each row
    copies = numpy.flatnonzero(random.random(rows) < COPIES)
    copies = copies[copies > 0]
    problem[copies] = (random.random(len(copies)) * copies).astype(numpy.int64)
    while (pending := problem[problem] != problem).any():
        problem[pending] = problem[problem[pending]]
    structure = numpy.arange(rows)  # and the structure of each problem
    related = numpy.flatnonzero(random.random(rows) < RELABELLED)
    related = related[related > 0]
    structure[related] = (random.random(len(related)) * related).astype(numpy.int64)
    files = -(-rows // ROWS_PER_FILE)
    for number in range(files):
        own = slice(number * ROWS_PER_FILE, min(rows, (number + 1) * ROWS_PER_FILE))
        with (
            open(folder / "data" / f"train-{number:05d}-of-{files:05d}.parquet", "wb") as file,
            parquet_writer(file) as writer,
        ):
            writer.write_table(_table(problem[own], structure[problem[own]]), ROWS_PER_GROUP)
    kept = numpy.unique(problem)
    return {"instance": len(kept), "structure": len(numpy.unique(structure[kept]))}


def _table(problem: Any, structure: Any) -> Any:
    """Rows of the native schema: everything follows from the number of the problem and that of its structure."""
    rows = len(problem)
    text = pyarrow.array(problem.astype(str))
    joined = pyarrow.compute.binary_join_element_wise
    # A structure belongs to one task, so its number decides the task; structures are chosen among the problems.
    task = pyarrow.array(numpy.array(TASKS)[structure % len(TASKS)])
    numbers = [pyarrow.array(((problem * factor) % 97 + 1).astype(str)) for factor in (5, 11, 17, 23)]
    listed = joined(*numbers, ",")
    prompt = joined("Write an expression with the numbers ", listed, " and the value ", text, ". Use each once.", "")
    fields = joined('"fields":{"numbers":[', listed, '],"target":', text, "}}", "")
    columns = {
        "id": _hashes(problem, 1),
        "structure": _hashes(structure, 2),
        "task": task,
        "task_version": pyarrow.array(numpy.ones(rows, "i4")),
        "domain": pyarrow.array(["math"] * rows),
        "difficulty": pyarrow.array((problem % 10 + 1).astype("i1")),
        "split": pyarrow.array(["train"] * rows),
        "prompt": prompt,
        "answer": joined(*numbers, "+"),
        "problem": joined('{"task":"', task, '","version":1,', fields, ""),
        "knobs": pyarrow.array(['{"numbers":4}'] * rows),
        "effort": pyarrow.array(problem % 1000 / 7),
        "trace": pyarrow.array([""] * rows),
        "wording": pyarrow.array(["plain"] * rows),
        "seed": pyarrow.array(numpy.zeros(rows, "i8")),
        "index": pyarrow.array(problem),
    }
    return pyarrow.table([columns[field.name].cast(field.type) for field in SCHEMA], schema=SCHEMA)


def _hashes(number: Any, salt: int) -> Any:
    """128 well-mixed bits for each number, in hex (the finaliser of splitmix64)."""
    words = numpy.empty((len(number), 2), "<u8")
    for place in (0, 1):
        word = number.astype("u8") * 2 + numpy.uint64(place + salt * 2**40)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            word = (word ^ (word >> numpy.uint64(shift))) * numpy.uint64(factor)
        words[:, place] = word ^ (word >> numpy.uint64(31))
    digits = numpy.frombuffer(b"0123456789abcdef", "u1")
    halves = words.view("u1")
    text = numpy.stack([digits[halves >> 4], digits[halves & 15]], axis=2).reshape(len(number), 32)
    return pyarrow.array(numpy.ascontiguousarray(text).view("S32").ravel().astype(str))


class Memory(NamedTuple):
    """Bytes: resident and proportional size over all processes, and the most that one process ever had resident."""

    resident: int
    proportional: int
    largest: int


def memory(process: int) -> Memory:
    """The memory of a process and its children now."""
    resident = proportional = largest = 0
    waiting = [process]
    while waiting:
        current = Path(f"/proc/{waiting.pop()}")
        try:
            waiting += map(int, (current / "task" / current.name / "children").read_text().split())
            sizes = dict(
                line.split(":")
                for file in ("smaps_rollup", "status")
                for line in (current / file).read_text().splitlines()
                if line.startswith(("Rss:", "Pss:", "VmHWM:"))
            )
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended in between
        rss, pss, most = (int(sizes.get(name, "0").split()[0]) * 1024 for name in ("Rss", "Pss", "VmHWM"))
        resident, proportional, largest = resident + rss, proportional + pss, max(largest, most)
    return Memory(resident, proportional, largest)


def measure(*arguments: str) -> tuple[float, Memory]:
    """Seconds and peaks of memory of a run of taskgen."""
    begin = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "taskgen", *arguments], stdout=subprocess.DEVNULL)
    peak = Memory(0, 0, 0)
    while process.poll() is None:
        peak = Memory(*map(max, peak, memory(process.pid)))
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"taskgen {arguments[0]} ended with exit code {process.returncode}")
    return time.monotonic() - begin, peak


def megabytes(peak: Memory) -> str:
    """The cells of a table."""
    return " | ".join(f"{size / 1e6:,.0f} MB" for size in peak)


def main() -> None:
    """Make the dataset, run `taskgen dedup` on it both ways, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--quick", action="store_true", help="300,000 rows")
    parser.add_argument("--workers", type=int, action="append", help="processes (repeatable); default: one a core")
    parser.add_argument("--by", choices=["instance", "structure"], action="append", help="default: both, in turn")
    parser.add_argument("--folder", type=Path, default=Path(), help="where the data goes, and is deleted at the end")
    arguments = parser.parse_args()
    rows = 300_000 if arguments.quick else arguments.rows
    folder = Path(mkdtemp(prefix="dedup-scale-", dir=arguments.folder))
    try:
        kept = make_dataset(folder / "data-in", rows)
        size = sum(file.stat().st_size for file in (folder / "data-in" / "data").iterdir())
        cores = len(os.sched_getaffinity(0))
        print(f"{rows:,} rows, {size / 1e6:,.0f} MB of Parquet; {platform.machine()}, {cores} cores\n")
        print("| by | workers | rows kept | seconds | rows/s | peak RSS, summed | peak PSS, summed | largest process |")
        print("|---|---:|---:|---:|---:|---:|---:|---:|")
        for by in arguments.by or ["instance", "structure"]:
            for workers in arguments.workers or [cores]:
                out = folder / f"out-{by}"
                options = ["--by", by, "--workers", str(workers), "--out", str(out)]
                seconds, peak = measure("dedup", str(folder / "data-in"), *options)
                entry = read_manifest(out).stages[-1]
                assert entry.rows_out == kept[by], f"{entry.rows_out} rows are left, {kept[by]} should be"
                print(
                    f"| {by} | {workers} | {entry.rows_out:,} | {seconds:.1f} | {rows / seconds:,.0f} "
                    f"| {megabytes(peak)} |",
                    flush=True,
                )
                shutil.rmtree(out)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
