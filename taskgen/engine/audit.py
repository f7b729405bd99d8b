"""Auditing a task: an independent oracle, null policies and damaged answers against its generator and verifier."""

import time
from collections.abc import Callable, Sequence
from statistics import fmean

import msgspec

from taskgen.engine.policies import completion, mutations, normal_form, null_completions
from taskgen.judging import read_problem, verify
from taskgen.knobs import RUNGS
from taskgen.problem import encode, structure_id
from taskgen.records import Record
from taskgen.registry import Task, task
from taskgen.seeding import Stream

SOLUTION_LIMIT = 64
"""How many answers an oracle is asked for when a damaged answer has to be looked up among them."""


MOST_MILLISECONDS = 1000
"""Mean time that a record may take on any rung."""
LEAST_CORRELATION = 0.8
"""Of difficulty and effort over the ladder."""


class RungAudit(msgspec.Struct):
    """What was seen on a sample of one rung. Lists hold one line for each fault."""

    difficulty: int
    records: int = 0
    milliseconds: float = 0.0
    """Mean time to make a record, without the first, which may compile kernels."""
    effort: float = 0.0
    judged_per_second: float = 0.0
    unique: int = 0
    """Records that the oracle proved to have exactly one answer."""
    solvable: int = 0
    """Records that the oracle found an answer for which the verifier accepts."""
    skipped: int = 0
    """Records too large for the oracle."""
    disagreements: list[str] = []
    mutants: int = 0
    accepted: int = 0
    """Damaged answers that the verifier accepts."""
    unconfirmed: list[str] = []
    """Accepted damaged answers that nothing shows to be right after all."""
    floor: float = 0.0
    floor_policy: str = ""
    relabelled: int = 0
    moved: list[str] = []
    """Relabelled problems whose structure id has changed."""

    @property
    def faults(self) -> list[str]:
        """Everything that must not be."""
        found = [*self.disagreements, *self.unconfirmed, *self.moved]
        if self.floor:
            found.append(f"a null policy scores {self.floor:.2f}: {self.floor_policy}")
        if self.milliseconds > MOST_MILLISECONDS:
            found.append(f"a record takes {self.milliseconds:,.0f} ms, more than {MOST_MILLISECONDS}")
        return found


class TaskAudit(msgspec.Struct):
    """The audit of a task over its rungs."""

    task: str
    unique: bool
    rungs: list[RungAudit]
    effort_correlation: float
    """Spearman's rank correlation of difficulty and effort over all records."""

    @property
    def floor(self) -> float:
        """The best mean score that a null policy had on a rung."""
        return max((rung.floor for rung in self.rungs), default=0.0)

    @property
    def floor_policy(self) -> str:
        """The null policy that had it; nothing where the floor is 0."""
        return max(self.rungs, key=lambda rung: rung.floor).floor_policy if self.rungs else ""

    @property
    def faults(self) -> list[str]:
        """Everything that must not be, one line each."""
        found = [f"{self.task} d{rung.difficulty}: {fault}" for rung in self.rungs for fault in rung.faults]
        if self.effort_correlation < LEAST_CORRELATION:
            found.append(f"{self.task}: effort does not rise with difficulty: {self.effort_correlation:.2f}")
        return found


def audit_task(
    name: str, sample: int = 20, seed: int = 0, report: Callable[[str, int], None] = lambda stage, rungs: None
) -> TaskAudit:
    """Audit `sample` records of every rung. Raises UnknownTask."""
    subject = task(name)
    rungs, points = [], []
    for difficulty in range(1, RUNGS + 1):
        report(f"{name} d{difficulty}", difficulty - 1)
        records, seconds = make_sample(subject, difficulty, sample, seed)
        rungs.append(audit_rung(subject, difficulty, records, seconds))
        points += [(float(difficulty), record.effort) for record in records]
    report(name, RUNGS)
    correlation = spearman([rung for rung, _ in points], [effort for _, effort in points])
    return TaskAudit(name, subject.problem_type.unique, rungs, correlation)


def make_sample(subject: Task, difficulty: int, sample: int, seed: int) -> tuple[list[Record], list[float]]:
    """The first records of a rung and the seconds that each took."""
    records, seconds = [], []
    for index in range(sample):
        start = time.perf_counter()
        records.append(subject.generate(difficulty=difficulty, seed=seed, index=index))
        seconds.append(time.perf_counter() - start)
    return records, seconds


def audit_rung(subject: Task, difficulty: int, records: Sequence[Record], seconds: Sequence[float]) -> RungAudit:
    """Everything that can be said of one rung's sample."""
    rung = RungAudit(difficulty, len(records))
    rung.milliseconds = 1000 * fmean(seconds[1:] or seconds)
    rung.effort = fmean(record.effort for record in records)
    rung.judged_per_second = judging_rate(records)
    rung.floor, rung.floor_policy = null_floor(records)
    for record in records:
        check_oracle(subject, record, rung)
        check_mutants(subject, record, rung)
        check_relabelling(subject, record, rung)
    return rung


