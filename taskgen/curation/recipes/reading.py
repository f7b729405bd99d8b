"""Reading a recipe: a name and a list of stages, each checked against its settings before anything runs."""

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from taskgen.curation.recipes.kinds import KINDS, Kind
from taskgen.curation.recipes.yaml_values import Document, Step
from taskgen.curation.stages import Settings
from taskgen.engine.errors import UsageError

MAX_RECIPE = 1_000_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")
_PLACE = re.compile(r" - at `(?:key` in `)?\$([^`]*)`$")
_STEPS = re.compile(r"\.([^.\[]+)|\[([0-9]+)\]")
_FIELD = re.compile(r"field `([^`]*)`")


class Stage(msgspec.Struct, frozen=True):
    """One stage of a recipe."""

    kind: Kind
    settings: Settings
    place: str
    """Where it stands: the file, the line, the key."""


class Recipe(msgspec.Struct, frozen=True):
    """How a dataset is made, stage by stage. `text` is the file as it was."""

    name: str
    stages: tuple[Stage, ...]
    folder: Path
    """Relative names in a recipe are looked up from here."""
    text: str


def read_recipe(path: Path) -> Recipe:
    """The recipe in a YAML file. Raises UsageError, which names the line and the key."""
    try:
        text = path.read_bytes()[: MAX_RECIPE + 1].decode()
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text") from None
    if len(text) > MAX_RECIPE:
        raise UsageError(f"{path} has more than {MAX_RECIPE:,} characters, more than a recipe can hold")
    document = Document(str(path), text)
    top = document.value
    if not isinstance(top, dict):
        raise document.error((), "a recipe is a mapping with the keys name and stages")
    for key in top:
        if key not in ("name", "stages"):
            raise document.error((key,), f"unknown key {key} (keys: name, stages)")
    name = top.get("name", path.stem)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise document.error(("name",), "a name is letters, digits, dots, dashes and underscores")
    stages = top.get("stages")
    if not isinstance(stages, list) or not stages:
        raise document.error(("stages",), "stages is a list with at least one stage")
    read = tuple(_stage(document, position, stage) for position, stage in enumerate(stages))
    _check_order(document, read)
    return Recipe(name, read, path.parent, text)


def _stage(document: Document, position: int, stage: Any) -> Stage:
    place: tuple[Step, ...] = ("stages", position)
    if isinstance(stage, str):
        stage = {stage: None}
    if not isinstance(stage, dict) or len(stage) != 1:
        raise document.error(place, "a stage is one name with its settings, such as  - dedup: {by: structure}")
    ((name, values),) = stage.items()
    kind = KINDS.get(name)
    if kind is None:
        near = get_close_matches(name, KINDS, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise document.error((*place, name), f"unknown stage {name}{hint} (stages: {', '.join(KINDS)})")
    try:
        settings = msgspec.convert({} if values is None else values, kind.settings())
    except msgspec.ValidationError as error:
        _refuse(document, (*place, name), kind, str(error))
    fault = settings.fault()
    if fault is not None:
        raise document.error((*place, name, *fault[0]), fault[1])
    return Stage(kind, settings, str(document.error((*place, name), "")).removesuffix(": "))


def _refuse(document: Document, place: tuple[Step, ...], kind: Kind, message: str) -> NoReturn:
    """Say what is wrong with a stage's settings at the line where it stands."""
    found = _PLACE.search(message)
    steps = [key or int(index) for key, index in _STEPS.findall(found[1].replace("[...]", ""))] if found else []
    complaint = _PLACE.sub("", message)
    field = _FIELD.search(complaint)
    if field and complaint.startswith("Object contains unknown"):
        names = _fields(kind, steps)
        near = get_close_matches(field[1], names, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        known = f" (keys: {', '.join(names)})" if names else ""
        raise document.error((*place, *steps, field[1]), f"unknown key{hint}{known}")
    if field and complaint.startswith("Object missing"):
        raise document.error((*place, *steps), f"the key {field[1]} is missing")
    raise document.error((*place, *steps), complaint[:1].lower() + complaint[1:])


def _fields(kind: Kind, steps: list[Step]) -> tuple[str, ...]:
    """The keys that settings may have, or those of a struct inside them."""
    described = msgspec.inspect.type_info(kind.settings())
    for step in steps:
        if isinstance(described, msgspec.inspect.StructType) and isinstance(step, str):
            described = next(field.type for field in described.fields if field.name == step)
        while not isinstance(described, msgspec.inspect.StructType):
            inner = getattr(described, "item_type", None) or getattr(described, "type", None)
            if inner is None:
                return ()
            described = inner
    return tuple(field.name for field in described.fields) if isinstance(described, msgspec.inspect.StructType) else ()


def _check_order(document: Document, stages: tuple[Stage, ...]) -> None:
    """Rows must come from somewhere first, and pass rates from rollouts."""
    if not stages[0].kind.begins:
        names = " or ".join(name for name, kind in KINDS.items() if kind.begins)
        raise document.error(("stages", 0), f"the first stage must be {names}")
    seen: set[str] = set()
    for position, stage in enumerate(stages):
        place = ("stages", position)
        if stage.kind.begins and position:
            raise document.error(place, f"{stage.kind.name} can only be the first stage; use mix to add other data")
        if stage.kind.needs and stage.kind.needs not in seen:
            raise document.error(place, f"{stage.kind.name} needs a stage {stage.kind.needs} before it")
        if getattr(stage.settings, "rollouts", False) and "rollout" not in seen:
            raise document.error((*place, "publish", "rollouts"), "there are none without a stage rollout before it")
        seen.add(stage.kind.name)
        if "publish" in seen and stage.kind.name != "publish":
            raise document.error(place, "nothing can come after publish")
