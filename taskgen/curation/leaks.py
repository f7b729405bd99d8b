"""Leaks: which rows of an evaluation set are in a training set, as the same problem, relabelled, or word for word.

Memory is bounded by the ids: 16 bytes each, up to three of every row.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
import numpy

from taskgen.curation.id_words import id_words, strings
from taskgen.curation.identities import NATIVE, TEXT_FAMILY, Identities, columns_read, identify, is_native
from taskgen.curation.sources import Source
from taskgen.curation.stages import Report, no_report
from taskgen.curation.texts import text_columns, text_id, texts
from taskgen.engine.errors import UsageError

ROWS = 65_536
KINDS = ("instance", "structure", "text")
"""How a row can be in another set: the same problem; the same modulo symmetry; another problem id, the same prompt."""


class Side(msgspec.Struct, frozen=True):
    """One of the two datasets, and how often it repeats itself."""

    name: str
    rows: int
    repeated_instances: int
    repeated_structures: int


class Overlap(msgspec.Struct, frozen=True):
    """How many rows of a family the evaluation set has, and how many of them are in the training set."""

    family: str
    train_rows: int
    rows: int
    instance: int
    structure: int
    text: int
    leaked: int
    """Rows that are in the training set in at least one of these ways."""
    share: float
    """What part of the evaluation rows that is."""


class Example(msgspec.Struct, frozen=True):
    """A row of the evaluation set and the first row of the training set that is the same; both counted from 0."""

    family: str
    kind: str
    row: int
    train_row: int


class Leaks(msgspec.Struct, frozen=True):
    """What `leak_check` found: both sides, the overlap of each family and of all, and the first leaked rows."""

    train: Side
    evaluation: Side
    total: Overlap
    families: tuple[Overlap, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class _Ids:
    """The ids of a dataset, two 64-bit words each, by kind; and the number of each row's family."""

    words: dict[str, Any]
    family: Any
    names: tuple[str, ...]


def leak_check(
    train: Source, evaluation: Source, column: str | None = None, show: int = 10, report: Report = no_report
) -> Leaks:
    """Compare every row of an evaluation set with all of a training set; `show` bounds the examples.

    `column` holds the text of both, unless a source names its own. Raises UsageError where there is nothing to compare.
    """
    for source in (train, evaluation):
        if not source.rows:
            raise UsageError(f"{source.name} holds no rows: there is nothing to compare")
    # Two sets of ours need no look at their prompts: a prompt is made from its problem.
    with_texts = not (is_native(train.schema) and is_native(evaluation.schema))
    known = _read(train, column, with_texts, report, 0)
    asked = _read(evaluation, column, with_texts, report, train.rows)
    matches = {kind: _first_rows(known.words[kind], asked.words[kind]) for kind in ("instance", "structure")}
    matches["text"] = _first_texts(known, asked) if with_texts else numpy.full(len(asked.family), -1)
    families = tuple(
        _overlap(name, int((known.family == _number(known, name)).sum()), matches, asked.family == _number(asked, name))
        for name in sorted(asked.names)
    )
    total = _overlap("all", len(known.family), matches, numpy.ones(len(asked.family), bool))
    examples = _examples(asked, matches, show)
    return Leaks(_side(train, known), _side(evaluation, asked), total, families, examples)


def _read(source: Source, column: str | None, with_texts: bool, report: Report, before: int) -> _Ids:
    """All ids of a dataset; `before` rows of another have been reported already."""
    own = source.column or column
    if own is not None and not is_native(source.schema):
        source.require(own)
    parts: dict[str, list[Any]] = {"instance": [], "structure": []} | ({"text": []} if with_texts else {})
    families: list[Any] = []
    names: dict[str, int] = {}
    done = before
    for table in source.tables(_columns(source.schema, own, with_texts), ROWS):
        found = _identified(source, table, own)
        where, first = f"{source.name} row", done - before
        parts["instance"].append(id_words(found.instance, where, first))
        parts["structure"].append(id_words(found.structure, where, first))
        if with_texts:
            parts["text"].append(_text_words(table, own))
        families.append(_numbers(found.family, names))
        done += table.num_rows
        report("reading ids", done)
    empty = numpy.empty((0, 2), "<u8")
    words = {kind: numpy.concatenate([empty, *arrays]) for kind, arrays in parts.items()}
    return _Ids(words, numpy.concatenate([numpy.empty(0, "<u2"), *families]), tuple(names))


