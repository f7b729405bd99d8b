"""The language that hidden rules are written in: its primitives by family, with the scenes that suit them and words.

`taskgen.kernels.grid_primitives` says exactly what each does. An operation is (kind, selector, colour).
"""

from dataclasses import dataclass
from typing import Literal, get_args

from taskgen.kernels import grid_codes as codes
from taskgen.seeding import Stream

Family = Literal["geometry", "colour", "frame", "objects", "symmetry", "condition"]
FAMILIES: tuple[Family, ...] = get_args(Family)
Operation = tuple[int, int, int]

OBJECTS, PIXELS, DENSE, FACING, BROKEN_SYMMETRY = range(5)
ANY = (OBJECTS, PIXELS, DENSE)
DRAWN = (OBJECTS, OBJECTS, OBJECTS, PIXELS)

DIRECTIONS = ("up", "down", "left", "right")
HALVES = ("upper", "lower", "left", "right")
EVERY_DIRECTION = (0, 1, 2, 3)
PREDICATES = (
    "the largest object",
    "the smallest object",
    "objects at the edge",
    "objects with a hole",
    "solid rectangles",
    "objects of even size",
    "single cells",
    "objects that are the only ones of their colour",
    "objects taller than wide",
    "objects wider than tall",
)
EVERY_PREDICATE = tuple(range(codes.PREDICATES))
TURNS = {
    1: "flip left to right",
    2: "flip top to bottom",
    3: "turn by 180 degrees",
    4: "exchange rows and columns",
    5: "turn by a quarter to the left",
    6: "turn by a quarter to the right",
    7: "flip at the other diagonal",
}


@dataclass(frozen=True)
class Primitive:
    """One kind of operation. `colour` says what its colour argument does; `growth` by how much the sides may grow."""

    kind: int
    family: Family
    words: str
    selectors: tuple[int, ...] = (0,)
    names: tuple[str, ...] = ()
    colour: Literal["none", "written", "sought", "recolour", "swap"] = "none"
    scenes: tuple[int, ...] = ANY
    growth: int = 1


