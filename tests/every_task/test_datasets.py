"""A dataset of all tasks has the same bytes however it was made."""

import pytest

import taskgen
from taskgen.engine.building import build
from taskgen.engine.errors import Stopped
from taskgen.engine.orders import place_order

RUNGS = (2, 7)
PER_RUNG = 3


@pytest.fixture(scope="module")
def order(request):
    names = request.config.getoption("--task") or taskgen.tasks()
    return place_order([(name, RUNGS) for name in names], count=PER_RUNG * len(RUNGS) * max(9, len(names)), seed=11)


@pytest.fixture(scope="module")
def inline(order, tmp_path_factory):
    folder = tmp_path_factory.mktemp("inline")
    build(order, folder, workers=1)
    return contents(folder)


def contents(folder):
    return {file.relative_to(folder): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_it_holds_the_count_and_no_problem_twice(order, inline, tmp_path):
    build(order, tmp_path, workers=1)
    records = taskgen.load(tmp_path)
    assert len(records) == order.count
    assert len({record.id for record in records}) == order.count
    assert all(taskgen.verify(record, f"<answer>{record.answer}</answer>") for record in records)


def test_two_workers_make_the_same_bytes(order, inline, tmp_path):
    build(order, tmp_path, workers=2)
    assert contents(tmp_path) == inline


def test_a_resumed_run_makes_the_same_bytes(order, inline, tmp_path):
    def interrupt(stage, records):
        if records > order.count // 2:
            raise KeyboardInterrupt

    with pytest.raises(Stopped, match="the same command resumes"):
        build(order, tmp_path, workers=2, report=interrupt)
    assert not list(tmp_path.glob("data/*"))
    build(order, tmp_path, workers=2)
    assert contents(tmp_path) == inline
