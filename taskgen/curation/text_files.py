"""CSV, JSON lines and JSON arrays as Arrow tables: one schema for the whole file, whatever its first rows look like."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import msgspec
import pyarrow

from taskgen.engine.errors import UsageError

COMPRESSED = (".gz", ".bz2", ".zst")
TABLE_BYTES = 64 << 20
"""A table is cut where its rows hold more text than this, so that long rows do not fill the memory."""
MAX_ITEM = 64 << 20
"""Longest item of a JSON array, in characters."""
MAX_DEPTH = 16
"""Values nested deeper than this stay JSON."""
_BLOCK = 1 << 20
_INT64 = range(-(2**63), 2**63)
_EXACT = range(-(2**53), 2**53 + 1)
"""The integers that a float64 holds without loss."""
_PLAIN = {
    "bool": pyarrow.bool_(),
    "int": pyarrow.int64(),
    "long": pyarrow.int64(),
    "float": pyarrow.float64(),
    "str": pyarrow.string(),
}

Kind = Any
"""What a column's values share: a key of _PLAIN, `null`, `json`, ("list", kind) or ("struct", {name: kind})."""

csv.field_size_limit(2**31 - 1)


def csv_columns(path: Path) -> tuple[list[str], int]:
    """The column names of a CSV file with a header, and its number of rows. Raises UsageError, naming the line."""
    rows = _csv_rows(path)
    names = next(rows, None)
    if names is None:
        raise UsageError(f"{path} is empty")
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{path} has two columns {name}")
    return names, sum(1 for _ in rows)


def csv_tables(path: Path, schema: Any, columns: Sequence[str], rows: int) -> Iterator[Any]:
    """The rows of a CSV file; every cell is text, and an empty one is empty text."""
    cells = _csv_rows(path)
    header = next(cells)
    places = [header.index(name) for name in columns]
    chosen = pyarrow.schema([schema.field(name) for name in columns])
    for chunk in _chunks(cells, rows, lambda row: sum(map(len, row))):
        arrays = [pyarrow.array([row[place] for row in chunk], pyarrow.string()) for place in places]
        yield pyarrow.Table.from_arrays(arrays, schema=chosen)


def _csv_rows(path: Path) -> Iterator[list[str]]:
    """The header and the rows of a CSV file; blank lines are skipped, a column without a name gets one as in pandas."""
    with _text(path, newline="") as file:
        lines = csv.reader(file, strict=True)
        width = 0
        try:
            for row in lines:
                if row and not width:
                    width = len(row)
                    row = [name or f"Unnamed: {place}" for place, name in enumerate(row)]
                if row and len(row) != width:
                    raise UsageError(f"{path} line {lines.line_num}: {len(row)} cells where the header has {width}")
                if row:
                    yield row
        except csv.Error as error:
            raise UsageError(f"{path} line {lines.line_num}: not CSV ({error})") from None


def json_kinds(path: Path) -> tuple[dict[str, Kind], int]:
    """The kind of every column of a file of JSON objects, in order of appearance, and the number of objects.

    Raises UsageError, naming the line, where something else stands there.
    """
    kinds: dict[str, Kind] = {}
    count = 0
    for row, _ in _json_rows(path):
        count += 1
        for name, value in row.items():
            known = kinds.get(name, "null")
            if known != "json" and not (known == "str" and type(value) is str):
                kinds[name] = _join(known, _kind(value))
    return kinds, count


def join_kinds(parts: Iterable[dict[str, Kind]]) -> dict[str, Kind]:
    """The kinds of all columns of several files together."""
    joined: dict[str, Kind] = {}
    for part in parts:
        for name, kind in part.items():
            joined[name] = _join(joined.get(name, "null"), kind)
    return joined


def json_schema(kinds: dict[str, Kind]) -> tuple[Any, tuple[str, ...]]:
    """The schema for some kinds, and the columns that hold JSON.

    Those are the columns whose values fit no one Arrow type without loss and without added keys.
    """
    schema = pyarrow.schema([(name, _arrow(kind)) for name, kind in kinds.items()])
    return schema, tuple(name for name, kind in kinds.items() if kind == "json")


def json_tables(path: Path, schema: Any, as_json: Sequence[str], columns: Sequence[str], rows: int) -> Iterator[Any]:
    """The rows of a file of JSON objects under a schema; what is missing is null."""
    chosen = pyarrow.schema([schema.field(name) for name in columns])
    rewritten = set(as_json) & set(columns)
    for chunk in _chunks(_json_rows(path), rows, lambda row: row[1]):
        objects = [row for row, _ in chunk]
        for row in objects:
            for name in rewritten & row.keys():
                if row[name] is not None:
                    row[name] = msgspec.json.encode(row[name]).decode()
        yield pyarrow.Table.from_pylist(objects, schema=chosen)


