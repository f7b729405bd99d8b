"""Writes golden records for tasks that lack them: `python -m tests.golden.make [TASK...]`.

Golden records are never rewritten: they stand for datasets that somebody holds. A new task version adds its lines to
those of the old ones. (While a task is unpublished, delete its file and make it anew.)
"""

import sys
from pathlib import Path

import msgspec

import taskgen
from taskgen.records import Record

FOLDER = Path(__file__).parent


def golden(name: str) -> list[Record]:
    """The golden records of a task, of all its versions."""
    path = FOLDER / f"{name}.jsonl"
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [msgspec.json.decode(line, type=Record) for line in lines]


def main() -> None:
    """Add what is missing, and say so."""
    for name in sys.argv[1:] or taskgen.tasks():
        task = taskgen.task(name)
        if any(record.task_version == task.version for record in golden(name)):
            print(f"{name}: has golden records of version {task.version} already")
            continue
        records = [task.generate(difficulty=difficulty, seed=2026) for difficulty in range(1, 11)]
        with open(FOLDER / f"{name}.jsonl", "ab") as file:
            file.writelines(msgspec.json.encode(record) + b"\n" for record in records)
        print(f"{name}: added golden records of version {task.version}")


if __name__ == "__main__":
    main()
