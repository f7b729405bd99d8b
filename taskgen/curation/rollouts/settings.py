"""What decides how a dataset is sampled."""

from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from taskgen.curation.stages import Settings
from taskgen.curation.stopping import LAST_TRIAL
from taskgen.engine.errors import UsageError

KINDS = "openai:URL#MODEL, transformers:PATH or replay:FILE"


class RolloutSettings(Settings, frozen=True):
    """Which policy is asked, how it samples, how often, and how hard its server is worked."""

    policy: Annotated[str, Meta(description=KINDS)]
    max_samples: Annotated[int, Meta(ge=1, le=LAST_TRIAL, description="completions that a record gets at most")] = 16
    fixed: Annotated[bool, Meta(description="give every record max_samples, whatever the first ones say")] = False
    band: Annotated[str, Meta(description="pass rates LOW:HIGH that make a record worth training on")] = "0.2:0.8"
    temperature: Annotated[float, Meta(ge=0, le=2, description="sampling temperature; 0 is greedy")] = 1.0
    top_p: Annotated[float, Meta(gt=0, le=1, description="probability mass that is sampled from")] = 1.0
    max_tokens: Annotated[int, Meta(ge=1, le=10**6, description="tokens of a turn; more is cut short")] = 4096
    system: Annotated[str, Meta(description="system message; empty for none")] = ""
    concurrency: Annotated[int, Meta(ge=1, le=1000, description="requests in flight, or a local model's batch")] = 32
    requests_per_minute: Annotated[float, Meta(ge=0, description="requests begun a minute; 0 for no limit")] = 0.0
    token_budget: Annotated[int, Meta(ge=0, description="tokens of prompts and completions; 0 for no limit")] = 0
    timeout: Annotated[float, Meta(gt=0, le=86_400, description="seconds that a request may take")] = 600.0

    def fault(self) -> tuple[tuple[str | int, ...], str] | None:
        """A policy or a band that cannot be read."""
        try:
            parse_policy(self.policy)
        except UsageError as error:
            return ("policy",), str(error)
        try:
            parse_band(self.band)
        except UsageError as error:
            return ("band",), str(error)
        if self.system.encode(errors="ignore").decode() != self.system:
            return ("system",), "the system message is not UTF-8"
        return None

    def sampling(self) -> str:
        """Canonical JSON of what decides how completions are distributed; a part of every rollout's key."""
        chosen: dict[str, str | float] = {
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
        }
        if self.system:
            chosen["system"] = self.system
        return msgspec.json.encode(chosen, order="deterministic").decode()


class PolicyName(NamedTuple):
    """A policy as a user names it: its kind, where it is and, behind a server, the model."""

    kind: str
    place: str
    model: str = ""


def parse_policy(text: str) -> PolicyName:
    """The parts of `openai:URL#MODEL`, `transformers:PATH`, `replay:FILE`. Raises UsageError."""
    kind, _, place = text.partition(":")
    if kind == "openai":
        url, _, model = place.partition("#")
        if _is_address(url) and model:
            return PolicyName(kind, url, model)
        raise UsageError(f"policy {text} cannot be read; write openai:http://HOST:PORT/v1#MODEL")
    if kind in ("transformers", "replay") and place:
        return PolicyName(kind, place)
    raise UsageError(f"policy {text} cannot be read; write {KINDS}")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and " " not in url
    except ValueError:
        return False


def parse_band(text: str) -> tuple[float, float]:
    """The two rates in '0.2:0.8'. Raises UsageError."""
    try:
        low, high = map(float, text.split(":"))
    except ValueError:
        raise UsageError(f"band {text} cannot be read; write it as 0.2:0.8") from None
    if not 0 <= low < high <= 1:
        raise UsageError(f"band {text} is out of range: 0 to 1, the lower rate first")
    return low, high
