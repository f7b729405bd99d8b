"""Ten rungs: each in time, harder as they rise, and different in more than size."""

from statistics import fmean

import msgspec

import taskgen
from taskgen.engine.audit import LEAST_CORRELATION, MOST_MILLISECONDS, spearman
from tests.every_task.sampling import RUNGS, ladder, rung, seconds_a_record


def test_every_rung_generates_within_its_budget(name):
    for difficulty in RUNGS:
        seconds = seconds_a_record(name, difficulty)
        assert 1000 * seconds < MOST_MILLISECONDS, f"rung {difficulty} takes {seconds:.1f} s a record"


def test_effort_rises_along_the_ladder(name):
    records = ladder(name)
    correlation = spearman([record.difficulty for record in records], [record.effort for record in records])
    means = [round(fmean(record.effort for record in rung(name, difficulty)), 1) for difficulty in RUNGS]
    assert correlation >= LEAST_CORRELATION, f"Spearman {correlation:.2f}; mean effort by rung: {means}"


def test_the_rungs_differ_in_more_than_one_knob(name):
    rungs = [msgspec.structs.astuple(knobs) for knobs in taskgen.task(name).ladder]
    assert len(set(rungs)) == 10
    moving = [column for column in zip(*rungs, strict=True) if len(set(column)) > 1]
    assert len(moving) >= 2


def test_a_record_says_what_it_was_made_with(name):
    task = taskgen.task(name)
    for record in ladder(name):
        assert (record.task, record.domain, record.task_version) == (name, task.domain, task.version)
        assert msgspec.json.decode(record.knobs, type=task.knobs_type) == task.ladder[record.difficulty - 1]
