"""The Hub's client with bounded patience, and what it raises said in one line."""

import logging
import os
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from taskgen.engine.errors import Trouble, UsageError

WAITS = (1, 2, 4)
"""Seconds before a request is made again, each time longer."""
LONGEST_WAIT = 300
"""Seconds that we wait if the Hub asks for it: its windows of counted requests are five minutes long."""
_WAITING = "the Hub is busy and asks to wait {:.0f} s"
BUSY = (408, 429, 500, 502, 503, 504)
LOG_IN = "log in with `hf auth login` or set HF_TOKEN"
TOKENS = "https://huggingface.co/settings/tokens"

Result = TypeVar("Result")


class Account(NamedTuple):
    """Who a token belongs to, and the namespaces of the user and the organisations it is in."""

    name: str
    namespaces: tuple[str, ...]


def check_name(repository: str) -> None:
    """Raise UsageError where this is no NAMESPACE/NAME of a dataset."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    if repository.count("/") != 1 or "" in repository.split("/"):
        raise UsageError(f"{repository} is no name of a dataset on the Hub; write NAMESPACE/NAME")
    try:
        validate_repo_id(repository)
    except HFValidationError as error:
        raise UsageError(f"{repository} is no name of a dataset on the Hub: {_one_line(error)}") from None


def open_client() -> Any:
    """The client, an HfApi; its own progress bars are shown on a terminal only. Raises Trouble where it is offline."""
    import huggingface_hub
    from huggingface_hub.constants import is_offline_mode
    from huggingface_hub.utils import disable_progress_bars

    if not sys.stderr.isatty():
        disable_progress_bars()
    if is_offline_mode():
        raise Trouble("HF_HUB_OFFLINE is set; unset it to reach the Hub")
    return huggingface_hub.HfApi()


def account(client: Any) -> Account:
    """Whose token this is. Raises Trouble where there is none, or none that the Hub accepts."""
    from huggingface_hub import get_token
    from huggingface_hub.errors import HfHubHTTPError

    if get_token() is None:
        raise Trouble(f"there is no token for the Hub; {LOG_IN} (a token that may write: {TOKENS})")

    def ask() -> Account:
        answer = client.whoami()
        organisations = (entry["name"] for entry in answer.get("orgs", ()))
        return Account(answer["name"], (answer["name"], *organisations))

    try:
        return patiently(ask)
    except HfHubHTTPError as error:
        if error.response.status_code == 401:
            where = "HF_TOKEN" if os.environ.get("HF_TOKEN") else "the token of `hf auth login`"
            raise Trouble(f"the Hub does not accept {where}; {LOG_IN} anew (tokens: {TOKENS})") from None
        raise


def patiently(request: Callable[[], Result]) -> Result:
    """Make a request, and again a few times where the Hub is busy or the connection breaks.

    Raises what the client does, and Trouble where it cannot make sense of an answer.
    """
    for wait in WAITS:
        try:
            return understood(request)
        except Exception as error:
            rest(error, wait)
    return understood(request)


def understood(request: Callable[[], Result]) -> Result:
    """Make a request. Raises what the client does, and Trouble where it cannot make sense of the answer."""
    try:
        return request()
    except (LookupError, TypeError, AttributeError):  # the client takes answers as they come
        raise Trouble(
            "what answers in the Hub's place is not the Hub, or speaks another version of its protocol; look at "
            "HF_ENDPOINT and at the network, then repeat the command"
        ) from None


def rest(error: Exception, wait: float) -> None:
    """Wait before another try, as long as the Hub asks. Raises what is no use trying again."""
    asked = _asked_wait(error)
    if not _is_passing(error) or asked > LONGEST_WAIT:
        raise error
    if asked > wait:
        print(_WAITING.format(asked), file=sys.stderr)
    time.sleep(max(wait, asked))


def _is_passing(error: Exception) -> bool:
    """Whether the same request may do better later: the Hub is busy, or a connection broke once it stood."""
    from huggingface_hub.errors import HfHubHTTPError, HTTPError

    cause = _cause(error)
    if isinstance(cause, HfHubHTTPError):
        return cause.response.status_code in BUSY
    return isinstance(cause, HTTPError) and type(cause).__name__ != "ConnectError"


def status_of(error: Exception) -> int:
    """The status of the answer that an error comes from, 0 where there was none."""
    response = getattr(_cause(error), "response", None)
    return response.status_code if response is not None else 0


def _cause(error: BaseException) -> BaseException:
    """What the client wraps: uploads of large files raise RuntimeError from what went wrong."""
    from huggingface_hub.errors import HTTPError

    while not isinstance(error, HTTPError) and error.__cause__ is not None:
        error = error.__cause__
    return error


def _asked_wait(error: Exception) -> float:
    """Seconds that the Hub asks to wait, 0 where it does not say."""
    response = getattr(_cause(error), "response", None)
    try:
        return float(response.headers.get("Retry-After", 0)) if response is not None else 0.0
    except ValueError:  # a date
        return 0.0


class _Waits(logging.Handler):
    """Of all that the client logs, tells that it waits because the Hub asked for it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line."""
        if found := re.search(r"Waiting ([0-9.]+)s", record.getMessage()):
            print(_WAITING.format(float(found[1])), file=sys.stderr)


@contextmanager
def plain_words(repository: str, doing: str) -> Iterator[None]:
    """Say in one line what the client raises, and keep it from saying more."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HTTPError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )
    from huggingface_hub.utils.logging import get_logger

    get_logger()  # or the client would put its own handler there later
    logger = logging.getLogger("huggingface_hub")
    handlers, logger.handlers = logger.handlers, [_Waits()]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except GatedRepoError:
        raise Trouble(f"{repository} is gated: ask for access on its page, then {LOG_IN}") from None
    except RepositoryNotFoundError:
        raise UsageError(f"{repository} is not on the Hub, or private; check the name, or {LOG_IN}") from None
    except RevisionNotFoundError:
        raise UsageError(f"{repository} has no such revision; look at the tags on its page") from None
    except (HTTPError, RuntimeError, ValueError, OSError) as error:  # the client's own, of large files mostly
        if isinstance(error, Trouble | UsageError) or getattr(error, "strerror", None):
            raise
        cause = _cause(error)
        text = _answer(cause) if isinstance(cause, HfHubHTTPError) else _broken(cause)
        raise Trouble(f"{repository}: {text}; {doing}") from None
    finally:
        logger.handlers = handlers


def _answer(error: Any) -> str:
    """An answer of the Hub that is an error."""
    status = error.response.status_code
    if status == 429:
        asked = _asked_wait(error)
        return "the Hub counts too many requests" + (f" and asks to wait {asked:.0f} s" if asked else "")
    if status in BUSY:
        return f"the Hub is busy (it answered {status})"
    said = _one_line(error.server_message or "")
    return f"the Hub answered {status}" + (f": {said}" if said else "")


def _broken(error: BaseException) -> str:
    said = _one_line(error)
    return "the transfer failed" + (f" ({said})" if said else "")


def _one_line(error: object) -> str:
    """What an error says, fit for a terminal and without the token, which an answer may repeat."""
    from huggingface_hub import get_token

    text = " ".join(str(error).replace(get_token() or "\0", "***").split())
    return "".join(filter(str.isprintable, text))[:200].rstrip(".")
