"""The README.md of a dataset: what a careful reader wants to know before training on it."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from taskgen import __version__
from taskgen.engine.manifest import FileEntry
from taskgen.engine.policies import null_completions
from taskgen.publishing.cards import making
from taskgen.publishing.cards.columns import described
from taskgen.publishing.cards.commands import generate_command
from taskgen.publishing.cards.front_matter import front_matter
from taskgen.publishing.cards.markdown import code, cut, listed, render
from taskgen.publishing.cards.origins import LICENCE, files_read, inputs, licence, native_rows
from taskgen.publishing.cards.rules import Rules, rules_of
from taskgen.publishing.cards.settings import KnobTable, knob_table
from taskgen.publishing.cards.titles import rungs, title
from taskgen.publishing.facts import DatasetFacts, Rate, TaskFacts, split_place
from taskgen.publishing.figures import Picture, Plot

MANY = 24
"""More tasks than this are told in short: a row in the table and a sample each."""
SAMPLES = 36_000
"""Characters of all samples together."""
SAMPLE = (160, 3_000)
"""Characters of one sample's prompt, at least and at most; an answer has half as many."""
MOST_COUNTS = 6
"""Tasks whose records are counted in the first sentence."""
MOST_FILES = 60
FORMS = {"boxed": "a last `\\boxed{...}`", "fenced": "a last fenced block"}
REMADE = "remade"
"""The folder that the commands of a card write to."""


@dataclass(frozen=True)
class Sample:
    """A prompt and its answer, and how many characters of each are left out."""

    prompt: str
    prompt_rest: int
    answer: str
    answer_rest: int
    difficulty: int


@dataclass(frozen=True)
class Told:
    """A task as a card tells it; `rules` is None where this taskgen does not know the task."""

    facts: TaskFacts
    rules: Rules | None
    forms: list[str]
    sample: Sample
    knobs: KnobTable
    picture: Picture | None
    range: str
    tokens: float
    """Median tokens of its prompts, of the rung in the middle."""
    splits: list[str]


def write_card(
    facts: DatasetFacts, plots: Sequence[Plot], pictures: Mapping[str, Picture], training: Collection[str]
) -> str:
    """The card of a dataset. `training` holds the paths of the trainer's files that lie in its folder."""
    tasks = [_told(task, facts, pictures.get(task.name)) for task in facts.tasks]
    manifest = facts.manifest
    return render(
        "README.md.jinja",
        facts=facts,
        front_matter=front_matter(facts),
        title=title(facts),
        tasks=tasks,
        rungs=rungs(facts.tasks),
        many=len(tasks) > MANY,
        native=native_rows(facts),
        counts=_counts(facts),
        split_counts=[f"{split.rows:,} in the {split.name} split" for split in facts.splits],
        origins=listed([code(entry.name) for entry in inputs(facts)]) or "another dataset",
        columns=described(facts.schema),
        **_floor(facts),
        by_structure=_by_structure(facts),
        wording=making.wording(manifest),
        made=making.made(manifest),
        steps=making.steps(manifest),
        reasons=making.reasons(manifest),
        decontamination=making.notes(manifest, "decontaminate"),
        rollouts=making.notes(manifest, "rollout"),
        versions=making.versions(manifest),
        plots=plots,
        training=_training(training),
        commands=_commands(facts),
        read=[code(name) for name in files_read(facts)],
        licence=licence(facts),
        ours=LICENCE,
        stages=_staged(facts),
        files=files(facts)[:MOST_FILES],
        more_files=max(0, len(files(facts)) - MOST_FILES),
        version=__version__,
        listed=listed,
        rate=_rate,
    )


def sample_of(prompt: str, answer: str, difficulty: int, most: int) -> Sample:
    """A sample of at most so many characters of prompt and half as many of answer."""
    shown, rest = cut(prompt, most)
    answered, answer_rest = cut(answer, most // 2)
    return Sample(shown, rest, answered, answer_rest, difficulty)


def files(facts: DatasetFacts) -> list[FileEntry]:
    """The data files by split, then the others."""
    return [*(file for split in facts.splits for file in split.files), *facts.manifest.others]


def _told(task: TaskFacts, facts: DatasetFacts, picture: Picture | None) -> Told:
    least, most = SAMPLE
    room = max(least, min(most, SAMPLES // len(facts.tasks)))
    middle = task.rungs[(len(task.rungs) - 1) // 2]
    rules = rules_of(task.name)
    return Told(
        facts=task,
        rules=rules,
        forms=[FORMS[form] for form in rules.forms] if rules else [],
        sample=sample_of(task.sample.prompt, task.sample.answer, task.sample.difficulty, room),
        knobs=knob_table([rung.knobs for rung in task.rungs]),
        picture=picture,
        range=rungs([task]),
        tokens=middle.tokens.median,
        splits=[split.name for split in facts.splits],
    )


def _counts(facts: DatasetFacts) -> list[str]:
    """Tasks and their records as the first sentence names them."""
    if len(facts.tasks) > MOST_COUNTS:
        return [f"{len(facts.tasks)} tasks"]
    if len(facts.tasks) == 1:
        return [code(facts.tasks[0].name)]
    return [f"{task.count:,} of {code(task.name)}" for task in facts.tasks]


def _floor(facts: DatasetFacts) -> dict[str, Any]:
    """How many null policies there are, and what it says that none was right on so many records."""
    tried = [task.floor_records for task in facts.tasks if task.floor is not None]
    smallest = min(tried, default=1)
    bound = 100 * (1 - 0.05 ** (1 / smallest))
    return {"policies": len(null_completions("", "")), "smallest": smallest, "bound": math.ceil(bound)}


def _by_structure(facts: DatasetFacts) -> bool:
    """Whether every row's split is read off its structure: our own records, and what was mixed or split."""
    dealt = any(stage.stage in ("mix", "split") for stage in facts.manifest.stages)
    return dealt or (bool(facts.rows) and native_rows(facts) == facts.rows)


def _rate(rate: Rate | None) -> str:
    return f"{rate.mean:.2f} ({rate.low:.2f} to {rate.high:.2f})" if rate else "not sampled"


def _training(paths: Collection[str]) -> dict[str, Any]:
    """The trainer's files: the scripts, and the configurations of other trainers."""
    return {
        "scripts": sorted(path for path in paths if path.startswith("train_") and path.endswith(".py")),
        "configurations": [f"[`{path}`]({path})" for path in sorted(paths) if path.startswith("configs/")],
    }


def _commands(facts: DatasetFacts) -> list[str]:
    """The commands that make the dataset anew; none where no commands say all of it."""
    if facts.recipe:
        return [f"taskgen curate recipe.yaml --out {REMADE}"]
    if facts.manifest.stages:
        return []
    splits = sorted(facts.manifest.splits.items(), key=lambda item: split_place(item[0]))
    found = [generate_command(entry.order, REMADE) for _, entry in splits]
    return [command for command in found if command] if all(found) else []


def _staged(facts: DatasetFacts) -> int:
    """Into how many stages the train split is cut, easy to hard; 0 where it is in one piece."""
    named = {file.path.partition("-stage-")[2] for split in facts.splits for file in split.files}
    return len(named - {""})