def _json_rows(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """The objects of a file of JSON lines, or of one JSON array, each with its length."""
    with _bytes(path) as file:
        start = file.peek(3)[:3]
        file.read(3 if start == b"\xef\xbb\xbf" else 0)
        is_array = file.peek(_BLOCK).lstrip()[:1] == b"["
        for place, text in _array_items(path, file) if is_array else _lines(file):
            try:
                row = msgspec.json.decode(text)
            except (ValueError, RecursionError) as error:
                raise UsageError(f"{path} {place}: not JSON ({error})") from None
            if not isinstance(row, dict):
                raise UsageError(f"{path} {place}: not a JSON object but {type(row).__name__}")
            yield row, len(text)


def _lines(file: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    for number, line in enumerate(file, 1):
        if not line.isspace():
            yield f"line {number}", line


def _array_items(path: Path, file: Any) -> Iterator[tuple[str, str]]:
    """The texts of a JSON array's items."""
    window = _Window(io.TextIOWrapper(file, "utf-8"))
    window.take()
    if window.look() == "]":
        return
    mark, number = ",", 0
    while mark == ",":
        number += 1
        try:
            yield f"item {number}", window.item()
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path} item {number}: not JSON ({error})") from None
        mark = window.take()
    if mark != "]":
        raise UsageError(f"{path} item {number}: not JSON (neither a comma nor ] follows)")
    if window.look():
        raise UsageError(f"{path} item {number}: not JSON (there is more after the array)")


class _Window:
    """The part of a JSON text that is in memory: an item and a block, whatever the length of the text."""

    def __init__(self, source: TextIO) -> None:
        self._source = source
        self._text = ""
        self._at = 0
        self._scan = json.JSONDecoder().raw_decode

    def look(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
                self._at += 1
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self) -> str:
        """The same, passed over."""
        mark = self.look()
        self._at += 1
        return mark

    def item(self) -> str:
        """The text of the value that begins here. Raises ValueError where there is none, or one beyond MAX_ITEM."""
        self.look()
        while True:
            try:
                _, end = self._scan(self._text, self._at)
            except ValueError:
                if len(self._text) - self._at > MAX_ITEM or not self._more():
                    raise
            else:
                start, self._at = self._at, end
                return self._text[start:end]

    def _more(self) -> bool:
        """Forget what was passed, and read a block or as much as is there already."""
        rest = self._text[self._at :]
        block = self._source.read(max(_BLOCK, len(rest)))
        self._text, self._at = rest + block, 0
        return bool(block)


def _chunks(rows: Iterator[Any], most: int, size: Any) -> Iterator[list[Any]]:
    """Rows in lists of `most`, or of fewer where they are large."""
    chunk: list[Any] = []
    held = 0
    for row in rows:
        chunk.append(row)
        held += size(row)
        if len(chunk) == most or held >= TABLE_BYTES:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk


def _bytes(path: Path) -> Any:
    if path.suffix.lower() in COMPRESSED:
        return io.BufferedReader(pyarrow.input_stream(str(path), compression="detect"), _BLOCK)
    return open(path, "rb", buffering=_BLOCK)


def _text(path: Path, newline: str | None = None) -> TextIO:
    return io.TextIOWrapper(_bytes(path), "utf-8-sig", newline=newline)


def _kind(value: Any, depth: int = 0) -> Kind:
    match value:
        case None:
            return "null"
        case bool() | float() | str():
            return type(value).__name__
        case int():
            return "int" if value in _EXACT else "long" if value in _INT64 else "json"
        case _ if depth == MAX_DEPTH:
            return "json"
        case list():
            kind: Kind = "null"
            for item in value:
                kind = _join(kind, _kind(item, depth + 1))
            return "json" if kind == "json" else ("list", kind)
        case dict():
            fields = {name: _kind(item, depth + 1) for name, item in value.items()}
            return "json" if not fields or "json" in fields.values() else ("struct", fields)
    return "json"


def _join(first: Kind, second: Kind) -> Kind:
    if first == second or second == "null":
        return first
    if first == "null":
        return second
    match first, second:
        case ("int", "long") | ("long", "int"):
            return "long"
        case ("int", "float") | ("float", "int"):
            return "float"
        case ("list", one), ("list", other):
            item = _join(one, other)
            return "json" if item == "json" else ("list", item)
        case ("struct", one), ("struct", other) if one.keys() == other.keys():
            fields = {name: _join(kind, other[name]) for name, kind in one.items()}
            return "json" if "json" in fields.values() else ("struct", fields)
    return "json"


def _arrow(kind: Kind) -> Any:
    match kind:
        case ("list", item):
            return pyarrow.list_(_arrow(item))
        case ("struct", fields):
            return pyarrow.struct([(name, _arrow(item)) for name, item in fields.items()])
    return _PLAIN.get(kind, pyarrow.string())