PRIMITIVES = (
    Primitive(codes.TURN, "geometry", "{selector}", tuple(TURNS), ("", *TURNS.values())),
    Primitive(codes.SHIFT, "geometry", "shift {selector} by one cell, around the edge", EVERY_DIRECTION, DIRECTIONS),
    Primitive(codes.RECOLOUR, "colour", "colour {first} becomes {second}", colour="recolour"),
    Primitive(codes.SWAP, "colour", "swap colours {first} and {second}", colour="swap"),
    Primitive(codes.KEEP_COLOUR, "colour", "keep only colour {second}", colour="sought"),
    Primitive(codes.PAINT, "colour", "every coloured cell becomes {second}", colour="written"),
    Primitive(codes.PAINT_COMMONEST, "colour", "the most frequent colour becomes {second}", colour="written"),
    Primitive(codes.PAINT_RAREST, "colour", "the least frequent colour becomes {second}", colour="written"),
    Primitive(codes.EXCHANGE, "colour", "swap the most and the least frequent colour"),
    Primitive(codes.CROP, "frame", "crop to the coloured cells"),
    Primitive(codes.TRIM, "frame", "remove the outermost ring of cells"),
    Primitive(codes.SQUEEZE, "frame", "remove empty rows and columns"),
    Primitive(codes.JOIN, "frame", "append the mirror image {selector}", EVERY_DIRECTION, DIRECTIONS, growth=2),
    Primitive(
        codes.TILE, "frame", "repeat {selector}", (1, 2, 3), ("", "downwards", "to the right", "2 x 2 times"), growth=2
    ),
    Primitive(codes.SCALE, "frame", "enlarge every cell to {selector}", (2, 3), ("", "", "2 x 2", "3 x 3"), growth=3),
    Primitive(
        codes.HALF, "frame", "keep the {selector} half", EVERY_DIRECTION, HALVES
    ),
    Primitive(codes.FRACTAL, "frame", "draw the grid in place of each coloured cell", growth=5, scenes=(DENSE,)),
    Primitive(codes.KEEP_IF, "objects", "keep only {selector}", EVERY_PREDICATE, PREDICATES, scenes=DRAWN),
    Primitive(codes.DROP_IF, "objects", "remove {selector}", EVERY_PREDICATE, PREDICATES, scenes=DRAWN),
    Primitive(
        codes.CUT_OUT, "objects", "crop to the box of {selector} (just one)", EVERY_PREDICATE, PREDICATES, scenes=DRAWN
    ),
    Primitive(codes.FALL, "objects", "every cell falls {selector}", EVERY_DIRECTION, DIRECTIONS, scenes=DRAWN),
    Primitive(codes.SLIDE, "objects", "every object slides {selector}", EVERY_DIRECTION, DIRECTIONS, scenes=DRAWN),
    Primitive(codes.FILL, "objects", "fill enclosed background with {second}", colour="written", scenes=(OBJECTS,)),
    Primitive(codes.OUTLINE, "objects", "outline all objects in {second}", colour="written", scenes=(OBJECTS,)),
    Primitive(codes.HOLLOW, "objects", "hollow out all objects", scenes=(OBJECTS,)),
    Primitive(codes.BOX, "objects", "fill the box of each object with its colour", scenes=(OBJECTS,)),
    Primitive(
        codes.LINK, "objects", "join cells of one colour within {selector}", (0, 2), ("columns", "", "rows"),
        scenes=(FACING,),
    ),
    Primitive(
        codes.RAY, "objects", "single cells cast a ray {selector}", EVERY_DIRECTION, DIRECTIONS,
        scenes=(OBJECTS, FACING),
    ),
    Primitive(codes.GROW, "objects", "objects grow by a cell on each side", scenes=(OBJECTS,)),
    Primitive(
        codes.OVERLAY, "symmetry", "lay the halves over each other, the {selector} half on top", EVERY_DIRECTION,
        HALVES, scenes=(PIXELS, OBJECTS),
    ),
    Primitive(
        codes.AGREE, "symmetry", "keep where the {selector} halves agree", (0, 2),
        ("upper and lower", "", "left and right"), scenes=(DENSE,),
    ),
    Primitive(
        codes.COMPLETE, "symmetry", "complete the symmetry: {selector}", (1, 2, 3, 4, 7), ("", *TURNS.values()),
        scenes=(BROKEN_SYMMETRY, BROKEN_SYMMETRY, OBJECTS, PIXELS),
    ),
    Primitive(
        codes.PAINT_IF, "condition", "{selector}: colour {second}", EVERY_PREDICATE, PREDICATES, "written", scenes=DRAWN
    ),
    Primitive(codes.FOLLOW, "condition", "all take the colour of {selector}", (0, 1), PREDICATES, scenes=DRAWN),
    Primitive(
        codes.SEND, "condition", "objects of colour {second} slide {selector}", EVERY_DIRECTION, DIRECTIONS, "sought",
        scenes=DRAWN,
    ),
    Primitive(
        codes.MIRROR_EACH, "condition", "mirror each object in its box, {selector}", (0, 1),
        ("left to right", "top to bottom"), scenes=(OBJECTS,),
    ),
    Primitive(
        codes.TILE_BY_OBJECTS, "condition", "repeat {selector} as often as there are objects", (1, 2),
        ("", "downwards", "to the right"), scenes=(OBJECTS,), growth=3,
    ),
    Primitive(codes.SCALE_BY_COLOURS, "condition", "enlarge every cell by the number of colours", growth=3),
)  # fmt: skip
BY_KIND = {primitive.kind: primitive for primitive in PRIMITIVES}


def operations(colours: list[int]) -> list[Operation]:
    """Every operation whose colours are among these, family by family."""
    return [
        (primitive.kind, selector, colour)
        for family in FAMILIES
        for primitive in PRIMITIVES
        if primitive.family == family
        for selector, colour in _arguments(primitive, colours, colours)
    ]


def draw_operation(stream: Stream, family: Family, colours: int) -> Operation:
    """A random operation of a family: a primitive, then its arguments. One colour may be written that no scene has."""
    primitive = stream.choice([primitive for primitive in PRIMITIVES if primitive.family == family])
    scene_colours = list(range(1, colours + 1))
    return (primitive.kind, *stream.choice(_arguments(primitive, scene_colours, [*scene_colours, colours + 1])))


def _arguments(primitive: Primitive, sought: list[int], written: list[int]) -> list[tuple[int, int]]:
    """Every (selector, colour) of a primitive."""
    if primitive.colour == "recolour":
        return [(old, new) for old in sought for new in (0, *written) if new != old]
    if primitive.colour == "swap":
        return [(first, second) for first in sought for second in written if first < second]
    choices = {"none": [0], "written": written, "sought": sought}[primitive.colour]
    return [(selector, colour) for selector in primitive.selectors for colour in choices]


def describe(program: list[Operation], renamed: list[int]) -> str:
    """A program in words, colour c called `renamed[c]`."""
    steps = []
    for kind, selector, colour in program:
        primitive = BY_KIND[kind]
        named = primitive.names[selector] if selector < len(primitive.names) else ""
        first = renamed[selector] if primitive.colour in ("recolour", "swap") else 0
        steps.append(primitive.words.format(selector=named, first=first, second=renamed[colour]))
    return "; then ".join(steps)
