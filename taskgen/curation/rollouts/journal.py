"""The journal: what a policy has written is on file the moment it arrives, so that nothing is paid for twice.

Finished rollouts go to `journal/00000.jsonl`, `journal/00001.jsonl`, ...; each of these becomes the part of the same
number in `rollouts/`. The turns of dialogues that go on are kept in `journal/turns.jsonl` until these have ended.
"""

import os
from collections.abc import Iterator, Sequence
from io import RawIOBase
from pathlib import Path
from typing import Generic, TypeVar, cast

import msgspec

from taskgen.curation.rollouts.dialogues import Finish, Reply
from taskgen.engine.errors import Damaged
from taskgen.engine.files import naming, write_whole

FOLDER = "journal"
TURNS = "turns.jsonl"
ROLLOUTS_PER_FILE = 10_000
"""What is held in memory at once when a journal becomes a part."""


class Rollout(msgspec.Struct, frozen=True):
    """One completion of a record by a model; the first four fields are its key."""

    id: str
    model: str
    settings: str
    number: int
    completion: str
    finish: Finish
    prompt_tokens: int
    completion_tokens: int
    seconds: float


class TurnEntry(msgspec.Struct, frozen=True):
    """A turn of a dialogue that is still going on."""

    id: str
    model: str
    settings: str
    number: int
    turn: int
    reply: Reply


Entry = TypeVar("Entry", Rollout, TurnEntry)


class Lines(Generic[Entry]):
    """A file of JSON lines that is added to; every line is handed to the system whole, at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(exist_ok=True)
        _forget_torn_line(path)
        self._file = cast(RawIOBase, open(path, "ab", buffering=0))  # noqa: SIM115 (closed by close)

    def add(self, entry: Entry) -> None:
        """Add a line."""
        line = msgspec.json.encode(entry) + b"\n"
        with naming(self._path):
            while line:
                line = line[self._file.write(line) :]

    def close(self) -> None:
        """Force everything to the disk."""
        with naming(self._path):
            os.fsync(self._file.fileno())
        self._file.close()


class Journal:
    """The rollouts of a run, as they arrive."""

    def __init__(self, folder: Path, number: int) -> None:
        self._folder = folder
        self._number = number
        self._rollouts: Lines[Rollout] | None = None
        self._count = 0

    def add(self, rollout: Rollout) -> None:
        """Keep a rollout."""
        if self._rollouts is None or self._count == ROLLOUTS_PER_FILE:
            self.close()
            self._rollouts = Lines(journal_file(self._folder, self._number))
            self._number, self._count = self._number + 1, 0
        self._rollouts.add(rollout)
        self._count += 1

    def close(self) -> None:
        """Force everything to the disk."""
        if self._rollouts is not None:
            self._rollouts.close()
            self._rollouts = None


class TurnLog:
    """The turns of dialogues under one key of model and settings, those of an earlier run included."""

    def __init__(self, folder: Path, model: str, settings: str) -> None:
        self._path = folder / FOLDER / TURNS
        self._key = (model, settings)
        self._turns: Lines[TurnEntry] | None = None
        self._earlier: dict[tuple[str, int], list[Reply]] = {}
        for entry in read_lines(self._path, TurnEntry):
            if (entry.model, entry.settings) == self._key:
                replies = self._earlier.setdefault((entry.id, entry.number), [])
                replies[entry.turn :] = [entry.reply]

    def earlier(self, record: str, number: int) -> Sequence[Reply]:
        """The turns of a dialogue that an earlier run has paid for."""
        return self._earlier.get((record, number), ())

    def add(self, record: str, number: int, turn: int, reply: Reply) -> None:
        """Keep a turn."""
        if self._turns is None:
            self._turns = Lines(self._path)
        self._turns.add(TurnEntry(record, *self._key, number, turn, reply))

    def close(self) -> None:
        """Force everything to the disk."""
        if self._turns is not None:
            self._turns.close()
            self._turns = None

    def forget(self) -> None:
        """Drop all turns under the key: their dialogues have ended."""
        self.close()
        self._earlier.clear()
        if not self._path.exists():
            return
        others = [entry for entry in read_lines(self._path, TurnEntry) if (entry.model, entry.settings) != self._key]
        if others:
            write_whole(self._path, b"".join(msgspec.json.encode(entry) + b"\n" for entry in others))
        else:
            self._path.unlink()


def journal_file(folder: Path, number: int) -> Path:
    """The journal of this number."""
    return folder / FOLDER / f"{number:05d}.jsonl"


def journal_numbers(folder: Path) -> list[int]:
    """The numbers of all journals that have not become parts."""
    return sorted(int(path.stem) for path in (folder / FOLDER).glob("[0-9]*.jsonl"))


def read_lines(path: Path, kind: type[Entry]) -> Iterator[Entry]:
    """The entries of a file of JSON lines; none where there is no file. A last line without an end is left out.

    Raises Damaged where any other line cannot be read.
    """
    if not path.exists():
        return
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield msgspec.json.decode(line, type=kind)
            except (ValueError, RecursionError) as error:
                raise Damaged(f"{path} line {number} cannot be read ({error}); remove that line") from None


def _forget_torn_line(path: Path) -> None:
    """Cut off what a run that was killed in the middle of a line has left of it."""
    if not path.exists():
        return
    with open(path, "r+b") as file:
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)
