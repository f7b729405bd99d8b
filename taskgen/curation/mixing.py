"""Mixing: datasets go in, one comes out whose tasks stand in the shares that were asked for.

Which rows are taken, and the order in which they come out, is decided by keyed hashes of their ids, so that neither
depends on how the sources are ordered.
"""

from collections.abc import Container, Sequence
from itertools import permutations
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy
import pyarrow
from msgspec import Meta

from taskgen.curation.curriculum import CURRICULUM
from taskgen.curation.mixture.candidates import Candidates, Reading, read_candidates
from taskgen.curation.mixture.choosing import (
    Choice,
    all_stay,
    balance,
    drop_duplicates,
    drop_long,
    drop_over_budget,
    drop_over_weight,
    drop_split_conflicts,
    fair_order,
    rows_by_task,
)
from taskgen.curation.mixture.columns import united_schema
from taskgen.curation.mixture.layout import Layout, lay_out
from taskgen.curation.mixture.prompt_lengths import Measure
from taskgen.curation.mixture.shares import Group, exact_size, group_tasks, share_of
from taskgen.curation.mixture.writing import Mixture
from taskgen.curation.sources import Source
from taskgen.curation.staged_files import StagedFiles
from taskgen.curation.stages import Plan, Report, Settings, no_report, stage_folder
from taskgen.engine.errors import UsageError
from taskgen.engine.manifest import StageEntry, read_manifest
from taskgen.problem import SPLITS

Weight = Annotated[float, Meta(ge=0, le=1e9)]


class MixSettings(Settings, frozen=True):
    """Shares of tasks and domains, limits, and the curriculum."""

    weights: Annotated[
        dict[str, Weight], Meta(description="weight of a task or a domain; a task that none reaches has weight 1")
    ] = {}
    count: (
        Annotated[
            int, Meta(ge=1, description="rows of the mix; without it as many as exact shares allow, or all of them")
        ]
        | None
    ) = None
    when_short: Annotated[
        Literal["take_all", "fail"], Meta(description="what to do where a task has fewer rows than its share")
    ] = "take_all"
    balance_answers: Annotated[bool, Meta(description="even out the answers of tasks that have few")] = False
    max_prompt_tokens: Annotated[int, Meta(ge=1, description="longest prompt that stays")] | None = None
    max_tokens_total: Annotated[int, Meta(ge=1, description="tokens of all prompts together")] | None = None
    tokenizer: (
        Annotated[str, Meta(description="a tokenizer.json or its folder; without it a token is four characters")] | None
    ) = None
    curriculum: Annotated[bool, Meta(description="add curriculum_rank, difficulty_bin and mix_weight")] = False
    stages: Annotated[int, Meta(ge=1, le=99, description="parts of the train split, easy to hard")] = 1
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1, description="another seed takes other rows")] = 0

    @property
    def limited(self) -> bool:
        """Whether the length of prompts decides."""
        return self.max_prompt_tokens is not None or self.max_tokens_total is not None

    def fault(self) -> tuple[tuple[str | int, ...], str] | None:
        """A tokenizer for nothing."""
        if self.tokenizer is not None and not self.limited:
            return ("tokenizer",), "tokenizer is for max_prompt_tokens and max_tokens_total; give one of them"
        return None


def mix(sources: Sequence[Source], out: Path, settings: MixSettings, report: Report = no_report) -> StageEntry:
    """Mix sources: shares by weight, no problem twice, no structure in two splits.

    Every row goes to the split that its structure id says; one that a source holds out never goes to train. Reasons:
    `split_conflict`, `too_long`, `duplicate_instance`, `unbalanced_answer`, `over_weight`, `over_budget`. `row` and
    `matched` number the rows of all sources through. Weights, count and balance are for the rows of all splits alike,
    which are chosen and shuffled by keyed hash. Two or more stages cut the train split into files from easy to hard.
    Raises UsageError where the sources do not go together or the settings do not fit them, and what `stage_folder`
    raises.
    """
    fault = settings.fault()
    if fault is not None:
        raise UsageError(fault[1])
    measure = Measure(settings.tokenizer) if settings.limited else None
    curriculum = settings.curriculum or settings.stages > 1 or _has_curriculum(sources)
    if measure:
        for source in sources:
            measure.columns(source)  # refuses those without prompts
    if settings.balance_answers and not any("answer" in source.schema.names for source in sources):
        raise UsageError("--balance-answers needs a column answer, which no source has")
    added = [(measure.name, pyarrow.int32())] if measure else []
    schema = united_schema(sources, [*added, *(CURRICULUM if curriculum else ())])
    settings = msgspec.structs.replace(
        settings, weights=dict(sorted(settings.weights.items())), tokenizer=measure.mark if measure else None
    )
    with stage_folder(Plan("mix", settings, tuple(sources)), out) as folder:
        if isinstance(folder, StageEntry):
            return folder
        folder.files = StagedFiles(folder.path / "data", schema)
        reading = Reading(settings.seed, settings.balance_answers, measure, curriculum)
        candidates = read_candidates(sources, reading, report)
        choice, shares = _choose(candidates, settings)
        weights = [shares["tasks"][task]["weight"] for task in candidates.tasks]
        layout = lay_out(candidates, choice.staying(), weights, curriculum, settings.stages)
        folder.notes |= shares | _facts(sources, candidates, choice, layout, measure)
        Mixture(sources, candidates, choice, layout, schema, measure).write(folder, report)
    return read_manifest(out).stages[-1]


