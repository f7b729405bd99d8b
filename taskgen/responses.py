r"""Where the answer stands in a completion: one rule for every task.

The answer is the text between the last `<answer>` and the first `</answer>` after it, and both stand after the
reasoning, which ends with the last closing reasoning tag. A last `<answer>` that is never closed is no answer, and
neither is anything in reasoning that never ends. Where a task accepts them, and only if there is no `<answer>` tag
after the reasoning, the last `\boxed{...}` or the last fenced block counts instead; the same forms may wrap the whole
text between the tags, and so may emphasis.
"""

import re
from collections.abc import Sequence

REASONING_TAGS = ("think", "thinking", "reasoning")
MAX_COMPLETION = 8_000_000
MAX_BOXED = 200_000

_FENCES = re.compile(r"^[ \t]*(`{3,})(.*)$", re.MULTILINE)
_BRACES = re.compile(r"[{}]")
_EMPHASIS = ("**", "``", "`", "$$", "$")


class NoAnswer(Exception):
    """The completion holds no answer; the message says why."""


def extract(completion: str, forms: Sequence[str] = ("answer",)) -> str:
    """The answer in a completion, stripped of surrounding white space. Raises NoAnswer. Linear in the length.

    `forms` are those that the task accepts beside `<answer>`: "boxed", "fenced".
    """
    if len(completion) > MAX_COMPLETION:
        raise NoAnswer(f"the completion has {len(completion)} characters, more than {MAX_COMPLETION}")
    text = _after_reasoning(completion)
    start = text.rfind("<answer>")
    if start >= 0:
        end = text.find("</answer>", start)
        if end < 0:
            raise NoAnswer("the last <answer> is never closed")
        return _unwrapped(text[start + len("<answer>") : end].strip(), forms)
    for form in forms:
        found = _boxed(text) if form == "boxed" else _fenced(text) if form == "fenced" else None
        if found is not None:
            return found.strip()
    if "<answer>" in completion:
        raise NoAnswer("there is no <answer>...</answer> after the reasoning, only in it")
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


def _unwrapped(answer: str, forms: Sequence[str]) -> str:
    """An answer without the one fenced block, box or emphasis that wraps all of it, where the task accepts those."""
    if "fenced" in forms and answer.startswith("```") and answer.endswith("```") and answer.count("```") == 2:
        inner = _fenced(answer)
        if inner is not None:
            return inner.strip()
    if "boxed" in forms:
        for mark in _EMPHASIS:
            if answer.startswith(mark) and answer.endswith(mark) and answer.count(mark) == 2:
                answer = answer[len(mark) : -len(mark)].strip()
        if answer.startswith("\\boxed{") and answer.endswith("}") and answer.count("\\boxed{") == 1:
            inner = _boxed(answer)
            if inner is not None and len(inner) == len(answer) - len("\\boxed{}"):
                return inner.strip()
    return answer


def _boxed(text: str) -> str | None:
    """What stands in the last box, whose braces must balance within MAX_BOXED characters."""
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth = 0
    body = start + len("\\boxed{")
    for brace in _BRACES.finditer(text, body, body + MAX_BOXED):
        if brace.group() == "{":
            depth += 1
        elif depth == 0:
            return text[body : brace.start()]
        else:
            depth -= 1
    return None


def _fenced(text: str) -> str | None:
    """What stands in the last block that a line of back-ticks opens and another closes."""
    opened: re.Match[str] | None = None
    block = None
    for fence in _FENCES.finditer(text):
        if opened is None:
            opened = fence
        elif len(fence[1]) >= len(opened[1]) and not fence[2].strip():
            block = text[opened.end() : fence.start()]
            opened = None
    return block
