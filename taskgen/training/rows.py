"""The rows that train_grpo.py trains on and is looked at by. A cell is a task at one setting of its knobs."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path

import msgspec

import taskgen
from taskgen.engine.errors import UsageError
from taskgen.environment import MultiTurnProblem
from taskgen.judging import read_problem
from taskgen.problem import Problem, encode
from taskgen.prompts import TERSE, render
from taskgen.records import Record, load
from taskgen.seeding import Stream

HELD_OUT = 0.2
"""Share of the structure ids that is held out where a dataset has nothing but train."""

Cell = tuple[str, int, str]


def cell_of(row: Record) -> Cell:
    """Task, difficulty and knobs of a row."""
    return row.task, row.difficulty, row.knobs


def target(row: Record) -> str:
    """The completion that a warm start teaches."""
    return f"{row.trace}\n<answer>{row.answer}</answer>".strip()


def read_rows(folder: Path, terse: bool, left_out: Counter[str]) -> tuple[list[Record], list[Record]]:
    """Rows to train on and rows held out; what cannot be used is counted in `left_out`, by reason.

    Held out are test or validation where there are any, else some structures of train; no structure is in both.
    Prompts have the one-line wording where `terse`. Raises UsageError.
    """
    train = _read_split(folder, "train", terse, left_out)
    held_out = _read_split(folder, "test", terse, left_out) or _read_split(folder, "validation", terse, left_out)
    structures = sorted({row.structure for row in train})
    if not held_out and len(structures) > 1:
        chosen = {*structures[: math.ceil(HELD_OUT * len(structures))]}
        held_out = [row for row in train if row.structure in chosen]
    reserved = {row.structure for row in held_out}
    return [row for row in train if row.structure not in reserved], held_out


def _read_split(folder: Path, split: str, terse: bool, left_out: Counter[str]) -> list[Record]:
    rows = []
    try:
        for row in load(folder, split):
            problem = read_problem(row)
            if isinstance(problem, MultiTurnProblem):
                left_out["tasks of several turns"] += 1
            else:
                rows.append(_worded(row, problem) if terse else row)
    except FileNotFoundError:
        return []
    except (ValueError, OSError) as error:
        raise UsageError(f"{folder}, {split}: {str(error).strip().splitlines()[0]}") from None
    return rows


def _worded(row: Record, problem: Problem) -> Record:
    return msgspec.structs.replace(row, prompt=render(taskgen.task(row.task).template, problem, TERSE))


def relabelled(row: Record, stream: Stream, fits: Callable[[Record], bool]) -> Record:
    """A copy of the row in the one-line wording, of the same structure; the row itself where there is none that fits.

    Copies are made where a problem has one answer, so that the oracle's is the one to teach, and no trace.
    """
    problem = read_problem(row)
    if row.trace or not problem.unique:
        return row
    oracle = taskgen.task(row.task).oracle
    copy = oracle.relabel(problem, stream)
    answers = oracle.solutions(copy, 1)
    if not answers:
        return row
    made = _worded(msgspec.structs.replace(row, problem=encode(copy), answer=answers[0]), copy)
    return made if fits(made) else row


class Supply:
    """Where a trainer's rows come from, cell by cell, and the rows that it is looked at by.

    Raises UsageError where the folder holds nothing to train on.
    """

    def __init__(self, folder: Path, *, terse: bool, endless: bool, seed: int) -> None:
        self._folder, self._terse, self._endless = folder, terse, endless
        self._seed = (
            Stream.keyed("endless", seed).bits64() >> 1
        )  # far from the small numbers that datasets are made with
        self._left_out: Counter[str] = Counter()
        self.train, self.held_out = read_rows(folder, terse, self._left_out)
        self._settle()

    def keep(self, fits: Callable[[Record], bool]) -> None:
        """Leave out the rows that do not fit the model, now and later."""
        before = len(self.train) + len(self.held_out)
        self.train, self.held_out = ([row for row in rows if fits(row)] for rows in (self.train, self.held_out))
        self._left_out["too long for the model"] += before - len(self.train) - len(self.held_out)
        self._fits = fits
        self._settle()

    def _settle(self) -> None:
        if not self.train or not self.held_out:
            raise UsageError(f"{self._folder} has too little to train on: {self.counts()}")
        self.cells = sorted({cell_of(row) for row in self.train})
        self.rows = [[row for row in self.train if cell_of(row) == cell] for cell in self.cells]
        self._reserved = {row.structure for row in self.held_out}
        rungs = Counter(cell[:2] for cell in self.cells)
        self.names = [f"{task} d{rung}" + f" {knobs}" * (rungs[task, rung] > 1) for task, rung, knobs in self.cells]

    def counts(self) -> str:
        """How many rows there are, and what was left out."""
        why = [f"; {count} rows left out: {reason}" for reason, count in self._left_out.items() if count]
        return f"{len(self.train)} rows to train on, {len(self.held_out)} held out{''.join(why)}"

    def looked_at(self, most: int) -> list[Record]:
        """The first held-out rows of every cell."""
        return [row for cell in self.cells for row in [row for row in self.held_out if cell_of(row) == cell][:most]]

    def fingerprint(self) -> str:
        """A hash of the ids of all rows."""
        ids = "".join(row.id for row in (*self.train, *self.held_out))
        return blake2b(ids.encode(), digest_size=8).hexdigest()

    def draw(self, cell: int, stream: Stream) -> Record:
        """A row of a cell: one of the dataset's, relabelled where prompts are terse; a fresh one where endless."""
        if not self._endless:
            row = stream.choice(self.rows[cell])
            return relabelled(row, stream, self._fits) if self._terse else row
        (name, rung, knobs), wording = self.cells[cell], TERSE if self._terse else None
        while True:
            index = stream.below(2**48)
            row = taskgen.task(name).generate(knobs=json.loads(knobs), seed=self._seed, index=index, wording=wording)
            if row.structure not in self._reserved and self._fits(row):
                return msgspec.structs.replace(row, difficulty=rung)

    def beyond(self, rates: Mapping[str, float], least: float) -> Iterator[str]:
        """A line for every cell whose pass rate is less than `least`, with the command that makes easier ones."""
        reached = {cell: rates.get(name, 0.0) for cell, name in zip(self.cells, self.names, strict=True)}
        for cell, name in zip(self.cells, self.names, strict=True):
            task, rung, knobs = cell
            within = {other[1] for other, rate in reached.items() if other[0] == task and rate >= least}
            if reached[cell] < least:
                easier = f"--difficulty {','.join(map(str, sorted(within))) or 1}"
                if not within and rung <= 1:
                    easier = f"--knob NAME=VALUE with easier knobs than {knobs}"
                yield f"{name} is beyond this model ({reached[cell]:.2f}); try taskgen generate --task {task} {easier}"
