"""Running a recipe: a stage's folder is named for the hash of what feeds it, so what has not changed is not run again.

The folders lie beside the result, in `NAME.stages`. Rollouts are kept in one place for all variants of a recipe: what
was sampled once is never paid for again.
"""

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from taskgen import __version__
from taskgen.curation.recipes.kinds import Kind
from taskgen.curation.recipes.places import check_places, fingerprints, resolved
from taskgen.curation.recipes.publishing import Dress, check_owner, publish, undressed
from taskgen.curation.recipes.reading import Recipe, Stage
from taskgen.curation.recipes.steps import LoadSettings, PublishSettings, Sampled, Step, expected_rows
from taskgen.curation.rollouts.store import RECORDS_FILE
from taskgen.curation.sources import Source, open_source, split_column
from taskgen.curation.stages import Report, no_report
from taskgen.engine.errors import Damaged, UsageError
from taskgen.engine.executors import default_workers
from taskgen.engine.files import write_whole
from taskgen.engine.folders import locked, remove_if_empty
from taskgen.engine.manifest import StageEntry, check_files, data_files, read_manifest

_STAGE = re.compile(r"[0-9]{2,}-[a-z_]+-[0-9a-f]{12}")
"""What the folder of a stage is called; nothing else beside them is ever removed."""

Begin = Callable[[int, str, int], Report]
"""Called before each stage with its number, its name and the rows that go in; returns what it reports to."""
End = Callable[[int, StageEntry, bool], None]
"""Called after each stage; the last argument is whether it had to be run."""


@dataclass(frozen=True)
class Finished:
    """What a recipe has left behind."""

    out: Path
    entries: tuple[StageEntry, ...]


def run_recipe(
    recipe: Recipe,
    out: Path,
    workers: int | None = None,
    begin: Begin = lambda number, name, rows: no_report,
    end: End = lambda number, entry, run: None,
    dress: Dress = undressed,
    sampled: Mapping[int, Sampled] = {},
) -> Finished:
    """Run a recipe's stages, or those whose input has changed, and publish the result.

    `sampled` holds, by the number of a stage, the rollouts of an earlier run, to be taken in the place of new ones.
    Raises UsageError where a file that the recipe names is not there, FolderTaken where `out` is not a recipe's, both
    before anything is run, and what the stages raise.
    """
    check_places(recipe)
    out = _target(out)
    check_owner(out)
    work = out.with_name(f"{out.name}.stages")
    with _work_folder(work):
        run = _Run(recipe, work, workers or default_workers(), begin, end, sampled)
        for stage in recipe.stages:
            if stage.kind.name != "publish":
                run.stage(stage)
        publish(recipe, out, run.data, run.folders, run.entries, dress, run.published_rollouts())
        run.forget_others()
    return Finished(out, tuple(run.entries))


def _target(out: Path) -> Path:
    """The folder itself, where `out` is a link to it or a name such as `..`; other folders will stand beside it."""
    return out.resolve() if out.name in ("", "..") or out.is_symlink() else out


@contextmanager
def _work_folder(work: Path) -> Iterator[None]:
    """The folder of the stages, locked; nothing is left of it, nor of folders around it, where nothing was made."""
    made = [parent for parent in work.resolve().parents if not parent.exists()]
    with locked(work):
        try:
            yield
        finally:
            for folder in (work, *made):
                remove_if_empty(folder)


