"""Same command, same bytes."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec

import taskgen
from taskgen.problem import instance_id, structure_id
from taskgen.records import Record
from tests.every_task.sampling import problem, rung

GOLDEN = Path(__file__).parent.parent / "golden"
DIGEST = """
import hashlib, sys, msgspec, taskgen
task = taskgen.task(sys.argv[1])
records = [task.generate(difficulty=d, seed=5, index=i) for d in (1, 4, 7, 10) for i in range(2)]
print(hashlib.sha256(msgspec.json.encode(records)).hexdigest())
"""


def test_the_hash_seed_changes_nothing(name):
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST, name],
            env=dict(os.environ, PYTHONHASHSEED=hash_seed),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(digests) == 1


def test_records_do_not_depend_on_what_was_made_before(name):
    records = rung(name, 6)
    again = [taskgen.task(name).generate(difficulty=6, index=record.index) for record in reversed(records)]
    assert again[::-1] == list(records)


def test_golden_records_still_verify_and_keep_their_ids(name):
    lines = (GOLDEN / f"{name}.jsonl").read_bytes().splitlines()
    records = [msgspec.json.decode(line, type=Record) for line in lines]
    assert {record.difficulty for record in records} == set(range(1, 11))
    for record in records:
        assert taskgen.verify(record.problem, f"<answer>{record.answer}</answer>").score == 1.0
        assert instance_id(problem(record)) == record.id
        assert structure_id(problem(record)) == record.structure
