"""Writing an export: a dataset goes in, a folder comes out, whole or not at all, with all that the trainer needs.

The folder holds a file a split (`train.parquet`), another for its multi-turn problems (`train-dialogues.parquet`), the
file by which taskgen judges for the trainer, README.md with the trainer's options, and `manifest.json` with all that
led to it.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow.compute

from taskgen import __version__
from taskgen.curation.sources import Source
from taskgen.curation.stages import (
    Plan,
    Report,
    Settings,
    check_place,
    finished,
    history,
    no_report,
    partial_folder,
)
from taskgen.engine.errors import UsageError
from taskgen.engine.files import sha256_of, sync_folder, write_whole
from taskgen.engine.manifest import NAME, FileEntry, InputEntry, Manifest, StageEntry, encode_manifest, read_manifest
from taskgen.publishing.exports.files import ExportFiles
from taskgen.publishing.exports.formats import Format, find_format
from taskgen.publishing.exports.guide import README, readme
from taskgen.publishing.exports.reading import kind_of, read_columns, read_tables, read_tasks

JUDGES = Path(__file__).with_name("judges")


class ExportSettings(Settings, frozen=True):
    """The trainer that reads it."""

    to: str


@dataclass(frozen=True)
class _Written:
    """What came of the rows: the files, how many rows, how many of each multi-turn task, the longest prompt."""

    files: tuple[FileEntry, ...]
    rows: int
    dialogues: dict[str, int]
    longest_prompt: int


def export(source: Source, to: str, out: Path, report: Report = no_report) -> Manifest:
    """Write a dataset as the trainer `to` reads it to the folder `out`; what its manifest says comes back.

    An export that is there already is checked and left alone. The last stage of the manifest tells the rows and, in its
    notes, the multi-turn tasks and the longest prompt. Raises UsageError where the rows are not taskgen's or no trainer
    is called `to`, FolderTaken where `out` holds something else, Damaged, OSError.
    """
    form = find_format(to)
    columns = read_columns(source)
    plan = Plan("export", ExportSettings(to=to), (source,))
    check_place(plan, out)
    inputs = plan.inputs()
    key = plan.key(inputs)
    if finished(out, key) is None:
        with partial_folder(out) as partial:
            if finished(out, key) is None:  # another run may have come first
                written = _write_rows(source, form, columns, partial, report)
                entry = _entry(plan, key, inputs, written)
                others = _add_texts(partial, to, form, entry, written.files)
                manifest = Manifest(stages=(*history(plan.sources), entry), files=written.files, others=others)
                write_whole(partial / NAME, encode_manifest(manifest))
                os.rename(partial, out.resolve())
                sync_folder(out.resolve().parent)
    return read_manifest(out)


def _write_rows(source: Source, form: Format, columns: Sequence[str], folder: Path, report: Report) -> _Written:
    dialogues: Counter[str] = Counter()
    done = longest = 0
    with ExportFiles(folder, form) as files:
        for split, table in read_tables(source, columns):
            tasks = read_tasks(source, table, done)
            files.add(split, table, tasks)
            dialogues.update(name for name in tasks if kind_of(name).dialogue)
            longest = max(longest, pyarrow.compute.max(pyarrow.compute.utf8_length(table["prompt"])).as_py())
            done += table.num_rows
            report("writing rows", done)
    if dialogues.total() == done and not form.plays_dialogues:
        raise UsageError(
            f"{source.name} holds only problems of many turns ({', '.join(sorted(dialogues))}), which this format does "
            "not play; `--to skyrl` does"
        )
    return _Written(files.entries(), done, dict(sorted(dialogues.items())), longest)


def _entry(plan: Plan, key: str, inputs: tuple[InputEntry, ...], written: _Written) -> StageEntry:
    return StageEntry(
        taskgen=__version__,
        stage=plan.stage,
        key=key,
        settings=msgspec.to_builtins(plan.settings),
        inputs=inputs,
        rows_in=written.rows,
        rows_out=written.rows,
        reasons={},
        notes={"dialogues": written.dialogues, "longest_prompt": written.longest_prompt},
    )


def _add_texts(
    folder: Path, to: str, form: Format, entry: StageEntry, files: Sequence[FileEntry]
) -> tuple[FileEntry, ...]:
    """The file that judges, and the one that explains."""
    judge = JUDGES / f"{to.replace('-', '_')}.py"
    write_whole(folder / form.judge, judge.read_bytes())
    write_whole(folder / README, readme(to, entry, files).encode())
    return tuple(FileEntry(name, 0, sha256_of(folder / name)) for name in sorted((form.judge, README)))
