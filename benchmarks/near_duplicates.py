"""Near duplicates: how fast signatures are made, and what `taskgen near-duplicates` finds, takes and needs.

    python benchmarks/near_duplicates.py --rows 1000000 --folder /somewhere/with/4GB     (--quick: 50,000 rows)

First table: 128-value MinHash signatures of the same sets of shingles by datasketch, by numpy (a pass for each
permutation) and by taskgen's compiled loop, all three equal; and how fast the sets themselves are made. Second table:
whole runs on random puzzles (81 numbers, most of them 0) and random texts (60 to 140 words), where one row in twenty is
an earlier one with one place changed. Different rows are not alike here; in a set where they are, every row is
compared with many, and a run takes longer.
"""

import argparse
import os
import platform
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy
import pyarrow
import pyarrow.parquet
from datasketch import MinHash
from dedup_scale import measure, megabytes

import taskgen
from taskgen.curation.minhash import PERMUTATIONS, SEED, Sets, minhash_signatures, payload_sets, text_sets
from taskgen.engine.manifest import read_manifest

FILE_ROWS = 100_000
NEAR = 0.05


def by_datasketch(sets: Sets) -> Any:
    """Signatures by datasketch, set by set."""
    found = []
    permutations = MinHash(num_perm=PERMUTATIONS, seed=SEED, scheme="affine32").permutations
    for start, end in zip(sets.bounds[:-1].tolist(), sets.bounds[1:].tolist(), strict=True):
        sketch = MinHash(permutations=permutations, num_perm=PERMUTATIONS, scheme="affine32", hashfunc=int)
        sketch.update_batch((sets.hashes[start:end] & 0xFFFFFFFF).tolist())
        found.append(sketch.hashvalues)
    return numpy.array(found)


def by_numpy(sets: Sets) -> Any:
    """Signatures by numpy, permutation by permutation."""
    factors, offsets = MinHash(num_perm=PERMUTATIONS, seed=SEED, scheme="affine32").permutations
    values = sets.hashes.astype(numpy.uint32)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        values = (values ^ (values >> numpy.uint32(shift))) * numpy.uint32(factor)
    found = numpy.empty((PERMUTATIONS, len(sets.bounds) - 1), numpy.uint32)
    for place in range(PERMUTATIONS):
        numpy.minimum.reduceat(values * factors[place] + offsets[place], sets.bounds[:-1], out=found[place])
    return found.T


def rate(make: Callable[[], Any], rows: int, seconds: float) -> float:
    """Rows a second; a first call compiles and does not count."""
    make()
    calls, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        make()
        calls += 1
    return calls * rows / (time.perf_counter() - begin)


def hot_path(seconds: float) -> None:
    """Print the first table."""
    names = ("sudoku", "knights_and_knaves", "zebra_puzzle", "shortest_path")
    records = [taskgen.task(name).generate(difficulty=3, index=index) for name in names for index in range(250)]
    problems = pyarrow.array([record.problem for record in records])
    prompts = pyarrow.array([record.prompt for record in records])
    kinds: dict[str, Callable[[], Sets]] = {
        "problems, 3 values": lambda: payload_sets(problems, "row", 0),
        "prompts, 5 words": lambda: text_sets(prompts),
    }
    print("| sets of | mean size | sets/s | signatures/s: datasketch | numpy | taskgen |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, make in kinds.items():
        sets = make()
        assert (by_datasketch(sets) == by_numpy(sets)).all()
        assert (by_datasketch(sets) == minhash_signatures(sets)).all()
        rates = [rate(make, len(records), seconds)]
        for sign in (by_datasketch, by_numpy, minhash_signatures):
            rates.append(rate(lambda sign=sign, sets=sets: sign(sets), len(records), seconds))
        figures = " | ".join(f"{figure:,.0f}" for figure in rates)
        print(f"| {name} | {len(sets.hashes) / len(records):.0f} | {figures} |")
    print()


def make_rows(folder: Path, rows: int, texts: bool) -> int:
    """Write random rows, some of them near copies of an earlier one in their file; the result is how many are."""
    folder.mkdir()
    random = numpy.random.Generator(numpy.random.Philox(3))
    words = numpy.array([f"word{number}" for number in range(20_000)])
    copies = 0
    for file in range(-(-rows // FILE_ROWS)):
        count = min(FILE_ROWS, rows - file * FILE_ROWS)
        made: list[Any] = []
        for _ in range(count):
            if made and random.random() < NEAR:
                own = made[int(random.integers(len(made)))].copy()
                own[random.integers(0, len(own))] = random.integers(1, 10)
                copies += 1
            elif texts:
                own = random.integers(0, len(words), random.integers(60, 140))
            else:
                own = random.integers(1, 10, 81) * (random.random(81) < 0.35)
            made.append(own.astype(numpy.int64))
        if texts:
            columns = {"text": [" ".join(words[own]) for own in made]}
        else:
            start = '{"task":"sudoku","version":1,"fields":{"box":[3,3],"givens":['
            columns = {"problem": [f"{start}{','.join(map(str, own.tolist()))}]}}}}" for own in made]}
            columns["task"] = ["sudoku"] * count
        pyarrow.parquet.write_table(pyarrow.table(columns), folder / f"train-{file:05d}.parquet", compression="zstd")
    return copies


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="50,000 rows")
    parser.add_argument("--folder", type=Path, default=Path(), help="where the data goes, and is deleted at the end")
    arguments = parser.parse_args()
    rows = 50_000 if arguments.quick else arguments.rows
    print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, one of them used\n")
    hot_path(0.5 if arguments.quick else 2)
    folder = Path(mkdtemp(prefix="near-duplicates-", dir=arguments.folder))
    print("| rows of | rows | planted | found | pairs compared | seconds | rows/s | peak RSS | peak PSS | VmHWM |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    try:
        for name, options in {"puzzles": [], "texts": ["--text", "text"]}.items():
            planted = make_rows(folder / name, rows, texts=bool(options))
            out = folder / f"{name}-out"
            seconds, peak = measure("near-duplicates", str(folder / name), "--out", str(out), *options)
            notes = read_manifest(out).stages[-1].notes
            found = sum(counts["near_duplicates"] for counts in notes["families"].values())
            print(
                f"| {name} | {rows:,} | {planted:,} | {found:,} | {notes['pairs_compared']:,} | {seconds:.1f} "
                f"| {rows / seconds:,.0f} | {megabytes(peak)} |",
                flush=True,
            )
            shutil.rmtree(out)
            shutil.rmtree(folder / name)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
