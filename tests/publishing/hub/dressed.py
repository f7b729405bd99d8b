"""A small dataset with a card and a script beside it, as `generate` leaves one."""

import hashlib
from pathlib import Path

import msgspec
import pyarrow.parquet

from taskgen.engine.building import build
from taskgen.engine.manifest import NAME, FileEntry, Manifest, data_files, encode_manifest
from taskgen.engine.orders import place_order

CARD = """---
license: apache-2.0
language: en
pretty_name: Knights
size_categories:
- n<1K
task_categories:
- text-generation
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*
---
# Knights
"""
SCRIPT = "print('train')\n"


def dress(folder: Path, card: str = CARD, **bundle: str) -> Path:
    """Give a dataset folder a card and files beside it, and list them."""
    for name, text in {"README.md": card, "train_grpo.py": SCRIPT, **bundle}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    names = sorted({"README.md", "train_grpo.py", *bundle})
    entries = tuple(FileEntry(name, 0, hashlib.sha256((folder / name).read_bytes()).hexdigest()) for name in names)
    relist(folder, bundle=entries)
    return folder


def make_dataset(folder: Path, count: int = 30, seed: int = 0) -> Path:
    """Knights and knaves, dressed."""
    build(place_order([("knights_and_knaves", (1,))], count=count, seed=seed), folder, workers=1)
    return dress(folder)


def relist(folder: Path, **changes: object) -> None:
    """Change a folder's manifest."""
    manifest = read(folder)
    (folder / NAME).write_bytes(encode_manifest(msgspec.structs.replace(manifest, **changes)))


def read(folder: Path) -> Manifest:
    """A folder's manifest."""
    return msgspec.json.decode((folder / NAME).read_bytes(), type=Manifest)


def rows_of(folder: Path) -> list[dict]:
    """The rows of a dataset folder."""
    paths = [folder / file.path for file in data_files(read(folder))]
    return [row for path in paths for row in pyarrow.parquet.read_table(path).to_pylist()]


def uploads(root: Path, match: str) -> list[int]:
    """Bytes of the bodies that the Hub received on paths with `match` in them."""
    lines = [line.rpartition(" ") for line in (root / "uploads").read_text().splitlines()]
    return [int(size) for path, _, size in lines if match in path]


def requests(root: Path, match: str = "") -> list[str]:
    """The requests that the Hub had."""
    return [line for line in (root / "requests").read_text().splitlines() if match in line]
