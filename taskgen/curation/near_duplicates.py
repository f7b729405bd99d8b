"""Near duplicates: rows whose problem, or whose text, consists mostly of the same pieces as an earlier one's.

Candidates come from MinHash bands; every pair is then verified by its true Jaccard similarity. A row is a near
duplicate of a row that stays, never of one that goes itself, so that likeness is not passed on from row to row. What
is alike in this sense is often not the same: two puzzles that differ in one number are two puzzles. Hence a report,
unless removal is asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import msgspec
import numpy
import pyarrow
import pyarrow.compute
from msgspec import Meta

from taskgen.curation.id_words import strings
from taskgen.curation.minhash import Bands, band_keys, bands_for, payload_sets, text_sets
from taskgen.curation.sources import Source
from taskgen.curation.stages import Plan, Report, Selection, Settings, check_losses, no_report, select, stage_folder
from taskgen.engine.errors import UsageError
from taskgen.engine.files import naming, whole_file
from taskgen.engine.manifest import StageEntry, read_manifest
from taskgen.engine.schema import parquet_writer

NAME = "near_duplicates.parquet"
NEAR_DUPLICATES = pyarrow.schema(
    [
        ("row", pyarrow.int64()),
        ("id", pyarrow.string()),
        ("task", pyarrow.string()),
        ("matched_row", pyarrow.int64()),
        ("matched_id", pyarrow.string()),
        ("jaccard", pyarrow.float64()),
    ]
)
"""A row that is like an earlier one that stays: both numbers in the source, ids where there are any, how alike."""
ALL_ROWS = "all rows"
STRIDE = 256
"""Sets that are compared between two reports: one that is like very many others takes a while."""


class NearDuplicatesSettings(Settings, frozen=True):
    """How alike is too alike, what is compared, and whether the later of two rows goes."""

    threshold: Annotated[
        float, Meta(ge=0.5, le=0.95, description="Jaccard similarity from which two rows are alike")
    ] = 0.8
    text: Annotated[
        str | None, Meta(description="column of free text to compare; without it, the problems of each task")
    ] = None
    remove: Annotated[bool, Meta(description="drop near duplicates; otherwise all rows stay")] = False
    max_loss: Annotated[
        float, Meta(ge=0, le=1, description="share of a family that may go without a word from the user")
    ] = 0.1
    yes: Annotated[bool, Meta(description="drop even more of a family than max_loss")] = False


def near_duplicates(
    source: Source, out: Path, settings: NearDuplicatesSettings, report: Report = no_report
) -> StageEntry:
    """Find the near duplicates and list them in `near_duplicates.parquet`; with `remove`, drop them.

    Problems are compared within their task, texts with all others. Reason: `near_duplicate`; `matched` is the row that
    stays. The notes hold rows, near duplicates and the rest for each family. Raises UsageError where a family would
    lose more than `max_loss` and `yes` is not set, and what `stage_folder` raises.
    """
    settings = msgspec.structs.replace(settings, text=settings.text or source.column)
    _require(source, settings)
    with stage_folder(Plan("near_duplicates", settings, (source,)), out) as folder:
        if isinstance(folder, StageEntry):
            return folder
        with TemporaryDirectory(prefix="sets-", dir=folder.path) as place:
            alike = find_near_duplicates(source, settings, Path(place) / "sets", report)
        if settings.remove and not settings.yes:
            check_losses(source, alike.losses(), settings.max_loss, "report without --remove")
        folder.notes |= alike.notes()
        with whole_file(folder.path / NAME) as file, parquet_writer(file, NEAR_DUPLICATES) as writer:
            pairs = _Pairs(alike, writer)

            def choose(start: int, table: Any) -> Selection:
                rows = pairs.add(start, table)
                keep = numpy.ones(table.num_rows, bool)
                if not settings.remove:
                    return Selection(keep, ())
                keep[rows - start] = False
                matched = [f"row {row}" for row in alike.match[rows].tolist()]
                likeness = [f"jaccard {share:.3f}" for share in alike.similarity[rows].tolist()]
                return Selection(keep, ["near_duplicate"] * len(rows), matched, likeness)

            select(source, folder, choose, report)
    return read_manifest(out).stages[-1]


def _require(source: Source, settings: NearDuplicatesSettings) -> None:
    names = source.schema.names
    compared = [settings.text] if settings.text is not None else ["problem", "task"]
    missing = [name for name in compared if name not in names]
    if missing:
        raise UsageError(
            f"{source.name} has no column {' and no column '.join(missing)}; name the column of text to compare with "
            f"--text (columns: {', '.join(names)})"
        )
    kind = source.schema.field(compared[0]).type
    if not (pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind)):
        raise UsageError(f"{source.name}: the column {compared[0]} holds {kind}, not text")


@dataclass(frozen=True)
class Alike:
    """For each row the first row that stays and that it is alike to, or -1, and how alike; and what was done."""

    match: Any
    similarity: Any
    family: Any
    """The place of each row's family in `families`."""
    families: list[str]
    threshold: float
    bands: Bands
    compared: int

    def losses(self) -> Iterator[tuple[str, int, int]]:
        """Each family with its rows and its near duplicates, by name."""
        rows = numpy.bincount(self.family, minlength=len(self.families)).tolist()
        near = numpy.bincount(self.family[self.match >= 0], minlength=len(self.families)).tolist()
        yield from sorted(zip(self.families, rows, near, strict=True))

    def notes(self) -> dict[str, Any]:
        """What the manifest says of it."""
        return {
            "bands": self.bands.number,
            "band_width": self.bands.width,
            "recall_at_threshold": round(self.bands.chance(self.threshold), 3),
            "pairs_compared": self.compared,
            "families": {
                name: {"rows": rows, "near_duplicates": near, "distinct": rows - near}
                for name, rows, near in self.losses()
            },
        }


