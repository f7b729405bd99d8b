"""The records that the tests over every task share: a few of each rung, made once a process."""

import time
from functools import cache

import taskgen
from taskgen.judging import read_problem
from taskgen.records import Record

PER_RUNG = 6
RUNGS = range(1, 11)


@cache
def rung(name: str, difficulty: int, seed: int = 0, count: int = PER_RUNG) -> tuple[Record, ...]:
    task = taskgen.task(name)
    return tuple(task.generate(difficulty=difficulty, seed=seed, index=index) for index in range(count))


@cache
def seconds_a_record(name: str, difficulty: int) -> float:
    """Mean over PER_RUNG new records, after one that loads and compiles what is needed."""
    task = taskgen.task(name)
    task.generate(difficulty=difficulty, seed=1)
    start = time.perf_counter()
    for index in range(PER_RUNG):
        task.generate(difficulty=difficulty, seed=2, index=index)
    return (time.perf_counter() - start) / PER_RUNG


def ladder(name: str) -> list[Record]:
    """PER_RUNG records of every rung."""
    return [record for difficulty in RUNGS for record in rung(name, difficulty)]


def some(name: str) -> list[Record]:
    """Two records of every other rung."""
    return [record for difficulty in (1, 3, 5, 7, 10) for record in rung(name, difficulty)[:2]]


def problem(record: Record) -> taskgen.Problem:
    return read_problem(record)
