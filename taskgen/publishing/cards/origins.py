"""Where the rows of a dataset come from: made here, or loaded from datasets of others."""

from collections.abc import Iterator

from taskgen.curation.sources import data_format
from taskgen.engine.manifest import InputEntry
from taskgen.publishing.facts import DatasetFacts

LICENCE = "apache-2.0"
UNKNOWN = "unknown"
REPLAYED = "replay:"
"""What the name of a policy begins with that is a file of completions."""


def native_rows(facts: DatasetFacts) -> int:
    """How many rows are records of taskgen's."""
    return sum(task.count for task in facts.tasks)


def licence(facts: DatasetFacts) -> str:
    """The Hub's name of the licence: ours for our records; of rows of others nobody has told it."""
    return LICENCE if native_rows(facts) == facts.rows else UNKNOWN


def sources(facts: DatasetFacts) -> list[str]:
    """`source_datasets` for the Hub: original, extended, and the ids of those that are on the Hub."""
    loaded = list(inputs(facts))
    names = ["original"] if facts.tasks or not loaded else []
    names += ["extended"] if any(not entry.revision for entry in loaded) else []
    return names + sorted({entry.name.partition(":")[0] for entry in loaded if entry.revision})


def files_read(facts: DatasetFacts) -> list[str]:
    """The names of the files that the folder's recipe reads, each once; none where there is no recipe."""
    names = []
    for stage in facts.manifest.stages if facts.recipe else ():
        beside = stage.inputs if stage.stage == "load" else stage.inputs[1:]  # first comes what the stage before made
        if stage.stage in ("load", "decontaminate", "mix"):
            names += [entry.name for entry in beside if not entry.revision]
        model = str(stage.notes.get("model", ""))
        if stage.stage == "rollout" and model.startswith(REPLAYED):
            names.append(model.removeprefix(REPLAYED))
    return list(dict.fromkeys(names))


def inputs(facts: DatasetFacts) -> Iterator[InputEntry]:
    """The datasets from elsewhere that a load or a mix has brought in.

    A mix in a recipe names first what came from the stage before it. A mix by hand also names folders, whose own stages
    stand in the manifest.
    """
    for stage in facts.manifest.stages:
        if stage.stage == "load":
            yield from stage.inputs
        elif stage.stage == "mix" and facts.recipe:
            yield from stage.inputs[1:]
        elif stage.stage == "mix":
            yield from (entry for entry in stage.inputs if entry.revision or data_format(entry.name))
