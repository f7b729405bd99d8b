"""Ids of 128 bits as pairs of 64-bit words, many at a time."""

from typing import Any

import numpy
import pyarrow

from taskgen.engine.errors import UsageError

DIGITS = 32
_BAD = 255
_VALUES = numpy.full(256, _BAD, numpy.uint8)
for _value, _digit in enumerate("0123456789abcdef"):
    _VALUES[[ord(_digit), ord(_digit.upper())]] = _value


def strings(values: Any) -> Any:
    """A pyarrow.StringArray of a sequence of strings, an Arrow array or a column of a table."""
    if isinstance(values, pyarrow.ChunkedArray):
        values = values.combine_chunks()
    return (
        values.cast(pyarrow.string()) if isinstance(values, pyarrow.Array) else pyarrow.array(values, pyarrow.string())
    )


def string_bytes(column: Any) -> tuple[Any, Any]:
    """The bytes of a StringArray, and where each of its strings begins in them and the last one ends."""
    if not len(column):
        return numpy.empty(0, numpy.uint8), numpy.zeros(1, numpy.int32)
    bounds = numpy.frombuffer(column.buffers()[1], numpy.int32, len(column) + 1, column.offset * 4)
    text = numpy.frombuffer(column.buffers()[2] or b"", numpy.uint8)
    return text[bounds[0] : bounds[-1]], bounds - bounds[0]


def id_words(ids: Any, where: str, first: int) -> Any:
    """Hex ids, as `strings` takes them, as an array of shape (n, 2) and dtype `<u8`.

    Raises UsageError, which says `where` and the number of the row, counted from `first`, that has no such id.
    """
    column = strings(ids)
    text, bounds = string_bytes(column)
    values = _VALUES[text]
    if column.null_count or (numpy.diff(bounds) != DIGITS).any() or (values == _BAD).any():
        _complain(column, where, first)
    return (values[0::2] << 4 | values[1::2]).view("<u8").reshape(-1, 2)


def _complain(column: Any, where: str, first: int) -> None:
    for row, text in enumerate(column.to_pylist(), first):
        if text is None or len(text) != DIGITS or any(_VALUES[byte] == _BAD for byte in text.encode()):
            raise UsageError(f"{where} {row}: {text!r} is no id of taskgen's, {DIGITS} hexadecimal digits")
