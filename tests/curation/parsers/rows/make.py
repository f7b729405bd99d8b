"""Make the rows in this folder anew: `pip install -e '.[bench]'`, then run this file with PYTHONHASHSEED=0."""

import json
import lzma
import sys
from pathlib import Path

import reasoning_gym
from reasoning_gym.composite import DatasetSpec

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[3] / "benchmarks"))

from planted_copies import RELABELLED  # noqa: E402
from planted_orders import REORDERED  # noqa: E402

from taskgen.seeding import Stream  # noqa: E402

MIXED = ("countdown", "gcd", "knights_knaves", "spell_backward")
SPARE = 40
"""Rows of a task among which the shortest are taken."""


def plain(item):
    return json.loads(json.dumps({key: item[key] for key in ("question", "metadata")}, default=str))


def write(name, rows):
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (HERE / name).write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


def neighbouring_seeds():
    """What the library's own training script does: one seed for training, the next one for validation."""
    specs = [DatasetSpec(name=name, weight=1, config={}) for name in MIXED]
    for split, seed in (("train", 1), ("validation", 2)):
        dataset = reasoning_gym.create_dataset("composite", seed=seed, size=500, datasets=specs)
        for item in dataset:
            yield {"split": split} | plain(item)


def copies():
    """Two rows of every family that may be relabelled or reordered, each with its copies."""
    for name in sorted(RELABELLED.keys() | REORDERED.keys()):
        dataset = reasoning_gym.create_dataset(name, seed=7, size=SPARE)
        rows = sorted((plain(dataset[place]) for place in range(SPARE)), key=lambda row: len(json.dumps(row)))
        found = 0
        for place, row in enumerate(rows[SPARE // 4 :]):
            changes = {"relabelled": RELABELLED.get(name), "reordered": REORDERED.get(name)}
            made = {kind: change(Stream.keyed(name, place), row) for kind, change in changes.items() if change}
            if all(copy is not None and copy["question"] != row["question"] for copy in made.values()):
                for kind, copy in ({"original": row} | made).items():
                    yield {"kind": kind, "number": found} | copy
                found += 1
            if found == 2:
                break


if __name__ == "__main__":
    write("neighbouring_seeds.jsonl.xz", neighbouring_seeds())
    write("copies.jsonl.xz", copies())
