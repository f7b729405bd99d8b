"""What is remembered of every row while it is decided which of them a mix takes: numbers, no text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec
import numpy
import pyarrow
import pyarrow.compute

from taskgen.curation.id_words import id_words
from taskgen.curation.identities import TEXT_FAMILY, Identities, columns_read, identify
from taskgen.curation.mixture.prompt_lengths import Measure
from taskgen.curation.sources import Source
from taskgen.curation.splitting import SPLIT_NUMBER, split_numbers
from taskgen.curation.stages import Report
from taskgen.engine.errors import UsageError
from taskgen.problem import SPLITS
from taskgen.registry import all_tasks

ROWS = 32_768
"""Rows of a source that are looked at together."""
DIFFICULTY_COLUMNS = ("difficulty", "effort", "pass_rate")


@dataclass(frozen=True)
class Reading:
    """What a mix needs to know of its rows, beyond who they are."""

    seed: int
    answers: bool
    measure: Measure | None
    difficulty: bool

    def columns(self, source: Source) -> list[str] | None:
        """The columns to read of a source; None for all."""
        identity = columns_read(source.schema)
        if identity is None:
            return None
        wanted = [*identity, "task", "domain", "split"]
        wanted += ["answer"] * self.answers + list(DIFFICULTY_COLUMNS) * self.difficulty
        wanted += self.measure.columns(source) if self.measure else []
        return [name for name in dict.fromkeys(wanted) if name in source.schema.names]


@dataclass(frozen=True)
class Candidates:
    """One entry a row, in the order of the sources; what nobody asked for is empty."""

    instance: Any
    """(n, 2) uint64: the instance id, high word first; `structure` likewise."""
    structure: Any
    split: Any
    """int8: the number of the split that the structure id says; `stated` is what the source says."""
    stated: Any
    task: Any
    """int32: the number of the task in `tasks`."""
    chance: Any
    """uint64: keyed hash of the id that decides which rows are taken; `turn` is another that decides their order."""
    turn: Any
    answer: Any
    """uint64: hash of the answer, 0 for none."""
    tokens: Any
    """int32: length of the prompt."""
    difficulty: Any
    """float64, NaN where a row has none; `effort` and `pass_rate` likewise."""
    effort: Any
    pass_rate: Any
    tasks: tuple[str, ...]
    domains: dict[str, str]
    """The domain of each task that has one."""


def read_candidates(sources: Sequence[Source], reading: Reading, report: Report) -> Candidates:
    """One pass over all rows. Raises UsageError where a source cannot be mixed."""
    tasks: dict[str, int] = {}
    domains: dict[str, str] = {}
    parts = []
    done = 0
    for source in sources:
        first = done
        for split, table in _tables(source, reading):
            parts.append(_entries(source, split, table, done - first, reading, tasks, domains))
            done += table.num_rows
            report("reading rows", done)
    optional = dict.fromkeys(("answer", "tokens", *DIFFICULTY_COLUMNS), numpy.empty(0))
    columns = {name: numpy.concatenate([part.pop(name) for part in parts]) for name in list(parts[0])}
    return Candidates(**(optional | columns), tasks=tuple(tasks), domains=domains)


def _tables(source: Source, reading: Reading) -> Iterator[tuple[str, Any]]:
    for number, file in enumerate(source.files):
        for table in source.file_tables(number, reading.columns(source), ROWS):
            yield file.split, table


def _entries(
    source: Source,
    file_split: str,
    table: Any,
    start: int,
    reading: Reading,
    tasks: dict[str, int],
    domains: dict[str, str],
) -> dict[str, Any]:
    found = identify(table, source.column)
    names = task_names(table, found)
    _learn_domains(table, names, domains)
    instances, structures = _words(found.instance, source, start), _words(found.structure, source, start)
    drawn = _keyed(instances, reading.seed)
    entries = {
        "instance": instances,
        "structure": structures,
        "split": split_numbers(structures),
        "stated": _stated(source, file_split, table),
        "task": numpy.array([tasks.setdefault(name, len(tasks)) for name in names], numpy.int32),
        "chance": drawn[:, 0],
        "turn": drawn[:, 1],
    }
    if reading.answers:
        entries["answer"] = _answers(source, table)
    if reading.measure:
        entries["tokens"] = reading.measure.lengths(source, table)
    if reading.difficulty:
        entries |= {name: _numbers(table, name) for name in DIFFICULTY_COLUMNS}
    return entries


def task_names(table: Any, found: Identities) -> list[str]:
    """The task of every row: its family or, where nothing but its text is known, what its own column says."""
    if "task" not in table.column_names or TEXT_FAMILY not in found.family:
        return list(found.family)
    own = table["task"].to_pylist()
    return [
        str(name) if family == TEXT_FAMILY and name is not None else family
        for name, family in zip(own, found.family, strict=True)
    ]


def _learn_domains(table: Any, names: Sequence[str], domains: dict[str, str]) -> None:
    own = table["domain"].to_pylist() if "domain" in table.column_names else [None] * len(names)
    for name, domain in dict.fromkeys(zip(names, own, strict=True)):
        if name not in domains and domain is None and name in all_tasks():
            domain = all_tasks()[name].domain
        if domain is not None:
            domains.setdefault(name, str(domain))


def _words(ids: Any, source: Source, first: int) -> Any:
    """Ids as pairs of numbers that sort as the ids do."""
    return id_words(ids, f"{source.name} row", first).view(">u8").astype(numpy.uint64)


def hex_ids(words: Any) -> list[str]:
    """Pairs of words as ids again."""
    text = words.astype(">u8").tobytes().hex()
    return [text[start : start + 32] for start in range(0, len(text), 32)]


def _keyed(instances: Any, seed: int) -> Any:
    """Two words for every id, which the seed decides."""
    key = blake2b(msgspec.msgpack.encode(seed), digest_size=32, person=b"taskgen-mix").digest()
    content = instances.tobytes()
    digests = [
        blake2b(content[start : start + 16], digest_size=16, key=key).digest() for start in range(0, len(content), 16)
    ]
    return numpy.frombuffer(b"".join(digests), "<u8").reshape(-1, 2)


def _stated(source: Source, file_split: str, table: Any) -> Any:
    """The split that a row's column names or, where it is null or there is none, its file."""
    names = table["split"].to_pylist() if "split" in table.column_names else [None] * table.num_rows
    stated = [file_split if name is None else name for name in names]
    try:
        return numpy.array([SPLIT_NUMBER[name] for name in stated], numpy.int8)
    except (KeyError, TypeError):
        odd = next(name for name in stated if name not in SPLITS)
        raise UsageError(
            f"{source.name} has a split {odd}, which is none of {', '.join(SPLITS)}; `taskgen split` puts every row "
            "where its structure belongs"
        ) from None


def _answers(source: Source, table: Any) -> Any:
    """Hashes of the answers, without regard to case and surrounding space."""
    if "answer" not in table.column_names:
        return numpy.zeros(table.num_rows, numpy.uint64)
    try:
        texts = table["answer"].combine_chunks().cast(pyarrow.string())
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError):
        raise UsageError(
            f"{source.name}: the answers are no text but {table.schema.field('answer').type}, and cannot be balanced"
        ) from None
    plain = pyarrow.compute.utf8_lower(pyarrow.compute.utf8_trim_whitespace(texts)).dictionary_encode()
    hashes = [blake2b(text.encode(), digest_size=8).digest() for text in plain.dictionary.to_pylist()]
    known = numpy.frombuffer(b"".join(hashes) + bytes(8), "<u8")
    return known[plain.indices.fill_null(len(hashes)).to_numpy()]


def _numbers(table: Any, name: str) -> Any:
    """A column as numbers; NaN where there is none, or text that is no number."""
    if name not in table.column_names:
        return numpy.full(table.num_rows, numpy.nan)
    try:
        return table[name].cast(pyarrow.float64()).to_numpy()
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError):
        return numpy.full(table.num_rows, numpy.nan)
