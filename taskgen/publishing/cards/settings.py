"""The knobs of rungs as a table: what moves from rung to rung, and what stays."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from taskgen.publishing.cards.markdown import setting

VARIES = "varies"
SHOWN = 3
"""Settings of one rung that are all named."""


class KnobTable(NamedTuple):
    """Names of the knobs that differ between rungs, their values rung by rung, and the knobs that are the same."""

    names: list[str]
    rows: list[list[str]]
    constant: dict[str, str]


def knob_table(rungs: Sequence[Sequence[str]]) -> KnobTable:
    """A table of the settings (canonical JSON) that each rung has, one or several."""
    read = [_values([msgspec.json.decode(text) for text in settings]) for settings in rungs]
    names = list(dict.fromkeys(name for values in read for name in values))
    columns = {name: [values.get(name, "") for values in read] for name in names}
    constant = {name: column[0] for name, column in columns.items() if len(set(column)) == 1 and column[0] != VARIES}
    if len(read) == 1:
        constant = {}  # one rung: a table of one row says it all
    moving = [name for name in names if name not in constant]
    return KnobTable(moving, [[values.get(name, "") for name in moving] for values in read], constant)


def _values(settings: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Every knob of one rung with its value, or the few that it has."""
    names = list(dict.fromkeys(name for each in settings for name in each))
    found = {name: list(dict.fromkeys(setting(each[name]) for each in settings if name in each)) for name in names}
    return {name: " or ".join(values) if len(values) <= SHOWN else VARIES for name, values in found.items()}
