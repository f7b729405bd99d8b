"""Pictures of problems: what is drawn is the problem, all of it, and nothing of the answer."""

import hashlib
import json
import os
import subprocess
import sys
from functools import cache
from io import BytesIO
from math import dist
from xml.etree import ElementTree

import msgspec
import numpy
import pytest
from PIL import Image

from taskgen.problem import decode, encode
from taskgen.publishing.drawing.colours import BLUE, ORANGE, VERMILION
from taskgen.publishing.drawing.shapes import Arc, Box, Disc, Line, Polygon, Tiles
from taskgen.publishing.pictures import arc_grid, draw, sketch
from taskgen.registry import task, tasks
from taskgen.verifiers.graphs.shortest_path import Grid, Roads, ShortestPath
from taskgen.verifiers.grids.sudoku import Sudoku
from taskgen.verifiers.induction.arc_grid import ArcGrid, Pair
from taskgen.verifiers.logic.zebra_puzzle import Attribute, Clue, ZebraPuzzle
from taskgen.verifiers.planning.sokoban import Sokoban
from tests.publishing.drawn import DARK, WHITE, chunks, labels, least_contrast, outside

DRAWN = ["arc_grid", "countdown", "mastermind", "shortest_path", "sokoban", "sudoku", "zebra_puzzle"]
RUNGS = range(1, 11)
SVG = "{http://www.w3.org/2000/svg}"


@cache
def drawn_once(problem):
    """The picture of a problem, given as a string, and its drawing."""
    return draw(problem), sketch(decode(problem))


@pytest.fixture(scope="module")
def problems():
    """A problem of every rung of every task that has a picture."""
    return {
        (name, rung): decode(task(name).generate(difficulty=rung, seed=11).problem) for name in DRAWN for rung in RUNGS
    }


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("drawn", DRAWN)
def test_every_rung_draws_small_well_formed_and_with_all_texts_inside(problems, drawn, rung):
    problem = problems[drawn, rung]
    picture, drawing = drawn_once(encode(problem))
    image = Image.open(BytesIO(picture.png))
    assert image.size[0] <= 900
    assert len(picture.png) < 100_000
    assert "tEXt" not in chunks(picture.png)
    root = ElementTree.fromstring(picture.svg)
    assert {element.tag.removeprefix(SVG) for element in root} <= set(
        "title desc rect path circle polyline polygon text".split()
    )
    assert not {name for element in root for name in element.keys()} & {"id", "href", "style", "onclick"}  # noqa: SIM118
    assert root[1].text == picture.description
    assert outside(drawing) == []


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("page", [WHITE, DARK], ids=["white", "dark"])
def test_every_text_can_be_read_on_white_and_on_dark_pages(problems, drawn, page):
    problem = problems[drawn, 5]
    picture, drawing = drawn_once(encode(problem))
    contrast, text = least_contrast(drawing, picture.png, page)
    assert contrast >= 4.5, text


def test_tasks_without_a_picture_have_none_and_what_is_no_problem_is_refused():
    for name in sorted(set(tasks()) - set(DRAWN)):
        assert draw(task(name).generate(difficulty=1).problem) is None
    with pytest.raises(ValueError, match="not a taskgen problem"):
        draw("{}")


def test_another_process_draws_the_same_bytes(problems):
    chosen = [encode(problems[name, 7]) for name in DRAWN]
    script = (
        "import hashlib, json, sys; from taskgen.publishing.pictures import draw\n"
        "for text in json.load(sys.stdin):\n"
        "    picture = draw(text); print(hashlib.sha256(picture.svg + picture.png).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77"}
    ran = subprocess.run(
        [sys.executable, "-c", script], input=json.dumps(chosen), env=environment, capture_output=True, text=True
    )
    here = [hashlib.sha256(picture.svg + picture.png).hexdigest() for picture, _ in map(drawn_once, chosen)]
    assert ran.stdout.split() == here, ran.stderr


# Sudoku


