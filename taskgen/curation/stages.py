"""Stages: datasets go in, a dataset folder comes out, and every row that was dropped has a reason.

A stage's folder holds the kept rows (`data/SPLIT-00000-of-00001.parquet`, in the order of the source), the dropped ones
(`dropped.parquet`), whatever else the stage writes, and `manifest.json` with all stages that led to it. The folder
appears whole or not at all.
"""

import hashlib
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import msgspec
import pyarrow
import pyarrow.parquet

from taskgen import __version__
from taskgen.curation.sources import Source, data_stem, plain_name, split_column
from taskgen.curation.split_files import GroupedRows, SplitFiles
from taskgen.engine.errors import Damaged, FolderTaken, UsageError
from taskgen.engine.files import sha256_of, sync_folder, whole_file, write_whole
from taskgen.engine.folders import locked, remove_if_empty
from taskgen.engine.manifest import (
    NAME,
    FileEntry,
    InputEntry,
    Manifest,
    StageEntry,
    check_files,
    encode_manifest,
    read_manifest,
)
from taskgen.engine.schema import parquet_writer
from taskgen.knobs import span

DROPPED = pyarrow.schema(
    [
        ("row", pyarrow.int64()),
        ("id", pyarrow.string()),
        ("task", pyarrow.string()),
        ("reason", pyarrow.string()),
        ("matched", pyarrow.string()),
        ("detail", pyarrow.string()),
    ]
)
"""A dropped row: its number in the source, its id and task where it has them, a reason code, what it matched, more."""

Report = Callable[[str, int], None]
"""Called with what is being done and how many rows have been."""


def no_report(stage: str, done: int) -> None:
    """Say nothing."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every stage's settings: typed, bounded, with defaults; a recipe and a command line both fill them."""

    def fault(self) -> "tuple[tuple[str | int, ...], str] | None":
        """What types and bounds cannot say: the place in the settings that is wrong, and why."""
        return None


AnySettings = TypeVar("AnySettings", bound=Settings)


def read_settings(kind: type[AnySettings], **values: Any) -> AnySettings:
    """Settings from values of outside. Raises UsageError, which names the setting, where one is out of range."""
    hints = get_type_hints(kind, include_extras=True)
    for name, value in values.items():
        if name not in hints:
            raise UsageError(f"unknown setting {name} (settings: {', '.join(kind.__struct_fields__)})")
        try:
            msgspec.convert(value, hints[name], strict=False)
        except msgspec.ValidationError:
            raise UsageError(f"{name} {value} is out of range: {name} takes {span(hints[name])}") from None
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(str(error)) from None


@dataclass(frozen=True)
class Plan:
    """All that decides what a stage leaves behind.

    `references` are datasets that are looked at and no part of the result, `measured` what is known of the rows.
    """

    stage: str
    settings: Settings
    sources: tuple[Source, ...]
    references: tuple[Source, ...] = ()
    measured: tuple[InputEntry, ...] = ()

    def inputs(self) -> tuple[InputEntry, ...]:
        """All of them as a manifest names them: no path of this machine, only names, commits, rows and hashes."""
        read = tuple(
            InputEntry(plain_name(source.name), source.rows, source.fingerprints(), source.revision)
            for source in (*self.sources, *self.references)
        )
        return read + self.measured

    def key(self, inputs: Sequence[InputEntry]) -> str:
        """Hex hash of stage, settings, the inputs' bytes, splits and columns, and the version of taskgen."""
        hashes = [entry.sha256 for entry in inputs]
        read = [([file.split for file in source.files], source.column) for source in (*self.sources, *self.references)]
        content = msgspec.json.encode([self.stage, self.settings, hashes, read, __version__], order="deterministic")
        return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Selection:
    """What becomes of some rows: a mask of those that stay and, for each of the others in order, why it does not.

    `matched` and `detail` are empty or as long as `reason`. `table` is the rows with columns added, where a stage adds
    some.
    """

    keep: Any
    reason: Sequence[str]
    matched: Sequence[str] = ()
    detail: Sequence[str] = ()
    table: Any = None


