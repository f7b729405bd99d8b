"""Same command, same bytes."""

import os
import subprocess
import sys

import taskgen
from taskgen.problem import instance_id, structure_id
from tests.every_task.sampling import problem, rung
from tests.golden.make import golden

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
    records = golden(name)
    current = [record.difficulty for record in records if record.task_version == taskgen.task(name).version]
    assert current == list(range(1, 11)), f"run: python -m tests.golden.make {name}"
    for record in records:
        assert taskgen.verify(record.problem, f"<answer>{record.answer}</answer>").score == 1.0
        assert instance_id(problem(record)) == record.id
        assert structure_id(problem(record)) == record.structure
