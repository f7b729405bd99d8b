"""The drawing layer: one description, clean SVG and small PNG, readable on any page."""

from xml.etree import ElementTree

import matplotlib
import numpy
import pytest

from taskgen.publishing.drawing import colours
from taskgen.publishing.drawing.graph_layout import place
from taskgen.publishing.drawing.png import to_png
from taskgen.publishing.drawing.shapes import Arc, Box, Disc, Drawing, Label, Line, Polygon, Tiles
from taskgen.publishing.drawing.svg import to_svg
from taskgen.publishing.drawing.texts import clip, width, wrap
from tests.publishing.drawn import DARK, WHITE, chunks, extent, labels, least_contrast, pixels

SVG = "{http://www.w3.org/2000/svg}"
SHAPES = (
    Box(20, 20, 40, 30, "#0072b2"),
    Tiles(((80, 20), (100, 20)), 20, 10, "#009e73"),
    Disc(150, 35, 12, "#d55e00", "#1c2127", 2),
    Line(((20, 80), (100, 80)), "#1c2127", 2),
    Arc((120, 80), (150, 60), (180, 80)),
    Polygon(((20, 100), (40, 100), (30, 120)), "#e69f00"),
    Label(60, 110, "Ag 42", 16, "start"),
)
DRAWING = Drawing(200, 140, "A title", "What is seen.", SHAPES)


def test_svg_holds_the_shapes_in_order_under_title_and_description():
    root = ElementTree.fromstring(to_svg(DRAWING))
    tags = [element.tag.removeprefix(SVG) for element in root]
    assert tags == ["title", "desc", "rect", "rect", "path", "circle", "polyline", "path", "polygon", "text"]
    assert (root[0].text, root[1].text, root[-1].text) == ("A title", "What is seen.", "Ag 42")
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("200", "140", "0 0 200 140")


def test_svg_escapes_what_it_is_given():
    nasty = "</text><script>&\"'"
    root = ElementTree.fromstring(to_svg(Drawing(90, 40, nasty, nasty, (Label(9, 20, nasty),))))
    assert [element.text for element in root if element.tag != f"{SVG}rect"] == [nasty] * 3


@pytest.mark.parametrize(
    ("place", "colour"),
    [
        ((40, 35), (0, 114, 178)),
        ((90, 25), (0, 158, 115)),
        ((119, 29), (0, 158, 115)),
        ((150, 35), (213, 94, 0)),
        ((60, 80), (28, 33, 39)),
        ((30, 104), (230, 159, 0)),
        ((190, 130), (250, 250, 247)),
    ],
)
def test_png_paints_every_shape_at_its_place_and_in_its_colour(place, colour):
    image = pixels(to_png(DRAWING), WHITE)
    assert tuple(image[place[1], place[0]]) == colour
    doubled = pixels(to_png(DRAWING, 2.0), WHITE)
    assert tuple(doubled[2 * place[1], 2 * place[0]]) == colour


def test_png_puts_a_text_where_its_extent_says():
    blank = Drawing(200, 140, "", "", SHAPES[:-1])
    # Palettes differ a little, so that a change must be more than that.
    changes = abs(pixels(to_png(DRAWING), WHITE).astype(int) - pixels(to_png(blank), WHITE))
    changed = changes.max(axis=2) > 48
    rows, columns = changed.nonzero()
    left, top, right, bottom = extent(labels(DRAWING)[0])
    # The g goes below the line that capitals stand on.
    assert (columns.min(), columns.max()) == (pytest.approx(left, abs=2), pytest.approx(right, abs=3))
    assert (rows.min(), rows.max()) == (pytest.approx(top, abs=2), pytest.approx(bottom + 4, abs=2))


def test_a_png_is_opaque_but_for_its_corners_and_says_nothing_of_when_or_how_it_was_made():
    png = to_png(DRAWING)
    assert set(chunks(png)) == {"IHDR", "PLTE", "tRNS", "IDAT", "IEND"}
    differing = (pixels(png, WHITE) != pixels(png, DARK)).any(axis=2)
    assert differing[0, 0]
    assert not differing[8:-8].any()
    assert not differing[:, 8:-8].any()


def test_settings_of_the_user_change_nothing():
    with matplotlib.rc_context({"text.hinting": "force_autohint", "font.family": "serif", "lines.antialiased": False}):
        assert to_png(Drawing(200, 40, "", "", (Label(20, 20, "Ag 42 quick", 17, "start"),))) == to_png(
            Drawing(200, 40, "", "", (Label(20, 20, "Ag 42 quick", 17, "start"),))
        )
        changed = to_png(DRAWING)
    assert changed == to_png(DRAWING)


def test_every_shade_and_its_ink_can_be_read():
    shades = {colours.shade(step / 100) for step in range(101)}
    assert len(shades) == colours.SHADES + 1
    assert min(colours.contrast(shade, colours.ink_on(shade)) for shade in shades) >= 4.5
    assert min(colours.contrast(ink, colours.PANEL) for ink in (colours.INK, colours.QUIET)) >= 4.5


def test_contrast_is_that_of_the_guidelines():
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_the_measure_of_contrast_sees_a_text_that_is_too_faint():
    faint = Drawing(120, 40, "", "", (Label(20, 20, "faint", 16, "start", "#b0b0b0"),))
    assert least_contrast(faint, to_png(faint), WHITE)[0] < 3


def test_wrapped_lines_hold_all_words_and_fit():
    text = "the owner of the parrot lives next door to the person who grows incomprehensibilities"
    lines = wrap(text, 12, 120)
    assert " ".join(lines) == text.replace("incomprehensibilities", lines[-1])
    assert lines[-1].endswith("…")
    assert max(width(line, 12) for line in lines) <= 120


def test_a_text_that_fits_is_not_clipped():
    assert clip("sudoku", 12, 60) == "sudoku"
    assert clip("sudoku", 12, 30) == "su…"


def test_a_layout_keeps_labels_apart_and_inside_and_turns_the_start_to_the_left():
    edges = [(number, (number + 1) % 12) for number in range(12)] + [(0, 6), (3, 9)]
    spots = numpy.array(place(edges, [(60, 24)] * 14, (0, 6), (700, 400)))
    gaps = abs(spots[:, None] - spots[None]) >= (60, 24)
    assert (gaps.any(axis=2) | numpy.eye(14, dtype=bool)).all()
    assert (spots >= (30, 12)).all()
    assert (spots <= (670, 388)).all()
    assert spots[0, 0] < spots[6, 0]
    assert spots[12:, 1].tolist() == [388, 388]  # vertices without edges stand at the foot


def test_a_chain_is_laid_out_in_order():
    spots = place([(number, number + 1) for number in range(6)], [(30, 24)] * 7, (0, 6), (600, 300))
    assert [x for x, _ in spots] == sorted(x for x, _ in spots)
    assert len({y for _, y in spots}) == 1
