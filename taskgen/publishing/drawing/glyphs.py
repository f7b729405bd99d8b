"""Letters on pixels: each is painted once by matplotlib, kept, and laid where texts need it."""

from functools import lru_cache
from math import ceil, floor
from typing import Any

from taskgen.publishing.drawing.texts import font_file, width

STEPS = 4
"""Positions of a letter between two pixels."""


def write(canvas: Any, text: str, place: tuple[float, float], size: float, ink: bytes, bold: bool) -> None:
    """Blend a text into an opaque image, an array of rows x columns x 4 bytes; it starts at `place`, on its baseline.

    Letters stand where `texts.width` says, without kerning, so that texts are as wide as they were measured.
    """
    import numpy

    pen, baseline = place[0], round(place[1])
    colour = numpy.array(list(ink), dtype=numpy.uint16)
    for letter in text:
        if letter != " ":
            column, step = divmod(floor(pen * STEPS + 0.5), STEPS)
            mask, left, top = _glyph(letter, size, bold, step)
            x, y = max(0, column + left), max(0, baseline + top)
            under = canvas[y : y + mask.shape[0], x : x + mask.shape[1], :3]
            share = mask[: under.shape[0], : under.shape[1], None]
            under[:] = (under * (255 - share) + colour * share + 127) // 255
        pen += width(letter, size, bold)


@lru_cache(maxsize=4096)
def _glyph(letter: str, size: float, bold: bool, step: int) -> tuple[Any, int, int]:
    """How much of each pixel a letter covers, 0 to 255, and where its upper left pixel lies from the pen."""
    import numpy
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.font_manager import FontProperties

    pad, line = ceil(size), 2 * ceil(size)
    renderer = RendererAgg(4 * pad, 3 * pad, 72)
    font = FontProperties(fname=str(font_file(bold)), size=size)
    renderer.draw_text(renderer.new_gc(), pad + step / STEPS, line, letter, font, 0)
    mask = numpy.array(renderer.buffer_rgba())[:, :, 3].astype(numpy.uint16)
    rows, columns = mask.nonzero()
    if not len(rows):
        return mask[:0, :0], 0, 0
    top, left = int(rows.min()), int(columns.min())
    return mask[top : rows.max() + 1, left : columns.max() + 1], left - pad, top - line