class StageFolder:
    """The folder of a stage while it is being written; `path` takes whatever else the stage leaves behind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows_in = 0
        self.rows_out = 0
        self.reasons: Counter[str] = Counter()
        self.notes: dict[str, Any] = {}
        """What the stage wants to say in the manifest; plain JSON."""
        (path / "data").mkdir(parents=True)
        self.files = SplitFiles(path / "data")

    def keep(self, table: Any, split: str) -> None:
        """Add rows to the result."""
        self.files.add(table, split)
        self.rows_out += table.num_rows


def run_stage(
    plan: Plan, out: Path, choose: Callable[[int, Any], Selection], report: Report = no_report, **notes: Any
) -> StageEntry:
    """Send every row of the plan's one source through `choose(number of the first row, table)`; keep what it keeps.

    A folder that this plan has made already is checked and left as it is. Raises FolderTaken, Damaged, OSError, and
    what `choose` raises.
    """
    (source,) = plan.sources
    with stage_folder(plan, out) as folder:
        if isinstance(folder, StageEntry):
            return folder
        folder.notes |= notes
        select(source, folder, choose, report)
    return read_manifest(out).stages[-1]


def select(source: Source, folder: StageFolder, choose: Callable[[int, Any], Selection], report: Report) -> None:
    """Write what `choose` keeps of a source's rows to a stage's folder, and what it drops to `dropped.parquet`."""
    with dropped_file(folder.path) as dropped:
        for split, table in tables_with_files(source):
            start = folder.rows_in
            selection = choose(start, table)
            mask = pyarrow.array(selection.keep, pyarrow.bool_())
            folder.rows_in += table.num_rows
            folder.keep((table if selection.table is None else selection.table).filter(mask), split)
            if mask.false_count:
                dropped.add(dropped_rows(start, table, mask, selection))
                folder.reasons.update(selection.reason)
            report("writing rows", folder.rows_in)


@contextmanager
def dropped_file(folder: Path) -> Iterator[GroupedRows]:
    """`dropped.parquet` in a stage's folder, to add rows under DROPPED to."""
    with whole_file(folder / "dropped.parquet") as file, parquet_writer(file, DROPPED) as writer:
        rows = GroupedRows(writer.write_table)
        yield rows
        rows.finish()


def tables_with_files(source: Source) -> Iterator[tuple[str, Any]]:
    """The tables of a source, each with the split of its file."""
    for number, file in enumerate(source.files):
        for table in source.file_tables(number):
            yield file.split, table


def dropped_rows(start: int, table: Any, mask: Any, selection: Selection) -> Any:
    """The rows under DROPPED of what a selection drops of a table whose first row has the number `start`."""
    import numpy

    positions = numpy.flatnonzero(~mask.to_numpy(zero_copy_only=False))
    count = len(positions)

    def column(name: str) -> Any:
        if name not in table.column_names:
            return pyarrow.nulls(count, pyarrow.string())
        return table[name].take(pyarrow.array(positions)).cast(pyarrow.string())

    texts = [selection.reason, selection.matched or [""] * count, selection.detail or [""] * count]
    return pyarrow.Table.from_arrays(
        [
            pyarrow.array(positions + start, pyarrow.int64()),
            column("id"),
            column("task"),
            *(pyarrow.array(list(text), pyarrow.string()) for text in texts),
        ],
        schema=DROPPED,
    )


@contextmanager
def stage_folder(plan: Plan, out: Path) -> Iterator[StageFolder | StageEntry]:
    """The folder to write a stage to, which becomes `out` when the block ends well; otherwise nothing is left of it.

    Where the plan's result is there already, its entry comes instead. Raises UsageError where `out` lies in a source,
    FolderTaken where it holds something else, Damaged where it is not what its manifest says.
    """
    inputs = plan.inputs()
    check_place(plan, out)
    key = plan.key(inputs)
    done = finished(out, key)
    if done is not None:
        yield done
        return
    with partial_folder(out) as partial:
        done = finished(out, key)  # another run may have come first
        if done is not None:
            yield done
            return
        folder = StageFolder(partial)
        try:
            yield folder
            files = folder.files.close(plan.sources[0].schema)
            entry = StageEntry(
                taskgen=__version__,
                stage=plan.stage,
                key=key,
                settings=msgspec.to_builtins(plan.settings),
                inputs=inputs,
                rows_in=folder.rows_in,
                rows_out=folder.rows_out,
                reasons=dict(sorted(folder.reasons.items())),
                notes=folder.notes,
            )
            stages = (*history(plan.sources), entry)
            manifest = Manifest(stages=stages, files=tuple(files), others=_others(partial, files))
            write_whole(partial / NAME, encode_manifest(manifest))
            target = out.resolve()
            os.rename(partial, target)
            sync_folder(target.parent)
        finally:
            folder.files.abandon()


