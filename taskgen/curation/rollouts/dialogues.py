"""Dialogues: a record on its way to becoming a rollout. One turn for most tasks, several for multi-turn ones."""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from taskgen.environment import Environment

Finish = Literal["stop", "length"]
"""Whether the policy came to an end or was cut short."""


class Reply(msgspec.Struct, frozen=True):
    """One turn of a policy: its text, how it ended, what it cost."""

    text: str
    finish: Finish = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0


class Request(msgspec.Struct, frozen=True):
    """Completion number `number` of a record is wanted."""

    id: str
    number: int
    prompt: str
    problem: str
    turns: bool
    """Whether its task is played in several turns."""


def no_log(dialogue: "Dialogue", reply: Reply) -> None:
    """Keep no note of a turn."""


class Dialogue:
    """The messages so far, and what they will add up to.

    In a multi-turn task the problem answers every turn, and the completion that is stored is the transcript. A turn
    that was cut short ends the dialogue: it is censored.
    """

    def __init__(
        self,
        request: Request,
        system: str = "",
        earlier: Sequence[Reply] = (),
        log: Callable[["Dialogue", Reply], None] = no_log,
    ) -> None:
        self.request = request
        self.messages = [{"role": "system", "content": system}] if system else []
        """What a chat model is shown next."""
        self.messages.append({"role": "user", "content": request.prompt})
        self.finished = False
        self.replies: list[Reply] = []
        self._completion = ""
        self._environment: Environment | None = None
        if request.turns:
            self._environment = Environment()
            self._environment.reset(request.problem)
        for reply in earlier:
            self._take(reply)
        self._log = log

    def take(self, reply: Reply) -> None:
        """Add a turn of the policy, and what the problem says to it."""
        self._take(reply)
        if self._environment is not None:
            self._log(self, reply)

    def _take(self, reply: Reply) -> None:
        self.replies.append(reply)
        if self._environment is None:
            self._completion, self.finished = reply.text, True
            return
        observation = ""
        if reply.finish == "stop":
            observation, _, self.finished, _, _ = self._environment.step(reply.text)
        self.finished |= reply.finish == "length"
        self.messages += [{"role": "assistant", "content": reply.text}, {"role": "user", "content": observation}]
        self._completion = f"<answer>{self._environment.transcript()}</answer>"

    def take_whole(self, completion: str, finish: Finish) -> None:
        """End with a completion that was made elsewhere; of a multi-turn task, with its transcript."""
        self.replies.append(Reply(completion, finish))
        self._completion, self.finished = completion, True

    def outcome(self) -> Reply:
        """The whole of a finished dialogue: the completion that is judged, and what all turns cost together."""
        return Reply(
            self._completion,
            self.replies[-1].finish,
            sum(reply.prompt_tokens for reply in self.replies),
            sum(reply.completion_tokens for reply in self.replies),
            sum(reply.seconds for reply in self.replies),
        )
