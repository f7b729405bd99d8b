"""Which rows a mix takes: every row stays, or has one reason why it does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from taskgen.curation.mixture.candidates import Candidates
from taskgen.curation.mixture.shares import Group
from taskgen.curation.splitting import SPLIT_NUMBER
from taskgen.problem import SPLITS

FATES = (
    "",
    "split_conflict",
    "too_long",
    "duplicate_instance",
    "unbalanced_answer",
    "over_weight",
    "over_budget",
)
"""The reasons why a row goes, in the order in which they are looked for; none for a row that stays."""
STAYS, SPLIT_CONFLICT, TOO_LONG, DUPLICATE, UNBALANCED, OVER_WEIGHT, OVER_BUDGET = range(len(FATES))
TRAIN = SPLIT_NUMBER["train"]
FEW_ANSWERS = 20
"""A task is balanced if it has at most so many different answers,"""
ROWS_PER_ANSWER = 5
"""and at least so many rows for each of them on average."""
RARE = 0.1
"""An answer with less than this part of an even share is left as it is, and decides nothing."""


@dataclass
class Choice:
    """The fate of every row, the row it matched (-1 for none), and why."""

    fate: Any
    matched: Any
    limits: dict[tuple[int, int], str]
    """What to say of the rows of one fate and task."""

    def staying(self) -> Any:
        """The numbers of the rows that stay so far."""
        return numpy.flatnonzero(self.fate == STAYS)

    def drop(self, rows: Any, fate: int, matched: Any = -1) -> None:
        """Let some rows go."""
        self.fate[rows] = fate
        self.matched[rows] = matched


def rows_by_task(candidates: Candidates, choice: Choice) -> dict[str, int]:
    """How many rows of each task stay so far."""
    counts = numpy.bincount(candidates.task[choice.staying()], minlength=len(candidates.tasks))
    return dict(zip(candidates.tasks, counts.tolist(), strict=True))


def all_stay(rows: int) -> Choice:
    """A choice that has not begun."""
    return Choice(numpy.zeros(rows, numpy.int8), numpy.full(rows, -1, numpy.int64), {})


def drop_split_conflicts(candidates: Candidates, choice: Choice) -> None:
    """What any source holds out never goes to train: neither its row nor another source's row of that structure.

    All other rows go to the split that their structure id says, so that no structure is in two.
    """
    held = numpy.flatnonzero((candidates.stated != TRAIN) & (candidates.split == TRAIN))
    if not len(held):
        return
    first = {candidates.structure[row].tobytes(): row for row in held[::-1]}
    training = candidates.split == TRAIN
    near = numpy.flatnonzero(training & numpy.isin(candidates.structure[:, 0], candidates.structure[held, 0]))
    for row in near:
        holder = first.get(candidates.structure[row].tobytes())
        if holder is not None:
            choice.drop(row, SPLIT_CONFLICT, -1 if candidates.stated[row] != TRAIN else holder)


def drop_long(candidates: Candidates, choice: Choice, most: int) -> None:
    """Rows whose prompt has more tokens go."""
    rows = choice.staying()
    choice.drop(rows[candidates.tokens[rows] > most], TOO_LONG)


def drop_duplicates(candidates: Candidates, choice: Choice) -> None:
    """Of the rows of one instance the first stays."""
    rows = choice.staying()
    ids = candidates.instance[rows]
    order = numpy.lexsort((rows, ids[:, 1], ids[:, 0]))
    same = numpy.zeros(len(rows), bool)
    same[1:] = (ids[order][1:] == ids[order][:-1]).all(axis=1)
    firsts = numpy.maximum.accumulate(numpy.where(same, 0, numpy.arange(len(rows))))
    choice.drop(rows[order[same]], DUPLICATE, rows[order[firsts[same]]])


def balance(candidates: Candidates, choice: Choice) -> dict[str, dict[str, int]]:
    """Even out the answers of every task that has few; says how many answers each has and the cap.

    The cap is the number of rows of the rarest answer, answers with less than a tenth of an even share aside; of every
    answer so many rows stay at most, those of the lowest chance.
    """
    said = {}
    rows = choice.staying()
    rank = rank_in_answer(candidates, rows)
    for number, task in enumerate(candidates.tasks):
        own = rows[(candidates.task[rows] == number) & (candidates.answer[rows] != 0)]
        counts = numpy.unique(candidates.answer[own], return_counts=True)[1]
        if not 1 < len(counts) <= FEW_ANSWERS or len(own) < ROWS_PER_ANSWER * len(counts):
            continue
        common = counts[counts >= RARE * len(own) / len(counts)]
        cap = int(common.min())
        over = (candidates.task[rows] == number) & (candidates.answer[rows] != 0) & (rank >= cap)
        choice.drop(rows[over], UNBALANCED)
        choice.limits[UNBALANCED, number] = f"{cap:,} rows of each of {len(counts)} answers"
        said[task] = {"answers": len(counts), "cap": cap}
    return said


def rank_in_answer(candidates: Candidates, rows: Any) -> Any:
    """For each of some rows its place, by chance, among those of the same task and answer."""
    return _rank(rows, candidates.chance[rows], candidates.answer[rows], candidates.task[rows])


def _rank(rows: Any, *keys: Any) -> Any:
    """The place of each row, by the first key, among those that share all the others."""
    order = numpy.lexsort((rows, *keys))
    new = numpy.ones(len(rows), bool)
    new[1:] = numpy.any([key[order][1:] != key[order][:-1] for key in keys[1:]], axis=0)
    starts = numpy.maximum.accumulate(numpy.where(new, numpy.arange(len(rows)), 0))
    rank = numpy.empty(len(rows), numpy.int64)
    rank[order] = numpy.arange(len(rows)) - starts
    return rank


def fair_order(candidates: Candidates, rows: Any, balanced: Sequence[int], groups: Sequence[Group]) -> Any:
    """The rows whose group has a weight, so ordered that every beginning of them has the shares of the weights.

    In a task rows stand by chance, in the tasks with these numbers answers take turns. In a group its tasks take turns.
    Groups advance by weight: the row that comes n-th in its group stands at (n - 1/2) / weight, so that the first N
    rows of them all are apportioned by the method of Sainte-Laguë; a group that has run out leaves its seats to the
    others.
    """
    task = candidates.task[rows]
    numbers = {name: number for number, name in enumerate(candidates.tasks)}
    group_of, weights = numpy.zeros(len(numbers), numpy.int64), numpy.array([group.weight for group in groups])
    for place, group in enumerate(groups):
        group_of[[numbers[name] for name in group.tasks]] = place
    chance = candidates.chance[rows]
    turn = numpy.where(numpy.isin(task, balanced), rank_in_answer(candidates, rows), 0) if balanced else chance
    in_task = _rank(rows, _joint(rows, chance, turn), task)
    in_group = _rank(rows, _joint(rows, chance, in_task), group_of[task])
    chosen = weights[group_of[task]] > 0
    progress = (in_group[chosen] + 0.5) / weights[group_of[task[chosen]]]
    return rows[chosen][numpy.lexsort((rows[chosen], chance[chosen], progress))]


def _joint(rows: Any, *keys: Any) -> Any:
    """One key for several, the last of which weighs most."""
    place = numpy.empty(len(rows), numpy.int64)
    place[numpy.lexsort((rows, *keys))] = numpy.arange(len(rows))
    return place


def drop_over_weight(candidates: Candidates, choice: Choice, taken: Any) -> None:
    """Only the rows that are taken stay."""
    before = rows_by_task(candidates, choice)
    going = choice.fate == STAYS
    going[taken] = False
    choice.drop(numpy.flatnonzero(going), OVER_WEIGHT)
    after = rows_by_task(candidates, choice)
    for number, task in enumerate(candidates.tasks):
        choice.limits[OVER_WEIGHT, number] = f"{after[task]:,} of {before[task]:,} rows are its share"


def drop_over_budget(candidates: Candidates, choice: Choice, order: Any, most: int) -> None:
    """The rows of the order stay as long as their prompts have `most` tokens together."""
    fits = numpy.cumsum(candidates.tokens[order], dtype=numpy.int64) <= most
    choice.drop(order[~fits], OVER_BUDGET)
    for number in range(len(candidates.tasks)):
        choice.limits[OVER_BUDGET, number] = f"{most:,} tokens are used up"


def detail(candidates: Candidates, choice: Choice, row: int) -> str:
    """What there is to say about a dropped row beyond its reason."""
    fate = int(choice.fate[row])
    if fate == TOO_LONG:
        return f"{candidates.tokens[row]:,} tokens"
    if fate == SPLIT_CONFLICT:
        stated = SPLITS[candidates.stated[row]]
        if stated == "train":
            return "another source holds out this structure, which belongs to train"
        return f"held out as {stated}, but its structure belongs to train; `taskgen split` deals it anew"
    return choice.limits.get((fate, int(candidates.task[row])), "")
