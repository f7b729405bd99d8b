"""Completions that were made elsewhere, in the place of a policy."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pyarrow

from taskgen.curation.rollouts.dialogues import Finish
from taskgen.curation.rollouts.policies import Round
from taskgen.curation.sources import open_source
from taskgen.engine.errors import UsageError


class ReplayPolicy:
    """The completions of a file: columns id and completion (or completions, a list), perhaps finish and number.

    Completion k of a record is the one with its k-th smallest number; where there are no numbers, the k-th in the
    file. All completions are held in memory. The hash of the file is a part of the rollouts' key.
    """

    def __init__(self, name: str) -> None:
        source = open_source(name)
        source.require("id")
        listed = "completion" not in source.schema.names and "completions" in source.schema.names
        column = "completions" if listed else "completion"
        source.require(column)
        columns = ["id", column, *(extra for extra in ("finish", "number") if extra in source.schema.names)]
        _check_types(name, source.schema, column, listed)
        tables = [_flat(table) if listed else table for table in source.tables(columns)]
        self._table = pyarrow.concat_tables(tables) if tables else source.schema.empty_table().select(columns)
        self._rows = _rows_by_id(self._table)
        digest = hashlib.sha256("".join(source.fingerprints()).encode()).hexdigest()
        self.model = f"replay:{Path(name).name}"
        self.settings = msgspec.json.encode({"sha256": digest}).decode()

    def sample(self, work: Round) -> None:
        """See Policy."""
        for dialogue in work.dialogues:
            rows = self._rows.get(dialogue.request.id, ())
            if dialogue.request.number >= len(rows):
                has = f"only {len(rows)}" if rows else "none"
                work.give_up(dialogue, "no_completion", f"record {dialogue.request.id} has {has}")
                continue
            row = int(rows[dialogue.request.number])
            dialogue.take_whole(self._table["completion"][row].as_py(), self._finish(row))
            work.deliver(dialogue)

    def _finish(self, row: int) -> Finish:
        told = self._table["finish"][row].as_py() if "finish" in self._table.column_names else None
        return "length" if told == "length" else "stop"


def _check_types(name: str, schema: Any, column: str, listed: bool) -> None:
    kinds = {"id": "text", column: "lists of text" if listed else "text"}
    for place, kind in kinds.items():
        held = schema.field(place).type
        if listed and place == column:
            right = pyarrow.types.is_list(held) or pyarrow.types.is_large_list(held)
            held = held.value_type if right else pyarrow.null()
        if not (pyarrow.types.is_string(held) or pyarrow.types.is_large_string(held)):
            raise UsageError(f"{name}: column {place} holds {schema.field(place).type}, not {kind}")
    if "number" in schema.names and not pyarrow.types.is_integer(schema.field("number").type):
        raise UsageError(f"{name}: column number holds {schema.field('number').type}, not integers")


def _flat(table: Any) -> Any:
    """One row for each completion of a list; the list's order is theirs."""
    import pyarrow.compute

    table = table.combine_chunks()
    parents = pyarrow.compute.list_parent_indices(table["completions"])
    columns = {"id": table["id"].take(parents), "completion": pyarrow.compute.list_flatten(table["completions"])}
    return pyarrow.table(columns)


def _rows_by_id(table: Any) -> dict[str, Sequence[int]]:
    """For each id the rows of its completions, in order of number."""
    kept = numpy.flatnonzero(table["completion"].is_valid().to_numpy(zero_copy_only=False))
    if "number" in table.column_names:
        kept = kept[numpy.argsort(table["number"].to_numpy()[kept], kind="stable")]
    rows: dict[str, Any] = {}
    ids = table["id"].to_pylist()
    for row in kept.tolist():
        rows.setdefault(ids[row], []).append(row)
    return rows
