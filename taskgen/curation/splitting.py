"""Splitting: every row goes to train, validation or test by its structure id, whatever the seeds.

Two datasets that were split here, or made by taskgen, never have a structure in different splits.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy
import pyarrow

from taskgen.curation.id_words import id_words
from taskgen.curation.identities import identify
from taskgen.curation.sources import DataFile, Source
from taskgen.curation.staged_files import StagedFiles, part_of_train, stage_named
from taskgen.curation.stages import Plan, Report, Settings, dropped_file, no_report, stage_folder
from taskgen.engine.manifest import StageEntry, read_manifest
from taskgen.problem import SPLITS

SPLIT_NUMBER: dict[str, int] = {split: number for number, split in enumerate(SPLITS)}
_END_OF_TEST, _END_OF_VALIDATION = (numpy.uint64(((parts << 64) - 1) // 20) for parts in (1, 2))
"""The last first word of a structure id that `taskgen.problem.split_of` puts there."""


class SplitSettings(Settings, frozen=True):
    """There is nothing to set: the split is read off the structure id."""


def split(source: Source, out: Path, settings: SplitSettings, report: Report = no_report) -> StageEntry:
    """Put every row into the split of its structure; nothing is dropped and the order within a split is the source's.

    The column `split` is added or corrected. The notes count the rows of each split and those that moved from where
    their column or, without one, the name of their file had put them. Raises UsageError where an id is none, and what
    `stage_folder` raises.
    """
    with stage_folder(Plan("split", settings, (source,)), out) as folder:
        if isinstance(folder, StageEntry):
            return folder
        folder.files = StagedFiles(folder.path / "data", source.schema)
        rows: Counter[str] = Counter()
        moved: Counter[str] = Counter()
        start = 0
        for number, file in enumerate(source.files):
            for table in source.file_tables(number):
                words = id_words(identify(table, source.column).structure, f"{source.name} row", start)
                numbers = split_numbers(words.view(">u8").astype(numpy.uint64))
                names = numpy.array(SPLITS, object)[numbers].tolist()
                moved.update(_moves(table, file, names))
                rows.update(names)
                table = _with_split(table, names)
                for place in numpy.unique(numbers).tolist():
                    folder.keep(table.filter(pyarrow.array(numbers == place)), _part(SPLITS[place], file))
                start += table.num_rows
                folder.rows_in = start
                report("writing rows", start)
        with dropped_file(folder.path):
            pass  # every row stays
        folder.notes |= {"splits": {name: rows[name] for name in SPLITS}, "moved": dict(sorted(moved.items()))}
    return read_manifest(out).stages[-1]


def split_numbers(structures: Any) -> Any:
    """int8: the place in SPLITS of each structure id, an (n, 2) array of uint64, high word first."""
    first = structures[:, 0]
    test, validation = SPLIT_NUMBER["test"], SPLIT_NUMBER["validation"]
    held_out = numpy.where(first <= _END_OF_TEST, test, validation)
    return numpy.where(first <= _END_OF_VALIDATION, held_out, SPLIT_NUMBER["train"]).astype(numpy.int8)


def _moves(table: Any, file: DataFile, names: list[str]) -> list[str]:
    if "split" in table.column_names:
        before = [file.split if own is None else str(own) for own in table["split"].to_pylist()]
    elif file.split != "train":
        before = [file.split] * len(names)
    else:
        return []  # nobody said where these rows belong
    return [f"{old} to {new}" for old, new in zip(before, names, strict=True) if old != new]


def _with_split(table: Any, names: list[str]) -> Any:
    column = pyarrow.array(names, pyarrow.string())
    place = table.schema.get_field_index("split")
    return table.append_column("split", column) if place < 0 else table.set_column(place, "split", column)


def _part(split: str, file: DataFile) -> str:
    """The split; of a train split that a mix has cut into stages, the stage."""
    stage = stage_named(file.path) if split == "train" else None
    return split if stage is None else part_of_train(stage)
