"""What there is to say of a dataset: counted, measured and quoted once, for the card, its plots and Croissant alike."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pyarrow
import pyarrow.compute
import pyarrow.parquet

from taskgen.curation.parquet_files import parquet_columns, parquet_tables
from taskgen.curation.recipes.publishing import RECIPE, REPORT
from taskgen.curation.recipes.yaml_values import Document
from taskgen.engine.audit import null_floor
from taskgen.engine.errors import Damaged, UsageError
from taskgen.engine.manifest import FileEntry, Manifest, data_files, read_manifest
from taskgen.engine.schema import SCHEMA
from taskgen.records import Record, to_record
from taskgen.registry import tasks

TOKEN = r"\p{L}{1,6}|\p{N}|[^\s\p{L}\p{N}]|\n"
"""What counts as a token where no model is named: up to six letters, a digit, a sign, a line break. An estimate: the
tokenizers in use differ from one another by a third on puzzles.
"""
TOKEN_RECORDS = 2_000
"""Records of a rung whose tokens are counted: the first ones, which are any ones, for ids are hashes."""
FLOOR_RECORDS = 24
"""Records of a task on which the null policies are tried."""
MOST_KNOBS = 4
RATE = "pass_rate"
RATES = pyarrow.schema(
    [
        (RATE, pyarrow.float64()),
        ("rollouts", pyarrow.int32()),
        ("pass_rate_model", pyarrow.string()),
        ("pass_rate_settings", pyarrow.string()),
    ]
)
MOST_EFFORT = 1e30
RECIPE_NAME = "[A-Za-z0-9._-]{1,100}"
NAMES = "^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$"
"""What tasks and domains are called; files are named for them."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BATCH = 16_384


@dataclass(frozen=True)
class Spread:
    """A measured quantity over some rows: its mean and its 5, 25, 50, 75 and 95 % quantiles."""

    mean: float
    low: float
    lower: float
    median: float
    upper: float
    high: float


@dataclass(frozen=True)
class Rate:
    """The mean of the records' pass rates on a rung, with its 90 % interval (normal, between records)."""

    mean: float
    low: float
    high: float
    records: int
    rollouts: int


@dataclass(frozen=True)
class RungFacts:
    """One rung of one task: rows by split, effort, characters of answers and prompts, estimated tokens of prompts."""

    difficulty: int
    rows: dict[str, int]
    effort: Spread
    answer: Spread
    prompt: Spread
    tokens: Spread
    rate: Rate | None
    knobs: tuple[str, ...] = ()
    """The settings that the rows have, as canonical JSON, sorted; of many only the first MOST_KNOBS."""

    @property
    def count(self) -> int:
        """Rows in all splits."""
        return sum(self.rows.values())


@dataclass(frozen=True)
class TaskFacts:
    """One task of the dataset: its rungs in order, one record as a sample, what knowing nothing scores."""

    name: str
    domain: str
    version: int
    rungs: tuple[RungFacts, ...]
    sample: Record
    """Of the middle rung."""
    floor: float | None
    """The best mean score of a null policy; None where this taskgen does not know the task."""
    floor_policy: str
    floor_records: int

    @property
    def count(self) -> int:
        """Rows on all rungs."""
        return sum(rung.count for rung in self.rungs)


@dataclass(frozen=True)
class SplitFacts:
    """One split: its files, its rows, bytes on disk and in memory."""

    name: str
    files: tuple[FileEntry, ...]
    rows: int
    bytes_on_disk: int
    bytes_in_memory: int


@dataclass(frozen=True)
class DatasetFacts:
    """All that the card tells. `tasks` is empty where the rows are not records of ours."""

    manifest: Manifest
    schema: Any
    """The pyarrow schema of the rows."""
    splits: tuple[SplitFacts, ...]
    tasks: tuple[TaskFacts, ...]
    policies: tuple[tuple[str, str], ...]
    """The models that pass rates are of, each with its sampling settings as JSON."""
    recipe: str = ""
    """The name of the recipe that the folder holds; empty where it holds none."""
    writer: str = ""
    """The library that wrote the Parquet files, on whose version their bytes depend."""

    @property
    def rows(self) -> int:
        """Rows in all splits."""
        return sum(split.rows for split in self.splits)

    @property
    def rated(self) -> bool:
        """Whether the rows have pass rates."""
        return any(rung.rate for task in self.tasks for rung in task.rungs)


