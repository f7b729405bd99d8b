"""`taskgen weak`: what a policy fails, and a recipe that makes more of it."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from taskgen.curation.weaknesses import Weaknesses

Folder = Annotated[
    Path, typer.Argument(help="Folder that `taskgen rollout` made.", metavar="ROLLOUTS", file_okay=False)
]
Model = Annotated[str | None, typer.Option("--model", help="The model, where there are several.")]
Below = Annotated[float, typer.Option("--below", min=0, max=1, help="Pass rate under which a cell counts as failed.")]
Count = Annotated[int, typer.Option("--count", "-n", min=1, help="Problems that the recipe makes.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="The recipe.", show_default="ROLLOUTS-weak.yaml", dir_okay=False),
]


def weak(rollouts: Folder, model: Model = None, below: Below = 0.3, count: Count = 1000, out: Out = None) -> None:
    """Name the cells that a policy fails and write a recipe for more problems at that level and just below it."""
    from taskgen.curation.cell_counts import choose_policy, read_counts
    from taskgen.curation.weakness_recipe import new_seed, save_recipe, weakness_recipe
    from taskgen.curation.weaknesses import find_weaknesses, telling_knobs

    counts = read_counts([rollouts])
    weaknesses = find_weaknesses(counts, choose_policy(counts, model), below)
    recipe = weakness_recipe(weaknesses, count, new_seed(counts.ids))
    file = out or rollouts.with_name(f"{rollouts.resolve().name}-weak.yaml")
    if recipe.targets:
        save_recipe(recipe, file)
    _print(weaknesses)
    for line in telling_knobs(weaknesses):
        print(line)
    failed, cells = len(weaknesses.failed), len(weaknesses.failed) + len(weaknesses.others)
    print(f"{weaknesses.policy.model}: {failed} of {cells} cells below {below:g}")
    for line in recipe.left_out:
        print(f"  {line}")
    if recipe.targets:
        places = f"{len(recipe.targets)} cell{'s' if len(recipe.targets) > 1 else ''}"
        print(f"recipe: {count:,} problems of {places} in\n  {file}\nnext:")
        print(f"  taskgen curate {shlex.quote(str(file))}  # first see that its policy is where the model is served")


def _print(weaknesses: "Weaknesses") -> None:
    from taskgen.cli.printing import console, table

    names = [(cell.name.task, cell.name.difficulty) for cell in (*weaknesses.failed, *weaknesses.others)]
    headings: tuple[str, ...] = ("task", "difficulty", "records", "rollouts", "pass rate", "90 % interval")
    if len(set(names)) < len(names):  # a rung has several settings: only its knobs tell them apart
        headings = (*headings, "knobs")
    rows: list[tuple[Any, ...]] = [
        (
            cell.name.task,
            cell.name.difficulty,
            cell.records,
            cell.trials,
            cell.rate,
            f"{cell.low:.2f} to {cell.high:.2f}",
            cell.name.knobs,
        )[: len(headings)]
        for cell in weaknesses.failed
    ]
    if rows:
        console().print(table(headings, rows))
