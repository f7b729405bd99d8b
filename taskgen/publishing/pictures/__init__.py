"""Problems drawn as people draw them: a module for each task that has a picture, `draw(problem) -> Drawing`.

A drawing shows the problem alone, never anything of its answer. Modules are found by the task's name.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from taskgen.problem import decode
from taskgen.publishing.drawing.png import to_png
from taskgen.publishing.drawing.shapes import Drawing
from taskgen.publishing.drawing.svg import to_svg
from taskgen.publishing.figures import Picture

WIDEST = 900
"""Most pixels of a PNG from left to right."""
SCALE = 1.5
"""Pixels of a PNG for each of the drawing's, unless it would become too wide."""


def draw(problem: str) -> Picture | None:
    """The picture of a problem, a self-describing JSON string; None where its task has none. Raises ValueError."""
    typed = decode(problem)
    module = f"{__name__}.{typed.task}"
    if typed.task.startswith("_") or find_spec(module) is None:
        return None
    drawing = sketch(typed)
    return Picture(to_svg(drawing), to_png(drawing, min(SCALE, WIDEST / drawing.width)), drawing.description)


def sketch(problem: Any) -> Drawing:
    """The drawing of a typed problem whose task has one."""
    drawing: Drawing = import_module(f"{__name__}.{problem.task}").draw(problem)
    return drawing
