"""Drawings as SVG: text stays text, no ids, no scripts, nothing from outside."""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from taskgen.publishing.drawing.shapes import Arc, Box, Disc, Drawing, Label, Line, Point, Polygon, Shape, Tiles
from taskgen.publishing.drawing.texts import CAPITALS

FONTS = "DejaVu Sans, Verdana, Arial, sans-serif"


def to_svg(drawing: Drawing) -> bytes:
    """The drawing as an SVG file in UTF-8."""
    size = f'viewBox="0 0 {drawing.width} {drawing.height}" width="{drawing.width}" height="{drawing.height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONTS}">'
    texts = f"<title>{escape(drawing.title)}</title>\n<desc>{escape(drawing.description)}</desc>"
    return "\n".join([head, texts, *map(_element, drawing.framed), "</svg>\n"]).encode()


def _element(shape: Shape) -> str:
    match shape:
        case Label():
            return _text(shape)
        case Tiles(corners, wide, tall, fill):
            tile = f"h{_number(wide)}v{_number(tall)}h{_number(-wide)}z"
            path = "".join(f"M{_pair(corner)}{tile}" for corner in corners)
            return f'<path d="{path}" fill="{fill}"/>'
        case Box():
            place = _attributes(x=shape.x, y=shape.y, width=shape.width, height=shape.height, rx=shape.radius or None)
            return f"<rect{place}{_paint(shape.fill, shape.stroke, shape.thickness, shape.dashed)}/>"
        case Disc():
            place = _attributes(cx=shape.x, cy=shape.y, r=shape.radius)
            return f"<circle{place}{_paint(shape.fill, shape.stroke, shape.thickness, shape.dashed)}/>"
        case Line():
            points = " ".join(map(_pair, shape.points))
            return f'<polyline points="{points}"{_paint(None, shape.stroke, shape.thickness, shape.dashed)}/>'
        case Arc():
            path = f"M{_pair(shape.start)}Q{_pair(shape.bend)} {_pair(shape.end)}"
            return f'<path d="{path}"{_paint(None, shape.stroke, shape.thickness)}/>'
        case Polygon():
            points = " ".join(map(_pair, shape.points))
            return f'<polygon points="{points}"{_paint(shape.fill, shape.stroke, shape.thickness)}/>'


def _text(label: Label) -> str:
    place = _attributes(x=label.x, y=label.y + CAPITALS / 2 * label.size)
    size = _attributes(font_size=label.size)
    anchor = "" if label.anchor == "start" else f' text-anchor="{label.anchor}"'
    weight = ' font-weight="bold"' if label.bold else ""
    return f'<text{place}{size} fill="{label.fill}"{anchor}{weight}>{escape(label.text)}</text>'


def _paint(fill: str | None, stroke: str | None, thickness: float, dashed: bool = False) -> str:
    painted = f" fill={quoteattr(fill or 'none')}"
    if stroke:
        painted += f' stroke="{stroke}"{_attributes(stroke_width=thickness)}'
    return painted + (' stroke-dasharray="4 3"' if dashed else "")


def _attributes(**values: float | None) -> str:
    return "".join(f' {name.replace("_", "-")}="{_number(value)}"' for name, value in _present(values))


def _present(values: dict[str, float | None]) -> Iterator[tuple[str, float]]:
    return ((name, value) for name, value in values.items() if value is not None)


def _pair(point: Point) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _number(value: float) -> str:
    """At most one decimal, and no negative zero."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")
