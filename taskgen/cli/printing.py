"""How things are printed for a person."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

WIDE = 10_000


def console(stderr: bool = False) -> Any:
    """A rich console; where its output is no terminal, lines are as long as they need to be."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else WIDE, highlight=False, soft_wrap=False)


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> Any:
    """A rich table; columns whose values are numbers are aligned to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    listed = [list(row) for row in rows]
    grid = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False, padding=(0, 0, 0, 1))
    for place, heading in enumerate(headings):
        numeric = all(isinstance(row[place], int | float) for row in listed)
        grid.add_column(heading, justify="right" if numeric else "left", overflow="fold", no_wrap=place == 0)
    for row in listed:
        grid.add_row(*(Text(_shown(value)) for value in row))
    return grid


def panel(text: str, title: str) -> Any:
    """A frame around a text that is printed as it is."""
    from rich.constrain import Constrain
    from rich.panel import Panel
    from rich.text import Text

    return Constrain(Panel(Text(text), title=title, title_align="left", expand=False), 120)


def _shown(value: Any) -> str:
    match value:
        case float():
            return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
        case int():
            return f"{value:,}"
    return str(value)
