"""Exact deduplication by instance or structure id, in two passes of shards: bucket by id, then reduce.

Memory is bounded by a bucket, so that it runs unchanged on a laptop and on a cluster. What is between the passes lies
in the folder that is being written, and goes with it.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

import msgspec
import numpy
import pyarrow
import pyarrow.compute
from msgspec import Meta

from taskgen.curation.grouped_files import read_group, write_part
from taskgen.curation.id_words import id_words, strings
from taskgen.curation.identities import NATIVE, Identities, columns_read, identify
from taskgen.curation.sources import Description, Source, reopen
from taskgen.curation.stages import Plan, Report, Selection, Settings, check_losses, no_report, select, stage_folder
from taskgen.engine.errors import UsageError
from taskgen.engine.executors import default_workers, executor
from taskgen.engine.manifest import StageEntry, read_manifest

PART_ROWS = 2**18
"""Rows that a shard of the first pass holds in memory."""
BUCKET_ROWS = 2**19
"""Rows of a bucket, on average; a bucket holds more where one structure has more records than that."""
WINDOW_ROWS = 2**20
"""Rows whose drops are read together when the result is written."""
ENTRY = numpy.dtype([("key", "<u8", 2), ("instance", "<u8", 2), ("row", "<i8"), ("family", "<u8")])
DROP = numpy.dtype([("row", "<i8"), ("matched", "<i8"), ("copy", "?")])


class DedupSettings(Settings, frozen=True):
    """What counts as the same problem and how many of its records stay: the first ones."""

    by: Annotated[Literal["instance", "structure"], Meta(description="what makes two records the same")] = "instance"
    keep: Annotated[int, Meta(ge=1, description="records that stay of each structure")] = 1
    max_loss: Annotated[
        float, Meta(ge=0, le=1, description="share of a family that may go without a word from the user")
    ] = 0.5
    yes: Annotated[bool, Meta(description="drop even more of a family than max_loss")] = False

    def fault(self) -> tuple[tuple[str | int, ...], str] | None:
        """A number of records to keep where only one of them can differ from the others."""
        if self.keep > 1 and self.by == "instance":
            return ("keep",), "keep is for by structure: records of one instance are copies, and one is enough"
        return None


def dedup(
    source: Source, out: Path, settings: DedupSettings, workers: int | None = None, report: Report = no_report
) -> StageEntry:
    """Drop the records whose problem has been seen; of a structure, all after the first `keep` different problems.

    Reasons: `duplicate_instance`, a copy of the row that stays, and `duplicate_structure`; `matched` names that row, of
    several the first. Raises UsageError where a family would lose more than `max_loss` and `yes` is not set, and what
    `stage_folder` raises.
    """
    fault = settings.fault()
    if fault is not None:
        raise UsageError(fault[1])
    with stage_folder(Plan("dedup", settings, (source,)), out) as folder:
        if isinstance(folder, StageEntry):
            return folder
        with TemporaryDirectory(prefix="buckets-", dir=folder.path) as place:
            drops = find_drops(source, settings, Path(place), workers or default_workers(), report)

            def choose(start: int, table: Any) -> Selection:
                own = drops.between(start, start + table.num_rows)
                keep = numpy.ones(table.num_rows, bool)
                keep[own["row"] - start] = False
                reasons = numpy.where(own["copy"], "duplicate_instance", "duplicate_structure")
                return Selection(keep, reasons.tolist(), [f"row {row}" for row in own["matched"].tolist()])

            select(source, folder, choose, report)
    return read_manifest(out).stages[-1]


class Drops:
    """The rows to be dropped, read from the buckets' files some windows of rows at a time; asked for in order."""

    def __init__(self, files: Sequence[Path], rows: int) -> None:
        self._files = files
        self._windows = _windows(rows)
        self._next = 0
        self._ahead = numpy.empty(0, DROP)

    def between(self, first: int, last: int) -> Any:
        """Those with a number in [first, last), in order."""
        while self._next < self._windows and self._next * WINDOW_ROWS < last:
            window = read_group(self._files, DROP, self._next, self._windows)
            waiting = self._ahead[self._ahead["row"] >= first]
            self._ahead = numpy.concatenate([waiting, window[numpy.argsort(window["row"])]])
            self._next += 1
        start, end = numpy.searchsorted(self._ahead["row"], [first, last])
        return self._ahead[start:end]


