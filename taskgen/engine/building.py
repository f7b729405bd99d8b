"""Building a split of a dataset: make shards, take the records that are new, write the files, sign them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow

from taskgen import __version__
from taskgen.engine.accepting import Acceptance
from taskgen.engine.errors import ShardLost, Stopped
from taskgen.engine.executors import Executor, default_workers, executor
from taskgen.engine.files import sha256_of, whole_file
from taskgen.engine.folders import finished_split, locked, publish, remove_if_empty, remove_work, work_folder
from taskgen.engine.manifest import CellEntry, FileEntry, SplitEntry, add_split, check_files, read_manifest
from taskgen.engine.ordering import group_sizes, regrouped, sorted_by_id
from taskgen.engine.orders import Order
from taskgen.engine.schema import ROWS_PER_FILE, ROWS_PER_GROUP, SCHEMA, parquet_writer
from taskgen.engine.shards import Sidecar, Spec, finished, make_shard, read_ids, read_rows, shard_specs
from taskgen.knobs import KnobError

INLINE_BELOW = 50
"""Fewer records than this are made in this process: workers would take longer to start."""
MAKE_SHARD = f"{make_shard.__module__}:{make_shard.__name__}"

Report = Callable[[str, int], None]
"""Called with what is being done and how many records there are."""


class Built(NamedTuple):
    """A finished split, and whether this run made it or found it complete."""

    entry: SplitEntry
    made: bool


def build(order: Order, out: Path, workers: int | None = None, report: Report = lambda stage, records: None) -> Built:
    """Make an order's split in a folder, or finish it, or check it where it is complete; the bytes are the same.

    Files appear whole or not at all. Raises FolderTaken where the folder is another command's, Damaged where its files
    are not what the manifest says, KnobError where no problem was found, ShardLost where workers die, OSError where
    the disk fails, Stopped on Ctrl-C.
    """
    with locked(out):
        if finished_split(out, order):
            made, entry = False, read_manifest(out).splits[order.split]
            report("checking files", entry.rows)
            check_files(out, entry.files)
        else:
            made, entry = True, _build(order, out, workers or default_workers(), report)
        remove_work(out, order.split)
        return Built(entry, made)


def _build(order: Order, out: Path, workers: int, report: Report) -> SplitEntry:
    run = _Run(order, work_folder(out, order), executor(workers if order.count >= INLINE_BELOW else 1), report)
    try:
        run.gather()
        report("writing files", run.found)
        entry = run.write(out)
    except KeyboardInterrupt:
        run.stop()
        raise Stopped(f"{run.rows_on_disk()} of {order.count} records") from None
    except KnobError:
        run.stop()
        remove_work(out, order.split)
        remove_if_empty(out)
        raise
    finally:
        run.stop()
    add_split(out, entry)
    return entry


class _Run:
    """One run over an order; all that it remembers of a record is its id."""

    def __init__(self, order: Order, work: Path, executor: Executor, report: Report) -> None:
        self._executor = executor
        self._kept = 0
        self._order = order
        self._work = work
        self._report = report
        owners: dict[str, dict[int, int]] = {cell.task: {} for cell in order.cells}
        self._cells = [Acceptance(number, cell.count, owners[cell.task]) for number, cell in enumerate(order.cells)]
        self._shards: list[list[Spec]] = [[] for _ in order.cells]
        self._sidecars: dict[str, Sidecar] = {}
        self._effort = [0.0] * len(order.cells)

    def stop(self) -> None:
        """Stop the workers and remove what they were in the middle of writing."""
        self._executor.close()
        for partial in self._work.glob(".*.partial"):
            partial.unlink(missing_ok=True)

    @property
    def found(self) -> int:
        """How many records have been accepted."""
        return sum(len(cell.accepted) for cell in self._cells)

    def rows_on_disk(self) -> int:
        """How many rows the finished shards hold."""
        return sum(sidecar.rows for shards in self._shards for spec in shards if (sidecar := finished(spec)))

    def gather(self) -> None:
        """Make shards until every cell has its count or is exhausted. Raises KnobError where one has no problem."""
        taken = [0] * len(self._cells)
        wanted = [(number, 0, cell.count) for number, cell in enumerate(self._order.cells)]
        stage = "making records"
        while wanted:
            new = [spec for number, start, stop in wanted for spec in self._extend(number, start, stop)]
            self._make(new, stage)
            wanted = list(self._accept(taken))
            missing = sum(self._cells[number].missing for number, _, _ in wanted)
            stage = f"looking for {missing} more that are new"

    def _extend(self, number: int, start: int, stop: int) -> list[Spec]:
        specs = shard_specs(self._order, number, start, stop, self._work)
        self._shards[number] += specs
        return specs

    def _make(self, specs: Sequence[Spec], stage: str) -> None:
        """Make the shards that an earlier run has not left behind."""
        missing = []
        for spec in specs:
            sidecar = finished(spec)
            if sidecar is None:
                missing.append(spec)
            else:
                self._keep(spec, sidecar)
        made = self._kept

        def tick(steps: int) -> None:
            nonlocal made
            made += steps
            self._report(stage, min(made, self._order.count))

        tick(0)
        builtins = [msgspec.to_builtins(spec) for spec in missing]
        try:
            for position, result in self._executor.map_shards(MAKE_SHARD, builtins, tick):
                self._keep(missing[position], msgspec.convert(result, Sidecar))
                self._report(stage, min(max(made, self._kept), self._order.count))
        except ShardLost as loss:
            spec = missing[loss.position]
            what = f"{spec.cell.task} d{spec.cell.difficulty}, indices {spec.start} to {spec.stop - 1},"
            raise ShardLost(loss.position, loss.end, what) from None

    def _keep(self, spec: Spec, sidecar: Sidecar) -> None:
        if spec.start == 0 and sidecar.rows == 0:
            raise KnobError(sidecar.failure)
        self._sidecars[spec.path] = sidecar
        self._kept += sidecar.rows

    def _accept(self, taken: list[int]) -> Iterator[tuple[int, int, int]]:
        """Look at the new shards; yield the ranges of indices to draw next: cell, start, stop.

        A cell waits until all earlier cells of its task are done, because what they take it may not.
        """
        waiting: set[str] = set()
        for number, (cell, state) in enumerate(zip(self._order.cells, self._cells, strict=True)):
            if cell.task in waiting:
                continue
            while not state.done and taken[number] < len(self._shards[number]):
                spec = self._shards[number][taken[number]]
                state.take(read_ids(Path(spec.path)), self._sidecars[spec.path].failed)
                taken[number] += 1
            if not state.done:
                waiting.add(cell.task)
                start = self._shards[number][-1].stop
                yield number, start, start + max(64, 2 * state.missing, start)

    def write(self, out: Path) -> SplitEntry:
        """Write the accepted records to files in the dataset folder and say what they are."""
        cells = self._ordered_cells()
        sizes = list(group_sizes((self._rows_of(numbers) for numbers in cells), ROWS_PER_GROUP))
        groups = regrouped(self._ordered_tables(cells), sizes)
        shares = list(_shares(sizes, ROWS_PER_FILE))
        files = []
        for number, share in enumerate(shares):
            name = f"{self._order.split}-{number:05d}-of-{len(shares):05d}.parquet"
            with whole_file(self._work / name) as file, parquet_writer(file) as writer:
                for _ in share:
                    writer.write_table(next(groups))
            files.append(FileEntry(f"data/{name}", sum(share), sha256_of(self._work / name)))
        for file_entry in files:
            publish(self._work / Path(file_entry.path).name, out / file_entry.path)
        return SplitEntry(__version__, self._order, self.found, tuple(self._cell_entries()), tuple(files))

    def _ordered_cells(self) -> list[list[int]]:
        """The numbers of the cells of each task and difficulty, in order."""
        places: dict[tuple[str, int], list[int]] = {}
        for number, cell in enumerate(self._order.cells):
            places.setdefault((cell.task, cell.difficulty), []).append(number)
        return [numbers for _, numbers in sorted(places.items())]

    def _rows_of(self, numbers: Sequence[int]) -> int:
        return sum(len(self._cells[number].accepted) for number in numbers)

    def _ordered_tables(self, cells: Sequence[Sequence[int]]) -> Iterator[Any]:
        """The accepted rows, ordered by task, difficulty and id."""
        for numbers in cells:
            tables = (table for number in numbers for table in self._accepted_tables(number))
            yield from sorted_by_id(tables, self._rows_of(numbers), SCHEMA, self._work)

    def _accepted_tables(self, number: int) -> Iterator[Any]:
        """The accepted rows of a cell's shards."""
        state = self._cells[number]
        for spec in self._shards[number]:
            indices = set(state.between(spec.start, spec.stop))
            if not indices:
                continue
            table = read_rows(Path(spec.path))
            if len(indices) < table.num_rows:
                table = table.filter(pyarrow.array([index in indices for index in table["index"].to_pylist()]))
            self._effort[number] += sum(table["effort"].to_pylist())
            yield table

    def _cell_entries(self) -> Iterator[CellEntry]:
        for number, (cell, state) in enumerate(zip(self._order.cells, self._cells, strict=True)):
            found = len(state.accepted)
            yield CellEntry(
                task=cell.task,
                task_version=self._shards[number][0].task_version,
                difficulty=cell.difficulty,
                asked=cell.count,
                found=found,
                draws=state.draws,
                duplicates=state.duplicates,
                effort=round(self._effort[number] / found, 3) if found else 0.0,
                exhausted=state.exhausted,
            )


def _shares(sizes: Sequence[int], most: int) -> Iterator[list[int]]:
    """Row groups of these sizes divided over files of at most `most` rows, in order; there is always a file."""
    share: list[int] = []
    for size in sizes:
        if share and sum(share) + size > most:
            yield share
            share = []
        share.append(size)
    yield share