def check_oracle(subject: Task, record: Record, rung: RungAudit) -> None:
    """Ask the oracle for two answers: each must score 1 and, where the task says unique, only one may exist."""
    found = subject.oracle.solutions(read_problem(record), 2)
    if found is None:
        rung.skipped += 1
        return
    rejected = [answer for answer in found if not verify(record, completion(answer))]
    if rejected:
        rung.disagreements.append(f"{_place(record)}: the verifier rejects the oracle's answer {rejected[0][:80]!r}")
    elif not found:
        rung.disagreements.append(f"{_place(record)}: the oracle proves that there is no answer")
    elif subject.problem_type.unique and len(found) > 1:
        rung.disagreements.append(f"{_place(record)}: the oracle knows another answer {found[1][:80]!r}")
    else:
        rung.solvable += 1
        rung.unique += len(found) == 1


def check_mutants(subject: Task, record: Record, rung: RungAudit) -> None:
    """Judge damaged reference answers; one that is accepted needs the oracle's word that it is right."""
    for mutant in mutations(record.answer, _stream("mutations", record)):
        rung.mutants += 1
        if verify(record, completion(mutant)):
            rung.accepted += 1
            if not confirmed(subject, record, mutant):
                rung.unconfirmed.append(f"{_place(record)}: the verifier accepts {mutant[:80]!r}")


def confirmed(subject: Task, record: Record, answer: str) -> bool:
    """Whether the oracle says that an answer is right, or it says the same as the reference or an oracle's answer."""
    problem = read_problem(record)
    if hasattr(subject.oracle, "accepts"):
        return bool(subject.oracle.accepts(problem, answer))
    if normal_form(answer) == normal_form(record.answer):
        return True
    found = subject.oracle.solutions(problem, SOLUTION_LIMIT) or []
    return normal_form(answer) in map(normal_form, found)


def check_relabelling(subject: Task, record: Record, rung: RungAudit) -> None:
    """A relabelled problem must keep its structure id."""
    relabelled = subject.oracle.relabel(read_problem(record), _stream("relabel", record))
    rung.relabelled += 1
    if structure_id(relabelled) != record.structure:
        rung.moved.append(f"{_place(record)}: relabelling changes the structure id: {encode(relabelled)[:120]}")


def null_floor(records: Sequence[Record]) -> tuple[float, str]:
    """The best mean score of a null policy on these records, and the policy's name where it is above 0."""
    totals: dict[str, float] = {}
    for position, record in enumerate(records):
        other = _other_answer(records, position)
        for policy, text in null_completions(record.prompt, other).items():
            totals[policy] = totals.get(policy, 0.0) + verify(record, text).score
    policy = max(totals, key=lambda name: totals[name])
    floor = totals[policy] / len(records)
    return floor, policy if floor else ""


def _other_answer(records: Sequence[Record], position: int) -> str:
    """The next record's answer that is not this record's own; nothing where all answers are one."""
    own = records[position].answer
    rotated = [*records[position + 1 :], *records[:position]]
    return next((record.answer for record in rotated if record.answer != own), "")


def judging_rate(records: Sequence[Record]) -> float:
    """Reference answers judged in a second, from the problem's string to the verdict."""
    texts = [(record.problem, completion(record.answer)) for record in records]
    start = time.perf_counter()
    judged = 0
    while time.perf_counter() - start < 0.02:
        for problem, text in texts:
            verify(problem, text)
        judged += len(texts)
    return judged / (time.perf_counter() - start)


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's rank correlation, tied values sharing their mean rank; 0 where either side is constant."""
    ranks, others = _ranks(first), _ranks(second)
    middle = (len(ranks) - 1) / 2
    spread = sum((rank - middle) ** 2 for rank in ranks) * sum((rank - middle) ** 2 for rank in others)
    if not spread:
        return 0.0
    return sum((rank - middle) * (other - middle) for rank, other in zip(ranks, others, strict=True)) / spread**0.5


def _ranks(values: Sequence[float]) -> list[float]:
    ordered = sorted(range(len(values)), key=lambda place: values[place])
    ranks = [0.0] * len(values)
    start = 0
    for stop in range(1, len(ordered) + 1):
        if stop == len(ordered) or values[ordered[stop]] != values[ordered[start]]:
            for place in ordered[start:stop]:
                ranks[place] = (start + stop - 1) / 2
            start = stop
    return ranks


def _stream(purpose: str, record: Record) -> Stream:
    return Stream.keyed(purpose, record.id)


def _place(record: Record) -> str:
    return f"seed {record.seed} index {record.index}"
