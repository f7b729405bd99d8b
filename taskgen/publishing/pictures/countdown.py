"""The numbers round: the target on its screen, the numbers on their tiles."""

from taskgen.publishing.drawing.colours import BLUE, INK, PAPER, QUIET
from taskgen.publishing.drawing.shapes import Box, Drawing, Label, Shape
from taskgen.publishing.drawing.texts import width
from taskgen.verifiers.math.countdown import Countdown

MARGIN, TILE, GAP, SIZE = 24, 64, 12, 24
RULES = {True: "Use every number exactly once.", False: "Use each number at most once."}


def draw(problem: Countdown) -> Drawing:
    """Target above, tiles below in the order given, then the rule."""
    rule = RULES[problem.use_all]
    target = str(problem.target)
    screen = max(150.0, width(target, 44, True) + 48)
    tiles = len(problem.numbers) * (TILE + GAP) - GAP
    inner = max(screen, float(tiles), width(rule, 14))
    middle = MARGIN + inner / 2
    top = MARGIN + 22
    shapes: list[Shape] = [
        Label(middle, MARGIN + 6, "target", 13, fill=QUIET),
        Box(middle - screen / 2, top, screen, 70, INK, None, 1, 8),
        Label(middle, top + 35, target, 44, fill=PAPER, bold=True),
    ]
    y = top + 70 + 24
    for place, number in enumerate(problem.numbers):
        x = middle - tiles / 2 + place * (TILE + GAP)
        shapes.append(Box(x, y, TILE, TILE, BLUE, None, 1, 6))
        shapes.append(
            Label(x + TILE / 2, y + TILE / 2, str(number), SIZE if number < 1000 else 21, "middle", PAPER, True)
        )
    y += TILE + 22
    shapes.append(Label(middle, y + 6, rule, 14))
    shapes.append(Label(middle, y + 32, "+   −   ×   ÷   ( )", 16, fill=QUIET))
    listed = ", ".join(map(str, problem.numbers))
    return Drawing(
        round(inner + 2 * MARGIN),
        round(y + 40 + MARGIN),
        f"Make {problem.target} from {len(problem.numbers)} numbers",
        f"The target {target} on a dark screen; below it tiles with the numbers {listed}. {rule}",
        tuple(shapes),
    )