def gather(folder: Path) -> DatasetFacts:
    """Read a dataset folder once. Raises UsageError where it is not one of taskgen's, Damaged, OSError."""
    manifest = dataset_manifest(folder)
    files = data_files(manifest)
    seen = _Seen()
    splits: dict[str, list[FileEntry]] = defaultdict(list)
    sizes: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for file in files:
        split = Path(file.path).name.rpartition("-of-")[0].rpartition("-")[0]
        splits[split].append(file)
        sizes[split][0] += (folder / file.path).stat().st_size
        rows = 0
        for table in _tables(folder / file.path):
            rows += table.num_rows
            sizes[split][1] += table.nbytes
            seen.add(table, split)
        if rows != file.rows:
            raise Damaged(f"{folder / file.path} holds {rows} rows, not the {file.rows} that the manifest says")
    facts = [
        SplitFacts(name, tuple(entries), sum(entry.rows for entry in entries), *sizes[name])
        for name, entries in sorted(splits.items(), key=lambda item: split_place(item[0]))
    ]
    schema = pyarrow.parquet.read_schema(folder / files[0].path)
    policies = tuple(sorted(seen.policies))
    writer = pyarrow.parquet.read_metadata(folder / files[0].path).created_by
    return DatasetFacts(manifest, schema, tuple(facts), tuple(seen.tasks()), policies, _recipe(folder), writer)


def dataset_manifest(folder: Path) -> Manifest:
    """The manifest of a dataset folder. Raises UsageError where it is not one of taskgen's, Damaged."""
    manifest = read_manifest(folder)
    if not data_files(manifest):
        raise UsageError(f"{folder} is no dataset folder of taskgen's: its manifest.json is missing or names no data")
    return manifest


def _recipe(folder: Path) -> str:
    """The name in a folder's recipe.yaml; nothing where no recipe has made the folder."""
    path = folder / RECIPE
    if not (path.is_file() and (folder / REPORT).is_file()):
        return ""
    recipe = Document(str(path), path.read_bytes().decode(errors="replace")).value
    name = recipe.get("name") if isinstance(recipe, dict) else None
    return name if isinstance(name, str) and re.fullmatch(RECIPE_NAME, name) else "recipe"  # it may have been edited


def split_place(split: str) -> tuple[int, str]:
    """Train first, then validation, test and what else there is."""
    known = ("train", "validation", "test")
    return (known.index(split) if split in known else len(known), split)


