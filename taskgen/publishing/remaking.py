"""Remaking a folder from the recipe or the stage that made it, once all that went into it has been found again."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import msgspec

from taskgen.curation.decontamination.decontaminate import DecontaminateSettings, decontaminate
from taskgen.curation.filtering import FilterSettings, filter_by_pass_rate
from taskgen.curation.mixing import MixSettings, mix
from taskgen.curation.recipes.kinds import KINDS
from taskgen.curation.recipes.places import local_places, resolved
from taskgen.curation.recipes.publishing import RECIPE, ROLLOUTS
from taskgen.curation.recipes.reading import Recipe, Stage, read_recipe
from taskgen.curation.recipes.running import Begin, run_recipe
from taskgen.curation.recipes.steps import LoadSettings, Sampled, Step
from taskgen.curation.rollouts.settings import parse_policy
from taskgen.curation.sources import open_source, split_column
from taskgen.curation.stages import Settings
from taskgen.engine.errors import Damaged, UsageError
from taskgen.engine.executors import default_workers
from taskgen.engine.files import sha256_of
from taskgen.engine.manifest import NAME, InputEntry, Manifest, StageEntry
from taskgen.publishing.exports.writing import ExportSettings, export


@dataclass(frozen=True)
class Needed:
    """A dataset that went into a folder: where it is looked for, which split of it, and what it was."""

    place: str
    split: str | None
    was: InputEntry


def repeat_recipe(folder: Path, manifest: Manifest, out: Path, inputs: Path, workers: int | None, begin: Begin) -> None:
    """Run the recipe of a curated folder anew; what was sampled is taken from the folder, where it has it.

    Raises UsageError where the recipe is not the manifest's, or something that it needs is missing or another.
    """
    recipe = msgspec.structs.replace(read_recipe(folder / RECIPE), folder=inputs)
    sampled = {}
    stages = []
    for number, (stage, entry) in enumerate(_pairs(folder, recipe, manifest.stages), 1):
        with _told(folder):
            if entry.stage == "rollout" and (found := _sampled(folder, manifest, stage, entry)):
                sampled[number] = found
                stage = msgspec.structs.replace(stage, kind=replace(stage.kind, sources=()))
            datasets = list(_needed(stage, entry, inputs))
        if inputs == folder:
            _check_inside(folder, stage)
        for needed in datasets:
            _check(folder, needed)
        stages.append(stage)
    stages += [stage for stage in recipe.stages if stage.kind.name == "publish"]
    run_recipe(msgspec.structs.replace(recipe, stages=tuple(stages)), out, workers, begin, sampled=sampled)


def _check_inside(folder: Path, stage: Stage) -> None:
    """Raise UsageError where a stage names files outside of the dataset's folder, which may be from anybody."""
    for place in local_places(stage, resolved(stage, folder)):
        if not Path(os.path.abspath(place)).is_relative_to(os.path.abspath(folder)):
            raise UsageError(
                f"{folder / RECIPE} names {place}, which lies outside of {folder}; if you trust the recipe, say with "
                "--inputs from where its files are looked up"
            )


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Say that a manifest lacks what every stage of ours tells: it may be from anybody. Raises Damaged."""
    try:
        yield
    except (LookupError, TypeError, AttributeError, msgspec.MsgspecError):
        raise _untold(folder) from None


def _untold(folder: Path) -> Damaged:
    return Damaged(f"{folder / NAME} does not tell all that went into {folder}: it was edited, or is not from taskgen")


def _pairs(folder: Path, recipe: Recipe, entries: Sequence[StageEntry]) -> list[tuple[Stage, StageEntry]]:
    """The stages of a recipe with what the manifest tells of them. Raises UsageError where these do not fit."""
    stages = [stage for stage in recipe.stages if stage.kind.name != "publish"]
    for number in range(max(len(stages), len(entries))):
        if number >= min(len(stages), len(entries)) or not _fits(stages[number], entries[number]):
            raise UsageError(
                f"{folder / RECIPE} was edited: stage {number + 1} is not the one that the manifest tells of; "
                "`taskgen curate` runs it as it is"
            )
    return list(zip(stages, entries, strict=True))


def _fits(stage: Stage, entry: StageEntry) -> bool:
    """Whether a stage has the settings that a manifest tells; another version may know more of them."""
    settings = json.loads(msgspec.json.encode(stage.settings))
    return stage.kind.name == entry.stage and all(settings.get(name) == value for name, value in entry.settings.items())


def _sampled(folder: Path, manifest: Manifest, stage: Stage, entry: StageEntry) -> Sampled | None:
    """The completions that a folder holds; None where they are replayed from a file, as they were then.

    Raises UsageError where there are neither, Damaged where they are not what the manifest says.
    """
    files = [file for file in manifest.others if file.path.startswith(f"{ROLLOUTS}/")]
    for file in files:
        path = folder / file.path
        if not path.is_file() or sha256_of(path) != file.sha256:
            raise Damaged(f"{path} is not what the manifest says, and without it nothing can be made again")
    if files:
        return Sampled(folder / ROLLOUTS, entry.notes)
    if parse_policy(stage.settings.policy).kind == "replay":  # type: ignore[attr-defined]
        return None
    raise UsageError(
        f"{folder} was made with what {entry.notes['model']} wrote, which nobody gets twice: "
        "`publish: {rollouts: true}` in its recipe would have put that into the folder"
    )


def _needed(stage: Stage, entry: StageEntry, inputs: Path) -> Iterator[Needed]:
    """The datasets that a stage reads beside what the stage before it made."""
    settings = resolved(stage, inputs)
    match stage.kind.name:
        case "load":
            assert isinstance(settings, LoadSettings)
            yield Needed(settings.data, settings.split, entry.inputs[0])
        case "decontaminate" | "mix":
            places = settings.against if isinstance(settings, DecontaminateSettings) else settings.others  # type: ignore[attr-defined]
            for number, place in enumerate(places, 1):
                yield Needed(place, None, entry.inputs[number])
        case "rollout" if stage.kind.sources:
            name = entry.notes["model"].removeprefix("replay:")
            told = msgspec.json.decode(entry.notes["settings"])["sha256"]
            yield Needed(parse_policy(settings.policy).place, None, InputEntry(name, 0, (told,)))  # type: ignore[attr-defined]


def _check(folder: Path, needed: Needed) -> None:
    """Raise UsageError where a dataset that went into a folder is not at its place, or is another one."""
    if needed.place.startswith("hf:"):
        return  # read at the commit in its name, or as it is now
    path, was = Path(split_column(needed.place)[0]), needed.was
    if not was.sha256:
        raise _untold(folder)
    if not path.exists():
        raise UsageError(
            f"{folder} was made from {was.name} (SHA-256 {_short(was.sha256)}), which is missing: put it at {path} or "
            "say with --inputs where it lies"
        )
    found = open_source(needed.place, needed.split).fingerprints()
    joined = (sha256("".join(found).encode()).hexdigest(),)  # how a replayed file is told
    if was.sha256 not in (found, joined):
        raise UsageError(
            f"{path} is not the {was.name} that {folder} was made from: its SHA-256 is {_short(found)}, not "
            f"{_short(was.sha256)}"
        )


def _short(hashes: Sequence[str]) -> str:
    """The hash of a file, or the first of several."""
    return hashes[0] + (f" and {len(hashes) - 1} more" if len(hashes) > 1 else "")


def repeat_stage(folder: Path, manifest: Manifest, out: Path, inputs: Path, workers: int | None, begin: Begin) -> None:
    """Run the one stage that made a folder anew. Raises UsageError where that or what it read cannot be had again."""
    entry = manifest.stages[-1]
    if not entry.inputs or not all(map(_is_plain, entry.inputs)):
        raise _untold(folder)
    read = entry.inputs[:1] if entry.stage == "filter" else entry.inputs  # then come tallies of rollouts
    needed = [Needed(_place(was, inputs), None, was) for was in read]
    for dataset in needed:
        _check(folder, dataset)
    settings = _settings(folder, entry)
    sources = [open_source(dataset.place) for dataset in needed]
    report = begin(1, entry.stage, entry.rows_in)
    match settings:
        case FilterSettings():
            filter_by_pass_rate(sources[0], [inputs / was.name for was in entry.inputs[1:]], out, settings, report)
        case MixSettings():
            mix(sources, out, settings, report)
        case DecontaminateSettings():
            key_file = settings.key_file and str(inputs / Path(settings.key_file).name)
            against = tuple(dataset.place for dataset in needed[1:])
            settings = msgspec.structs.replace(settings, against=against, key_file=key_file)
            decontaminate(sources[0], out, settings, report)
        case ExportSettings():
            export(sources[0], settings.to, out, report)
        case _:
            step = Step(sources[0], out, out, (), workers or default_workers(), report)
            KINDS[entry.stage].step()(step, settings)


def _is_plain(was: InputEntry) -> bool:
    """Whether an input has a name without a path, or is on the Hub."""
    return bool(was.revision) or ("/" not in was.name and was.name not in ("", ".", ".."))


def _place(was: InputEntry, inputs: Path) -> str:
    """Where an input of a stage is looked for; of a dataset on the Hub it is the commit that was read."""
    if not was.revision:
        return str(inputs / was.name)
    name, colon, rest = was.name.partition(":")
    return f"hf:{name}@{was.revision}{colon}{rest}"


def _settings(folder: Path, entry: StageEntry) -> Settings:
    """The settings of a stage, in its type. Raises UsageError where they do not say all."""
    kinds: dict[str, type[Settings]] = {"filter": FilterSettings, "mix": MixSettings, "export": ExportSettings}
    kinds |= {name: KINDS[name].settings() for name in ("dedup", "near_duplicates", "decontaminate", "split")}
    if entry.stage not in kinds:
        raise UsageError(f"{folder} was made by {entry.stage} and holds no {RECIPE}, from which it could be made again")
    for name in ("embeddings", "tokenizer"):
        if entry.settings.get(name):
            raise UsageError(f"{folder} was made with --{name}, of which only the name {entry.settings[name]} is known")
    try:
        return msgspec.convert(entry.settings, kinds[entry.stage])
    except msgspec.ValidationError as error:
        raise UsageError(f"{folder} was made by another version of {entry.stage}: {error}") from None
