"""A stage that drops rows by their number, in this process or as a script of its own: SOURCE OUT SECONDS, which it
sleeps when it comes to row 70.
"""

import sys
import time
from pathlib import Path
from typing import Annotated

import numpy
from msgspec import Meta

from taskgen.curation.sources import Source, open_source
from taskgen.curation.stages import Plan, Selection, Settings, run_stage


class OddSettings(Settings, frozen=True):
    """Drop rows whose number is a multiple of `step`."""

    step: Annotated[int, Meta(ge=1, le=1000)] = 3
    name: str | None = None


def odd(step=3):
    """Drops every `step`-th row of the source."""

    def choose(start, table):
        numbers = numpy.arange(start, start + table.num_rows)
        keep = numbers % step != 0
        gone = numbers[~keep].tolist()
        return Selection(keep, ["multiple"] * len(gone), [f"row {n}" for n in gone], [f"step {step}"] * len(gone))

    return choose


def slowly(start, table):
    """The same, one row at a time and with a rest."""
    if start == 70:
        print("begun", flush=True)
        time.sleep(float(sys.argv[3]))
    return odd()(start, table)


if __name__ == "__main__":
    Source.file_tables.__defaults__ = (None, 1)
    run_stage(Plan("odd", OddSettings(), (open_source(sys.argv[1]),)), Path(sys.argv[2]), slowly)
