"""The features of a dataset as the Hub's front matter has them, read off an Arrow schema as `datasets` reads them."""

from typing import Any

import pyarrow

_NAMES = {
    "double": "float64",
    "float": "float32",
    "halffloat": "float16",
    "date32[day]": "date32",
    "date64[ms]": "date64",
    "extension<arrow.json>": "json",
}


def features(schema: Any) -> list[dict[str, Any]]:
    """One entry a column: its name with the dtype, the list or the struct that it is."""
    return [{"name": field.name} | _feature(field.type) for field in schema]


def _feature(kind: Any) -> dict[str, Any]:
    if pyarrow.types.is_struct(kind):
        return {"struct": features(kind)}
    if pyarrow.types.is_large_list(kind):
        return {"large_list": _item(kind.value_type)}
    if pyarrow.types.is_list(kind) or pyarrow.types.is_fixed_size_list(kind):
        return {"list": _item(kind.value_type)} | _length(kind)
    if pyarrow.types.is_dictionary(kind):
        return _feature(kind.value_type)
    return {"dtype": _NAMES.get(str(kind), str(kind))}


def _item(kind: Any) -> Any:
    """What a list holds: a name or the fields of a struct alone, anything else as a feature."""
    inner = _feature(kind)
    return inner.get("dtype") or inner.get("struct") or inner


def _length(kind: Any) -> dict[str, int]:
    return {"length": kind.list_size} if pyarrow.types.is_fixed_size_list(kind) else {}
