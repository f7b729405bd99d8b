"""Parsers: what a row of somebody else's dataset asks, as a problem of ours where one says the same.

A module of this package is a parser, found by its file name; names that begin with an underscore are parts. It has

    MARKS      texts, one of which every prompt that it can read holds
    COLUMNS    sets of columns, each of which makes a row worth a look whatever its prompt
    parse(row) a Problem of ours, a Puzzle, or None where it does not know the row

A parser returns a Problem only where the row asks the same thing: a wrong identity would drop a row that is not a copy.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, NamedTuple, TypeVar

import msgspec

from taskgen.problem import Problem, instance_id, structure_id

AnyProblem = TypeVar("AnyProblem", bound=Problem)


@dataclass(frozen=True)
class Row:
    """A row of a foreign dataset: the text that a model is asked, and the columns that some parser reads."""

    text: str
    fields: Mapping[str, Any]


class Puzzle(NamedTuple):
    """A problem that no task of ours states: its family and, as plain JSON, what it is.

    `structure` is what renaming and reordering leave of it: a Problem of ours, a tuple, a string or a number; None
    where nothing may be renamed or reordered.
    """

    family: str
    content: Any
    structure: Any = None


class Identity(NamedTuple):
    """Instance id, structure id (128 bits, hex) and family of a row."""

    instance: str
    structure: str
    family: str


class Parser(NamedTuple):
    """A module of this package."""

    marks: Sequence[str]
    columns: Sequence[frozenset[str]]
    parse: Callable[[Row], Problem | Puzzle | None]


@lru_cache(maxsize=1)
def parsers() -> tuple[Parser, ...]:
    """All parsers, in alphabetical order."""
    names = sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return tuple(Parser(module.MARKS, tuple(map(frozenset, module.COLUMNS)), module.parse) for module in modules)


@lru_cache(maxsize=1)
def columns() -> tuple[str, ...]:
    """The columns that parsers read besides the text, in alphabetical order."""
    return tuple(sorted({name for parser in parsers() for names in parser.columns for name in names}))


def recognise(row: Row) -> Problem | Puzzle | None:
    """What the first parser that knows the row makes of it."""
    for parser in parsers():
        told = any(mark in row.text for mark in parser.marks)
        if told or any(names <= row.fields.keys() for names in parser.columns):
            try:
                found = parser.parse(row)
            except (LookupError, TypeError, ValueError, AttributeError, RecursionError, msgspec.MsgspecError):
                continue  # columns and text of other people may hold anything
            if found is not None:
                return found
    return None


def problem(kind: type[AnyProblem], **fields: Any) -> AnyProblem | None:
    """A problem of ours from plain values; None where its type cannot hold them."""
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError:
        return None


def identity(found: Problem | Puzzle) -> Identity:
    """The ids of what a parser found."""
    if isinstance(found, Problem):
        return Identity(instance_id(found), structure_id(found), found.task)
    instance = _hash(b"taskgen-puzzle", found.family, found.content)
    if found.structure is None:
        return Identity(instance, instance, found.family)
    if isinstance(found.structure, Problem):
        return Identity(instance, structure_id(found.structure), found.family)
    return Identity(instance, _hash(b"taskgen-pattern", found.family, found.structure), found.family)


def _hash(person: bytes, family: str, content: Any) -> str:
    body = msgspec.json.encode(content, order="deterministic")
    return blake2b(family.encode() + b"\0" + body, digest_size=16, person=person).hexdigest()
