"""Folders for the odd stage: the one it reads, the one it writes, and what lies beside them."""

import os

import numpy
import pyarrow
import pyarrow.parquet

from taskgen.curation.sources import open_source
from taskgen.curation.stages import Plan, run_stage
from tests.curation.odd_stage import OddSettings, odd


def write_numbered(folder):
    """A folder with 60 rows of train and 40 of test, which carry their number."""
    noise = numpy.random.default_rng(0).bytes(50_000).hex(" ", 500).split()
    folder.mkdir()
    for split, first, count in (("train", 0, 60), ("test", 60, 40)):
        rows = [{"id": f"{n:032x}", "task": "toy", "n": n, "text": noise[n]} for n in range(first, first + count)]
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), folder / f"{split}.parquet")
    return folder


def plan(data, step=3):
    return Plan("odd", OddSettings(step=step), (open_source(str(data)),))


def made(data, out, step=3, **notes):
    return run_stage(plan(data, step), out, odd(step), **notes)


def left(folder):
    """The names in a folder, hidden ones too."""
    return sorted(os.listdir(folder))
