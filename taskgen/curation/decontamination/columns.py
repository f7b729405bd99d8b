"""Which columns of a row are compared: what it asks, and whatever answers it."""

from collections.abc import Sequence
from typing import Any

import pyarrow

from taskgen.curation import parsers
from taskgen.curation.identities import TEXT_FAMILY
from taskgen.curation.sources import Source
from taskgen.curation.texts import text_columns, texts
from taskgen.engine.errors import UsageError

PROMPT = "prompt"
ANSWER_COLUMNS = ("answer", "solution", "rationale", "explanation", "completion", "response", "output", "trace")
"""Where datasets keep answers and worked solutions."""
KIND_COLUMNS = ("task", "data_source", "source", "source_dataset", "dataset", "category")
"""Where datasets of several kinds of problem say which; the first that is there is read."""


class TextColumns:
    """The columns of text of a source: those of its prompt, none where only a parser can read it, and of answers."""

    def __init__(self, source: Source, answers: bool) -> None:
        names = source.schema.names
        self.prompt = text_columns(source.schema, source.column)
        if not self.prompt and set(parsers.columns()).isdisjoint(names):
            raise UsageError(
                f"{source.name} has no column of text to compare (columns: {', '.join(names)}); name one after #"
            )
        plain = [name for name in names if _is_text(source.schema.field(name).type) and name not in self.prompt]
        self.answers = [name for name in ANSWER_COLUMNS if answers and name in plain]
        self._kind = next((name for name in KIND_COLUMNS if name in plain), None)

    def names(self) -> list[str]:
        """All columns that are read."""
        return [*self.prompt, *self.answers, *([self._kind] if self._kind else [])]

    def read(self, table: Any) -> dict[str, list[str]]:
        """The texts of a table's rows: those of the prompt, then those of every column of answers, by name."""
        return {PROMPT: _texts(table, self.prompt)} | {name: _texts(table, [name]) for name in self.answers}

    def families(self, table: Any, families: Sequence[str]) -> Sequence[str]:
        """The families that ids have found, and for the other rows the kind of problem that they say they are."""
        if self._kind is None or TEXT_FAMILY not in families:
            return families
        said = table[self._kind].to_pylist()
        return [(kind or own) if own == TEXT_FAMILY else own for own, kind in zip(families, said, strict=True)]


def _texts(table: Any, columns: Sequence[str]) -> list[str]:
    if not columns:
        return [""] * table.num_rows
    if len(columns) == 1 and _is_text(table.schema.field(columns[0]).type):
        return [text or "" for text in table[columns[0]].to_pylist()]
    return texts(table, columns)


def _is_text(kind: Any) -> bool:
    return bool(pyarrow.types.is_string(kind))
