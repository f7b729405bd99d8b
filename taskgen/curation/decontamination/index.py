"""The index of evaluation items: ids and hashes of n-grams, no text, in one Parquet file of our own layout.

One row an item and part: its prompt, or a worked solution. Who has the file can test guesses of a text against it, word
by word; under a key (see `keys`) only who has the key, too, can.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pyarrow
import pyarrow.compute
import pyarrow.parquet

from taskgen.curation.decontamination.columns import PROMPT, TextColumns
from taskgen.curation.decontamination.keys import key_check, keyed, keyed_id
from taskgen.curation.decontamination.ngrams import in_pieces, read_texts
from taskgen.curation.decontamination.presets import PRESETS
from taskgen.curation.decontamination.text_layer import ItemGrams
from taskgen.curation.identities import TEXT_FAMILY, identify
from taskgen.curation.sources import Source, plain_name
from taskgen.curation.stages import Report, no_report
from taskgen.engine.errors import UsageError
from taskgen.engine.files import whole_file

VERSION = 1
LABEL = b"taskgen.decontamination_index"
ANSWER_TOKENS = 20
"""Answers with fewer tokens are not in the index: such as 42 say nothing by themselves, and are soon guessed."""
_HASHES = pyarrow.list_(pyarrow.uint64())
ROWS_PER_GROUP = 2_000


class EvaluationSet(msgspec.Struct, frozen=True):
    """Where items came from: a dataset's name without a path, its commit, its column of text, rows and files."""

    name: str
    revision: str
    column: str
    rows: int
    sha256: tuple[str, ...]


class Header(msgspec.Struct, frozen=True):
    """What an index says of itself; `readings` are the normalisation and n of each preset."""

    version: int
    sources: tuple[EvaluationSet, ...]
    readings: dict[str, tuple[str, int]]
    key_check: str


READINGS: dict[str, tuple[str, int]] = {
    name: (preset.reading.normalisation, preset.reading.size) for name, preset in PRESETS.items()
}
SCHEMA = pyarrow.schema(
    [
        ("source", pyarrow.int32()),
        ("row", pyarrow.int64()),
        ("part", pyarrow.string()),
        ("instance", pyarrow.binary(16)),
        ("structure", pyarrow.binary(16)),
        ("known", pyarrow.bool_()),
        ("whole", pyarrow.uint64()),
        ("numbers", _HASHES),
        *((f"{name} tokens", pyarrow.int32()) for name in PRESETS),
        *((f"{name} ngrams", _HASHES) for name in PRESETS),
    ]
)


@dataclass(frozen=True)
class Index:
    """Evaluation items, and what is said of where they came from."""

    header: Header
    table: Any

    def items(self, preset: str) -> tuple[ItemGrams, Any]:
        """The items that a preset compares, and their numbers in the table."""
        chosen = numpy.ones(self.table.num_rows, bool)
        if not PRESETS[preset].answers:
            chosen = pyarrow.compute.equal(self.table["part"], PROMPT).to_numpy()
        table = self.table.filter(pyarrow.array(chosen))
        ngrams, ngram_ends = _lists(table[f"{preset} ngrams"])
        numbers, number_ends = _lists(table["numbers"])
        whole, known, tokens = (table[name].to_numpy().copy() for name in ("whole", "known", f"{preset} tokens"))
        items = ItemGrams(ngrams, ngram_ends, numbers, number_ends, whole, known, tokens)
        return items, numpy.flatnonzero(chosen)

    def described(self, item: int) -> str:
        """What the report calls an item: its dataset and its row there."""
        return f"{self.header.sources[self.set_of(item)].name} row {self.table['row'][item].as_py()}"

    def set_of(self, item: int) -> int:
        """The number of the dataset that an item is of."""
        return int(self.table["source"][item].as_py())

    def part_of(self, item: int) -> str:
        """The part of its row that an item is: the prompt, or a column of answers."""
        return str(self.table["part"][item].as_py())


def make_index(source: Source, key: bytes | None = None, report: Report = no_report) -> Index:
    """The index of one dataset. Raises UsageError where it has no column of text."""
    columns = TextColumns(source, answers=True)
    tables, row = [SCHEMA.empty_table()], 0
    for table in source.tables():
        tables += _entries(table, source, columns, row, key)
        row += table.num_rows
        report("reading evaluation items", row)
    where = EvaluationSet(
        plain_name(source.name), source.revision, "+".join(columns.prompt), row, tuple(source.fingerprints())
    )
    return Index(Header(VERSION, (where,), READINGS, key_check(key)), pyarrow.concat_tables(tables))


