"""The embedding layer, a report: the nearest evaluation item of every training prompt, by the user's endpoint."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy
import pyarrow

from taskgen.curation.decontamination.columns import PROMPT, TextColumns
from taskgen.curation.sources import Source, plain_name
from taskgen.engine.errors import Trouble, UsageError
from taskgen.engine.files import whole_file
from taskgen.engine.schema import parquet_writer

NAME = "embeddings.parquet"
NEAREST = pyarrow.schema(
    [
        ("row", pyarrow.int64()),
        ("id", pyarrow.string()),
        ("nearest", pyarrow.string()),
        ("cosine", pyarrow.float32()),
    ]
)
"""A training row: its number, its id where it has one, the nearest item, and the cosine of the angle between them."""
BATCH = 64
NEAR = 0.9
"""Cosine from which the notes call two texts near."""


class EmbeddingReport:
    """Embeds prompts through an OpenAI-compatible endpoint; the key is in OPENAI_API_KEY, if it needs one."""

    def __init__(self, place: str, references: Sequence[Source]) -> None:
        """`place` is URL#MODEL. Raises UsageError where it is not."""
        url, _, self._model = place.rpartition("#")
        if not url.startswith(("http://", "https://")) or not self._model:
            raise UsageError(f"{place} cannot be read; write URL#MODEL, as in http://127.0.0.1:8000/v1#model")
        try:
            from openai import OpenAI
        except ImportError:
            raise UsageError("embeddings need the package openai: pip install taskgen[rollout]") from None
        self._url = url
        self._client = OpenAI(base_url=url, api_key=os.environ.get("OPENAI_API_KEY") or "none")
        self._references = references
        self._rows = self._near = self._items = 0

    @contextmanager
    def comparing(self, folder: Path, columns: TextColumns) -> Iterator[Callable[[int, Any], None]]:
        """Embed the items, then write `embeddings.parquet` table by table: call with the first row's number and the
        table. Raises Trouble where the endpoint fails.
        """
        names, items = self._embedded_items()
        self._items = len(names)
        with whole_file(folder / NAME) as file, parquet_writer(file, NEAREST) as writer:

            def compare(start: int, table: Any) -> None:
                cosines = self._embed(columns.read(table)[PROMPT]) @ items.T
                nearest = cosines.argmax(axis=1)
                best = cosines[numpy.arange(len(nearest)), nearest]
                rows = numpy.arange(start, start + table.num_rows)
                ids = table["id"].cast(pyarrow.string()) if "id" in table.column_names else pyarrow.nulls(len(rows))
                found = [names[place] for place in nearest.tolist()]
                writer.write_table(pyarrow.table([rows, ids, found, best.astype(numpy.float32)], schema=NEAREST))
                self._rows += len(rows)
                self._near += int((best >= NEAR).sum())

            yield compare

    def notes(self) -> dict[str, Any]:
        """What the manifest says of it."""
        return {"model": self._model, "items": self._items, "rows": self._rows, f"cosine_at_least_{NEAR}": self._near}

    def _embedded_items(self) -> tuple[list[str], Any]:
        names: list[str] = []
        vectors = []
        for source in self._references:
            columns, row = TextColumns(source, answers=False), 0
            for table in source.tables():
                vectors.append(self._embed(columns.read(table)[PROMPT]))
                names += [f"{plain_name(source.name)} row {row + place}" for place in range(table.num_rows)]
                row += table.num_rows
        return names, numpy.concatenate(vectors)

    def _embed(self, texts: Sequence[str]) -> Any:
        """Vectors of length one, a row a text."""
        vectors = numpy.concatenate([self._ask(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)])
        return vectors / numpy.maximum(numpy.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def _ask(self, texts: Sequence[str]) -> Any:
        from openai import OpenAIError

        try:
            answer = self._client.embeddings.create(
                model=self._model, input=[text or " " for text in texts], encoding_format="float"
            )
        except OpenAIError as error:
            raise Trouble(f"{self._url} gives no embeddings: {' '.join(str(error).split())[:200]}") from None
        found = sorted(answer.data, key=lambda one: one.index)
        if len(found) != len(texts):
            raise Trouble(f"{self._url} gave {len(found)} embeddings for {len(texts)} texts")
        return numpy.array([one.embedding for one in found], numpy.float32)
