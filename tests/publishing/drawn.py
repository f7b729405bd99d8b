"""What tests of plots and pictures look at: where texts lie, how well they are read, what a file holds."""

import struct
from io import BytesIO

import numpy
from PIL import Image

from taskgen.publishing.drawing.shapes import Label
from taskgen.publishing.drawing.texts import CAPITALS, width

WHITE, DARK = (255, 255, 255), (13, 17, 23)
"""Backgrounds of pages."""


def extent(label):
    """Left, top, right and bottom of a text's capitals, in the drawing's pixels."""
    wide = width(label.text, label.size, label.bold)
    left = label.x - {"start": 0, "middle": 0.5, "end": 1}[label.anchor] * wide
    half = CAPITALS / 2 * label.size
    return left, label.y - half, left + wide, label.y + half


def labels(drawing):
    return [shape for shape in drawing.shapes if isinstance(shape, Label)]


def outside(drawing):
    """Texts that do not lie on the panel, with a margin of 4 pixels."""
    found = []
    for label in labels(drawing):
        left, top, right, bottom = extent(label)
        if left < 4 or top < 4 or right > drawing.width - 4 or bottom > drawing.height - 4:
            found.append(label.text)
    return found


def overlapping(drawing):
    """Pairs of texts that lie upon one another."""
    texts = labels(drawing)
    boxes = numpy.array([extent(label) for label in texts])
    apart = (boxes[:, None, :2] >= boxes[None, :, 2:] - 0.5).any(axis=2)
    touching = ~(apart | apart.T)
    return [(texts[one].text, texts[two].text) for one, two in zip(*numpy.triu(touching, 1).nonzero(), strict=True)]


def pixels(png, page):
    """The image upon a page of some colour: rows x columns x 3."""
    image = Image.open(BytesIO(png)).convert("RGBA")
    under = Image.new("RGBA", image.size, (*page, 255))
    return numpy.asarray(Image.alpha_composite(under, image))[:, :, :3]


def least_contrast(drawing, png, page):
    """The lowest contrast of a text with what lies around it, measured on the image; and that text."""
    image = pixels(png, page)
    scale = image.shape[1] / drawing.width
    light = _luminance(image)
    found = []
    for label in labels(drawing):
        left, top, right, bottom = (round(side * scale) for side in extent(label))
        around = light[max(0, top - 1) : bottom + 2, max(0, left - 1) : right + 2].ravel()
        values, counts = numpy.unique(around.round(4), return_counts=True)
        ground = values[counts.argmax()]
        ratios = (numpy.maximum(around, ground) + 0.05) / (numpy.minimum(around, ground) + 0.05)
        found.append((float(ratios.max()), label.text))
    return min(found)


def _luminance(image):
    """Relative luminance as WCAG 2.1 defines it."""
    parts = image / 255
    linear = numpy.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def chunks(png):
    """The names of a PNG file's chunks."""
    names, place = [], 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        names.append(png[place + 4 : place + 8].decode())
        place += 12 + length
    return names
