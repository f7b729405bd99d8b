"""What drawings are made of. Coordinates are pixels, x to the right and y downwards; colours are `#rrggbb`."""

from dataclasses import dataclass
from typing import Literal

from taskgen.publishing.drawing.colours import EDGE, INK, PANEL

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle, its corners rounded by `radius`."""

    x: float
    y: float
    width: float
    height: float
    fill: str | None = None
    stroke: str | None = None
    thickness: float = 1.0
    radius: float = 0.0
    dashed: bool = False


@dataclass(frozen=True)
class Tiles:
    """Rectangles of one size and colour, by their upper left corners."""

    corners: tuple[Point, ...]
    width: float
    height: float
    fill: str


@dataclass(frozen=True)
class Disc:
    """A circle."""

    x: float
    y: float
    radius: float
    fill: str | None = None
    stroke: str | None = None
    thickness: float = 1.0
    dashed: bool = False


@dataclass(frozen=True)
class Line:
    """A chain of straight lines."""

    points: tuple[Point, ...]
    stroke: str = INK
    thickness: float = 1.0
    dashed: bool = False


@dataclass(frozen=True)
class Arc:
    """A curve from the first point to the last, bent towards the middle one (a quadratic Bezier curve)."""

    start: Point
    bend: Point
    end: Point
    stroke: str = INK
    thickness: float = 1.0


@dataclass(frozen=True)
class Polygon:
    """A closed chain of straight lines, filled."""

    points: tuple[Point, ...]
    fill: str
    stroke: str | None = None
    thickness: float = 1.0


@dataclass(frozen=True)
class Label:
    """A line of text; (x, y) is the middle of its capitals' height at its start, middle or end."""

    x: float
    y: float
    text: str
    size: float = 13.0
    anchor: Literal["start", "middle", "end"] = "middle"
    fill: str = INK
    bold: bool = False


Shape = Box | Tiles | Disc | Line | Arc | Polygon | Label


@dataclass(frozen=True)
class Drawing:
    """Shapes on a panel, later ones on top. The title names it, the description says what is seen."""

    width: int
    height: int
    title: str
    description: str
    shapes: tuple[Shape, ...]

    @property
    def framed(self) -> tuple[Shape, ...]:
        """The panel and all shapes. The panel is opaque, so that any page may lie behind it."""
        return (Box(0.5, 0.5, self.width - 1, self.height - 1, PANEL, EDGE, 1, 8), *self.shapes)
