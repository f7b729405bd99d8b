"""The kinds of stage that a recipe may name; their modules are loaded when a recipe uses them."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taskgen.curation.recipes.steps import Step
    from taskgen.curation.stages import Settings
    from taskgen.engine.manifest import StageEntry


@dataclass(frozen=True)
class Kind:
    """A kind of stage: where its settings are, and the step that runs it, both named `module:name`."""

    name: str
    settings_at: str
    begins: bool = False
    """Rows come from nowhere but it."""
    needs: str = ""
    """The stage that has to come before it."""
    sources: tuple[str, ...] = ()
    """The settings that name datasets, files or policies: what is in them decides the result, too."""
    leaves_rows: bool = True
    """It makes a dataset; otherwise the rows go on as they are."""

    def settings(self) -> "type[Settings]":
        """The type of its settings."""
        kind: type[Settings] = _load(self.settings_at)
        return kind

    def step(self) -> "Callable[[Step, Settings], StageEntry]":
        """The function that runs it."""
        run: Callable[[Step, Settings], StageEntry] = getattr(
            import_module("taskgen.curation.recipes.steps"), f"{self.name}_step"
        )
        return run


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(f"taskgen.curation.{module}"), name)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("generate", "recipes.steps:GenerateSettings", begins=True, sources=("calibration",)),
        Kind("load", "recipes.steps:LoadSettings", begins=True, sources=("data",)),
        Kind("dedup", "dedup:DedupSettings"),
        Kind("near_duplicates", "near_duplicates:NearDuplicatesSettings"),
        Kind("decontaminate", "decontamination.decontaminate:DecontaminateSettings", sources=("against", "key_file")),
        Kind("rollout", "rollouts.settings:RolloutSettings", sources=("policy",), leaves_rows=False),
        Kind("filter", "filtering:FilterSettings", needs="rollout"),
        Kind("mix", "recipes.steps:MixStepSettings", sources=("others", "tokenizer")),
        Kind("split", "splitting:SplitSettings"),
        Kind("publish", "recipes.steps:PublishSettings"),
    )
}