def _numbers(families: Any, names: dict[str, int]) -> Any:
    """The number of each row's family; `names` numbers those that were met."""
    encoded = strings(families).fill_null("").dictionary_encode()
    known = [names.setdefault(name, len(names)) for name in encoded.dictionary.to_pylist()]
    return numpy.array(known, "<u2")[encoded.indices.to_numpy()]


def _identified(source: Source, table: Any, own: str | None) -> Identities:
    """The identities of a table; Arrow's columns, not lists, where the rows are ours and up to date."""
    if columns_read(table.schema) == list(NATIVE):
        return Identities(table["id"], table["structure"], table["task"])
    try:
        return identify(table, own)
    except UsageError as error:
        raise UsageError(f"{source.name}: {error}") from None


def _columns(schema: Any, own: str | None, with_texts: bool) -> list[str] | None:
    columns = columns_read(schema)
    if columns is None or not with_texts:
        return columns
    return list(dict.fromkeys([*columns, *text_columns(schema, own if own in schema.names else None)]))


def _text_words(table: Any, own: str | None) -> Any:
    """The ids of the rows' texts, 0 where there is none."""
    columns = text_columns(table.schema, own if own in table.column_names else None)
    asked = texts(table, columns) if columns else [""] * table.num_rows
    return id_words([text_id(text) if text else "0" * 32 for text in asked], "text", 0)


def _first_texts(known: _Ids, asked: _Ids) -> Any:
    """For every row the first of the training set with its text, where on one side nothing but the text is known.

    Two rows that were both parsed are compared as problems: there, one text may introduce many puzzles.
    """
    bare_known, bare_asked = ((ids.family == _number(ids, TEXT_FAMILY))[:, None] for ids in (known, asked))
    among_bare = _first_rows(known.words["text"] * bare_known, asked.words["text"])
    bare_ones = _first_rows(known.words["text"], asked.words["text"] * bare_asked)
    return numpy.where(bare_ones >= 0, bare_ones, among_bare)


def _number(ids: _Ids, family: str) -> int:
    return ids.names.index(family) if family in ids.names else -1


def _first_rows(known: Any, asked: Any) -> Any:
    """For every id of `asked` the first row of `known` that has it, -1 where none has. The id 0 is no id."""
    both = numpy.concatenate([known, asked])
    rows = numpy.arange(len(both))
    order = numpy.lexsort((rows, both[:, 1], both[:, 0]))
    ordered = both[order]
    begins = numpy.ones(len(both), bool)
    begins[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    first = order[numpy.maximum.accumulate(numpy.where(begins, rows, 0))]
    first[first >= len(known)] = -1
    first[~ordered.any(axis=1)] = -1
    result = numpy.empty(len(both), numpy.int64)
    result[order] = first
    return result[len(known) :]


def _overlap(family: str, train_rows: int, matches: dict[str, Any], rows: Any) -> Overlap:
    """The overlap of some rows of the evaluation set, given as a mask."""
    counts = {kind: int((found[rows] >= 0).sum()) for kind, found in matches.items()}
    leaked, count = int(_in_any_way(matches)[rows].sum()), int(rows.sum())
    return Overlap(family, train_rows, count, leaked=leaked, share=leaked / count, **counts)


def _in_any_way(matches: dict[str, Any]) -> Any:
    return numpy.any([found >= 0 for found in matches.values()], axis=0)


def _examples(asked: _Ids, matches: dict[str, Any], show: int) -> tuple[Example, ...]:
    """The first rows that leaked, each with the closest way in which it did."""
    return tuple(_example(asked, matches, row) for row in numpy.flatnonzero(_in_any_way(matches))[:show].tolist())


def _example(asked: _Ids, matches: dict[str, Any], row: int) -> Example:
    kind = next(kind for kind in KINDS if matches[kind][row] >= 0)
    return Example(asked.names[asked.family[row]], kind, row, int(matches[kind][row]))


def _side(source: Source, ids: _Ids) -> Side:
    return Side(source.name, len(ids.family), _repeats(ids.words["instance"]), _repeats(ids.words["structure"]))


def _repeats(words: Any) -> int:
    ordered = words[numpy.lexsort((words[:, 1], words[:, 0]))]
    return int((ordered[1:] == ordered[:-1]).all(axis=1).sum())
