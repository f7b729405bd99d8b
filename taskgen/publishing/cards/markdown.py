"""Text of any origin as Markdown that says the same: fences, code, table cells, numbers; and the templates beside."""

import inspect
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

_TICKS = re.compile("`+")
_CODE = re.compile("(`+)(.+?)\\1", re.DOTALL)
_PLAIN = str.maketrans({"<": "&lt;", ">": "&gt;"})


def fence(text: str) -> str:
    """A block that shows a text as it is, whatever runs of back-ticks it holds."""
    marks = "`" * max(3, _longest_run(text) + 1)
    return f"{marks}text\n{text}\n{marks}"


def code(text: Any) -> str:
    """A text within a line, as it is; line breaks become blanks."""
    line = " ".join(str(text).split())
    if not line:
        return ""
    marks = "`" * (_longest_run(line) + 1 if "`" in line else 1)
    gap = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{marks}{gap}{line}{gap}{marks}"


def cell(text: Any) -> str:
    """A text in a cell of a table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def prose(text: str) -> str:
    """A text without markup of HTML; what stands between back-ticks stays as it is."""
    parts = []
    end = 0
    for span in _CODE.finditer(text):
        parts += [text[end : span.start()].translate(_PLAIN), span[0]]
        end = span.end()
    return "".join(parts) + text[end:].translate(_PLAIN)


def label(text: str) -> str:
    """The description of a picture or a link."""
    return re.sub(r"([\[\]\\])", r"\\\1", prose(" ".join(text.split())))


def cut(text: str, most: int) -> tuple[str, int]:
    """The beginning of a text, whole lines where there are some, and how many characters are left out."""
    if len(text) <= most:
        return text, 0
    end = text.rfind("\n", most // 2, most + 1)
    kept = text[: end if end > 0 else most].rstrip()
    return kept, len(text) - len(kept)


def number(value: float) -> str:
    """A whole number with commas; any other with three digits, or with none after the point where it is large."""
    if abs(value) >= 1e15:
        return f"{value:.3g}"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def setting(value: Any) -> str:
    """The value of a knob as a person reads it."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return number(value)
        case list() | tuple():
            return ", ".join(map(setting, value)) or "none"
        case dict():
            return msgspec.json.encode(value, order="deterministic").decode()
    return str(value)


def listed(words: list[str], last: str = " and ") -> str:
    """Words as they stand in a sentence: a, b and c."""
    return last.join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def paragraphs(docstring: str | None) -> list[str]:
    """The paragraphs of a docstring, each one line; one that is indented keeps its lines, in a fence."""
    found = re.split(r"\n[ \t]*\n", inspect.cleandoc(docstring or "").strip())
    return [_paragraph(part) for part in found if part]


def render(template: str, **values: Any) -> str:
    """A template of this folder with values."""
    return str(_templates().get_template(template).render(**values))


@lru_cache(maxsize=1)
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters = (fence, code, cell, prose, label, number, setting, listed)
    environment.filters |= {each.__name__: each for each in filters}
    return environment


def _paragraph(text: str) -> str:
    if text.startswith(" "):
        return fence(inspect.cleandoc("\n" + text))
    return " ".join(text.split())


def _longest_run(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
