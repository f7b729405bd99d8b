"""Knobs, the typed parameters of a generator, and the ladder of ten settings."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypeVar, get_type_hints

import msgspec

RUNGS = 10


class BaseKnobs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every task's Knobs: typed, bounded by `Annotated[..., Meta(ge=, le=, description=)]`, with defaults.

    Relations between knobs are checked in `__post_init__`, which raises ValueError naming the knobs.
    """


AnyKnobs = TypeVar("AnyKnobs", bound=BaseKnobs)


class KnobError(ValueError):
    """A knob that does not exist, or a value outside its range; the message is one line for the user."""


def ladder(kind: type[AnyKnobs], **columns: Any) -> tuple[AnyKnobs, ...]:
    """Ten knob settings from columns: a list of ten values, one a rung, or one value for all rungs.

    Raises KnobError where a column has another length or a rung is out of range.
    """
    for name, column in columns.items():
        if isinstance(column, list) and len(column) != RUNGS:
            raise KnobError(f"ladder column {name} has {len(column)} values, not {RUNGS}")
    rows = [
        {name: column[rung] if isinstance(column, list) else column for name, column in columns.items()}
        for rung in range(RUNGS)
    ]
    return tuple(change(kind(), row) for row in rows)


def change(knobs: AnyKnobs, settings: Mapping[str, Any]) -> AnyKnobs:
    """The knobs with some of them set anew; values may be text, as on a command line. Raises KnobError."""
    if not settings:
        return knobs
    kind = type(knobs)
    names = kind.__struct_fields__
    values = {name: getattr(knobs, name) for name in names}
    hints = _hints(kind)
    for name, value in settings.items():
        if name not in values:
            raise KnobError(_unknown(name, names))
        values[name] = _convert(name, value, hints[name])
    try:
        return kind(**values)
    except ValueError as error:
        raise KnobError(str(error)) from None


def canonical(knobs: BaseKnobs) -> str:
    """The JSON that keys the random stream: every knob, in order of declaration."""
    return msgspec.json.encode(knobs, order="deterministic").decode()


def describe(kind: type[BaseKnobs]) -> list[tuple[str, str, str, Any]]:
    """Name, range, meaning and default of every knob."""
    hints = _hints(kind)
    defaults = kind()
    return [
        (name, span(hints[name]), _meaning(hints[name]), getattr(defaults, name)) for name in kind.__struct_fields__
    ]


@lru_cache(maxsize=256)
def _hints(kind: type[BaseKnobs]) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def span(hint: Any) -> str:
    """A type as a person reads its range: '17 to 80', 'true or false', 'one of easy, hard'."""
    kind = msgspec.inspect.type_info(hint)
    while isinstance(kind, msgspec.inspect.Metadata):
        kind = kind.type
    return _span(kind)


def _span(kind: msgspec.inspect.Type) -> str:
    match kind:
        case msgspec.inspect.IntType(ge=low, le=high) | msgspec.inspect.FloatType(ge=low, le=high):
            if low is not None and high is not None:
                return f"{low} to {high}"
            return f"{low} or more" if low is not None else f"up to {high}" if high is not None else "a number"
        case msgspec.inspect.BoolType():
            return "true or false"
        case msgspec.inspect.LiteralType(values=values):
            return "one of " + ", ".join(map(str, values))
        case msgspec.inspect.TupleType(item_types=items):
            return "(" + ", ".join(_span(item) for item in items) + ")"
        case msgspec.inspect.VarTupleType(item_type=item) | msgspec.inspect.ListType(item_type=item):
            return "a list of " + _span(item)
    return "text"


def _meaning(hint: Any) -> str:
    kind = msgspec.inspect.type_info(hint)
    if isinstance(kind, msgspec.inspect.Metadata) and kind.extra_json_schema:
        return str(kind.extra_json_schema.get("description", ""))
    return ""


def _convert(name: str, value: Any, hint: Any) -> Any:
    for candidate in _readings(value):
        try:
            return msgspec.convert(candidate, hint, strict=False)
        except msgspec.ValidationError:
            continue
    raise KnobError(f"knob {name}={value} is out of range: {name} takes {span(hint)}")


def _readings(value: Any) -> list[Any]:
    """The ways to read a value: as it is and, for text, as a JSON value, or as a list such as 3x3 or 3,3."""
    if not isinstance(value, str):
        return [value]
    readings: list[Any] = [value]
    with suppress(msgspec.DecodeError):
        readings.append(msgspec.json.decode(value))
    separator = "," if "," in value else "x"
    readings.append([part.strip() for part in value.split(separator)])
    return readings


def _unknown(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"unknown knob {name}{hint} (knobs: {', '.join(names)})"
