"""Weaknesses: the cells that a policy fails, and the knobs that tell them from those that it solves."""

from dataclasses import dataclass
from typing import Any

import msgspec

from taskgen.curation.cell_counts import CellName, Counts, Policy
from taskgen.curation.pooled_rates import rates_of


@dataclass(frozen=True)
class CellRate:
    """How a policy does on a cell: its pass rate, pooled over the cell's records, with a 90 % interval."""

    name: CellName
    records: int
    trials: int
    correct: int
    rate: float
    low: float
    high: float

    @property
    def sometimes(self) -> bool:
        """Whether it was solved, but not always."""
        return 0 < self.correct < self.trials


@dataclass(frozen=True)
class Weaknesses:
    """The cells of a policy: those it fails, worst first, and the others."""

    policy: Policy
    failed: tuple[CellRate, ...]
    others: tuple[CellRate, ...]


def find_weaknesses(counts: Counts, policy: int, below: float) -> Weaknesses:
    """The cells whose pooled pass rate is less than `below`, and the others."""
    names, rates = rates_of(counts, policy, counts.cells)
    columns = (rates.records, rates.trials, rates.correct, rates.rate, rates.low, rates.high)
    cells = [CellRate(*row) for row in zip(names, *(column.tolist() for column in columns), strict=True)]
    failed = sorted((cell for cell in cells if cell.rate < below), key=lambda cell: (cell.rate, cell.high, cell.name))
    return Weaknesses(counts.policies[policy], tuple(failed), tuple(cell for cell in cells if cell.rate >= below))


def telling_knobs(weaknesses: Weaknesses) -> list[str]:
    """For each task, the knobs whose values in failed cells all lie apart from those in the others, as sentences.

    Only tasks with two cells or more of either kind: one cell apart from another tells nothing.
    """
    lines = []
    for name in sorted({cell.name.task for cell in weaknesses.failed}):
        failed, others = (
            [msgspec.json.decode(cell.name.knobs) for cell in cells if cell.name.task == name]
            for cells in (weaknesses.failed, weaknesses.others)
        )
        if len(failed) < 2 or len(others) < 2:
            continue
        parts = [
            part
            for knob in failed[0]
            if all(knob in knobs for knobs in failed + others)
            and (part := _apart(knob, [knobs[knob] for knobs in failed], [knobs[knob] for knobs in others]))
        ]
        if parts:
            lines.append(f"{name} fails at " + "; ".join(parts))
    return lines


def _apart(knob: str, failed: list[Any], others: list[Any]) -> str:
    """How the values of a knob in failed cells lie apart from those in the others; empty where they do not."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in failed + others):
        if max(failed) < min(others):
            return f"{knob} up to {max(failed)}, not from {min(others)}"
        if min(failed) > max(others):
            return f"{knob} from {min(failed)}, not up to {max(others)}"
        return ""
    if any(value in others for value in failed):
        return ""
    return f"{knob} {_listed(failed)}, not {_listed(others)}"


def _listed(values: list[Any]) -> str:
    texts = [value if isinstance(value, str) else msgspec.json.encode(value).decode() for value in values]
    return " or ".join(dict.fromkeys(texts))
