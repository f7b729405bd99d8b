"""The second pass of a mix: rows go to their places, dropped ones to dropped.parquet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy
import pyarrow

from taskgen.curation.identities import is_native
from taskgen.curation.mixture.candidates import ROWS, Candidates, hex_ids
from taskgen.curation.mixture.choosing import FATES, STAYS, Choice, detail
from taskgen.curation.mixture.columns import conform
from taskgen.curation.mixture.layout import Layout
from taskgen.curation.mixture.ordered_rows import OrderedRows
from taskgen.curation.mixture.prompt_lengths import Measure
from taskgen.curation.sources import Source
from taskgen.curation.stages import Report, Selection, StageFolder, dropped_file, dropped_rows
from taskgen.problem import SPLITS
from taskgen.registry import all_tasks


@dataclass(frozen=True)
class Mixture:
    """A mix that has been decided and is ready to be written."""

    sources: Sequence[Source]
    candidates: Candidates
    choice: Choice
    layout: Layout
    schema: Any
    measure: Measure | None

    def write(self, folder: StageFolder, report: Report) -> None:
        """Write all rows, those of each part in order."""
        with TemporaryDirectory(dir=folder.path, prefix=".rows-") as place:
            parts = [OrderedRows(Path(place) / part, rows) for part, rows in self.layout.parts.items()]
            try:
                self._scatter(parts, folder, report)
                for part, ordered in zip(self.layout.parts, parts, strict=True):
                    for table in ordered.tables():
                        folder.keep(table, part)
            finally:
                for ordered in parts:
                    ordered.close()

    def _scatter(self, parts: Sequence[OrderedRows], folder: StageFolder, report: Report) -> None:
        with dropped_file(folder.path) as gone:
            for source, table in self._tables():
                rows = numpy.arange(folder.rows_in, folder.rows_in + table.num_rows)
                keep = self.choice.fate[rows] == STAYS
                self._scatter_kept(parts, source, table.filter(pyarrow.array(keep)), rows[keep])
                if not keep.all():
                    selection = self._selection(keep, rows[~keep])
                    gone.add(dropped_rows(folder.rows_in, table, pyarrow.array(keep), selection))
                    folder.reasons.update(selection.reason)
                folder.rows_in += table.num_rows
                report("writing rows", folder.rows_in)

    def _tables(self) -> Iterator[tuple[Source, Any]]:
        for source in self.sources:
            for table in source.tables(rows=ROWS):
                yield source, table

    def _scatter_kept(self, parts: Sequence[OrderedRows], source: Source, table: Any, rows: Any) -> None:
        table = conform(table, source, self.schema, self._given(source, rows))
        part = self.layout.part[rows]
        for number in numpy.unique(part).tolist():
            own = part == number
            parts[number].add(table.filter(pyarrow.array(own)), self.layout.place[rows[own]])

    def _given(self, source: Source, rows: Any) -> dict[str, Any]:
        """The columns that the mix fills itself."""
        candidates = self.candidates
        given: dict[str, Any] = {
            "id": hex_ids(candidates.instance[rows]),
            "structure": hex_ids(candidates.structure[rows]),
            "task": numpy.array(candidates.tasks, object)[candidates.task[rows]],
            "split": numpy.array(SPLITS, object)[candidates.split[rows]],
        }
        if not is_native(source.schema):
            versions = [all_tasks()[name].version if name in all_tasks() else None for name in candidates.tasks]
            given["task_version"] = numpy.array(versions, object)[candidates.task[rows]]
        if self.measure:
            given[self.measure.name] = candidates.tokens[rows]
        return given | {name: values[rows] for name, values in self.layout.columns.items()}

    def _selection(self, keep: Any, dropped: Any) -> Selection:
        matched = self.choice.matched[dropped].tolist()
        return Selection(
            keep,
            [FATES[fate] for fate in self.choice.fate[dropped].tolist()],
            ["" if row < 0 else f"row {row}" for row in matched],
            [detail(self.candidates, self.choice, row) for row in dropped.tolist()],
        )