def find_drops(source: Source, settings: DedupSettings, folder: Path, workers: int, report: Report) -> Drops:
    """The rows to be dropped; the files between the passes go to `folder`. Raises UsageError: see `dedup`."""
    buckets = max(1, -(-source.rows // BUCKET_ROWS))
    windows = _windows(source.rows)
    parts = [
        PartSpec(source.describe(), files, settings.by, buckets, f"{folder}/part-{number:06d}")
        for number, files in enumerate(_shares(source))
    ]
    rows: Counter[str] = Counter()
    lost: Counter[int] = Counter()
    done = 0

    def tick(count: int) -> None:
        nonlocal done
        done += count
        report("reading ids", done)

    pool = executor(min(workers, len(parts)))
    try:
        for _, counted in pool.map_shards(f"{__name__}:write_buckets", _builtins(parts), tick):
            rows.update(counted)
        reduce = [ReduceSpec(str(folder), bucket, buckets, settings.keep, windows) for bucket in range(buckets)]
        for _, counted in pool.map_shards(f"{__name__}:reduce_bucket", _builtins(reduce), lambda steps: None):
            lost.update(dict(counted))
    finally:
        pool.close()
    for part in folder.glob("part-*"):
        part.unlink()
    if not settings.yes:
        losses = [(name, count, lost[_family(name)]) for name, count in sorted(rows.items())]
        check_losses(source, losses, settings.max_loss, "duplicates")
    return Drops(sorted(folder.glob("drops-*")), source.rows)


class FileShare(msgspec.Struct, frozen=True):
    """A file of a source, whose first row has the number `start`."""

    number: int
    start: int


class PartSpec(msgspec.Struct, frozen=True):
    """Files to be read and spread over buckets; `part` begins the names of what is written."""

    source: Description
    files: tuple[FileShare, ...]
    by: str
    buckets: int
    part: str


def _shares(source: Source) -> Iterator[tuple[FileShare, ...]]:
    """The files of a source, so many together that they have PART_ROWS rows or more."""
    share: list[FileShare] = []
    start = first = 0
    for number, rows in enumerate(source.file_rows):
        share.append(FileShare(number, start))
        start += rows
        if start - first >= PART_ROWS:
            yield tuple(share)
            share, first = [], start
    if share:
        yield tuple(share)


def write_buckets(argument: Any, tick: Callable[[int], None]) -> dict[str, int]:
    """Write the entries of some files, sorted by bucket; the result is the number of rows of each family."""
    spec = msgspec.convert(argument, PartSpec)
    families: Counter[str] = Counter()
    waiting: list[Any] = []
    written = 0

    def write() -> None:
        nonlocal written
        entries = numpy.concatenate(waiting)
        path = Path(f"{spec.part}-{written:06d}")
        write_part(path, entries, (entries["key"][:, 0] % spec.buckets).astype("<i8"), spec.buckets)
        written += 1
        waiting.clear()

    source = reopen(spec.source)
    for share in spec.files:
        row = share.start
        for table in source.file_tables(share.number, columns_read(source.schema), rows=65_536):
            waiting.append(_entries(table, row, spec, families))
            row += table.num_rows
            tick(table.num_rows)
            if sum(map(len, waiting)) >= PART_ROWS:
                write()
    if waiting:
        write()
    return dict(families)


def _entries(table: Any, row: int, spec: PartSpec, families: Counter[str]) -> Any:
    """The entries of a table whose first row has the number `row`; the rows of each family are counted."""
    as_they_stand = columns_read(table.schema) == list(NATIVE)  # then Arrow's columns are as good as Python's strings
    found = (
        Identities(table["id"], table["structure"], table["task"])
        if as_they_stand
        else identify(table, spec.source.column)
    )
    entries = numpy.empty(table.num_rows, ENTRY)
    where = f"{spec.source.name} row"
    entries["instance"] = id_words(found.instance, where, row)
    entries["key"] = entries["instance"] if spec.by == "instance" else id_words(found.structure, where, row)
    entries["row"] = numpy.arange(row, row + table.num_rows)
    names = pyarrow.compute.dictionary_encode(strings(found.family).fill_null(""))
    places = names.indices.to_numpy()
    listed = names.dictionary.to_pylist()
    entries["family"] = numpy.array([_family(name) for name in listed], "<u8")[places]
    for name, rows in zip(listed, numpy.bincount(places, minlength=len(listed)).tolist(), strict=True):
        families[name] += rows
    return entries


class ReduceSpec(msgspec.Struct, frozen=True):
    """A bucket to be reduced to the rows that are dropped, written by windows of rows."""

    folder: str
    bucket: int
    buckets: int
    keep: int
    windows: int


def reduce_bucket(argument: Any, tick: Callable[[int], None]) -> list[tuple[int, int]]:
    """Find the rows of a bucket that are dropped and write them down; the result is how many each family loses."""
    spec = msgspec.convert(argument, ReduceSpec)
    folder = Path(spec.folder)
    entries = read_group(sorted(folder.glob("part-*")), ENTRY, spec.bucket, spec.buckets)
    drops, families = drops_among(_repeated(entries), spec.keep)
    write_part(folder / f"drops-{spec.bucket:06d}", drops, drops["row"] // WINDOW_ROWS, spec.windows)
    names, rows = numpy.unique(families, return_counts=True)
    return list(zip(names.tolist(), rows.tolist(), strict=True))


def _repeated(entries: Any) -> Any:
    """Those entries whose key begins as another's does: few, and all that may be dropped."""
    first_words = numpy.ascontiguousarray(entries["key"][:, 0])
    order = numpy.argsort(first_words)
    same = numpy.zeros(len(entries) + 1, bool)
    same[1:-1] = first_words[order[1:]] == first_words[order[:-1]]
    chosen = numpy.zeros(len(entries), bool)
    chosen[order] = same[:-1] | same[1:]
    return entries[chosen]


def drops_among(entries: Any, keep: int) -> tuple[Any, Any]:
    """The drops among entries in order of rows, and the family of each drop.

    Of every key the first `keep` different instances stay, each with its first row.
    """
    key, instance = entries["key"], entries["instance"]
    order = numpy.lexsort((instance[:, 1], instance[:, 0], key[:, 1], key[:, 0]))
    new_key = _differs_from_before(key[order])
    new_problem = new_key | _differs_from_before(instance[order])
    # Problems: the runs of one key and one instance. The sort is stable, so that a run begins with its first row.
    first_row = entries["row"][order[new_problem]]
    key_of = numpy.cumsum(new_key[new_problem]) - 1
    starts = numpy.flatnonzero(new_key[new_problem])
    in_order = numpy.lexsort((first_row, key_of))
    rank = numpy.empty(len(first_row), numpy.int64)
    rank[in_order] = numpy.arange(len(first_row)) - starts[key_of]
    stays = rank < keep
    stands_for = numpy.where(stays, first_row, first_row[in_order[starts]][key_of])
    problem = numpy.cumsum(new_problem) - 1
    dropped = ~(new_problem & stays[problem])
    drops = numpy.empty(int(dropped.sum()), DROP)
    drops["row"] = entries["row"][order[dropped]]
    drops["matched"] = stands_for[problem[dropped]]
    drops["copy"] = stays[problem[dropped]]
    return drops, entries["family"][order[dropped]]


def _differs_from_before(words: Any) -> Any:
    """For sorted pairs of words: whether each differs from the one before it; the first does."""
    differs = numpy.ones(len(words), bool)
    differs[1:] = (words[1:] != words[:-1]).any(axis=1)
    return differs


def _windows(rows: int) -> int:
    return max(1, -(-rows // WINDOW_ROWS))


def _family(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def _builtins(specs: Sequence[msgspec.Struct]) -> list[Any]:
    return [msgspec.to_builtins(spec) for spec in specs]
