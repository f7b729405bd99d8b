"""The files of a dataset whose train split comes in stages, easy to hard."""

import re
from pathlib import Path
from typing import Any

import msgspec

from taskgen.curation.split_files import SplitFiles
from taskgen.engine.manifest import FileEntry


def part_of_train(stage: int) -> str:
    """The name under which the rows of a stage, counted from 1, are added."""
    return f"train-stage-{stage:02d}"


def stage_named(path: Path) -> int | None:
    """The stage that a file's name tells, if it does."""
    found = re.fullmatch(r"train-\d{5}-of-\d{5}-stage-(\d{1,2})\.parquet", path.name)
    return int(found[1]) if found else None


class StagedFiles(SplitFiles):
    """Files named `train-00002-of-00006-stage-1.parquet`: one train split for any reader, in order, and a name by which
    a stage can be picked out (`data/train-*-stage-1.parquet`).
    """

    def __init__(self, folder: Path, schema: Any) -> None:
        super().__init__(folder)
        self._empty = schema

    def close(self, empty_schema: Any) -> list[FileEntry]:
        """Finish all files and number those of all stages through."""
        entries = super().close(self._empty)
        staged = [entry for entry in entries if "-stage-" in entry.path]
        named = []
        for number, entry in enumerate(staged):
            (stage,) = re.findall(r"-stage-(\d+)-", entry.path)
            path = f"{self._folder.name}/train-{number:05d}-of-{len(staged):05d}-stage-{int(stage)}.parquet"
            (self._folder.parent / entry.path).rename(self._folder.parent / path)
            named.append(msgspec.structs.replace(entry, path=path))
        return named + [entry for entry in entries if entry not in staged]
