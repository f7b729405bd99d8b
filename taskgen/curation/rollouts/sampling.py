"""Rollouts: a policy is asked for completions of every record, round by round, until they tell enough.

Within a round everything runs at once. Completions are in the journal as soon as they arrive; at the end of the round
they become parts, are judged, and what they say decides who gets how many more.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pyarrow.compute

from taskgen.curation.pass_rates import more_samples
from taskgen.curation.rollouts.dialogues import Dialogue, Reply, Request
from taskgen.curation.rollouts.intake import Intake, add_records, take_in
from taskgen.curation.rollouts.journal import FOLDER, Journal, Rollout, TurnLog
from taskgen.curation.rollouts.policies import Budget, Policy, PolicyTrouble, Round, open_policy
from taskgen.curation.rollouts.scoring import judge_part, judges
from taskgen.curation.rollouts.settings import RolloutSettings, parse_band
from taskgen.curation.rollouts.store import RECORDS_FILE, RecordFile, make_parts, next_number, part_numbers
from taskgen.curation.rollouts.tallies import COUNTS, part_counts
from taskgen.curation.sources import Source
from taskgen.curation.stages import Report, no_report
from taskgen.curation.stopping import StoppingRule
from taskgen.engine.errors import FolderTaken, Stopped, UsageError
from taskgen.engine.folders import locked

FIRST_REFUSALS = 20
"""So many requests without one completion, and something is wrong with all of them."""


class RolloutSummary(msgspec.Struct, frozen=True):
    """What the folder holds of the records at hand by this model and settings; `new` is what this run has added.

    `trials` are judged completions, `censored` those that were cut short. `missing` counts completions that were asked
    for in vain, by reason. `exhausted` says that the token budget, and not the rule, has ended the run.
    """

    model: str
    settings: str
    records: int
    completions: int
    new: int
    trials: int
    correct: int
    censored: int
    tokens: int
    rounds: int
    missing: dict[str, int]
    examples: dict[str, str]
    """For each of these reasons, what was said in one case."""
    exhausted: bool


def rollout(
    source: Source, out: Path, settings: RolloutSettings, report: Report = no_report, workers: int | None = None
) -> RolloutSummary:
    """Sample completions of every record of a source into the folder `out`, and judge them.

    What the folder has of the same records, model and sampling settings counts, whichever run has left it there. Raises
    UsageError, PolicyTrouble, FolderTaken, Damaged, Stopped; nothing is left behind where there was no completion yet.
    """
    fault = settings.fault()
    if fault is not None:
        raise UsageError(fault[1])
    intake = take_in(source)
    policy = open_policy(settings)
    fresh = _check_folder(out)
    with ExitStack() as stack:
        stack.enter_context(locked(out))
        run: _Run | None = None
        try:
            add_records(out, source, intake)
            run = _Run(out, intake, policy, settings, report, workers or judges())
            return run.finish()
        except KeyboardInterrupt:
            raise Stopped(f"{run.kept if run else 0:,} completions") from None
        except PolicyTrouble as error:
            kept = f"; {run.kept:,} completions are kept; the same command resumes" if run and run.kept else ""
            raise PolicyTrouble(f"{error}{kept}") from None
        finally:
            if fresh and not part_numbers(out) and not any((out / FOLDER).glob("*")):
                shutil.rmtree(out, ignore_errors=True)


def _check_folder(out: Path) -> bool:
    """Whether there is nothing in the folder yet. Raises FolderTaken where it holds something else."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return True
    if not (out / RECORDS_FILE).exists():
        raise FolderTaken(f"{out} is there already and holds no rollouts; choose another --out")
    return False