def _tables(path: Path) -> Iterator[Any]:
    try:
        schema, _ = parquet_columns(path)
        yield from parquet_tables(path, schema, schema.names, BATCH)
    except (pyarrow.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.strerror:
            raise  # the disk's own word; Arrow's errors have none
        raise Damaged(f"{path} is damaged: {' '.join(str(error).split())[:200]}") from None


class _Seen:
    """What has been seen of each (task, difficulty): rows, measures, and the records that may be quoted."""

    def __init__(self) -> None:
        self.policies: set[tuple[str, str]] = set()
        self._rows: dict[tuple[str, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._measures: dict[tuple[str, int], dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        self._knobs: dict[tuple[str, int], set[str]] = defaultdict(set)
        self._records: dict[tuple[str, int], list[Record]] = defaultdict(list)

    def add(self, table: Any, split: str) -> None:
        """Look at some rows of a split; rows that are no records of ours are only counted by the caller."""
        table = _records(table)
        codes = pyarrow.compute.binary_join_element_wise(
            table["task"], table["difficulty"].cast(pyarrow.string()), "\n"
        ).combine_chunks()
        codes = codes.dictionary_encode()
        for number, code in enumerate(codes.dictionary.to_pylist()):
            name, _, rung = code.partition("\n")
            part = table.filter(pyarrow.compute.equal(codes.indices, number))
            self._add_cell((name, int(rung)), part, split)

    def _add_cell(self, cell: tuple[str, int], table: Any, split: str) -> None:
        self._rows[cell][split] += table.num_rows
        kept = self._records[cell]
        if len(kept) < FLOOR_RECORDS:
            columns = table.select(SCHEMA.names).slice(0, FLOOR_RECORDS - len(kept))
            kept += map(to_record, columns.to_pylist())
        self._knobs[cell] |= set(filter(_is_object, pyarrow.compute.unique(table["knobs"]).to_pylist()))
        measures = self._measures[cell]
        for name, values in _measured(table):
            measures[name].append(values)
        counted = sum(map(len, measures["tokens"]))
        prompts = table["prompt"].slice(0, max(0, TOKEN_RECORDS - counted))
        measures["tokens"].append(_floats(pyarrow.compute.count_substring_regex(prompts, TOKEN)))
        if RATE in table.column_names:
            models = table.select(["pass_rate_model", "pass_rate_settings"]).group_by(
                ["pass_rate_model", "pass_rate_settings"]
            )
            known = models.aggregate([]).drop_null()  # rows of a mix may come from a dataset without rates
            self.policies |= {tuple(row.values()) for row in known.to_pylist()}

    def tasks(self) -> Iterator[TaskFacts]:
        """The tasks that were seen, by name."""
        known = tasks()
        for name in sorted({task for task, _ in self._rows}):
            cells = sorted(cell for cell in self._rows if cell[0] == name)
            records = [self._records[cell] for cell in cells]
            tried = _evenly(records, FLOOR_RECORDS)
            floor, policy = null_floor(tried) if name in known else (None, "")
            sample = records[(len(cells) - 1) // 2][0]
            rungs = tuple(self._rung(cell) for cell in cells)
            yield TaskFacts(name, sample.domain, sample.task_version, rungs, sample, floor, policy, len(tried))

    def _rung(self, cell: tuple[str, int]) -> RungFacts:
        measures = {name: numpy.concatenate(parts) for name, parts in self._measures[cell].items()}
        spreads = {name: spread(measures[name]) for name in ("effort", "answer", "prompt", "tokens")}
        rate = _rate(measures[RATE], measures["rollouts"]) if RATE in measures else None
        rows = dict(sorted(self._rows[cell].items(), key=lambda item: split_place(item[0])))
        return RungFacts(cell[1], rows, **spreads, rate=rate, knobs=tuple(sorted(self._knobs[cell])[:MOST_KNOBS]))


def _records(table: Any) -> Any:
    """The records of ours among some rows, with rates where there are any, in their native types.

    Whoever mixes rows or writes a file by hand may have put anything into these columns.
    """
    compute = pyarrow.compute
    native = _cast(table, SCHEMA)
    if native is None:
        return SCHEMA.empty_table()
    good = [column.is_valid() for column in native.columns]
    good += [compute.match_substring_regex(native[name], NAMES) for name in ("task", "domain")]
    good += [compute.is_in(native["difficulty"], pyarrow.array(range(11), pyarrow.int8()))]
    good += [compute.less(compute.abs(native["effort"]), MOST_EFFORT)]
    mask = reduce(compute.and_kleene, good)
    rates = _cast(table, RATES)
    for name in RATES.names if rates is not None else ():
        native = native.append_column(name, rates[name])
    return native.filter(mask)


def _cast(table: Any, schema: Any) -> Any:
    """The columns of a schema in its types; None where one is missing or cannot have its type."""
    try:
        return table.select(schema.names).cast(schema)
    except (KeyError, pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError):
        return None


def _is_object(text: str) -> bool:
    """Whether a text is a JSON object."""
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except (msgspec.MsgspecError, RecursionError):
        return False


def _measured(table: Any) -> Iterator[tuple[str, Any]]:
    yield "effort", _floats(table["effort"])
    yield "answer", _floats(pyarrow.compute.utf8_length(table["answer"]))
    yield "prompt", _floats(pyarrow.compute.utf8_length(table["prompt"]))
    if RATE in table.column_names:
        yield RATE, _floats(table[RATE])
        yield "rollouts", _floats(table["rollouts"])


def _floats(column: Any) -> Any:
    return column.cast(pyarrow.float64()).to_numpy()


def spread(values: Any) -> Spread:
    """The spread of an array of at least one number."""
    return Spread(float(values.mean(dtype=numpy.float64)), *(float(each) for each in numpy.quantile(values, QUANTILES)))


def _rate(rates: Any, rollouts: Any) -> Rate | None:
    """The mean pass rate of the records that were sampled; None where none was."""
    known = rates[(rates >= 0) & (rates <= 1)]
    if not len(known):
        return None
    mean = float(known.mean())
    margin = 1.645 * float(known.std(ddof=1)) / len(known) ** 0.5 if len(known) > 1 else 1.0
    return Rate(mean, max(0.0, mean - margin), min(1.0, mean + margin), len(known), int(numpy.nansum(rollouts)))


def _evenly(records: Sequence[Sequence[Record]], count: int) -> list[Record]:
    """About `count` records, as many of each rung as of any other."""
    share = max(1, count // len(records))
    return [record for rung in records for record in rung[:share]]
