"""Makes grid puzzles from random programs, and proves that no simpler rule explains the pairs.

A program is drawn, then scenes on which each of its operations changes something. A compiled search then goes through
all programs in order of length: the puzzle is kept only if no shorter program fits the training pairs, and if every
program of the same length that fits them gives the same output for the test. For rules of four steps, the programs of
four steps are too many; all that share the first two or the last two steps with the rule are searched.
"""

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from taskgen.generators.induction._grid_language import (
    BY_KIND,
    FAMILIES,
    PRIMITIVES,
    Family,
    Operation,
    describe,
    draw_operation,
    operations,
)
from taskgen.knobs import BaseKnobs, ladder
from taskgen.registry import Draft
from taskgen.seeding import Stream
from taskgen.verifiers.induction.arc_grid import ArcGrid, Grid, Pair

if TYPE_CHECKING:
    import numpy as np

PROGRAMS = 60
EXHAUSTIVE = 3


class Knobs(BaseKnobs, frozen=True):
    """What moves the difficulty of the puzzle."""

    steps: Annotated[int, Meta(ge=1, le=4, description="how many primitives the rule is made of")] = 2
    families: Annotated[
        tuple[Family, ...], Meta(min_length=1, max_length=6, description="families of primitives that the rule may use")
    ] = FAMILIES
    pairs: Annotated[int, Meta(ge=2, le=6, description="how many training pairs are shown")] = 4
    size: Annotated[int, Meta(ge=3, le=20, description="longest side of an input grid")] = 10
    colours: Annotated[int, Meta(ge=1, le=8, description="most colours of an input grid, besides the background")] = 4
    objects: Annotated[int, Meta(ge=1, le=16, description="about how many objects a scene has")] = 5
    clutter: Annotated[int, Meta(ge=0, le=16, description="up to how many single cells are strewn over a scene")] = 0
    background: Annotated[bool, Meta(description="whether any colour may be the background, not only 0")] = False

    def __post_init__(self) -> None:
        if len(set(self.families)) != len(self.families):
            raise ValueError("families names one twice; name each once")
        kinds = sum(primitive.family in self.families for primitive in PRIMITIVES)
        if self.steps > kinds:
            raise ValueError(
                f"a rule of steps={self.steps} different primitives cannot come from families that hold {kinds}; "
                "lower steps or add families"
            )


PLAIN: tuple[Family, ...] = ("geometry", "colour")
LADDER = ladder(
    Knobs,
    steps=     [1, 1, 1, 2, 2, 2, 3, 3, 3, 4],
    families=  [PLAIN, (*PLAIN, "frame"), FAMILIES, (*PLAIN, "frame"), *[FAMILIES] * 6],
    pairs=     [4, 4, 4, 4, 4, 3, 4, 4, 3, 4],
    size=      [5, 6, 9, 7, 10, 12, 10, 12, 15, 14],
    colours=   [2, 3, 3, 3, 3, 4, 3, 4, 4, 4],
    objects=   [3, 3, 5, 4, 5, 6, 5, 7, 9, 8],
    clutter=   [0, 0, 0, 0, 0, 3, 1, 3, 5, 4],
    background=[False, False, False, False, False, True, True, True, True, True],
)  # fmt: skip


def generate(stream: Stream, knobs: Knobs) -> Draft | None:
    """The first of some random programs that turns out to be the simplest explanation of its examples."""
    for _ in range(PROGRAMS):
        program = [draw_operation(stream, stream.choice(knobs.families), knobs.colours) for _ in range(knobs.steps)]
        if len({kind for kind, _, _ in program}) < knobs.steps:
            continue
        bundle = _draw_examples(stream, knobs, program)
        if bundle is None:
            continue
        colours = _colours_to_search(bundle)
        if colours is not None and _simplest(program, bundle, operations(colours)):
            return _draft(stream, knobs, program, bundle, operations(colours))
    return None


class _Bundle:
    """Input and output grids with their shapes, the test last; see taskgen.kernels.grid_programs."""

    def __init__(self, grids: int) -> None:
        import numpy as np

        from taskgen.kernels.grid_objects import MAX_CELLS

        self.inputs = np.zeros((grids, MAX_CELLS), np.uint8)
        self.shapes = np.zeros((grids, 2), np.int64)
        self.outputs = np.zeros((grids, MAX_CELLS), np.uint8)
        self.output_shapes = np.zeros((grids, 2), np.int64)

    def arrays(self) -> "tuple[np.ndarray, ...]":
        return self.inputs, self.shapes, self.outputs, self.output_shapes


