"""What is plotted: where it stands among the facts, and the words around it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from taskgen.publishing.facts import RungFacts, Spread

Interval = tuple[float, float, float]
"""Low end, middle, high end."""


@dataclass(frozen=True)
class Measure:
    """One quantity of a rung, None where the rung lacks it."""

    name: str
    heading: str
    note: str
    caption: str
    of: Callable[[RungFacts], Interval | None]
    scale: Literal["task", "all", "share"]
    """Whether each task has a scale of its own, all share one, or it goes from 0 to 1."""
    many: str
    """What colours mean where tasks are many."""


def _spread(spread: Spread) -> Interval:
    return spread.low, spread.median, spread.high


def _rate(rung: RungFacts) -> Interval | None:
    return (rung.rate.low, rung.rate.mean, rung.rate.high) if rung.rate else None


RECORDS = Measure(
    "records",
    "Records by task and rung",
    "all splits",
    "Records by task and rung.",
    lambda rung: (rung.count, rung.count, rung.count),
    "all",
    "all splits; darker: more",
)
EFFORT = Measure(
    "effort",
    "Effort by rung",
    "dot: median; line: 5 to 95 % of the records; every task has its own unit",
    "What the reference solver had to do, by rung: median and 5 to 95 % of the records, in each task's own unit.",
    lambda rung: _spread(rung.effort),
    "task",
    "median in the task's own unit; darker: nearer to the task's highest, on a log scale",
)
PASS_RATE = Measure(
    "pass_rate",
    "Pass rate by rung",
    "dot: mean of the records' pass rates in %; line: 90 % interval",
    "Mean pass rate by rung in %, with its 90 % interval between records.",
    _rate,
    "share",
    "mean in %; the line at a cell's foot is the 90 % interval, from 0 % at the left edge to 100 % at the right",
)
ANSWER = Measure(
    "answer_length",
    "Length of the reference answers",
    "characters; dot: median; line: 5 to 95 % of the records",
    "Characters of the reference answers by rung: median and 5 to 95 % of the records.",
    lambda rung: _spread(rung.answer),
    "all",
    "median, in characters; darker: longer, on a log scale",
)
TOKENS = Measure(
    "prompt_tokens",
    "Tokens of the prompts (an estimate)",
    "estimated without a tokenizer; dot: median; line: 5 to 95 % of the records",
    "Tokens of the prompts by rung, estimated without a tokenizer: median and 5 to 95 % of the records.",
    lambda rung: _spread(rung.tokens),
    "all",
    "median, estimated without a tokenizer; darker: longer, on a log scale",
)
