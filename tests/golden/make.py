"""Writes the golden records of tasks that have none yet: `python -m tests.golden.make [TASK...]`.

Golden records are never rewritten: they stand for datasets that somebody holds. A new task version adds lines.
"""

import sys
from pathlib import Path

import msgspec

import taskgen

for name in sys.argv[1:] or taskgen.tasks():
    path = Path(__file__).parent / f"{name}.jsonl"
    if not path.exists():
        task = taskgen.task(name)
        records = [task.generate(difficulty=difficulty, seed=2026) for difficulty in range(1, 11)]
        path.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
        print(path)
