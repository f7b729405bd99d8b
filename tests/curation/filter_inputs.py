"""Rows and rollouts whose pass rates a test decides."""

import pyarrow.parquet
import pytest

from tests.curation.made_rows import read, row, write
from tests.curation.rollout_folders import write_folder

ALWAYS, NEVER, HALF = [1] * 16, [0] * 16, [1, 0] * 8
CELL = ("sudoku", 3, "{}")
OUTCOMES = {
    CELL: [ALWAYS, HALF, NEVER, [1] + [0] * 15, [1, 1, 1, 0] * 4, [None, None], [1, 0, None, 1]],
    ("countdown", 1, "{}"): [ALWAYS] * 3 + [HALF] * 2,
}


def identity(cell, place):
    return f"{cell[0]}-{cell[1]}-{len(cell[2])}-{place}"


def dataset(path, outcomes, *others):
    """A Parquet file with a row for each record of `outcomes`, then rows of other names; returns its name."""
    content = [
        row(identity(cell, place), id=identity(cell, place), task=cell[0], difficulty=cell[1], knobs=cell[2])
        for cell, lists in outcomes.items()
        for place in range(len(lists))
    ]
    return write(path, content + [row(name) for name in others])


@pytest.fixture
def rollouts(tmp_path):
    return write_folder(tmp_path / "data-rollouts", OUTCOMES)


@pytest.fixture
def data(tmp_path):
    return dataset(tmp_path / "data.parquet", OUTCOMES, "never sampled")


def kept(folder):
    return read(folder)["id"].to_list()


def dropped(folder):
    return pyarrow.parquet.read_table(folder / "dropped.parquet").to_pylist()