@pytest.mark.parametrize("rung", [1, 2, 5, 10])
def test_the_givens_of_a_sudoku_stand_in_their_cells_and_all_other_cells_are_empty(problems, rung):
    problem = problems["sudoku", rung]
    drawing = sketch(problem)
    square = next(shape for shape in drawing.shapes if isinstance(shape, Box))
    cell = square.width / problem.order
    seen = [[0] * problem.order for _ in range(problem.order)]
    for label in labels(drawing):
        seen[int((label.y - square.y) // cell)][int((label.x - square.x) // cell)] = int(label.text)
    assert tuple(map(tuple, seen)) == problem.givens
    assert len(labels(drawing)) == sum(given > 0 for row in problem.givens for given in row)


@pytest.mark.parametrize("box", [(2, 2), (2, 3), (3, 2), (2, 4), (3, 4), (4, 4)])
def test_thick_lines_enclose_the_boxes_of_a_sudoku(box):
    order = box[0] * box[1]
    drawing = sketch(Sudoku(box, ((0,) * order,) * order))
    square = next(shape for shape in drawing.shapes if isinstance(shape, Box))
    cell = square.width / order
    thick = [line for line in drawing.shapes if isinstance(line, Line) and line.thickness > 2]
    upright = {(line.points[0][0] - square.x) / cell for line in thick if line.points[0][0] == line.points[1][0]}
    level = {(line.points[0][1] - square.y) / cell for line in thick if line.points[0][1] == line.points[1][1]}
    assert upright == set(range(0, order + 1, box[1]))
    assert level == set(range(0, order + 1, box[0]))


# Zebra puzzle


@pytest.mark.parametrize("rung", [1, 5, 10])
def test_a_zebra_puzzle_shows_values_and_clues_and_an_empty_table(problems, rung):
    problem = problems["zebra_puzzle", rung]
    drawing = sketch(problem)
    table = next(shape for shape in drawing.shapes if isinstance(shape, Box))
    inside = [
        label.text
        for label in labels(drawing)
        if table.x < label.x < table.x + table.width and table.y < label.y < table.y + table.height
    ]
    assert inside == []
    text = " ".join(label.text for label in labels(drawing))
    for attribute in problem.attributes:
        assert f"{attribute.name} {', '.join(sorted(attribute.values))}" in text
    prompt = task("zebra_puzzle").generate(difficulty=rung, seed=11, wording="street").prompt
    for number in range(1, len(problem.clues) + 1):
        assert next(line for line in prompt.splitlines() if line.startswith(f"{number}. ")) in text
    assert [label.text for label in labels(drawing)[: problem.houses]] == [
        str(house + 1) for house in range(problem.houses)
    ]


def test_the_order_in_which_a_zebra_puzzle_stores_its_values_is_not_shown(problems):
    """Nor could a maker that stored them in the order of the solution give it away."""
    problem = problems["zebra_puzzle", 3]
    turned = tuple(Attribute(each.name, each.values[::-1]) for each in problem.attributes)
    last = problem.houses - 1
    clues = tuple(Clue(c.kind, tuple((a, last - v) for a, v in c.items), c.number) for c in problem.clues)
    assert draw(encode(ZebraPuzzle(turned, clues))) == draw(encode(problem))


# Grids of colours


def _grids(drawing):
    """The grids that the tiles show: from each frame of mesh lines, its rows of digits."""
    digits = {colour: str(number) for number, colour in enumerate(arc_grid.PALETTE)}
    groups, current = [], []
    for shape in drawing.shapes:
        if isinstance(shape, Tiles):
            current.append(shape)
        elif current:
            groups.append(current)
            current = []
    found = []
    for group in groups:
        cells = {corner: digits[tiles.fill] for tiles in group for corner in tiles.corners}
        rows = sorted({y for _, y in cells})
        found.append(tuple("".join(cells[place] for place in sorted(cells) if place[1] == row) for row in rows))
    return found


@pytest.mark.parametrize("rung", [1, 4, 7, 10])
def test_grids_of_colours_are_the_pairs_and_the_test_input(problems, rung):
    problem = problems["arc_grid", rung]
    assert _grids(sketch(problem)) == [grid for pair in problem.pairs for grid in (pair.input, pair.output)] + [
        problem.test
    ]


def test_a_grid_of_colours_is_drawn_the_same_whatever_its_output(problems):
    problem = problems["arc_grid", 4]
    other = msgspec.structs.replace(problem, output=("0123456789",) * 10)
    assert draw(encode(other)) == draw(encode(problem))


def test_colours_in_use_stand_at_the_foot_with_their_digits(problems):
    problem = problems["arc_grid", 7]
    used = sorted(
        set("".join(row for pair in problem.pairs for row in (*pair.input, *pair.output)) + "".join(problem.test))
    )
    shown = [label.text for label in labels(sketch(problem)) if label.text.isdigit()]
    assert shown == used


# Sokoban


@pytest.mark.parametrize("rung", [1, 5, 10])
def test_a_sokoban_level_can_be_read_back_from_its_picture(problems, rung):
    problem = problems["sokoban", rung]
    assert _level(sketch(problem)) == problem.rows


def test_boxes_and_players_on_goals_are_told_from_others():
    rows = ("#####", "#+$-#", "#*.$#", "#####")
    assert _level(sketch(Sokoban(rows))) == rows


def _level(drawing):
    floor = next(shape for shape in drawing.shapes if isinstance(shape, Box))
    columns, rows = int(floor.width // 44), int(floor.height // 44)
    held = {(row, column): set() for row in range(rows) for column in range(columns)}

    def put(x, y, thing):
        place = int((y - floor.y) // 44), int((x - floor.x) // 44)
        if place in held:
            held[place].add(thing)

    for shape in drawing.shapes:
        match shape:
            case Tiles(corners):
                for x, y in corners:
                    put(x + 1, y + 1, "wall")
            case Box(x, y, wide, tall, fill) if fill == ORANGE:
                put(x + wide / 2, y + tall / 2, "box")
            case Polygon(points, _, stroke) if stroke == VERMILION:
                put(points[0][0], points[1][1], "goal")
            case Disc(x, y, _, fill) if fill == BLUE:
                put(x, y, "player")
    symbols = {(): "-", ("wall",): "#", ("box",): "$", ("goal",): ".", ("player",): "@"}
    symbols |= {("box", "goal"): "*", ("goal", "player"): "+"}
    return tuple("".join(symbols[tuple(sorted(held[row, column]))] for column in range(columns)) for row in range(rows))


# Shortest path


@pytest.fixture(scope="module")
def maps(problems):
    """Road maps of several rungs and their drawings, both kinds among them."""
    found = [
        decode(task("shortest_path").generate(difficulty=rung, seed=5, index=index).problem)
        for rung in (1, 4, 7)
        for index in range(3)
    ]
    roads = [problem for problem in found if isinstance(problem.map, Roads)]
    assert {problem.map.one_way for problem in roads} == {True, False}
    return [(problem, sketch(problem)) for problem in roads]


def _places(drawing, names):
    """The box of each place by its name."""
    shapes = drawing.shapes
    found = {}
    for label in labels(drawing):
        if label.bold and label.text in names:
            boxes = [box for box in shapes if isinstance(box, Box) and box.radius and box.height == 24]
            found[label.text] = next(
                box for box in boxes if box.x < label.x < box.x + box.width and box.y < label.y < box.y + box.height
            )
    return found


def _courses(drawing):
    return [shape for shape in drawing.shapes if isinstance(shape, Line | Arc)]


def _along(course):
    """Points of a straight or bent road."""
    shares = numpy.linspace(0, 1, 101)[:, None]
    start, end = (course.points[0], course.points[-1]) if isinstance(course, Line) else (course.start, course.end)
    bend = course.bend if isinstance(course, Arc) else ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    return (1 - shares) ** 2 * start + 2 * shares * (1 - shares) * bend + shares**2 * end


def _on_edge(box, point):
    """Whether a point lies on the outline of a box."""
    x, y = point[0] - box.x, point[1] - box.y
    inside = -0.01 <= x <= box.width + 0.01 and -0.01 <= y <= box.height + 0.01
    return inside and min(abs(x), abs(y), abs(box.width - x), abs(box.height - y)) < 0.01


def test_every_road_joins_its_places_and_carries_its_cost(maps):
    for problem, drawing in maps:
        roads = problem.map
        places, courses = _places(drawing, roads.names), _courses(drawing)
        costs = [label for label in labels(drawing) if label.size == 11.5]
        assert set(places) == set(roads.names)
        assert [label.text for label in costs] == [str(cost).replace("-", "−") for _, _, cost in roads.roads]
        assert len(courses) == len(roads.roads)
        for (here, there, _), course, cost in zip(roads.roads, courses, costs, strict=True):
            points = _along(course)
            assert _on_edge(places[roads.names[here]], points[0])
            assert _on_edge(places[roads.names[there]], points[-1])
            assert min(dist(point, (cost.x, cost.y)) for point in points.tolist()) < 3


def test_one_way_roads_have_their_arrow_at_the_end_and_others_none(maps):
    for problem, drawing in maps:
        heads = [shape for shape in drawing.shapes if isinstance(shape, Polygon)]
        ends = [tuple(_along(course)[-1].round(6)) for course in _courses(drawing)]
        tips = [tuple(numpy.round(head.points[0], 6)) for head in heads]
        assert tips == (ends if problem.map.one_way else [])


def test_places_do_not_overlap(maps):
    for problem, drawing in maps:
        boxes = list(_places(drawing, problem.map.names).values())
        for number, box in enumerate(boxes):
            for beside in boxes[:number]:
                apart = abs(box.x + box.width / 2 - beside.x - beside.width / 2) >= (box.width + beside.width) / 2
                assert apart or abs(box.y - beside.y) >= box.height


def test_roads_lead_around_the_places_that_they_do_not_join(maps):
    hidden = 0
    for problem, drawing in maps:
        roads = problem.map
        places = _places(drawing, roads.names)
        for (here, there, _), course in zip(roads.roads, _courses(drawing), strict=True):
            x, y = _along(course).T
            for name in set(roads.names) - {roads.names[here], roads.names[there]}:
                box = places[name]
                hidden += ((box.x < x) & (x < box.x + box.width) & (box.y < y) & (y < box.y + box.height)).any()
    # In a thicket there may be no way around: one road in a hundred at most.
    assert hidden <= sum(len(problem.map.roads) for problem, _ in maps) / 100


def test_start_and_goal_are_marked_and_no_road_looks_other_than_the_rest(maps):
    for problem, drawing in maps:
        names = problem.map.names
        places = _places(drawing, names)
        for mark, number in (("start", problem.start), ("goal", problem.goal)):
            label = next(label for label in labels(drawing) if label.text == mark)
            box = places[names[number]]
            assert box.x < label.x < box.x + box.width
            assert abs(box.y + box.height / 2 - label.y) < 1
        assert len({(course.stroke, course.thickness) for course in _courses(drawing)}) == 1


@pytest.mark.parametrize("index", range(2))
def test_a_grid_shows_every_cost_in_its_cell_walls_start_and_goal(index):
    cells = (((3, 0, 12), (1, 7, 999), (0, 0, 4)), ((5,) * 14,) * 14)[index]
    problem = ShortestPath(Grid(cells), 2, 3)
    drawing = sketch(problem)
    ground = next(shape for shape in drawing.shapes if isinstance(shape, Box))
    cell = ground.width / len(cells[0])
    seen = [[0] * len(row) for row in cells]
    marks = {}
    for label in labels(drawing):
        row, column = int((label.y - ground.y) // cell), int((label.x - ground.x) // cell)
        if label.text in ("start", "goal"):
            marks[label.text] = row * len(cells[0]) + column
        elif label.size == 16:
            seen[row][column] = int(label.text)
    assert tuple(map(tuple, seen)) == cells
    assert marks == {"start": 2, "goal": 3}
    walls = {corner for tiles in drawing.shapes if isinstance(tiles, Tiles) for corner in tiles.corners}
    zeros = {(row, column) for row, costs in enumerate(cells) for column, cost in enumerate(costs) if not cost}
    assert walls == {(ground.x + column * cell, ground.y + row * cell) for row, column in zeros}


# Numbers and codes


def test_countdown_shows_target_and_numbers_and_not_how_near_one_can_come(problems):
    problem = problems["countdown", 5]
    shown = [label.text for label in labels(sketch(problem)) if label.text.isdigit()]
    assert shown == [str(problem.target), *map(str, problem.numbers)]
    assert draw(encode(msgspec.structs.replace(problem, distance=(7, 3)))) == draw(encode(problem))


def test_mastermind_shows_the_guesses_and_what_was_said_of_them(problems):
    problem = problems["mastermind", 5]
    texts = [label.text for label in labels(sketch(problem))]
    at = texts.index("hidden code")
    assert texts[:at] == ["?"] * len(problem.secret)
    expected = []
    for guess in problem.history:
        exact, misplaced = problem.feedback(guess)
        expected += [*(problem.symbols[symbol] for symbol in guess), f"{exact} exact, {misplaced} misplaced"]
    assert texts[at + 1 : at + 1 + len(expected)] == expected


def test_mastermind_is_drawn_the_same_whatever_code_fits_what_was_said(problems):
    problem = problems["mastermind", 1]
    told = [problem.feedback(guess) for guess in problem.history]
    codes = numpy.ndindex(*[len(problem.symbols)] * len(problem.secret))
    others = (msgspec.structs.replace(problem, secret=code) for code in codes if code not in problem.history)
    fitting = [other for other in others if [other.feedback(guess) for guess in problem.history] == told]
    assert len(fitting) >= 20
    assert draw(encode(fitting[0])) == draw(encode(fitting[-1])) == draw(encode(problem))


# Problems from outside

NAMES = tuple(f"Abcdefghijklm{number:02}" for number in range(100))
ATTRIBUTES = tuple(
    Attribute(name, tuple("abcdefg"[number] * 19 + value for value in "ABCDEFGH"))
    for number, name in enumerate(["name", "nationality", "pet", "drink", "colour", "job", "hobby"])
)
ODD = {
    "two places": ShortestPath(Roads(("A", "B"), ((0, 1, 5),), False), 0, 1),
    "a hundred places, one road": ShortestPath(Roads(NAMES, ((0, 1, 999),), True), 0, 99),
    "a ring": ShortestPath(Roads(NAMES[:40], tuple((n, (n + 1) % 40, 999) for n in range(40)), False), 0, 20),
    "one cell": ArcGrid((Pair(("1",), ("2",)),), ("3",), ("4",)),
    "a row and a column": ArcGrid((Pair(("1" * 30,), ("2",) * 30),) * 8, ("3" * 30,), ("4",)),
    "no wall": Sokoban(("@$.", "---", "---")),
    "many clues": ZebraPuzzle(ATTRIBUTES, (Clue("between", ((0, 0), (1, 1), (2, 2))),) * 200),
}


@pytest.mark.parametrize("problem", ODD.values(), ids=ODD)
def test_odd_problems_are_drawn_on_the_panel_too(problem):
    picture = draw(encode(problem))
    assert Image.open(BytesIO(picture.png)).size[0] <= 900
    ElementTree.fromstring(picture.svg)
    assert outside(sketch(problem)) == []


def test_clues_beyond_what_a_picture_holds_are_counted():
    assert labels(sketch(ODD["many clues"]))[-1].text == "and 120 more clues"