def _has_curriculum(sources: Sequence[Source]) -> bool:
    """Whether a source brings curriculum columns, which say nothing true of a mix until they are made anew."""
    return any(name in source.schema.names for source in sources for name, _ in CURRICULUM)


def _choose(candidates: Candidates, settings: MixSettings) -> tuple[Choice, dict[str, Any]]:
    """Which rows stay, and what there is to say about it. The order of the steps is that of the reasons."""
    choice = all_stay(len(candidates.task))
    drop_split_conflicts(candidates, choice)
    if settings.max_prompt_tokens is not None:
        drop_long(candidates, choice, settings.max_prompt_tokens)
    drop_duplicates(candidates, choice)
    balanced = balance(candidates, choice) if settings.balance_answers else {}
    available = rows_by_task(candidates, choice)
    groups = group_tasks(available, candidates.domains, settings.weights)
    short = _apportion(candidates, choice, settings, groups, balanced)
    taken = rows_by_task(candidates, choice)
    weights = {task: group.task_weight for group in groups for task in group.tasks}
    tasks = {
        task: {"weight": weights[task], "rows": available[task], "taken": taken[task]} for task in sorted(available)
    }
    return choice, {"tasks": tasks, "balanced": balanced, "short": short}


def _apportion(
    candidates: Candidates, choice: Choice, settings: MixSettings, groups: Sequence[Group], balanced: Container[str]
) -> dict[str, dict[str, int]]:
    """Take rows by weight, up to the count and the budget; the result is what was short of its share."""
    if not (settings.weights or settings.count or settings.max_tokens_total):
        return {}  # everything is taken: there are no shares
    numbers = [number for number, task in enumerate(candidates.tasks) if task in balanced]
    order = fair_order(candidates, choice.staying(), numbers, groups)
    order = order[: settings.count or (exact_size(groups) if settings.weights else len(order))]
    drop_over_weight(candidates, choice, order)
    if settings.max_tokens_total is not None:
        drop_over_budget(candidates, choice, order, settings.max_tokens_total)
    taken = len(choice.staying())
    return _short(groups, settings.count or taken if taken == len(order) else taken, settings.when_short)


def _short(groups: Sequence[Group], size: int, when_short: str) -> dict[str, dict[str, int]]:
    """The groups that have fewer rows than their share of a mix of this size. Raises UsageError if the user wants."""
    short = {}
    for group in groups:
        share = share_of(group, groups, size)
        if group.rows < share and when_short == "fail":
            raise UsageError(
                f"{group.name} has {group.rows:,} rows, its share of {size:,} is {share:,}; take fewer rows, lower its "
                "weight, or let --when-short take_all"
            )
        if group.rows < share:
            short[group.name] = {"rows": group.rows, "share": share}
    return short


def _facts(
    sources: Sequence[Source], candidates: Candidates, choice: Choice, layout: Layout, measure: Measure | None
) -> dict[str, Any]:
    """What the manifest says of the result as a whole."""
    rows = choice.staying()
    stated, split = candidates.stated[rows], candidates.split[rows]
    moves = {
        f"{SPLITS[before]} to {SPLITS[after]}": int(numpy.count_nonzero((stated == before) & (split == after)))
        for before, after in permutations(range(len(SPLITS)), 2)
    }
    firsts = numpy.cumsum([0, *(source.rows for source in sources)]).tolist()
    facts: dict[str, Any] = {
        "splits": {name: int(numpy.count_nonzero(split == number)) for number, name in enumerate(SPLITS)},
        "moved": {move: count for move, count in moves.items() if count},
        "first_rows": firsts[:-1],
    }
    if any(part not in SPLITS for part in layout.parts):
        facts["stages"] = [size for part, size in layout.parts.items() if part not in SPLITS]
    if measure:
        facts["tokens"] = {"counted_by": measure.counted_by, "prompts": int(candidates.tokens[rows].sum())}
    return facts
