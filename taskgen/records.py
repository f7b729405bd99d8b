"""Records, the rows of a dataset: how one is made, and how files of them are read back."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import msgspec

from taskgen.judging import verify
from taskgen.knobs import BaseKnobs, KnobError, canonical
from taskgen.problem import Split, encode, instance_id, split_of, structure_id
from taskgen.prompts import choose, render
from taskgen.seeding import item_stream

if TYPE_CHECKING:
    import pyarrow

    from taskgen.registry import Task

MAX_ATTEMPTS = 2_000
"""Attempts in a row that may lead nowhere before we say that the knobs admit no problem."""
MAX_DRAWS = 20_000
"""Attempts altogether: a small space may hold no structure of the split that is asked for."""


class GeneratorFault(RuntimeError):
    """A generator made a record that its own verifier rejects: a fault of ours, nothing is written."""


class Record(msgspec.Struct, frozen=True):
    """One row of a dataset. JSON columns (`problem`, `knobs`) are plain strings, so that every reader agrees."""

    id: str
    structure: str
    task: str
    task_version: int
    domain: str
    difficulty: int
    split: str
    prompt: str
    answer: str
    problem: str
    knobs: str
    effort: float
    trace: str
    wording: str
    seed: int
    index: int


def make_record(
    task: "Task", difficulty: int, knobs: BaseKnobs, seed: int, split: Split, index: int, wording: str | None
) -> Record:
    """Item `index` of the stream that (task, knobs, seed, split) names; its answer has been verified.

    Attempts go on until a draft succeeds and its structure id falls in the split. Raises KnobError when the
    attempts run out, GeneratorFault if the reference answer does not score 1.
    """
    settings = canonical(knobs)
    failures = attempt = 0
    while failures < MAX_ATTEMPTS and attempt < MAX_DRAWS:
        stream = item_stream(task.name, task.version, settings, seed, split, index, attempt)
        side_stream = stream.fork("wording")
        attempt += 1
        draft = task.draft(stream, knobs)
        if draft is None:
            failures += 1
            continue
        failures = 0
        structure = structure_id(draft.problem)
        if split_of(structure) != split:
            continue
        problem = encode(draft.problem)
        verdict = verify(problem, f"<answer>{draft.answer}</answer>")
        if not verdict:
            raise GeneratorFault(
                f"{task.name}: the reference answer was judged {verdict.status} ({verdict.reason}); "
                f"knobs {settings}, seed {seed}, split {split}, index {index}; please report this"
            )
        name = choose(task.template, wording, side_stream)
        return Record(
            id=instance_id(draft.problem),
            structure=structure,
            task=task.name,
            task_version=task.version,
            domain=task.domain,
            difficulty=difficulty,
            split=split,
            prompt=render(task.template, draft.problem, name),
            answer=draft.answer,
            problem=problem,
            knobs=settings,
            effort=float(draft.effort),
            trace=draft.trace,
            wording=name,
            seed=seed,
            index=index,
        )
    raise KnobError(
        f"{task.name}: found no problem for the {split} split in {attempt} attempts with knobs {settings}; "
        "move the knobs apart or choose another rung"
    )


class Dataset(Sequence[Record]):
    """The records of a Parquet or JSONL file, or of a folder of them, in order."""

    def __init__(self, table: "pyarrow.Table") -> None:
        self.table = table

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @overload
    def __getitem__(self, position: int) -> Record: ...
    @overload
    def __getitem__(self, position: slice) -> "Dataset": ...
    def __getitem__(self, position: int | slice) -> "Record | Dataset":
        if isinstance(position, slice):
            return Dataset(self.table.take(list(range(*position.indices(len(self))))))
        row = range(len(self))[position]
        return to_record(self.table.slice(row, 1).to_pylist()[0])

    def __iter__(self) -> Iterator[Record]:
        for batch in self.table.to_batches(max_chunksize=1024):
            yield from map(to_record, batch.to_pylist())


def to_record(row: Mapping[str, Any]) -> Record:
    """A record from a row's columns; columns of other origin are ignored. Raises ValueError."""
    try:
        return msgspec.convert(row, Record)
    except msgspec.ValidationError as error:
        raise ValueError(f"not a taskgen record: {error}") from None


def load(path: str | Path, split: str | None = None) -> Dataset:
    """The records under a path: a Parquet or JSONL file, or a dataset folder (one split of it, or all).

    Raises FileNotFoundError where there are none, ValueError where a file holds something else.
    """
    import pyarrow
    import pyarrow.parquet

    tables = []
    for file in data_files(Path(path), split):
        if file.suffix == ".parquet":
            tables.append(pyarrow.parquet.read_table(file))
        else:
            rows = [msgspec.json.decode(line, type=Record) for line in file.read_bytes().splitlines() if line.strip()]
            tables.append(pyarrow.Table.from_pylist([msgspec.structs.asdict(row) for row in rows]))
    return Dataset(pyarrow.concat_tables(tables))


def data_files(path: Path, split: str | None = None) -> list[Path]:
    """The data files that a path names, in order. Raises FileNotFoundError."""
    if path.is_file():
        return [path]
    pattern = f"{split or '*'}-*.parquet"
    files = sorted(path.glob(f"data/{pattern}")) or sorted(path.glob(pattern))
    if not files:
        wanted = f"the {split} split" if split else "records"
        raise FileNotFoundError(f"{path} holds no {wanted}: expected a Parquet or JSONL file, or a dataset folder")
    return files
