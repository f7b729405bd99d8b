"""Multi-turn tasks: a problem that answers back, played through the five-tuple that Gymnasium users know."""

from abc import abstractmethod
from typing import Any, ClassVar

import msgspec

from taskgen.judging import judge, read_problem
from taskgen.problem import Problem, Verdict, malformed, wrong
from taskgen.responses import NoAnswer, extract

MAX_ACTION = 1_000


class Turn(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One action of the player and what the problem answered."""

    action: str
    observation: str


_TRANSCRIPT = msgspec.json.Decoder(tuple[Turn, ...])


class Reply(msgspec.Struct, frozen=True):
    """What a problem answers to an action; `finished` where no further action is taken."""

    observation: str
    finished: bool = False


class MultiTurnProblem(Problem, frozen=True):
    """A problem whose answer is the transcript of a dialogue with it: a JSON list of [action, observation] pairs.

    Everything is a function of the problem and the actions so far, so a transcript can be replayed and a forged
    observation is seen. Hidden fields stay in the problem; prompt, observations and client-visible state lack them.
    """

    max_answer: ClassVar[int] = 200_000
    """Room for 30 turns of MAX_ACTION characters, all of them escaped."""

    @abstractmethod
    def reply(self, turns: tuple[Turn, ...], action: str) -> Reply:
        """The answer to an action after these turns."""

    @abstractmethod
    def outcome(self, turns: tuple[Turn, ...]) -> Verdict:
        """The verdict on a dialogue whose observations are genuine."""

    def verify(self, answer: str) -> Verdict:
        """Replay a transcript, then judge its outcome."""
        try:
            turns = _TRANSCRIPT.decode(answer)
        except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
            return malformed(f"not a transcript of [action, observation] pairs: {error}")
        finished = False
        for number, turn in enumerate(turns):
            if finished:
                return wrong(f"the transcript goes on after turn {number}, which ended it")
            genuine = self.reply(turns[:number], turn.action)
            if turn.observation != genuine.observation:
                return wrong(f"the observation of turn {number + 1} is not what was answered")
            finished = genuine.finished
        return self.outcome(turns)


class Environment:
    """One dialogue at a time with a multi-turn problem.

    >>> environment = Environment()
    >>> observation, info = environment.reset(problem)
    >>> observation, reward, terminated, truncated, info = environment.step("1 2 3 4")
    """

    def __init__(self) -> None:
        self._problem: MultiTurnProblem | None = None
        self._turns: tuple[Turn, ...] = ()
        self._finished = False

    def reset(self, problem: Any) -> tuple[str, dict[str, Any]]:
        """Begin a dialogue: the prompt in its plainest wording, and the state. Takes what `taskgen.verify` takes.

        Raises ValueError where the problem is not one of a multi-turn task.
        """
        from taskgen.prompts import render, wordings
        from taskgen.registry import task

        statement = read_problem(problem)
        if not isinstance(statement, MultiTurnProblem):
            raise ValueError(f"{statement.task} is not a multi-turn task; judge its answers with taskgen.verify")
        self._problem, self._turns, self._finished = statement, (), False
        template = task(statement.task).template
        return render(template, statement, next(iter(wordings(template)))), self.state()

    def step(self, completion: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Observation, reward, terminated, truncated, state. The reward is the verifier's score, at the end only.

        The action is the answer in the completion or, where it holds none, all of its text; of a long action only the
        first MAX_ACTION characters are taken. Raises RuntimeError before `reset` and after the end.
        """
        if self._problem is None or self._finished:
            raise RuntimeError(
                "the dialogue has ended; call reset(problem)" if self._problem else "call reset(problem)"
            )
        action = _action(completion, self._problem)
        reply = self._problem.reply(self._turns, action)
        self._turns += (Turn(action, reply.observation),)
        self._finished = reply.finished
        reward = self.verdict().score if reply.finished else 0.0
        return reply.observation, reward, reply.finished, False, self.state()

    def verdict(self) -> Verdict:
        """What the verifier says of the transcript so far."""
        if self._problem is None:
            raise RuntimeError("call reset(problem)")
        return judge(self._problem, self.transcript())

    def transcript(self) -> str:
        """The dialogue as the JSON that the verifier reads; it can stand between answer tags, whatever was said."""
        return msgspec.json.encode(self._turns).decode().replace("<", "\\u003c")

    def state(self) -> dict[str, Any]:
        """What a client may see: task, turns so far, whether it has ended. Nothing hidden."""
        name = self._problem.task if self._problem else ""
        turns = [{"action": turn.action, "observation": turn.observation} for turn in self._turns]
        return {"task": name, "turns": turns, "finished": self._finished}


def _action(completion: str, problem: MultiTurnProblem) -> str:
    """What a player does, as text that JSON can hold."""
    if not isinstance(completion, str):
        return ""
    try:
        text = extract(completion, problem.forms)
    except NoAnswer:
        text = completion
    return text[:MAX_ACTION].encode(errors="replace").decode()
