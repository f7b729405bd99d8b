"""Rows of reasoning-gym (0.1), which carry `metadata` with the name of their family, `source_dataset`."""

from collections.abc import Mapping
from typing import Any

import msgspec

from taskgen.curation.parsers import Puzzle, Row
from taskgen.curation.parsers._reasoning_gym_statements import FAMILIES, plain, statement
from taskgen.curation.parsers._reasoning_gym_symmetries import structure
from taskgen.curation.parsers._reasoning_gym_tasks import TASKS
from taskgen.problem import Problem

MARKS = ()
COLUMNS = ({"metadata"},)

_ODD = (LookupError, TypeError, ValueError, AttributeError)


def parse(row: Row) -> Problem | Puzzle | None:
    """A problem of ours where one says the same; else what states the row, and its symmetries where they are known."""
    metadata = row.fields["metadata"]
    if isinstance(metadata, str):
        metadata = msgspec.json.decode(metadata)
    metadata = plain(metadata)
    family = metadata["source_dataset"]
    if family not in FAMILIES:
        return None
    try:
        found = TASKS[family](metadata, row.text) if family in TASKS else None
    except _ODD:
        found = None
    return found or Puzzle(family, statement(family, metadata, row.text), _structure(family, metadata, row.text))


def _structure(family: str, metadata: Mapping[str, Any], text: str) -> Any:
    try:
        return structure(family, metadata, text)
    except _ODD:
        return None  # a row that was edited: its statement is all there is to compare