def check_place(plan: Plan, out: Path) -> None:
    """Raise UsageError where the result would lie in what it is made from."""
    place = out.resolve()
    for source in plan.sources:
        if source.folder is not None and place.is_relative_to(source.folder.resolve()):
            raise UsageError(f"{out} lies in {source.name}, from which it would be made; choose another --out")


@contextmanager
def partial_folder(out: Path) -> Iterator[Path]:
    """An empty folder beside `out`, locked; where the block fails it goes, and folders made for it go with it."""
    place = out.resolve()
    partial = place.with_name(f".{place.name}.partial")
    made = [parent for parent in partial.parents if not parent.exists()]
    with ExitStack() as lock:
        try:
            lock.enter_context(locked(partial))
        except FolderTaken:
            raise FolderTaken(f"another taskgen is writing to {out}; wait for it or choose another --out") from None
        try:
            clear(partial)
            yield partial
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            for parent in made:
                remove_if_empty(parent)
            raise
        remove_if_empty(partial)


def finished(out: Path, key: str) -> StageEntry | None:
    """The entry of a result that is there already, checked; None where there is nothing yet.

    Raises FolderTaken where there is anything else, Damaged where a file is not what the manifest says.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    manifest = read_manifest(out) if out.is_dir() else Manifest()
    if not manifest.stages or manifest.stages[-1].key != key:
        raise FolderTaken(f"{out} is there already and not from this command; choose another --out or delete it")
    check_files(out, [*manifest.files, *manifest.others])
    return manifest.stages[-1]


def _others(folder: Path, files: Sequence[FileEntry]) -> tuple[FileEntry, ...]:
    """Every file that a stage has left in its folder beside the data."""
    data = {folder / file.path for file in files}
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and path not in data]
    return tuple(
        FileEntry(
            path.relative_to(folder).as_posix(),
            pyarrow.parquet.read_metadata(path).num_rows if path.suffix == ".parquet" else 0,
            sha256_of(path),
        )
        for path in found
    )


def clear(folder: Path) -> None:
    """Remove what a run that died has left behind."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def history(sources: Sequence[Source]) -> tuple[StageEntry, ...]:
    """The stages that led to some sources, as their manifests tell; a generated folder tells of one, `generate`."""
    stages: list[StageEntry] = []
    for source in sources:
        manifest = _manifest_of(source)
        for split, entry in manifest.splits.items():
            asked = sum(cell.asked for cell in entry.cells)
            if source.split not in (None, split):
                continue
            stages.append(
                StageEntry(
                    taskgen=entry.taskgen,
                    stage="generate",
                    key="",
                    settings={"split": split, "seed": entry.order.seed, "wording": entry.order.wording},
                    inputs=(),
                    rows_in=asked,
                    rows_out=entry.rows,
                    reasons={"space_exhausted": asked - entry.rows} if asked > entry.rows else {},
                    notes={"cells": msgspec.to_builtins(entry.cells)},
                )
            )
        stages += manifest.stages
    return tuple(stage for place, stage in enumerate(stages) if stage not in stages[:place])


def _manifest_of(source: Source) -> Manifest:
    """The manifest of a source's folder; an empty one where it has none of ours."""
    try:
        return read_manifest(source.folder) if source.folder else Manifest()
    except Damaged:
        return Manifest()


def default_out(data: str, stage: str) -> Path:
    """Where a stage's result goes if nobody says where: beside its source, named for the stage."""
    name = f"{data_stem(plain_name(data))}-{stage}"
    place, _ = split_column(data)
    if place.startswith("hf:"):
        return Path("taskgen-data", re.sub("[/:]", "-", name))
    return Path(os.path.normpath(Path(place) / ".."), name)


def check_losses(source: Source, losses: Iterable[tuple[str, int, int]], max_loss: float, advice: str) -> None:
    """Raise UsageError where a family (its name, its rows, those that would go) would lose more than a share."""
    for name, rows, lost in losses:
        if lost > max_loss * rows:
            raise UsageError(
                f"{source.name}: {name} would lose {lost:,} of {rows:,} rows, more than {max_loss:.0%}; look at the "
                f"{advice}, then repeat with --yes or a larger --max-loss"
            )
