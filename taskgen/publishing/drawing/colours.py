"""The colours of plots and pictures: told apart by colour-blind readers, readable on a quiet opaque panel.

No grey has a contrast of 4.5:1 both on white and on a page of luminance below 0.006, as dark pages have; so drawings
bring their own background. Palette: Okabe and Ito, "Color Universal Design" (2008). Contrast: WCAG 2.1.
"""

from functools import lru_cache

PANEL = "#fafaf7"
EDGE = "#c4cad2"
INK = "#1c2127"
QUIET = "#454d57"
FAINT = "#d5d9df"
PAPER = "#ffffff"
BLACK = "#000000"
BLUE, ORANGE, GREEN, VERMILION = "#0072b2", "#e69f00", "#009e73", "#d55e00"
SKY, PURPLE = "#56b4e9", "#cc79a7"
SERIES = (BLUE, ORANGE, GREEN, PURPLE, VERMILION, SKY)
PALE, DEEP = (0xED, 0xF3, 0xF9), (0x4F, 0x94, 0xCF)
"""The ends of the sequential scale, both light enough for small black digits."""
SHADES = 8
"""Steps from one end to the other: few enough to be told apart."""


def shade(share: float) -> str:
    """The colour of a share in [0, 1] on the sequential scale, pale blue to blue."""
    share = round(share * SHADES) / SHADES
    mixed = (round(pale + (deep - pale) * share) for pale, deep in zip(PALE, DEEP, strict=True))
    return "#" + "".join(f"{each:02x}" for each in mixed)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@lru_cache(maxsize=256)
def ink_on(fill: str) -> str:
    """Black or white, whichever is read more easily on a colour; the contrast is at least 4.58."""
    return max(BLACK, PAPER, key=lambda ink: contrast(ink, fill))


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
