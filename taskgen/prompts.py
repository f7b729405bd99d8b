"""Prompts: every wording of a task is a macro in its template, `<task>.md.jinja`.

A template's macros take the problem and give the prompt; their names are the wordings. `terse` is the one-line wording
and is used only when asked for; macros whose name begins with an underscore are fragments shared by the others.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from taskgen.problem import Problem
from taskgen.seeding import Stream

TERSE = "terse"
ANSWERING = Path(__file__).with_name("answering.md.jinja")
"""The macros that every template may use to say where the answer goes."""


@lru_cache(maxsize=256)
def wordings(template: Path) -> dict[str, Callable[[Problem], str]]:
    """The wordings of a template by name, in alphabetical order."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([template.parent, ANSWERING.parent]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    answering = environment.get_template(ANSWERING.name).module
    environment.globals.update((name, macro) for name, macro in vars(answering).items() if callable(macro))
    environment.globals["zip"] = zip
    module = environment.get_template(template.name).module
    macros = {
        name: value for name, value in sorted(vars(module).items()) if not name.startswith("_") and callable(value)
    }
    if TERSE not in macros or len(macros) < 2:
        raise ValueError(f"{template.name}: a template needs the wording {TERSE!r} and at least one other")
    return macros


def choose(template: Path, wording: str | None, stream: Stream) -> str:
    """The wording asked for or, for None, one drawn from all but the terse one. Raises ValueError on an unknown one."""
    names = list(wordings(template))
    if wording is None:
        return stream.choice([name for name in names if name != TERSE])
    if wording not in names:
        raise ValueError(f"unknown wording {wording} (wordings: {', '.join(names)})")
    return wording


def render(template: Path, problem: Problem, wording: str) -> str:
    """The prompt of a problem in one wording, without white space around it or at line ends."""
    text = str(wordings(template)[wording](problem))
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
