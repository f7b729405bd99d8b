"""How a dataset came to be, stage by stage, as its manifest tells it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from taskgen.engine.manifest import CellEntry, Manifest, StageEntry
from taskgen.publishing.facts import split_place

REASONS = {
    "space_exhausted": "the task has no more different problems at these knobs",
    "duplicate_instance": "the same problem stands in another row",
    "duplicate_structure": "the same puzzle, relabelled or reordered, stands in another row",
    "near_duplicate": "nearly the same as an earlier row",
    "evaluation_instance": "an evaluation set holds the same problem",
    "evaluation_structure": "an evaluation set holds the same puzzle, relabelled or reordered",
    "text_overlap": "an evaluation set holds too much of the same text",
    "too_easy": "the model solves it more often than the band allows",
    "too_hard": "the model solves it more rarely than the band allows",
    "always_solved": "every completion was right",
    "never_solved": "no completion was right",
    "no_rollouts": "no completion was judged",
    "split_conflict": "its source holds the puzzle out, or another row of the same puzzle",
    "too_long": "the prompt has too many tokens",
    "unbalanced_answer": "its answer is more frequent than the rarest one",
    "over_weight": "its task has its share already",
    "over_budget": "the tokens of all prompts together would be too many",
}
"""What the reason of a dropped row means."""
PLACES = ("tasks", "against", "others", "data", "policy", "key_file", "embeddings", "calibration", "tokenizer")
"""Settings that are told elsewhere, or may name a place on somebody's machine."""
WORKING = ("concurrency", "requests_per_minute", "timeout", "yes", "system")
"""Settings that say how the work was done, and nothing of the result; a system message is among a policy's settings."""


@dataclass(frozen=True)
class Step:
    """A stage: its rows in and out, its reasons, and its settings as JSON."""

    stage: str
    rows_in: int
    rows_out: int
    reasons: dict[str, int]
    settings: str
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Made:
    """What was generated of a task for a split: all rungs together."""

    task: str
    split: str
    asked: int
    found: int
    draws: int
    duplicates: int
    exhausted: tuple[int, ...]
    """Rungs whose space holds no more."""


def steps(manifest: Manifest) -> list[Step]:
    """The stages of a curated dataset in order."""
    return [
        Step(
            stage.stage.replace("_", " "),
            stage.rows_in,
            stage.rows_out,
            stage.reasons,
            _settings(stage),
            tuple(f"{entry.name}@{entry.revision}" if entry.revision else entry.name for entry in stage.inputs)
            if stage.stage == "load"
            else (),
        )
        for stage in manifest.stages
    ]


def made(manifest: Manifest) -> list[Made]:
    """What was generated, by split and task, train first."""
    cells: dict[tuple[str, str], list[CellEntry]] = defaultdict(list)
    for split, cell in _cells(manifest):
        cells[cell.task, split].append(cell)
    return [
        Made(
            task,
            split,
            sum(cell.asked for cell in own),
            sum(cell.found for cell in own),
            sum(cell.draws for cell in own),
            sum(cell.duplicates for cell in own),
            tuple(cell.difficulty for cell in own if cell.exhausted),
        )
        for (task, split), own in cells.items()
    ]


def notes(manifest: Manifest, stage: str) -> list[dict[str, Any]]:
    """What every stage of a kind has noted in the manifest."""
    return [entry.notes for entry in manifest.stages if entry.stage == stage and entry.notes]


def wording(manifest: Manifest) -> str | None:
    """The one wording that was asked for; None where several were drawn."""
    asked = {entry.order.wording for entry in manifest.splits.values()}
    asked |= {stage.settings.get("wording") for stage in manifest.stages if stage.stage == "generate"}
    return asked.pop() if len(asked) == 1 else None


def versions(manifest: Manifest) -> list[str]:
    """The versions of taskgen that had a hand in it."""
    generated = {entry.taskgen for entry in manifest.splits.values()}
    return sorted(generated | {entry.taskgen for entry in manifest.stages})


def reasons(manifest: Manifest) -> dict[str, str]:
    """The reasons that occur, each with its meaning."""
    found = {reason for stage in manifest.stages for reason in stage.reasons}
    return {reason: REASONS[reason] for reason in sorted(found) if reason in REASONS}


def _cells(manifest: Manifest) -> Iterator[tuple[str, CellEntry]]:
    for split, entry in sorted(manifest.splits.items(), key=lambda item: split_place(item[0])):
        for cell in entry.cells:
            yield split, cell
    for stage in manifest.stages:
        if stage.stage == "generate":
            for row in stage.notes.get("cells", ()):
                yield row.get("split") or stage.settings["split"], msgspec.convert(row, CellEntry)


def _settings(stage: StageEntry) -> str:
    """The settings that decided what came out, without those that say nothing."""
    told = {
        name: value
        for name, value in stage.settings.items()
        if name not in (*PLACES, *WORKING) and value not in (None, False, "", [], {}, 0)
    }
    return msgspec.json.encode(told).decode() if told else ""