def _entries(table: Any, source: Source, columns: TextColumns, start: int, key: bytes | None) -> Iterator[Any]:
    """The entries of some rows: their prompts, then their answers that are long enough."""
    ids = identify(table, source.column)
    known = numpy.array([family != TEXT_FAMILY for family in ids.family], bool)
    instances, structures = (
        numpy.array([keyed_id(bytes.fromhex(text), key) for text in column], object)
        for column in (ids.instance, ids.structure)
    )
    rows = numpy.arange(start, start + table.num_rows)
    for part, texts in columns.read(table).items():
        for piece in in_pieces(texts):
            yield _part(part, texts[piece], rows[piece], instances[piece], structures[piece], known[piece], key)


def _part(
    part: str, texts: Sequence[str], rows: Any, instances: Any, structures: Any, known: Any, key: bytes | None
) -> Any:
    grams = {name: read_texts(texts, preset.reading) for name, preset in PRESETS.items()}
    own = grams["default"]
    entries = pyarrow.table(
        {
            "source": numpy.zeros(len(rows), numpy.int32),
            "row": rows,
            "part": [part] * len(rows),
            "instance": pyarrow.array(instances, pyarrow.binary(16)),
            "structure": pyarrow.array(structures, pyarrow.binary(16)),
            "known": known,
            "whole": keyed(own.whole, key),
            "numbers": _list_column(keyed(own.numbers, key), own.number_ends),
            **{f"{name} tokens": found.tokens.astype(numpy.int32) for name, found in grams.items()},
            **{f"{name} ngrams": _list_column(keyed(g.ngrams, key), g.ngram_ends) for name, g in grams.items()},
        },
        SCHEMA,
    )
    return entries if part == PROMPT else entries.filter(pyarrow.array(own.tokens >= ANSWER_TOKENS))


def join_indexes(indexes: Sequence[Index]) -> Index:
    """One index of the items of several."""
    tables: list[Any] = []
    sources: list[EvaluationSet] = []
    for index in indexes:
        moved = pyarrow.compute.add(index.table["source"], pyarrow.scalar(len(sources), pyarrow.int32()))
        tables.append(index.table.set_column(0, SCHEMA.field("source"), moved))
        sources += index.header.sources
    header = msgspec.structs.replace(indexes[0].header, sources=tuple(sources))
    return Index(header, pyarrow.concat_tables(tables).combine_chunks())


def write_index(index: Index, path: Path) -> None:
    """Write an index file, whole or not at all; equal indexes are equal bytes. Raises OSError."""
    schema = SCHEMA.with_metadata({LABEL: msgspec.json.encode(index.header)})
    with (
        whole_file(path) as file,
        pyarrow.parquet.ParquetWriter(
            file, schema, compression="zstd", use_dictionary=["part"], write_page_checksum=True
        ) as writer,
    ):
        writer.write_table(index.table.cast(schema), ROWS_PER_GROUP)


def is_index(name: str) -> bool:
    """Whether a name of a source is that of an index file."""
    path = Path(name)
    if path.suffix != ".parquet" or not path.is_file():
        return False
    try:
        with open(path, "rb") as content:
            return LABEL in (pyarrow.parquet.read_schema(content).metadata or {})
    except (pyarrow.ArrowException, OSError):
        return False


def read_index(path: Path, key: bytes | None = None) -> Index:
    """The index in a file. Raises UsageError where it is damaged, of another version, or under another key."""
    again = f"make it again with taskgen index SOURCE --out {path.name}"
    try:
        with open(path, "rb") as content:
            table = pyarrow.parquet.read_table(content, page_checksum_verification=True)
        header = msgspec.json.decode(table.schema.metadata[LABEL], type=Header)
        table = table.cast(SCHEMA)
        table.validate(full=True)
    except (pyarrow.ArrowException, OSError, msgspec.MsgspecError, KeyError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UsageError(f"{path} is a damaged index ({' '.join(str(error).split())[:120]}); {again}") from None
    except ValueError:
        raise UsageError(f"{path} is an index of another layout; {again}") from None
    if header.version != VERSION or header.readings != READINGS:
        raise UsageError(f"{path} is an index of another version; {again}")
    if header.key_check != key_check(key):
        raise UsageError(f"{path} {_wrong_key(header.key_check, key)}")
    return Index(header, table)


def _list_column(values: Any, ends: Any) -> Any:
    offsets = numpy.concatenate([[0], ends]).astype(numpy.int32)
    return pyarrow.ListArray.from_arrays(pyarrow.array(offsets), pyarrow.array(values, pyarrow.uint64()))


def _lists(column: Any) -> tuple[Any, Any]:
    """The values of a column of lists, end to end, and where each list stops."""
    lists = column.combine_chunks()
    lengths = pyarrow.compute.list_value_length(lists).to_numpy()
    return lists.flatten().to_numpy().copy(), numpy.cumsum(lengths, dtype=numpy.int64)


def _wrong_key(check: str, key: bytes | None) -> str:
    if not check:
        return "was made without a key; leave --key-file out, or make it again with it"
    return f"was made under {'another' if key else 'a'} key; name the file that holds it with --key-file"
