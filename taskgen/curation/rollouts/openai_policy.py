"""The policy behind any server that speaks the OpenAI chat-completions protocol: vLLM, SGLang, llama.cpp, Ollama.

Requests run concurrently, are tried again when the server is busy or the line breaks, and wait as long as it asks.
Answers are not streamed: at thousands of tokens a second their pieces would cost more than they tell; each request has
a deadline instead.
"""

import asyncio
import json
import os
import random
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from taskgen.curation.rollouts.dialogues import Dialogue, Finish, Reply
from taskgen.curation.rollouts.policies import PolicyTrouble, Round, most_tokens
from taskgen.curation.rollouts.settings import RolloutSettings
from taskgen.engine.errors import UsageError

TRIES = 8
"""How often a request is begun before it is given up; more often where the server is only busy with others, or where it
has answered before and has not been silent for as long as a request may take.
"""
FIRST_TRIES = 3
"""The same for a server that has never been reached, or has never answered with a chat completion."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0
"""Seconds before a request is tried again: doubled every time, less a random part of up to a half."""
LONGEST_REQUEST_TO_WAIT = 3600.0
"""Seconds that a server may ask us to wait."""
CUT_SHORT = ("length", "max_tokens", "content_filter", "abort", "error", "tool_calls", "function_call")
"""Finish reasons that say that the model would have written more: behind the answer of a tool, too."""
REASONING = "<think>\n{}\n</think>\n\n"
"""Reasoning that a server has parsed out of a completion, put back where the model wrote it."""


class _Message(msgspec.Struct):
    content: str | list[dict[str, Any]] | None = None
    refusal: str | None = None
    reasoning_content: Any = None
    reasoning: Any = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Response(msgspec.Struct):
    choices: Annotated[list[_Choice], Meta(min_length=1)]
    usage: _Usage | None = None


class _Again(Exception):
    """A request that may do better next time; `wait` is in seconds, None where the server does not say.

    `lost` means that the server may have written an answer, which costs what it costs.
    """

    def __init__(
        self, why: str, wait: float | None = None, busy: bool = False, unreached: bool = False, lost: bool = False
    ) -> None:
        super().__init__(why)
        self.wait = wait
        self.busy = busy
        self.unreached = unreached
        self.lost = lost


class _Refused(Exception):
    """A request that the server will never answer."""


class Pace:
    """Lets requests begin no more often than a rate, and none before the time that the server asked for."""

    def __init__(self, requests_per_minute: float) -> None:
        self._spacing = 60 / requests_per_minute if requests_per_minute else 0.0
        self._free_at = self._held_until = time.monotonic()

    def hold(self, seconds: float) -> None:
        """Let no request begin for so long."""
        self._held_until = max(self._held_until, time.monotonic() + seconds)

    async def turn(self, line: asyncio.Lock) -> None:
        """Wait for one's turn in the line."""
        async with line:
            while (wait := max(self._free_at, self._held_until) - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            self._free_at = time.monotonic() + self._spacing


class OpenAIPolicy:
    """A model behind a server. The key is read from the environment, OPENAI_API_KEY."""

    def __init__(self, url: str, model: str, settings: RolloutSettings) -> None:
        try:
            import openai  # noqa: F401
        except ImportError:
            raise UsageError("policy openai: needs the package openai; pip install 'taskgen[rollout]'") from None
        self.url = url
        self.model = model
        self.key = os.environ.get("OPENAI_API_KEY", "").strip() or "none"
        if not (self.key.isascii() and self.key.isprintable()):
            raise UsageError("the key in OPENAI_API_KEY holds characters that no key has; set it again")
        self.settings = settings.sampling()
        self.options = settings
        self.pace = Pace(settings.requests_per_minute)
        self.answered = 0
        """Requests answered so far."""
        self.limit_name = "max_tokens"
        """What the server calls the limit; OpenAI's own has renamed it."""

    def sample(self, work: Round) -> None:
        """See Policy."""
        asyncio.run(_Session(self, work).run())


class _Session:
    """One round with the server."""

    def __init__(self, policy: OpenAIPolicy, work: Round) -> None:
        import openai

        self._policy = policy
        self._work = work
        self._client = openai.AsyncOpenAI(
            base_url=policy.url,
            api_key=policy.key,
            max_retries=0,
            timeout=openai.Timeout(policy.options.timeout, connect=min(10.0, policy.options.timeout)),
        )
        self._line = asyncio.Lock()
        self._settled = asyncio.Event()
        """Set, and made anew, when a request has been paid for."""

    async def run(self) -> None:
        """Carry on all dialogues, so many at a time."""
        async with self._client:
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(self._policy.options.concurrency):
                        group.create_task(self._carry_on())
            except BaseExceptionGroup as several:
                raise several.exceptions[0] from None

    async def _carry_on(self) -> None:
        """Take one dialogue after the other from those that all of us share."""
        for dialogue in self._work.dialogues:
            while not dialogue.finished:
                reply = await self._turn(dialogue)
                if reply is None:
                    break
                dialogue.take(reply)
            else:
                self._work.deliver(dialogue)
            if self._work.budget.exhausted:
                return

    async def _reserve(self, most: int) -> bool:
        """Wait until the budget has room for so many tokens; whether it ever will."""
        budget = self._work.budget
        while not budget.exhausted and not budget.reserve(most):
            if budget.reserved:
                await self._settled.wait()
            else:
                budget.exhausted = True
        if budget.exhausted:
            self._settled.set()
        return not budget.exhausted

    def _settle(self, most: int, used: int) -> None:
        self._work.budget.settle(most, used)
        self._settled.set()
        self._settled = asyncio.Event()

    async def _turn(self, dialogue: Dialogue) -> Reply | None:
        """The next turn, tried again while there is hope; None where it was given up or the budget has no room for it.

        Of an answer that was lost on its way, the most that it can have cost counts as spent.
        """
        policy, tries, begin = self._policy, 0, time.monotonic()
        answered_at_first, most = policy.answered, most_tokens(dialogue, policy.options.max_tokens)
        while await self._reserve(most):
            answered_before, used = policy.answered, 0
            try:
                await policy.pace.turn(self._line)
                reply = await self._request(dialogue)
                used = reply.prompt_tokens + reply.completion_tokens
                policy.answered += 1
                return reply
            except _Refused as fault:
                self._work.give_up(dialogue, "refused", str(fault))
                return None
            except _Again as fault:
                used = most if fault.lost else 0
                tries += not (fault.busy and policy.answered > answered_before)
                if tries >= (FIRST_TRIES if fault.unreached and not policy.answered else TRIES):
                    if policy.answered > answered_at_first:
                        self._work.give_up(dialogue, "failed", str(fault))
                        return None
                    if not policy.answered or time.monotonic() - begin > policy.options.timeout:
                        raise PolicyTrouble(f"{policy.url}: {fault} (tried {tries} times)") from None
                policy.pace.hold(fault.wait or 0.0)
                if not fault.wait:  # a server that is busy and says 0 seconds would be asked without end
                    await asyncio.sleep(min(LONGEST_WAIT, FIRST_WAIT * 2**tries / 2) * random.uniform(0.5, 1))
            finally:
                self._settle(most, used)
        return None

    async def _request(self, dialogue: Dialogue) -> Reply:
        """One request. Raises _Again, _Refused, UsageError, PolicyTrouble."""
        import openai

        policy, begin = self._policy, time.perf_counter()
        try:
            async with asyncio.timeout(policy.options.timeout):
                raw = await self._client.chat.completions.with_raw_response.create(
                    model=policy.model,
                    messages=dialogue.messages,  # type: ignore[arg-type]
                    temperature=policy.options.temperature,
                    top_p=policy.options.top_p,
                    extra_body={policy.limit_name: policy.options.max_tokens},
                )
            return self._read(raw.http_response.content, time.perf_counter() - begin)
        except (TimeoutError, openai.APITimeoutError) as error:
            raise _Again(f"no answer within {policy.options.timeout:g} s", lost=_was_connected(error)) from None
        except openai.APIConnectionError as error:
            why = f"cannot be reached: {error.__cause__ or error}; is the server running?"
            raise _Again(why, unreached=True, lost=_was_connected(error)) from None
        except openai.APIStatusError as error:
            raise await self._explained(error) from None

    def _read(self, content: bytes, seconds: float) -> Reply:
        try:
            answer = msgspec.convert(json.loads(content), _Response)
        except (ValueError, RecursionError) as error:
            raise _Again(f"the answer is not a chat completion: {error}", unreached=True, lost=True) from None
        choice = answer.choices[0]
        usage = answer.usage or _Usage()
        if usage.completion_tokens is None and self._work.budget.limit:
            raise UsageError(f"{self._policy.url} does not say how many tokens it used; leave --token-budget out")
        text = _text(choice.message)
        # No text at all, not even an empty one: what the model wrote was kept back.
        cut_short = choice.finish_reason in CUT_SHORT or (choice.message.content is None and not text)
        finish: Finish = "length" if cut_short else "stop"
        return Reply(text, finish, usage.prompt_tokens or 0, usage.completion_tokens or 0, seconds)

    async def _explained(self, error: Any) -> Exception:
        """What a status other than 200 means for us."""
        policy, status = self._policy, error.status_code
        said = f"{status}: {_first_line(error.message)}"
        if status == 429 or status in (408, 409) or status >= 500:
            wait = seconds_asked(error.response.headers.get("retry-after"))
            if wait is not None and wait > LONGEST_REQUEST_TO_WAIT:
                return PolicyTrouble(f"{policy.url} asks us to wait {wait:,.0f} s ({said})")
            return _Again(said, wait, busy=status in (429, 503))
        if status in (400, 413, 422):
            if "max_completion_tokens" in said and policy.limit_name == "max_tokens":
                policy.limit_name = "max_completion_tokens"
                return _Again(said, 0.0)
            return _Refused(said)
        if status in (401, 403):
            return UsageError(f"{policy.url} refused the key in OPENAI_API_KEY ({said})")
        served = await self._served() if status == 404 else ""
        return UsageError(f"{policy.url} has no model {policy.model} or is not the address of an API ({said}){served}")

    async def _served(self) -> str:
        """The models that the server has, if it tells."""
        import openai

        try:
            models = [model.id for model in (await self._client.models.list()).data]
        except (openai.OpenAIError, ValueError, TypeError, AttributeError):
            return ""
        return f"; it has {', '.join(models[:5])}" if models else ""


def _was_connected(error: Exception) -> bool:
    """Whether a request that failed had reached the server; the client's own errors have no other common sign."""
    return not type(error.__cause__).__name__.startswith("Connect")


def _text(message: _Message) -> str:
    """All that the model wrote, as text that can be stored."""
    reasoning = message.reasoning_content or message.reasoning
    before = REASONING.format(reasoning.strip("\n")) if isinstance(reasoning, str) else ""
    content = message.content or message.refusal
    if isinstance(content, list):
        content = "".join(part["text"] for part in content if isinstance(part.get("text"), str))
    return (before + (content or "")).encode(errors="replace").decode()


def seconds_asked(header: str | None) -> float | None:
    """The seconds in a Retry-After header, a number or a date (RFC 9110, 10.2.3); None where it has none."""
    if header is None:
        return None
    try:
        wait = float(header)
    except ValueError:
        try:
            until = parsedate_to_datetime(header)
        except ValueError:
            return None
        wait = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return max(0.0, wait) if wait == wait else None


def _first_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[0][:300]