def _draw_examples(stream: Stream, knobs: Knobs, program: list[Operation]) -> _Bundle | None:
    """Grids of one kind of scene, one bundle of training pairs and a test, or None if some step would do nothing."""
    import numpy as np

    from taskgen.kernels.grid_objects import MAX_SIDE
    from taskgen.kernels.grid_primitives import apply
    from taskgen.kernels.grid_scenes import draw_examples
    from taskgen.kernels.random import hand_back, take_over

    growth = 1
    for kind, _, _ in program:
        growth *= BY_KIND[kind].growth
    largest = min(knobs.size, MAX_SIDE // growth)
    if largest < 2:
        return None
    # A scene that suits the first step; one that suits a later step may do as well.
    suited = BY_KIND[program[0][0] if stream.chance(0.7) else stream.choice(program)[0]].scenes
    bundle = _Bundle(knobs.pairs + 1)
    state = take_over(stream)
    found = draw_examples(
        apply,
        state,
        np.array(program, np.int64),
        stream.choice(suited),
        min(max(3, largest // 3), largest),
        largest,
        knobs.colours,
        knobs.objects,
        knobs.clutter,
        60,
        *bundle.arrays(),
    )
    hand_back(stream, state)
    return bundle if found else None


def _colours_to_search(bundle: _Bundle) -> list[int] | None:
    """The colours of the training pairs; None if the test has others, or the background is not the commonest colour."""
    import numpy as np

    def tally(cells: "np.ndarray", shapes: "np.ndarray") -> "np.ndarray":
        used = [grid[: rows * columns] for grid, (rows, columns) in zip(cells, shapes, strict=True)]
        return np.bincount(np.concatenate(used), minlength=10)

    inputs = tally(bundle.inputs[:-1], bundle.shapes[:-1])
    outputs = tally(bundle.outputs[:-1], bundle.output_shapes[:-1])
    test = tally(bundle.inputs[-1:], bundle.shapes[-1:])
    if inputs[0] <= inputs[1:].max() or (test[1:] * (inputs[1:] == 0)).any():
        return None
    return [colour for colour in range(1, 10) if inputs[colour] or outputs[colour]]


def _simplest(program: list[Operation], bundle: _Bundle, pool: list[Operation]) -> bool:
    """Whether no shorter program of the pool fits the training pairs, and those as long agree about the test."""
    import numpy as np

    from taskgen.kernels.grid_primitives import apply
    from taskgen.kernels.grid_programs import NONE, SAME, run, search, workspace

    steps = len(program)
    own, every = np.array(program, np.int64), np.array(pool, np.int64)
    nothing = own[:0]
    if steps <= EXHAUSTIVE:
        return search(apply, *bundle.arrays(), every, steps, nothing) == (steps, SAME)
    if search(apply, *bundle.arrays(), every, EXHAUSTIVE, own[EXHAUSTIVE - 1 :]) != (0, NONE):
        return False
    half_way = _Bundle(len(bundle.inputs))
    half_way.outputs, half_way.output_shapes = bundle.outputs, bundle.output_shapes
    states, space = np.empty((2, bundle.inputs.shape[1]), np.uint8), workspace(1)
    for grid, (height, width) in enumerate(bundle.shapes):
        rows, columns, _ = run(apply, own[:2], bundle.inputs[grid], height, width, states, space)
        half_way.inputs[grid], half_way.shapes[grid] = states[1], (rows, columns)
    return search(apply, *half_way.arrays(), every, 2, nothing) == (2, SAME)


def _draft(stream: Stream, knobs: Knobs, program: list[Operation], bundle: _Bundle, pool: list[Operation]) -> Draft:
    """The puzzle in colours drawn at random."""
    renamed = stream.shuffled(range(10)) if knobs.background else [0, *stream.shuffled(range(1, 10))]
    digits = "".join(map(str, renamed))
    inputs = [_rows(cells, shape, digits) for cells, shape in zip(bundle.inputs, bundle.shapes, strict=True)]
    outputs = [_rows(cells, shape, digits) for cells, shape in zip(bundle.outputs, bundle.output_shapes, strict=True)]
    pairs = tuple(Pair(given, made) for given, made in zip(inputs[:-1], outputs[:-1], strict=True))
    answer = "\n".join(" ".join(row) for row in outputs[-1])
    problem = ArcGrid(pairs, inputs[-1], outputs[-1])
    return Draft(problem, answer, _effort(program, pool), describe(program, renamed))


def _rows(cells: "np.ndarray", shape: "np.ndarray", digits: str) -> Grid:
    height, width = int(shape[0]), int(shape[1])
    text = cells[: height * width].tobytes().translate(digits.encode().ljust(256)).decode()
    return tuple(text[start : start + width] for start in range(0, height * width, width))


def _effort(program: list[Operation], pool: list[Operation]) -> int:
    """How many programs a search tries that goes by length, then by the latest family that a program uses."""
    latest = max(FAMILIES.index(BY_KIND[kind].family) for kind, _, _ in program)
    within = sum(FAMILIES.index(BY_KIND[kind].family) <= latest for kind, _, _ in pool)
    return sum(len(pool) ** length for length in range(1, len(program))) + within ** len(program)
