import hashlib

import pyarrow
import pytest

from taskgen.engine import ordering
from taskgen.engine.building import build
from taskgen.engine.orders import place_order
from taskgen.records import load

ROWS = 120_000
"""More than two buckets hold."""


def tables(count=ROWS, size=256):
    names = [hashlib.md5(b"%d" % number).hexdigest() for number in range(count)]
    for start in range(0, count, size):
        part = names[start : start + size]
        yield pyarrow.table({"id": part, "number": range(start, start + len(part))})


def test_more_rows_than_a_bucket_holds_come_out_in_order_of_their_ids(tmp_path):
    sorted_tables = list(ordering.sorted_by_id(tables(), ROWS, next(tables(1)).schema, tmp_path))
    assert len(sorted_tables) == 3
    rows = [row for table in sorted_tables for row in zip(*table.to_pydict().values(), strict=True)]
    assert rows == sorted((hashlib.md5(b"%d" % number).hexdigest(), number) for number in range(ROWS))


@pytest.mark.parametrize(
    ("cells", "sizes"),
    [
        ([], []),
        ([25], [10, 10, 5]),
        ([25, 12], [10, 10, 5, 10, 2]),
        ([1, 2, 2, 1, 20, 2], [6, 10, 10, 2]),
        ([2] * 8, [10, 6]),
    ],
)
def test_a_row_group_never_crosses_the_edge_of_a_large_cell_and_small_cells_share_groups(cells, sizes):
    assert list(ordering.group_sizes(cells, 10)) == sizes


def test_buckets_do_not_stay(tmp_path):
    found = ordering.sorted_by_id(tables(), ROWS, next(tables(1)).schema, tmp_path)
    next(found)
    found.close()
    assert list(tmp_path.iterdir()) == []


def test_rows_are_ordered_by_task_then_difficulty_then_id_whatever_the_order_of_the_command(tmp_path):
    build(place_order([("linear_system", (2, 1)), ("knights_and_knaves", (1,))], count=30), tmp_path, workers=1)
    rows = [(record.task, record.difficulty, record.id) for record in load(tmp_path)]
    assert rows == sorted(rows)
    assert {task for task, _, _ in rows} == {"linear_system", "knights_and_knaves"}
