"""The template of a family of ours: the words that its prompts are made of, whichever problem they state."""

from functools import lru_cache

from taskgen.prompts import ANSWERING
from taskgen.registry import UnknownTask, task


@lru_cache(maxsize=256)
def template_texts(family: str) -> tuple[str, ...]:
    """The stretches of text in a task's template, between its slots and in them; none for a family that is no task."""
    from jinja2 import Environment

    try:
        template = task(family).template
    except UnknownTask:
        return ()
    lexer = Environment(trim_blocks=True, lstrip_blocks=True)
    parts = [part for file in (template, ANSWERING) for part in lexer.lex(file.read_text(encoding="utf-8"))]
    return tuple(text for _, kind, text in parts if kind in ("data", "string") and text.strip())
