"""The layers that decide, applied to the rows of a source: first a look at them all, then a choice table by table."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy

from taskgen.curation.decontamination.columns import TextColumns
from taskgen.curation.decontamination.family_layer import NO_ITEM, FamilyLayer
from taskgen.curation.decontamination.index import Index
from taskgen.curation.decontamination.presets import PRESETS
from taskgen.curation.decontamination.text_layer import MAX_FAMILIES, Match, TextLayer
from taskgen.curation.identities import TEXT_FAMILY, columns_read, identify
from taskgen.curation.sources import Source
from taskgen.curation.stages import Report, Selection

FURTHER = "further families"


class Layers:
    """What the family layer and the text layer find in a source: `look` once, then `choose` for every table in turn."""

    def __init__(
        self,
        source: Source,
        columns: TextColumns,
        index: Index,
        preset: str,
        template_share: float | None,
        key: bytes | None,
    ) -> None:
        self._source = source
        self._columns = columns
        self._index = index
        self._preset = PRESETS[preset]
        self._share = template_share or self._preset.template_share
        items, self._entries = index.items(preset)
        self._ids = FamilyLayer(index, key)
        rows = source.rows
        self._text = TextLayer(items, self._preset, self._share, rows, key)
        self._item = numpy.full(rows, NO_ITEM, numpy.int32)
        """For each row the entry of the index that is the same problem, or NO_ITEM."""
        self._same_instance = numpy.zeros(rows, bool)
        self._known = numpy.zeros(rows, bool)
        """Which rows have ids that decide."""
        self._family = numpy.zeros(rows, numpy.int32)
        self._families: dict[str, int] = {}
        self._overlaps = 0
        self._dropped: Counter[str] = Counter()
        self._by_set = [0] * len(index.header.sources)

    def look(self, report: Report) -> None:
        """Read the source once: which problem each row is, and how common its n-grams are."""
        start = 0
        for table in self._source.tables(self._columns_needed()):
            own = slice(start, start + table.num_rows)
            ids = identify(table, self._source.column)
            self._known[own] = [family != TEXT_FAMILY for family in ids.family]
            families = [self._counted(name) for name in self._columns.families(table, ids.family)]
            self._family[own] = [self._families[name] for name in families]
            self._item[own], self._same_instance[own] = self._ids.find(ids)
            if self._text.counts_first:
                for _, rows, texts in self._undecided(start, table):
                    self._text.count(texts, [families[row] for row in rows])
            start += table.num_rows
            report("reading rows", start)
        self._text.weigh()

    def _counted(self, family: str) -> str:
        """The name that a family is counted under: its own, unless there are too many."""
        if family not in self._families and len(self._families) >= MAX_FAMILIES - 1:
            family = FURTHER
        self._families.setdefault(family, len(self._families))
        return family

    def _columns_needed(self) -> list[str] | None:
        """The columns that `look` reads; None for all."""
        ids = columns_read(self._source.schema)
        if ids is None:
            return None
        texts = (
            self._columns.names() if self._text.counts_first and self._text.undecided(numpy.ones(1, bool))[0] else []
        )
        return list(dict.fromkeys([*ids, *texts]))

    def _undecided(self, start: int, table: Any) -> Any:
        """For every part of the rows that ids do not decide: its name, the rows' places in the table, the texts."""
        asked = numpy.flatnonzero(self._text.undecided(self._known[start : start + table.num_rows]))
        if len(asked):
            for part, texts in self._columns.read(table.take(asked)).items():
                yield part, asked.tolist(), texts

    def choose(self, start: int, table: Any) -> Selection:
        """Which rows of the table that begins with row `start` stay, and why the others go."""
        own = slice(start, start + table.num_rows)
        names = list(self._families)
        families = [names[place] for place in self._family[own].tolist()]
        overlaps = self._find_overlaps(start, table, families)
        same = zip(self._item[own].tolist(), self._same_instance[own].tolist(), strict=True)
        keep, reasons, matched, details = numpy.ones(table.num_rows, bool), [], [], []
        for row, ((item, same_instance), overlap) in enumerate(zip(same, overlaps, strict=True)):
            self._overlaps += overlap is not None
            if item != NO_ITEM:
                reason, detail = "evaluation_instance" if same_instance else "evaluation_structure", families[row]
            elif overlap is not None:
                item, reason, detail = int(self._entries[overlap.item]), "text_overlap", overlap.detail
            else:
                continue
            keep[row] = False
            reasons.append(reason)
            matched.append(self._index.described(item))
            details.append(detail)
            self._dropped[families[row]] += 1
            self._by_set[self._index.set_of(item)] += 1
        return Selection(keep, reasons, matched, details)

    def _find_overlaps(self, start: int, table: Any, families: Sequence[str]) -> list[Match | None]:
        """For each row the item that one of its texts overlaps most."""
        best: list[Match | None] = [None] * table.num_rows
        for part, rows, texts in self._undecided(start, table):
            known = self._known[numpy.array(rows) + start]
            found = self._text.find(texts, [families[row] for row in rows], known)
            for row, match in zip(rows, found, strict=True):
                so_far = best[row]
                if match is not None and (so_far is None or match.score > so_far.score):
                    item_part = self._index.part_of(int(self._entries[match.item]))
                    best[row] = match._replace(detail=f"{part} against {item_part}: {match.detail}")
        return best

    def notes(self) -> dict[str, Any]:
        """What the manifest says: the rule, the sets, the hits of each layer, rows and template of each family."""
        template = self._text.template_ngrams
        rows = numpy.bincount(self._family, minlength=len(self._families)).tolist()
        return {
            "rule": self._preset.words,
            "template_share": self._share,
            "sets": [
                msgspec.to_builtins(own) | {"rows_dropped": dropped}
                for own, dropped in zip(self._index.header.sources, self._by_set, strict=True)
            ],
            "hits": {"family": int((self._item != NO_ITEM).sum()), "text": self._overlaps},
            "families": {
                family: {
                    "rows": rows[place],
                    "dropped": self._dropped[family],
                    "template_ngrams": template.get(family, 0),
                }
                for family, place in sorted(self._families.items())
            },
        }
