"""How wide a text is, and where it breaks: metrics of DejaVu Sans, which comes with matplotlib."""

from functools import lru_cache
from pathlib import Path
from typing import Any

CAPITALS = 0.729
"""Height of capitals and digits, in units of the font size."""
_UNITS = 1000


@lru_cache(maxsize=2)
def font_file(bold: bool) -> Path:
    """The font's file."""
    import matplotlib

    return Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")


def width(text: str, size: float, bold: bool = False) -> float:
    """The width of a text in pixels, without kerning."""
    return sum(_advance(letter, bold) for letter in text) * size


def wrap(text: str, size: float, limit: float, bold: bool = False) -> list[str]:
    """The lines of a text, none wider than `limit` pixels; a word that is wider is cut."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if width(longer, size, bold) <= limit:
            lines[-1] = longer
        else:
            lines.append(clip(word, size, limit, bold))
    return lines if lines[0] else lines[1:]


def clip(text: str, size: float, limit: float, bold: bool = False) -> str:
    """The text, or as much of its start as fits with an ellipsis."""
    if width(text, size, bold) <= limit:
        return text
    while text and width(text + "…", size, bold) > limit:
        text = text[:-1]
    return text + "…"


@lru_cache(maxsize=2)
def _font(bold: bool) -> Any:
    from matplotlib.ft2font import FT2Font

    font = FT2Font(str(font_file(bold)))
    font.set_size(_UNITS, 72)
    return font


@lru_cache(maxsize=1024)
def _advance(letter: str, bold: bool) -> float:
    """The width of one letter at size 1."""
    return float(_font(bold).load_char(ord(letter)).linearHoriAdvance / 65536 / _UNITS)
