"""Makes what the recipe beside it reads: completions to replay, and an evaluation set that its data must not contain.

The completions stand in for a model's until one is at hand. They come from a policy whose chance of being right falls
with the difficulty and differs from problem to problem; its wrong answers are right answers to other problems.
"""

import json
import math
from pathlib import Path

import taskgen
from taskgen.curation.recipes.reading import read_recipe
from taskgen.curation.recipes.steps import orders
from taskgen.engine.orders import task_of
from taskgen.judging import read_problem
from taskgen.problem import encode, instance_id, structure_id
from taskgen.prompts import render, wordings
from taskgen.records import Record, make_record
from taskgen.seeding import Stream

HERE = Path(__file__).parent
SAMPLES = 16
LEAKED_EVERY = 15


def records() -> list[Record]:
    """What the recipe's first stage makes, and a few records more, since it passes over repeats."""
    (generate, *_) = read_recipe(HERE / "recipe.yaml").stages
    made = []
    for order in orders(generate.settings):
        for cell in order.cells:
            task, knobs = task_of(cell)
            made += [
                make_record(task, cell.difficulty, knobs, order.seed, order.split, index, order.wording)
                for index in range(cell.count + 10)
            ]
    return made


def completions(record: Record, others: list[str]) -> list[str]:
    """What the stand-in policy says about a record."""
    stream = Stream.keyed("offline example", record.id)
    spread = math.log(1 / (stream.uniform() * 0.98 + 0.01) - 1)  # logistic noise: some problems are easier than others
    rate = 1 / (1 + math.exp(record.difficulty - 2 + spread))
    said = []
    for _ in range(SAMPLES):
        answer = record.answer if stream.chance(rate) else stream.choice(others)
        said.append(f"<think>\nLet me see.\n</think>\n<answer>{answer}</answer>")
    return said


def leaked(record: Record) -> dict[str, object]:
    """An evaluation item: the record's problem under other names, in another order."""
    problem = read_problem(record.problem)
    twin = taskgen.task(record.task).oracle.relabel(problem, Stream.keyed("leak", record.id))
    fields = {"id": instance_id(twin), "structure": structure_id(twin), "task": record.task}
    template = taskgen.task(record.task).template
    prompt = render(template, twin, next(iter(wordings(template))))
    return fields | {"task_version": record.task_version, "problem": encode(twin), "prompt": prompt}


def write(name: str, rows: list[dict[str, object]]) -> None:
    """Write JSON lines beside this script."""
    (HERE / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    print(f"{HERE / name}: {len(rows)} rows")


if __name__ == "__main__":
    made = records()
    answers = {task: [other.answer for other in made if other.task == task] for task in taskgen.tasks()}
    write(
        "completions.jsonl",
        [{"id": record.id, "completions": completions(record, answers[record.task])} for record in made],
    )
    write("evaluation.jsonl", [leaked(record) for record in made[::LEAKED_EVERY]])
