"""A zebra puzzle: the empty table, houses as columns and attributes as rows, and the clues beneath."""

import re

from taskgen.prompts import render
from taskgen.publishing.drawing.colours import INK, ORANGE, PAPER, QUIET
from taskgen.publishing.drawing.shapes import Box, Drawing, Label, Line, Polygon, Shape
from taskgen.publishing.drawing.texts import wrap
from taskgen.registry import task
from taskgen.verifiers.logic.zebra_puzzle import Attribute, ZebraPuzzle

MARGIN, ROOF, STEP, COLUMN_GAP = 24, 64, 17, 28
MOST = 80
"""Clues that are shown; puzzles of ours have half as many at most."""
WORDING = "street"
"""The wording whose numbered lines are the clues in plain sentences."""
_CLUE = re.compile(r"([0-9]+\.) (.+)")


def draw(problem: ZebraPuzzle) -> Drawing:
    """Table, values in alphabetical order, clues; nothing stands in the table."""
    houses, wide = problem.houses, 860 if len(problem.clues) > 8 or problem.houses > 4 else 640
    inner = wide - 2 * MARGIN
    first = inner * 0.36
    column = (inner - first) / houses
    shapes = [shape for house in range(houses) for shape in _house(MARGIN + first + (house + 0.5) * column, house + 1)]
    y = float(MARGIN + ROOF)
    lines = [y]
    for attribute in problem.attributes:
        shapes += (row := _attribute(attribute, y, first))
        y += max(40, 14 + STEP * len(row))
        lines.append(y)
    body = Box(MARGIN + first, lines[0], inner - first, y - lines[0], PAPER)
    rules = [Line(((MARGIN, line), (MARGIN + inner, line)), QUIET, 0.8) for line in lines]
    across = [MARGIN + first + house * column for house in range(houses + 1)]
    rules += [Line(((x, lines[0]), (x, y)), QUIET, 0.8) for x in across]
    clues, y = _clues(problem, y + 30, inner)
    names = ", ".join(attribute.name for attribute in problem.attributes)
    return Drawing(
        wide,
        round(y + MARGIN - 6),
        f"Zebra puzzle, {houses} houses",
        f"An empty table with {houses} houses as columns and a row for each of {names}, with the values to place; "
        f"beneath it {len(problem.clues)} clues in words.",
        (body, *shapes, *rules, *clues),
    )


def _house(middle: float, number: int) -> list[Shape]:
    """A small house with its number on it."""
    top = MARGIN + 4
    roof = Polygon(((middle - 26, top + 20), (middle, top), (middle + 26, top + 20)), ORANGE, INK, 1.2)
    return [
        Box(middle - 19, top + 20, 38, 30, PAPER, INK, 1.2),
        roof,
        Label(middle, top + 35, str(number), 15, bold=True),
    ]


def _attribute(attribute: Attribute, y: float, wide: float) -> list[Shape]:
    """The head of a row: the attribute's name and its values, a label for each line."""
    head: list[Shape] = [Label(MARGIN + 4, y + 15, attribute.name, 13, "start", bold=True)]
    values = wrap(", ".join(sorted(attribute.values)), 11.5, wide - 16)
    return head + [
        Label(MARGIN + 4, y + 15 + STEP * number, line, 11.5, "start", QUIET) for number, line in enumerate(values, 1)
    ]


def _clues(problem: ZebraPuzzle, top: float, inner: int) -> tuple[list[Shape], float]:
    """The clues in one column or, where they are many, in two; and where they end."""
    columns = 2 if len(problem.clues) > 8 else 1
    wide = (inner - COLUMN_GAP * (columns - 1)) / columns
    sentences = _CLUE.findall(render(task(problem.task).template, problem, WORDING))
    wrapped = [(number, wrap(sentence, 12.5, wide - 28)) for number, sentence in sentences[:MOST]]
    if len(sentences) > MOST:
        wrapped.append(("…", [f"and {len(sentences) - MOST} more clues"]))
    total = sum(len(lines) for _, lines in wrapped)
    shapes: list[Shape] = []
    column, y, bottom, placed = 0, top, top, 0
    for number, lines in wrapped:
        if column + 1 < columns and 2 * placed >= total:
            column, y = 1, top
        x = MARGIN + column * (wide + COLUMN_GAP)
        shapes.append(Label(x + 20, y, number, 12.5, "end", QUIET))
        for line in lines:
            shapes.append(Label(x + 28, y, line, 12.5, "start"))
            y += STEP
        y += 4
        placed += len(lines)
        bottom = max(bottom, y)
    return shapes, bottom
