"""Shards: ranges of indices of a cell, each a file that is a pure function of its spec, with a sidecar that says so."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet

from taskgen import __version__
from taskgen.engine.files import sha256_of, whole_file, write_whole
from taskgen.engine.orders import Cell, Order, task_of
from taskgen.engine.schema import parquet_writer, to_table
from taskgen.knobs import KnobError
from taskgen.problem import Split
from taskgen.records import Record, make_record

LARGEST = 256
"""Most records in a shard: some tenths of a second for most tasks, and what an interruption can lose."""
MAX_FAILURES = 3
"""Indices in a row at which no problem was found before the space counts as empty."""


class Spec(msgspec.Struct, frozen=True):
    """A shard to make: indices start <= i < stop of a cell's stream, and the file to hold them."""

    cell: Cell
    split: Split
    seed: int
    wording: str | None
    start: int
    stop: int
    path: str
    task_version: int
    taskgen: str = __version__

    def key(self) -> str:
        """Hex hash of all that decides the shard's rows."""
        content = msgspec.structs.replace(self, path="", cell=msgspec.structs.replace(self.cell, count=0))
        return hashlib.sha256(msgspec.json.encode(content)).hexdigest()


class Sidecar(msgspec.Struct, frozen=True):
    """What a shard's file holds; `failed` lists indices at which no problem was found, `failure` says why."""

    spec: str
    rows: int
    sha256: str
    failed: tuple[int, ...] = ()
    failure: str = ""


def shard_specs(order: Order, number: int, start: int, stop: int, folder: Path) -> list[Spec]:
    """The shards that cover a range of a cell's indices, the cell given by its number in the order."""
    cell = order.cells[number]
    version = task_of(cell)[0].version
    size = min(LARGEST, max(4, -(-(stop - start) // 8)))
    specs = []
    for first in range(start, stop, size):
        last = min(first + size, stop)
        path = folder / f"{number:05d}-{first:09d}-{last:09d}.parquet"
        specs.append(Spec(cell, order.split, order.seed, order.wording, first, last, str(path), version))
    return specs


def finished(spec: Spec) -> Sidecar | None:
    """The sidecar of a shard that was made earlier, if its file is still what the sidecar says."""
    path = Path(spec.path)
    try:
        sidecar = msgspec.json.decode(path.with_suffix(".json").read_bytes(), type=Sidecar)
        if sidecar.spec == spec.key() and sha256_of(path) == sidecar.sha256:
            return sidecar
    except (FileNotFoundError, msgspec.MsgspecError):
        pass
    return None


def make_shard(argument: Any, tick: Callable[[int], None]) -> Sidecar:
    """Make a shard from its Spec (in builtin types), then its sidecar. Raises OSError where they cannot be written."""
    spec = msgspec.convert(argument, Spec)
    records, failed, failure = _draw(spec, tick)
    path = Path(spec.path)
    with whole_file(path) as file, parquet_writer(file) as writer:
        writer.write_table(to_table(records))
    sidecar = Sidecar(spec.key(), len(records), sha256_of(path), tuple(failed), failure)
    write_whole(path.with_suffix(".json"), msgspec.json.encode(sidecar))
    return sidecar


def _draw(spec: Spec, tick: Callable[[int], None]) -> tuple[list[Record], list[int], str]:
    task, knobs = task_of(spec.cell)
    records: list[Record] = []
    failed: list[int] = []
    failure = ""
    for index in range(spec.start, spec.stop):
        try:
            records.append(make_record(task, spec.cell.difficulty, knobs, spec.seed, spec.split, index, spec.wording))
        except KnobError as error:
            failed.append(index)
            failure = failure or str(error)
            if failed[-MAX_FAILURES:] == list(range(index - MAX_FAILURES + 1, index + 1)):
                break
        tick(1)
    return records, failed, failure


def read_ids(path: Path) -> list[tuple[int, str]]:
    """Index and instance id of every row of a shard, in order."""
    table = pyarrow.parquet.read_table(path, columns=["index", "id"])
    return list(zip(table["index"].to_pylist(), table["id"].to_pylist(), strict=True))


def read_rows(path: Path) -> Any:
    """The rows of a shard as a pyarrow.Table."""
    return pyarrow.parquet.read_table(path)