class _Run:
    """One run: the folder and the key that the stages have come to so far."""

    def __init__(
        self, recipe: Recipe, work: Path, workers: int, begin: Begin, end: End, sampled: Mapping[int, Sampled]
    ) -> None:
        self.data = work
        self.entries: list[StageEntry] = []
        self.folders: list[Path] = []
        """The folder of each entry's stage."""
        self._key = ""
        self._column: str | None = None
        """The column of text that the recipe's first stage names after `#`."""
        self._recipe = recipe
        self._work = work
        self._workers = workers
        self._begin = begin
        self._end = end
        self._sampled = sampled

    def stage(self, stage: Stage) -> None:
        """Run a stage, or take what an earlier run has left of it."""
        number, kind = len(self.entries) + 1, stage.kind
        settings = resolved(stage, self._recipe.folder)
        key = self._key_of(stage, fingerprints(stage, settings))
        out = self._work / f"{number:02d}-{kind.name}-{key[:12]}"
        cached = _cached(out, kind, self._rollouts())
        if cached is None:
            source = None if kind.begins else self._source(stage)
            report = self._begin(number, kind.name, source.rows if source else expected_rows(settings))
            sampled = self._sampled.get(number)
            step = Step(source, out, self._rollouts(), tuple(self.entries), self._workers, report, sampled)
            with _naming(stage):
                made = kind.step()(step, settings)
            entry = msgspec.structs.replace(made, settings=msgspec.to_builtins(stage.settings))  # no paths of ours
            write_whole(out / "stage.json", msgspec.json.encode(entry))
        else:
            entry = cached
        self._end(number, entry, cached is None)
        self.entries.append(entry)
        self.folders.append(out)
        self._key = _hash([key, entry])  # rollouts that were sampled again are other ones
        if kind.leaves_rows:
            self.data = out
        if isinstance(settings, LoadSettings):
            _, self._column = split_column(settings.data)

    def _source(self, stage: Stage) -> Source:
        """What the stage before has left. Raises UsageError where that is nothing."""
        if not self.entries[-1].rows_out:
            raise UsageError(f"{stage.place}: {self.entries[-1].stage} before it has dropped every row")
        source = open_source(str(self.data))
        named = self._column in source.schema.names
        return open_source(f"{self.data}#{self._column}") if named else source

    def _rollouts(self) -> Path:
        """The folder of rollouts, one for all variants in which a problem has the same prompt."""
        first = self._recipe.stages[0]
        words = [getattr(first.settings, name, None) for name in ("seed", "wording")]
        if isinstance(first.settings, LoadSettings) and self.folders:
            words.append(self.folders[0].name)  # it holds the hash of what was loaded
        return self._work / f"rollouts-{hashlib.sha256(msgspec.json.encode(words)).hexdigest()[:12]}"

    def published_rollouts(self) -> Path | None:
        """The folder of rollouts, where the recipe says that they go with the result."""
        asked = [stage.settings for stage in self._recipe.stages if isinstance(stage.settings, PublishSettings)]
        return self._rollouts() if any(settings.rollouts for settings in asked) else None

    def _key_of(self, stage: Stage, sources: Sequence[str]) -> str:
        return _hash([stage.kind.name, stage.settings, list(sources), self._key, __version__])

    def forget_others(self) -> None:
        """Remove the folders of stages that this recipe no longer has."""
        for folder in self._work.iterdir():
            if folder not in self.folders and _STAGE.fullmatch(folder.name) and folder.is_dir():
                shutil.rmtree(folder)


def _hash(content: list[Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


@contextmanager
def _naming(stage: Stage) -> Iterator[None]:
    """Say at which line a stage stands whose settings do not fit the rows."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{stage.place}: {error}") from None


def _cached(folder: Path, kind: Kind, rollouts: Path) -> StageEntry | None:
    """The entry of a stage that is complete and unharmed. A folder that was harmed is removed.

    Rollouts are complete where they are still there and none has failed, as those do that a server is too slow for.
    """
    try:
        entry = msgspec.json.decode((folder / "stage.json").read_bytes(), type=StageEntry)
        if not kind.leaves_rows:
            return entry if (rollouts / RECORDS_FILE).exists() and "failed" not in entry.notes["missing"] else None
        manifest = read_manifest(folder)
        files = data_files(manifest)
        check_files(folder, [*files, *manifest.others])
        if files:
            return entry
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, Damaged):
        pass
    shutil.rmtree(folder)
    return None
