r"""Where the answer stands in a completion: one rule for every task.

The answer is the text between the last `<answer>` and the first `</answer>` after it, and both stand after the
reasoning, which ends with the last closing reasoning tag. A last `<answer>` that is never closed is no answer, and
neither is anything in reasoning that never ends. Where a task accepts them, and only if there is no `<answer>` tag
after the reasoning, the last `\boxed{...}` or the last fenced block counts instead.
"""

from collections.abc import Sequence

REASONING_TAGS = ("think", "thinking", "reasoning")
MAX_COMPLETION = 8_000_000


class NoAnswer(Exception):
    """The completion holds no answer; the message says why."""


def extract(completion: str, accepts: Sequence[str] = ("answer",)) -> str:
    """The answer in a completion, stripped of surrounding white space. Raises NoAnswer. Linear in the length."""
    if len(completion) > MAX_COMPLETION:
        raise NoAnswer(f"the completion has {len(completion)} characters, more than {MAX_COMPLETION}")
    text = _after_reasoning(completion)
    start = text.rfind("<answer>")
    if start >= 0:
        end = text.find("</answer>", start)
        if end < 0:
            raise NoAnswer("the last <answer> is never closed")
        return text[start + len("<answer>") : end].strip()
    for form in accepts:
        found = _boxed(text) if form == "boxed" else _fenced(text) if form == "fenced" else None
        if found is not None:
            return found.strip()
    raise NoAnswer("there is no <answer>...</answer> after the reasoning")


def _after_reasoning(completion: str) -> str:
    end = 0
    for tag in REASONING_TAGS:
        closing = completion.rfind(f"</{tag}>")
        if closing >= 0:
            end = max(end, closing + len(tag) + 3)
    text = completion[end:]
    for tag in REASONING_TAGS:
        if f"<{tag}>" in text:
            raise NoAnswer(f"the reasoning that <{tag}> opens never ends")
    return text


def _boxed(text: str) -> str | None:
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth = 0
    body = start + len("\\boxed{")
    for position in range(body, len(text)):
        if text[position] == "{":
            depth += 1
        elif text[position] == "}":
            if depth == 0:
                return text[body:position]
            depth -= 1
    return None


def _fenced(text: str) -> str | None:
    end = text.rfind("```")
    if end < 0:
        return None
    start = text.rfind("```", 0, end)
    if start < 0:
        return None
    block = text[start + 3 : end]
    first_line, newline, rest = block.partition("\n")
    return rest if newline and " " not in first_line.strip() else block
