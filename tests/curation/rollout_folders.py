"""ROLLOUTS folders and tallies as `taskgen rollout` leaves them, with outcomes that a test chooses."""

import msgspec
import numpy
import pyarrow
from scipy.special import betaincinv

from taskgen.curation.rollouts.store import RECORDS, ROLLOUTS, VERDICTS
from taskgen.curation.rollouts.tallies import TALLIES
from taskgen.knobs import canonical
from taskgen.registry import task

SAMPLING = '{"max_tokens":4096,"temperature":1.0,"top_p":1.0}'


def ladder_knobs(name, rung):
    """Canonical knobs of a rung."""
    return canonical(task(name).knobs(rung))


def write_folder(folder, outcomes, model="solver", settings=SAMPLING):
    """A ROLLOUTS folder; `outcomes` maps (task, difficulty, knobs) to the outcomes of each of its records.

    An outcome is 1 (correct), 0 (wrong) or None (cut off). Returns the folder.
    """
    records, rollouts, verdicts = [], [], []
    for (name, difficulty, knobs), lists in outcomes.items():
        for place, own in enumerate(lists):
            identity = f"{name}-{difficulty}-{len(knobs)}-{place}"
            records.append(
                {"id": identity, "structure": identity, "task": name, "task_version": 1, "difficulty": difficulty}
                | {"knobs": knobs, "effort": 1.0, "prompt": "?", "problem": "{}"}
            )
            for number, outcome in enumerate(own):
                key = {"id": identity, "model": model, "settings": settings, "number": number}
                finish = "length" if outcome is None else "stop"
                rollouts.append(
                    key
                    | {"completion": "x", "finish": finish, "prompt_tokens": 2, "completion_tokens": 3, "seconds": 0.1}
                )
                if outcome is not None:
                    status = "correct" if outcome else "wrong"
                    verdicts.append(
                        key | {"task_version": 1, "score": float(outcome), "status": status}
                        | {"reason": "", "partial": 0.0}
                    )  # fmt: skip
    for path, rows, schema in (
        ("records.parquet", records, RECORDS),
        ("rollouts/00000.parquet", rollouts, ROLLOUTS),
        ("verdicts/00000.parquet", verdicts, VERDICTS),
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), folder / path)
    return folder


def tally_table(rows):
    """A table of tallies from tuples (id, task, difficulty, knobs, model, trials, correct)."""
    names = ("id", "task", "difficulty", "knobs", "model", "trials", "correct")
    rest = {"structure": "", "effort": 1.0, "settings": SAMPLING, "censored": 0, "tokens": 1}
    return pyarrow.Table.from_pylist([dict(zip(names, row, strict=True)) | rest for row in rows], schema=TALLIES)


def simulated(seed, models=4, tasks=8, rungs=10, records=20, trials=4, correlation=0.0):
    """Tallies with known abilities, difficulties and discriminations, which are returned, too.

    Rollouts of one record correlate: its rate, for every model, is the same quantile of a beta distribution whose mean
    the item response model says.
    """
    random = numpy.random.default_rng(seed)
    theta = random.normal(0, 1, models)
    theta -= theta.mean()
    log_a = random.normal(0, 0.3, tasks)
    a = numpy.exp(log_a - log_a.mean())
    b = numpy.sort(random.normal(0, 1.5, (tasks, rungs)), axis=1)
    rows = []
    for task_number in range(tasks):
        for rung in range(rungs):
            quantile = random.random(records)
            for model in range(models):
                rate = 1 / (1 + numpy.exp(-a[task_number] * (theta[model] - b[task_number, rung])))
                if correlation:
                    size = 1 / correlation - 1
                    rate = betaincinv(rate * size, (1 - rate) * size, quantile)
                correct = random.binomial(trials, rate, records)
                rows += [
                    (
                        f"{task_number}-{rung}-{place}",
                        f"task{task_number}",
                        rung + 1,
                        "{}",
                        f"model{model}",
                        trials,
                        own,
                    )
                    for place, own in enumerate(correct.tolist())
                ]
    return tally_table(rows), theta, a, b.ravel()


def knobs_of(**values):
    """Canonical-looking knobs of a made-up task."""
    return msgspec.json.encode(values).decode()
