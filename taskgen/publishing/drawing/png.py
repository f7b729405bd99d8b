"""Drawings as PNG, painted by matplotlib's Agg renderer without any figure or global state."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from taskgen.publishing.drawing.glyphs import write
from taskgen.publishing.drawing.shapes import Arc, Box, Disc, Drawing, Label, Line, Point, Polygon, Shape, Tiles
from taskgen.publishing.drawing.texts import CAPITALS, width

SETTINGS = {"text.hinting": "none", "text.antialiased": True}
"""What matplotlib would else read from a user's file of settings; without hinting texts are as wide as in SVG."""
COLOURS, AREA, GAP = 256, 1 / 300, 20
"""Of a file's palette: its size; the share of the pixels that gives a colour its place; and how far from all others, in
levels of grey, the rest must be.
"""
DASHES = (4.0, 3.0)
_ROUND = 0.5522847
"""Where the control points of a quarter circle's Bezier curve lie."""


def to_png(drawing: Drawing, scale: float = 1.0) -> bytes:
    """The drawing as a PNG file, `scale` pixels for each of the drawing's; outside the panel it is transparent."""
    import matplotlib
    from matplotlib.backends.backend_agg import RendererAgg
    from PIL import Image

    size = (round(drawing.width * scale), round(drawing.height * scale))
    with matplotlib.rc_context(SETTINGS):
        painter = _Painter(RendererAgg(*size, 72 * scale), scale, size[1])
        for shape in drawing.framed:
            painter.paint(shape)
        pixels = painter.canvas.view("<u4").ravel()
    places, colours = _palette(pixels)
    image = Image.frombytes("P", size, places.tobytes())
    image.putpalette(colours.tobytes(), "RGBA")
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _palette(pixels: Any) -> tuple[Any, Any]:
    """Each pixel's place in a palette, which makes the file a fourth as large; the palette, four bytes a colour.

    Drawings have few colours. All others are blends at the edges of letters and lines, and become the nearest kept.
    """
    import numpy

    colours, counts = numpy.unique(pixels, return_counts=True)
    parts = colours.view(numpy.uint8).reshape(-1, 4).astype(numpy.int32)
    gaps = numpy.full(len(colours), 4 * 256**2)
    nearest = numpy.zeros(len(colours), dtype=numpy.uint8)
    kept: list[int] = []
    for place in numpy.argsort(-counts, kind="stable").tolist():
        if len(kept) < COLOURS and (counts[place] > AREA * len(pixels) or gaps[place] >= 3 * GAP**2):
            distances = ((parts - parts[place]) ** 2).sum(axis=1)
            nearest[distances < gaps] = len(kept)
            gaps = numpy.minimum(gaps, distances)
            kept.append(place)
    return nearest[numpy.searchsorted(colours, pixels)], colours[kept]


class _Painter:
    def __init__(self, renderer: Any, scale: float, height: int) -> None:
        import numpy
        from matplotlib.transforms import Affine2D

        self.renderer = renderer
        self.canvas = numpy.asarray(renderer.buffer_rgba())
        self._scale = scale
        self._down = Affine2D().scale(scale, -scale).translate(0, height)

    def paint(self, shape: Shape) -> None:
        match shape:
            case Label():
                self._write(shape)
            case Tiles(corners, wide, tall, fill):
                tile = [(0, 0), (wide, 0), (wide, tall), (0, tall), (0, 0)]
                points = [(x + right, y + below) for x, y in corners for right, below in tile]
                self._fill(points, [1, 2, 2, 2, 79] * len(corners), fill, None, 0, False)
            case Box():
                points, codes = _rounded(shape) if shape.radius else _closed(_corners(shape))
                self._fill(points, codes, shape.fill, shape.stroke, shape.thickness, shape.dashed)
            case Disc():
                points, codes = _circle(shape.x, shape.y, shape.radius)
                self._fill(points, codes, shape.fill, shape.stroke, shape.thickness, shape.dashed)
            case Line():
                codes = [1] + [2] * (len(shape.points) - 1)
                self._fill(shape.points, codes, None, shape.stroke, shape.thickness, shape.dashed)
            case Arc():
                self._fill((shape.start, shape.bend, shape.end), [1, 3, 3], None, shape.stroke, shape.thickness, False)
            case Polygon():
                points, codes = _closed(shape.points)
                self._fill(points, codes, shape.fill, shape.stroke, shape.thickness, False)

    def _fill(
        self,
        points: Sequence[Point],
        codes: list[int],
        fill: str | None,
        stroke: str | None,
        thickness: float,
        dashed: bool,
    ) -> None:
        """Fill and stroke a path; the codes are matplotlib's: 1 move, 2 line, 3 and 4 curves, 79 close."""
        from matplotlib.colors import to_rgb
        from matplotlib.path import Path

        context = self.renderer.new_gc()
        context.set_linewidth(thickness if stroke else 0)
        if stroke:
            context.set_foreground(stroke)
        if dashed:
            context.set_dashes(0, DASHES)
        self.renderer.draw_path(context, Path(points, codes), self._down, to_rgb(fill) if fill else None)
        context.restore()

    def _write(self, label: Label) -> None:
        size = label.size * self._scale
        shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor]
        left = label.x * self._scale - shift * width(label.text, size, label.bold)
        baseline = label.y * self._scale + CAPITALS / 2 * size
        write(self.canvas, label.text, (left, baseline), size, bytes.fromhex(label.fill[1:]), label.bold)


def _corners(box: Box) -> tuple[Point, ...]:
    right, bottom = box.x + box.width, box.y + box.height
    return (box.x, box.y), (right, box.y), (right, bottom), (box.x, bottom)


def _closed(points: Sequence[Point]) -> tuple[list[Point], list[int]]:
    return [*points, points[0]], [1] + [2] * (len(points) - 1) + [79]


def _circle(x: float, y: float, radius: float) -> tuple[list[Point], list[int]]:
    bend = radius * _ROUND
    half = [(radius, bend), (bend, radius), (0.0, radius), (-bend, radius), (-radius, bend), (-radius, 0.0)]
    points = [(radius, 0.0), *half, *((-right, -below) for right, below in half)]
    return [(x + right, y + below) for right, below in points], [1] + [4] * 12


def _rounded(box: Box) -> tuple[list[Point], list[int]]:
    """The outline of a box with round corners, clockwise from its upper left."""
    radius, hook = box.radius, box.radius * (1 - _ROUND)
    (left, top), _, (right, bottom), _ = _corners(box)
    points = [(left + radius, top), (right - radius, top)]
    points += [(right - hook, top), (right, top + hook), (right, top + radius), (right, bottom - radius)]
    points += [(right, bottom - hook), (right - hook, bottom), (right - radius, bottom), (left + radius, bottom)]
    points += [(left + hook, bottom), (left, bottom - hook), (left, bottom - radius), (left, top + radius)]
    points += [(left, top + hook), (left + hook, top), (left + radius, top), (left + radius, top)]
    return points, [1, 2, 4, 4, 4, 2, 4, 4, 4, 2, 4, 4, 4, 2, 4, 4, 4, 79]