def find_near_duplicates(source: Source, settings: NearDuplicatesSettings, sets: Path, report: Report) -> Alike:
    """Read all rows, then tell them apart; the sets of shingles go to the file `sets`."""
    from taskgen.kernels.set_similarity import NONE, resolve

    total = source.rows
    bands = bands_for(settings.threshold)
    keys = numpy.empty((total, bands.number), numpy.uint64)
    bounds = numpy.zeros(total + 1, numpy.int64)
    family = numpy.zeros(total, numpy.int32)
    families: dict[str, int] = {}
    columns = ["problem", "task"] if settings.text is None else _text_columns(source, settings.text)
    row = 0
    with naming(sets), open(sets, "wb") as file:
        for table in source.tables(columns):
            own = slice(row, row + table.num_rows)
            family[own] = _families(table, families)
            if settings.text is None:
                found = payload_sets(table["problem"], f"{source.name} row", row)
                salt = family[own].astype(numpy.uint64)
            else:
                found = text_sets(table[settings.text])
                salt = numpy.zeros(table.num_rows, numpy.uint64)
            keys[own] = band_keys(found, bands, salt)
            bounds[row + 1 : row + table.num_rows + 1] = bounds[row] + found.bounds[1:]
            file.write(found.hashes.tobytes())
            row += table.num_rows
            report("reading rows", row)
    groups, places = _groups(keys)
    del keys
    groups[bounds[1:] == bounds[:-1]] = NONE  # nothing is like a row without content
    hashes = numpy.memmap(sets, numpy.uint64, "r") if bounds[-1] else numpy.empty(0, numpy.uint64)
    members = numpy.empty(places[-1], numpy.int32)
    kept = numpy.zeros(len(places), numpy.int64)
    met = numpy.full(total, NONE, numpy.int32)
    match = numpy.full(total, NONE, numpy.int64)
    similarity = numpy.zeros(total)
    compared = 0
    for start in range(0, total, STRIDE):
        end = min(start + STRIDE, total)
        compared += resolve(
            *(start, end, hashes, bounds, settings.threshold),
            *(groups, places, members, kept, met, match, similarity),
        )
        report("comparing rows", end)
    return Alike(match, similarity, family, list(families), settings.threshold, bands, compared)


def _text_columns(source: Source, text: str) -> list[str]:
    return [text, "task"] if "task" in source.schema.names and text != "task" else [text]


def _families(table: Any, known: dict[str, int]) -> Any:
    """The family of each row as its place in `known`, which takes up new ones."""
    if "task" not in table.column_names:
        return known.setdefault(ALL_ROWS, len(known))
    names = pyarrow.compute.dictionary_encode(strings(table["task"]).fill_null(""))
    places = [known.setdefault(name or ALL_ROWS, len(known)) for name in names.dictionary.to_pylist()]
    return numpy.array(places, numpy.int32)[names.indices.to_numpy()]


def _groups(keys: Any) -> tuple[Any, Any]:
    """For every row and band the group of rows with that band, -1 where it is alone; and where each group's members
    begin in a list of them all, and the last one's end.
    """
    groups = numpy.empty(keys.shape, numpy.int32)
    sizes: list[Any] = []
    count = 0
    for band in range(keys.shape[1]):
        order = numpy.argsort(keys[:, band])
        ordered = keys[order, band]
        first = numpy.ones(len(ordered), bool)
        first[1:] = ordered[1:] != ordered[:-1]
        size = numpy.diff(numpy.append(numpy.flatnonzero(first), len(ordered)))
        shared = size > 1
        name = numpy.where(shared, count + numpy.cumsum(shared) - 1, -1).astype(numpy.int32)
        groups[order, band] = numpy.repeat(name, size)
        sizes.append(size[shared])
        count += int(shared.sum())
    return groups, numpy.cumsum(numpy.concatenate([[0], *sizes]), dtype=numpy.int64)


class _Pairs:
    """Writes the pairs down as the tables of the source come by in order."""

    def __init__(self, alike: Alike, writer: Any) -> None:
        self._alike = alike
        self._writer = writer
        self._stand = numpy.unique(alike.match[alike.match >= 0])
        """Rows that others are alike to."""
        self._ids = numpy.empty(len(self._stand), object)

    def add(self, start: int, table: Any) -> Any:
        """Write the near duplicates of a table whose first row has the number `start`; the result is their numbers."""
        ids = _column(table, "id")
        first, last = numpy.searchsorted(self._stand, [start, start + table.num_rows])
        self._ids[first:last] = ids.take(pyarrow.array(self._stand[first:last] - start)).to_pylist()
        match = self._alike.match[start : start + table.num_rows]
        places = numpy.flatnonzero(match >= 0)
        if len(places):
            matched = match[places]
            columns = [
                places + start,
                ids.take(pyarrow.array(places)),
                _column(table, "task").take(pyarrow.array(places)),
                matched,
                pyarrow.array(self._ids[numpy.searchsorted(self._stand, matched)], pyarrow.string()),
                self._alike.similarity[places + start],
            ]
            self._writer.write_table(pyarrow.table(columns, schema=NEAR_DUPLICATES))
        return places + start


def _column(table: Any, name: str) -> Any:
    """A column as text; nulls where there is none."""
    if name not in table.column_names:
        return pyarrow.nulls(table.num_rows, pyarrow.string())
    return strings(table[name])
