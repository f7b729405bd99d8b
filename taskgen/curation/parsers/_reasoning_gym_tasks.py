"""The reasoning-gym families that a task of ours states too: their rows as our problems, or with their structure."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from taskgen.curation.parsers import Puzzle, Row, problem, zebra_logic
from taskgen.curation.parsers.countdown import countdown
from taskgen.curation.parsers.knights_and_knaves import knights_and_knaves
from taskgen.curation.parsers.sudoku import sudoku
from taskgen.problem import Problem
from taskgen.verifiers.graphs.shortest_path import ShortestPath
from taskgen.verifiers.induction.arc_grid import ArcGrid
from taskgen.verifiers.math.antiderivative import Antiderivative
from taskgen.verifiers.planning.sokoban import Sokoban

Metadata = Mapping[str, Any]

_SOKOBAN = str.maketrans("*%@X$+-", "@+$.*#-")
_GRID = r"\s*\n((?:[0-9](?: [0-9])*\s*\n)+)"
_PAIR = re.compile(rf"Input:{_GRID}\s*Output:{_GRID}")
_TEST = re.compile(rf"Input:{_GRID}\s*\Z")


def _countdown(metadata: Metadata, text: str) -> Problem | None:
    return countdown(metadata["numbers"], metadata["target"])


def _puzzle24(metadata: Metadata, text: str) -> Problem | None:
    return countdown(metadata["numbers"], 24) if "operators +, -, *, /." in text else None


def _knights_knaves(metadata: Metadata, text: str) -> Problem | None:
    return knights_and_knaves(metadata["names"], metadata["statements"])


def _sudoku(metadata: Metadata, text: str) -> Problem | None:
    return sudoku(metadata["puzzle"])


def _shortest_path(metadata: Metadata, text: str) -> Problem | None:
    """A grid of walls X, open cells O, the start * and the goal #; every step costs the same."""
    symbols = [symbol for row in metadata["matrix"] for symbol in row]
    cells = [[0 if symbol == "X" else 1 for symbol in row] for row in metadata["matrix"]]
    return problem(
        ShortestPath, map={"type": "grid", "cells": cells}, start=symbols.index("*"), goal=symbols.index("#")
    )


def _sokoban(metadata: Metadata, text: str) -> Problem | None:
    rows = [line.replace(" ", "").translate(_SOKOBAN) for line in metadata["gamestr"].split("\n") if line.strip()]
    return problem(Sokoban, rows=rows)


def _arc(metadata: Metadata, text: str) -> Problem | None:
    """The examples and the test input stand in the question only, the output in the metadata only."""
    *pairs, [test] = arc_grids(text)
    return _arc_grid(pairs, test, metadata["output"])


def arc_grids(text: str) -> list[list[list[str]]]:
    """The grids of a question, each as rows of digits: input and output of every example, then the test's input."""
    pairs = [[_rows(given), _rows(made)] for given, made in _PAIR.findall(text)]
    return [*pairs, [_rows(_TEST.findall(f"{text}\n")[0])]]


def _arc_1d(metadata: Metadata, text: str) -> Problem | None:
    pairs = [[[_row(pair["input"])], [_row(pair["output"])]] for pair in metadata["train_examples"]]
    test = metadata["test_example"]
    return _arc_grid(pairs, [_row(test["input"])], [test["output"]])


def _arc_grid(pairs: Sequence[Any], test: Sequence[str], output: Sequence[Sequence[int]]) -> ArcGrid | None:
    return problem(ArcGrid, pairs=pairs, test=test, output=[_row(row) for row in output])


def _row(cells: Sequence[int]) -> str:
    return "".join(map(str, cells))


def _rows(grid: str) -> list[str]:
    return [line.replace(" ", "") for line in grid.split("\n") if line.strip()]


def _antiderivative(metadata: Metadata, text: str) -> Problem | Puzzle | None:
    """Ours, unless the variable is a capital letter: then ours in x has the same structure."""
    integrand, variable = metadata["integrand"], metadata["variable"]
    found = problem(Antiderivative, integrand=integrand, variable=variable)
    if found is not None or not variable.isupper():
        return found
    renamed = problem(Antiderivative, integrand=re.sub(rf"\b{variable}\b", "x", integrand), variable="x")
    return renamed and Puzzle(metadata["source_dataset"], [integrand, variable], renamed)


def _zebra_puzzles(metadata: Metadata, text: str) -> Problem | Puzzle | None:
    return zebra_logic.parse(Row(text, {}))


TASKS: dict[str, Callable[[Metadata, str], Problem | Puzzle | None]] = {
    "arc_1d": _arc_1d,
    "arc_agi": _arc,
    "countdown": _countdown,
    "intermediate_integration": _antiderivative,
    "knights_knaves": _knights_knaves,
    "mini_sudoku": _sudoku,
    "puzzle24": _puzzle24,
    "rearc": _arc,
    "shortest_path": _shortest_path,
    "simple_integration": _antiderivative,
    "sokoban": _sokoban,
    "sudoku": _sudoku,
    "zebra_puzzles": _zebra_puzzles,
}
"""Each takes metadata and question; None where our problem cannot hold the row, an exception where it is odd."""