class _Run:
    """One run: what is known of every record so far. Arrays have an entry for each record of the intake."""

    def __init__(
        self, out: Path, intake: Intake, policy: Policy, settings: RolloutSettings, report: Report, workers: int
    ) -> None:
        self._out = out
        self._intake = intake
        self._policy = policy
        self._settings = settings
        self._report = report
        self._workers = workers
        self._records = RecordFile(out)
        self._place = {identity: place for place, identity in enumerate(intake.digests)}
        count = len(self._place)
        self._taken = [0] * count
        """A bit for each number of which there is a completion."""
        self._trials, self._correct, self._censored = (numpy.zeros(count, numpy.int64) for _ in range(3))
        self._spent = numpy.zeros(count, bool)
        """Records of which the policy has no more to say."""
        self._missing: Counter[str] = Counter()
        self._examples: dict[str, str] = {}
        self._rounds = self._new = 0
        self._tokens = 0
        self.kept = 0
        """Completions by this model and settings in the folder."""
        make_parts(out, self._records.row_of)
        for number in part_numbers(out):
            self.kept += self._count(number)
        self._budget = Budget(settings.token_budget, self._tokens)

    def finish(self) -> RolloutSummary:
        """Go on to the end, and say what there is then."""
        self._report("sampling", self.kept)
        asked = self._ask()
        while asked.any() and not self._budget.exhausted:
            self._rounds += 1
            self._sample(asked)
            if not self.kept and self._budget.spent and self._budget.exhausted:
                raise PolicyTrouble(
                    f"{self._policy.model}: not one completion, and token_budget {self._budget.limit} may be spent on "
                    "answers that were lost; raise it, or the timeout"
                )
            if not self.kept and self._budget.exhausted:
                most = self._settings.max_tokens
                raise UsageError(f"token_budget {self._budget.limit} has no room for a prompt and {most} tokens")
            if not self.kept:
                example = "; ".join(self._examples.values())
                raise PolicyTrouble(f"{self._policy.model}: not one completion ({example})")
            asked = self._ask()
        return RolloutSummary(
            model=self._policy.model,
            settings=self._policy.settings,
            records=len(self._taken),
            completions=sum(taken.bit_count() for taken in self._taken),
            new=self._new,
            trials=int(self._trials.sum()),
            correct=int(self._correct.sum()),
            censored=int(self._censored.sum()),
            tokens=self._tokens,
            rounds=self._rounds,
            missing=dict(sorted(self._missing.items())),
            examples=self._examples,
            exhausted=self._budget.exhausted,
        )

    def _ask(self) -> Any:
        """How many more completions each record gets."""
        taken = numpy.array([taken.bit_count() for taken in self._taken])
        limit = numpy.where(self._spent, 0, numpy.maximum(self._settings.max_samples - taken, 0))
        if self._settings.fixed:
            return limit
        low, high = parse_band(self._settings.band)
        rule = StoppingRule(low=low, high=high)
        intake = self._intake
        return more_samples(intake.cells, self._correct, self._trials, rule, limit, intake.tasks)

    def _sample(self, asked: Any) -> None:
        """One round: sample, then judge."""
        journal = Journal(self._out, next_number(self._out))
        turns = TurnLog(self._out, self._policy.model, self._policy.settings)
        model, settings = self._policy.model, self._policy.settings

        def deliver(dialogue: Dialogue) -> None:
            request, whole = dialogue.request, dialogue.outcome()
            spent = (whole.text, whole.finish, whole.prompt_tokens, whole.completion_tokens, whole.seconds)
            journal.add(Rollout(request.id, model, settings, request.number, *spent))
            self.kept += 1
            self._new += 1
            self._report(f"sampling, round {self._rounds}", self.kept)

        def give_up(dialogue: Dialogue, reason: str, detail: str) -> None:
            self._missing[reason] += 1
            self._examples.setdefault(reason, detail)
            self._spent[self._place[dialogue.request.id]] = True
            if not self.kept and self._missing["refused"] >= FIRST_REFUSALS:
                raise PolicyTrouble(f"{model}: not one completion ({detail})")

        try:
            self._policy.sample(Round(self._dialogues(asked, turns), deliver, give_up, self._budget))
            if not self._budget.exhausted:
                turns.forget()
        finally:
            turns.close()
            journal.close()
        self._report(f"judging round {self._rounds}", self.kept)
        for number in make_parts(self._out, self._records.row_of):
            self._count(number)

    def _dialogues(self, asked: Any, turns: TurnLog) -> Iterator[Dialogue]:
        """The dialogues of a round, in the order of the records, each made when it is needed."""

        def log(dialogue: Dialogue, reply: Reply) -> None:
            turns.add(dialogue.request.id, dialogue.request.number, len(dialogue.replies) - 1, reply)

        rows = numpy.array([self._records.row_of[identity] for identity in self._place])
        places = numpy.flatnonzero(asked)
        places = places[numpy.argsort(rows[places])]
        in_turns = iter(places.tolist())
        for table in self._records.read(rows[places], ["id", "prompt", "problem"]):
            for row in table.to_pylist():
                place = next(in_turns)
                for number in _free_numbers(self._taken[place], int(asked[place])):
                    request = Request(row["id"], number, row["prompt"], row["problem"], bool(self._intake.turns[place]))
                    earlier = turns.earlier(request.id, number)
                    self._budget.spent += sum(reply.prompt_tokens + reply.completion_tokens for reply in earlier)
                    yield Dialogue(request, self._settings.system, earlier, log)

    def _count(self, number: int) -> int:
        """Judge what is new in a part, and count what it says of the records at hand; its rows by our policy."""
        judge_part(self._out, number, self._records, self._workers)
        counts = part_counts(self._out, number)
        for name, value in (("model", self._policy.model), ("settings", self._policy.settings)):
            counts = counts.filter(pyarrow.compute.equal(counts[name], value))
        for row in counts.select(["id", "number", *COUNTS]).to_pylist():
            self._tokens += row["tokens"]
            place = self._place.get(row["id"])
            if place is not None:
                self._taken[place] |= 1 << row["number"]
                self._trials[place] += row["trials"]
                self._correct[place] += row["correct"]
                self._censored[place] += row["censored"]
        return int(counts.num_rows)


def _free_numbers(taken: int, count: int) -> list[int]:
    """The smallest numbers of which there is no completion."""
    numbers: list[int] = []
    number = 0
    while len(numbers) < count:
        if not taken >> number & 1:
            numbers.append(number)
        number += 1
    return numbers
