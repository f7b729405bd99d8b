"""What a dataset is called: after its tasks and rungs, and its recipe where it has one; never after its folder."""

from collections.abc import Iterable

from taskgen.engine.calibrations import spans
from taskgen.publishing.cards.markdown import listed
from taskgen.publishing.facts import DatasetFacts, TaskFacts

MOST_NAMES = 4
UNNAMED = "recipe"


def title(facts: DatasetFacts) -> str:
    """The title of a dataset's card."""
    name = f"{facts.recipe}: " if facts.recipe not in ("", UNNAMED) else ""
    if not facts.tasks:
        return f"{name}{facts.rows:,} rows curated with taskgen"
    names = [task.name for task in facts.tasks]
    told = listed(names) if len(names) <= MOST_NAMES else f"{len(names)} tasks"
    return f"{name}{told}, {rungs(facts.tasks)}"


def rungs(tasks: Iterable[TaskFacts]) -> str:
    """The rungs of some tasks: 'difficulty 3 to 5', '2, 4', or that the knobs were set by hand."""
    found = sorted({rung.difficulty for task in tasks for rung in task.rungs})
    known = [rung for rung in found if rung]
    if not known:
        return "knobs set by hand"
    told = f"difficulty {spans(known).replace('-', ' to ').replace(',', ', ')}"
    return told if known == found else f"{told}, some knobs set by hand"
