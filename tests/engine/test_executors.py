"""Executors: the same results from every backend; workers that die are replaced."""

import pytest

from taskgen.engine.errors import ShardLost
from taskgen.engine.executors import Inline, ProcessPool
from taskgen.engine.worker import WorkerFault
from taskgen.knobs import KnobError


@pytest.fixture(scope="module")
def pool():
    pool = ProcessPool(2)
    yield pool
    pool.close()


def run(executor, job, specs, tick=lambda steps: None):
    return dict(executor.map_shards(f"tests.engine.jobs:{job}", specs, tick))


def test_both_backends_give_the_same_results(pool):
    expected = {position: 2 * position for position in range(20)}
    assert run(pool, "double", range(20)) == expected
    assert run(Inline(), "double", range(20)) == expected


def test_stray_prints_do_not_disturb_the_messages(pool):
    assert run(pool, "noisy", ["a", "b", "c"]) == {0: "a", 1: "b", 2: "c"}


def test_the_shard_of_a_killed_worker_is_made_again(pool, tmp_path):
    assert run(pool, "die_once", [str(tmp_path / "marker")]) == {0: "second try"}


@pytest.mark.parametrize(
    ("job", "kind", "message"),
    [
        (
            "die",
            ShardLost,
            "every worker that made shard 0 died: killed by signal 9, as happens when memory runs out",
        ),
        ("wrong_knob", KnobError, "people=99 is out of range"),
        ("no_file", FileNotFoundError, "No such file or directory: '/nowhere/at/all'"),
        ("fault", WorkerFault, "ZeroDivisionError"),
    ],
)
def test_what_a_worker_runs_into_is_raised_here(job, kind, message):
    pool = ProcessPool(1)
    try:
        with pytest.raises(kind, match=message):
            run(pool, job, [1])
    finally:
        pool.close()
