"""Shares of tasks and domains in a mix, from the weights that the user gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from taskgen.engine.errors import UsageError


@dataclass(frozen=True)
class Group:
    """Tasks that share one weight evenly: a task alone, or those of a domain that has a weight."""

    name: str
    weight: float
    tasks: tuple[str, ...]
    rows: int

    @property
    def task_weight(self) -> float:
        """The weight of each of its tasks."""
        return self.weight / len(self.tasks)


def group_tasks(rows: Mapping[str, int], domains: Mapping[str, str], weights: Mapping[str, float]) -> list[Group]:
    """Tasks with so many rows each, in groups, by name.

    A weight names a task or a domain; that of a domain goes to its tasks that have none of their own. What no weight
    reaches is a group of weight 1. Raises UsageError where a weight names nothing or all are 0.
    """
    named_domains = {domain for domain in domains.values() if domain in weights} - set(rows)
    for name in weights:
        if name not in rows and name not in named_domains:
            found = f"tasks: {', '.join(sorted(rows))}; domains: {', '.join(sorted(set(domains.values())))}"
            raise UsageError(f"weight {name}: no row is of a task or domain of that name ({found})")
    members: dict[str, list[str]] = {}
    for task in sorted(rows):
        domain = domains.get(task, "")
        members.setdefault(domain if domain in named_domains and task not in weights else task, []).append(task)
    groups = [
        Group(name, weights.get(name, 1.0), tuple(tasks), sum(rows[task] for task in tasks))
        for name, tasks in sorted(members.items())
    ]
    if not any(group.weight for group in groups):
        raise UsageError("every weight is 0: nothing would be left")
    return groups


def exact_size(groups: Sequence[Group]) -> int:
    """Rows of the largest mix in which every group gives its exact share; one without rows has no say."""
    having = [group for group in groups if group.weight and group.rows]
    total = sum(Fraction(group.weight) for group in having)
    return min((int(group.rows * total / Fraction(group.weight)) for group in having), default=0)


def share_of(group: Group, groups: Sequence[Group], size: int) -> int:
    """How many rows of a mix of this size are a group's by weight, fractions cut off."""
    return int(size * Fraction(group.weight) / sum(Fraction(one.weight) for one in groups))
