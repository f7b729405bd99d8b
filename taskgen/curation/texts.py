"""The text that a row asks a model, and its hash: what is compared where nothing else is known of a row."""

import re
import unicodedata
from collections.abc import Sequence
from hashlib import blake2b
from itertools import islice
from typing import Any

import msgspec
import pyarrow
import pyarrow.compute

from taskgen.engine.errors import UsageError

TEXT_COLUMNS = (
    "prompt", "question", "problem", "instruction", "input", "text", "messages", "query", "quiz", "quizzes", "puzzle",
)  # fmt: skip
"""Where datasets keep what they ask; the first of them that is there is read."""
BESIDE = ("context", "passage", "puzzle", "input", "choices", "options")
"""Columns without which a question may be another one: they are read with it."""

_MESSAGE = {"role": pyarrow.string(), "content": pyarrow.string()}
_SIGNS = (
    dict.fromkeys("\u200b\u2060\ufeff\u00ad", "")
    | dict.fromkeys("\u00a0\u2007\u202f", " ")
    | dict.fromkeys("\u2018\u2019\u201a\u201b", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f", '"')
)
_SIGN = re.compile(f"[{''.join(_SIGNS)}]")


def text_columns(schema: Any, column: str | None = None) -> list[str]:
    """The columns that hold a row's text: the one that the user named, or the usual ones; none if they are missing."""
    if column is not None:
        return [column]
    names = schema.names
    main = next((name for name in TEXT_COLUMNS if name in names), None)
    return [] if main is None else [*(name for name in BESIDE if name in names and name != main), main]


def texts(table: Any, columns: Sequence[str]) -> list[str]:
    """The normal text of every row: of several columns one below the other. Raises UsageError on columns of numbers."""
    for name in columns:
        if not _readable(table.schema.field(name).type):
            raise UsageError(f"column {name} holds no text but {table.schema.field(name).type}; name another after #")
    parts = [_texts(table[name].combine_chunks()) for name in columns]
    if len(parts) == 1:
        return [normal(text) for text in parts[0]]
    return [normal("\n\n".join(filter(None, row))) for row in zip(*parts, strict=True)]


def text_id(text: str) -> str:
    """128-bit hex hash of a normal text."""
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16, person=b"taskgen-text").hexdigest()


def normal(text: str) -> str:
    """A text without what may differ between two copies of it and is never the puzzle.

    That is: Unicode composition (NFC), line endings, blanks at line ends, blank lines around the text, invisible and
    unbreakable characters, typographic quotes. Case, digits, punctuation and inner blanks stay: they are the puzzle
    where a picture is drawn with characters.
    """
    if not text.isascii():
        text = _SIGN.sub(lambda match: _SIGNS[match[0]], unicodedata.normalize("NFC", text))
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join([line.rstrip(" \t\f\v") for line in text.split("\n")]).strip("\n")


def _readable(kind: Any) -> bool:
    types = pyarrow.types
    plain = types.is_string(kind) or types.is_large_string(kind) or types.is_dictionary(kind)
    return plain or types.is_nested(kind) or types.is_null(kind)


def _texts(values: Any) -> list[str]:
    """The texts of a column; chats, which are slow to make Python lists of, message by message."""
    types, kind = pyarrow.types, values.type
    plain = types.is_list(kind) and types.is_struct(kind.value_type) and _MESSAGE.items() <= _fields(kind.value_type)
    if not plain:
        return [_text(value) for value in values.to_pylist()]
    messages = values.flatten()
    said = zip(messages.field("role").to_pylist(), messages.field("content").to_pylist(), strict=True)
    lengths = pyarrow.compute.list_value_length(values).fill_null(0).to_pylist()
    return [_said(list(islice(said, length))) for length in lengths]


def _fields(kind: Any) -> Any:
    return {field.name: field.type for field in kind}.items()


def _said(messages: list[tuple[str, str | None]]) -> str:
    """What the user says in a chat; where nobody is called so, what everybody says."""
    return "\n\n".join(text or "" for _, text in [m for m in messages if m[0] == "user"] or messages)


def _text(value: Any) -> str:
    """A string, what the user says in a chat, or the JSON of a list of choices."""
    if value is None:
        return ""
    if isinstance(value, str):
        if not (value.startswith("[{") and '"role"' in value):
            return value
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return value
    if isinstance(value, list) and value and all(isinstance(part, dict) and "role" in part for part in value):
        return _said([(part["role"], _content(part.get("content"))) for part in value])
    return msgspec.json.encode(value, order="deterministic").decode()


def _content(content: Any) -> str:
    """What a chat message says; of a list of parts, the texts."""
    if isinstance(content, list):
        return "\n".join(
            part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)
        )
    return content if isinstance(content, str) else ""
