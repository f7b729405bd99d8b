"""A Mastermind board: the hidden code as question marks, the guesses made already with what was said of them."""

from taskgen.publishing.drawing.colours import INK, PAPER, QUIET, ink_on
from taskgen.publishing.drawing.shapes import Box, Disc, Drawing, Label, Line, Shape
from taskgen.publishing.drawing.texts import width
from taskgen.verifiers.games.mastermind import Mastermind

MARGIN, TALL, GAP, ROW = 24, 34, 8, 46
COLOURS = {
    "red": "#c62828", "blue": "#0072b2", "green": "#009e73", "yellow": "#f0e442", "orange": "#e69f00",
    "pink": "#f4a6c6", "purple": "#7b3fa0", "black": "#000000", "white": "#ffffff", "brown": "#7a4a21",
    "cyan": "#56c9e0", "grey": "#9aa1a9", "gray": "#9aa1a9",
}  # fmt: skip
"""The paint of symbols that name a colour; every peg carries its name too."""


def draw(problem: Mastermind) -> Drawing:
    """The board from top to bottom: hidden code, guesses, guesses left, symbols."""
    pegs = len(problem.secret)
    wide = max(TALL, *(width(symbol, 13, True) + 18 for symbol in problem.symbols))
    board = pegs * (wide + GAP) - GAP
    told = MARGIN + board + 24
    right = told + 16 * pegs + 160
    shapes: list[Shape] = []
    for place in range(pegs):
        x = MARGIN + place * (wide + GAP)
        shapes.append(Box(x, MARGIN, wide, TALL, PAPER, QUIET, 1.4, TALL / 2, True))
        shapes.append(Label(x + wide / 2, MARGIN + TALL / 2, "?", 16, fill=QUIET, bold=True))
    shapes.append(Label(told, MARGIN + TALL / 2, "hidden code", 13, "start", QUIET))
    y = MARGIN + ROW
    shapes.append(Line(((MARGIN, y - 3), (right, y - 3)), QUIET, 0.8))
    y += 8
    for guess in problem.history:
        for place, symbol in enumerate(guess):
            shapes += _peg(problem.symbols[symbol], MARGIN + place * (wide + GAP), y, wide)
        shapes += _reply(problem.feedback(guess), told, y + TALL / 2)
        y += ROW
    left = f"{problem.limit}{' more' if problem.history else ''} {'guess' if problem.limit == 1 else 'guesses'}"
    shapes.append(Label(MARGIN, y + 10, left, 13, "start"))
    rule = "the code may repeat a symbol" if problem.repeats else "no symbol twice in the code"
    shapes.append(Label(right, y + 10, rule, 13, "end", QUIET))
    y += 34
    across = max(1, int((right - MARGIN + GAP) // (wide + GAP)))
    for number, name in enumerate(problem.symbols):
        shapes += _peg(name, MARGIN + number % across * (wide + GAP), y + number // across * (TALL + GAP), wide)
    y += -(-len(problem.symbols) // across) * (TALL + GAP) - GAP
    return Drawing(
        round(right + MARGIN),
        round(y + MARGIN),
        "Mastermind: find the hidden code",
        f"A hidden code of {pegs} pegs, shown as question marks; {_said(problem)}{left}; "
        f"symbols: {', '.join(problem.symbols)}; {rule}.",
        tuple(shapes),
    )


def _said(problem: Mastermind) -> str:
    said = ""
    for guess in problem.history:
        exact, misplaced = problem.feedback(guess)
        said += f"{' '.join(problem.symbols[symbol] for symbol in guess)}: {exact} exact, {misplaced} misplaced; "
    return said


def _peg(symbol: str, x: float, y: float, wide: float) -> list[Shape]:
    fill = COLOURS.get(symbol.lower(), "#e3e7ec")
    body = Box(x, y, wide, TALL, fill, INK, 1, TALL / 2)
    return [body, Label(x + wide / 2, y + TALL / 2, symbol, 13, "middle", ink_on(fill), True)]


def _reply(told: tuple[int, int], x: float, middle: float) -> list[Shape]:
    """A filled dot for each exact peg, a hollow one for each misplaced peg, and both in words."""
    exact, misplaced = told
    shapes: list[Shape] = [
        Disc(x + 6 + 16 * number, middle, 5.5, INK if number < exact else PAPER, INK, 1.5)
        for number in range(exact + misplaced)
    ]
    words = f"{exact} exact, {misplaced} misplaced"
    return [*shapes, Label(x + 16 * (exact + misplaced) + (8 if exact + misplaced else 0), middle, words, 13, "start")]
