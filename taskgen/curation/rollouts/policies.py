"""Policies: whatever completes a prompt. What they are given, what they give back, and how a user names one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from taskgen.curation.rollouts.dialogues import Dialogue
from taskgen.curation.rollouts.settings import RolloutSettings, parse_policy
from taskgen.engine.errors import Trouble

TEMPLATE_TOKENS = 32
"""More than chat templates put around a message."""


class PolicyTrouble(Trouble):
    """A policy that cannot go on; what it has completed is kept."""


class Budget:
    """Tokens that may still be spent. Room is reserved before a request and settled when its cost is known."""

    def __init__(self, limit: int, spent: int) -> None:
        self.limit = limit
        """0 where there is no limit."""
        self.spent = spent
        self.reserved = 0
        self.exhausted = False

    def reserve(self, tokens: int) -> bool:
        """Set room aside, if there is any left for so much."""
        if self.limit and self.spent + self.reserved + tokens > self.limit:
            return False
        self.reserved += tokens
        return True

    def settle(self, reserved: int, used: int) -> None:
        """Give back what was set aside and count what was used."""
        self.reserved -= reserved
        self.spent += used


def most_tokens(dialogue: Dialogue, max_tokens: int) -> int:
    """What the next turn can cost at most: no token is shorter than a byte."""
    return max_tokens + sum(len(message["content"].encode()) + TEMPLATE_TOKENS for message in dialogue.messages)


@dataclass(frozen=True)
class Round:
    """The work of a policy: dialogues to carry on, where the finished ones go and those that cannot be, the budget."""

    dialogues: Iterator[Dialogue]
    deliver: Callable[[Dialogue], None]
    give_up: Callable[[Dialogue, str, str], None]
    """Called with a reason code and a detail."""
    budget: Budget


class Policy(Protocol):
    """Something that completes prompts."""

    model: str
    """Name of the model, a part of every rollout's key."""
    settings: str
    """Canonical JSON of how it samples, the other part."""

    def sample(self, work: Round) -> None:
        """Carry on every dialogue, or as many as the budget has room for; then it sets the budget's `exhausted`.

        Raises UsageError where the policy cannot be used like this, PolicyTrouble where it does not answer.
        """


def open_policy(settings: RolloutSettings) -> Policy:
    """The policy that the settings name. Raises UsageError where there is no such thing."""
    name = parse_policy(settings.policy)
    match name.kind:
        case "openai":
            from taskgen.curation.rollouts.openai_policy import OpenAIPolicy

            return OpenAIPolicy(name.place, name.model, settings)
        case "transformers":
            from taskgen.curation.rollouts.transformers_policy import TransformersPolicy

            return TransformersPolicy(name.place, settings)
    from taskgen.curation.rollouts.replay_policy import ReplayPolicy

    return ReplayPolicy(name.place)
