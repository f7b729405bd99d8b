"""Sokoban: what a move may do, and that the optimum is one."""

from itertools import pairwise

import msgspec
import pytest

import taskgen
from taskgen.judging import read_problem
from taskgen.knobs import KnobError
from taskgen.oracles.planning.sokoban import accepts
from taskgen.problem import instance_id, structure_id
from taskgen.seeding import Stream
from taskgen.verifiers.planning.sokoban import Sokoban

CORRIDOR = Sokoban(("#######", "#@-$-.#", "#######"))
SQUARE = Sokoban(("######", "#----#", "#-$--#", "#@-.-#", "######"))
TWO = Sokoban(("########", "#@-$$..#", "########"))


@pytest.fixture(scope="module")
def task():
    return taskgen.task("sokoban")


@pytest.mark.parametrize("answer", ["RRR", "rrr", "R R\nr", "R,R,R", " R, r ,R,", "\tRRR\r\n"])
def test_letters_of_either_case_and_separators_are_read(answer):
    assert CORRIDOR.verify(answer).score == 1.0


@pytest.mark.parametrize("answer", ["RRR.", '"RRR"', "`RRR`", "'R R R'.", '"R, R, R."', " . RRR . "])
def test_quotation_marks_and_full_stops_around_the_moves_mean_nothing(answer):
    assert CORRIDOR.verify(answer)
    assert accepts(CORRIDOR, answer)


@pytest.mark.parametrize("answer", ["R.R.R", "R'RR", '"', "...", "R`R`R", "(RRR)"])
def test_marks_between_the_moves_are_malformed(answer):
    assert CORRIDOR.verify(answer).status == "malformed"
    assert not accepts(CORRIDOR, answer)


def test_the_moves_may_stand_in_a_fenced_block():
    assert taskgen.verify(CORRIDOR, "So:\n```\nRRR\n```")


@pytest.mark.parametrize(
    "answer", ["", " , ", "RRX", "right", "R-R", "3R", "[R,R,R]", "\uff32RR", "R\u0301RR", "UDLRE"]
)
def test_anything_else_is_malformed(answer):
    assert CORRIDOR.verify(answer).status == "malformed"


@pytest.mark.parametrize(
    ("problem", "answer", "reason"),
    [
        (CORRIDOR, "LRRR", "move 1, left, goes into a wall"),
        (CORRIDOR, "RRRU", "move 4, up, goes into a wall"),
        (CORRIDOR, "RRRR", "move 4, right, pushes a box into a wall"),
        (TWO, "RR", "move 2, right, pushes a box into another box"),
        (SQUARE, "UR", "after the last move a box is not on a goal"),
    ],
)
def test_an_impossible_move_anywhere_fails_the_whole_answer(problem, answer, reason):
    verdict = problem.verify(answer)
    assert (verdict.score, verdict.status, verdict.reason) == (0.0, "wrong", reason)


def test_the_position_after_the_last_move_counts():
    solved = "UR" + "UR" + "D"
    assert SQUARE.verify(solved).score == 1.0
    assert SQUARE.verify(solved + "UU").status == "wrong"
    assert SQUARE.verify(solved + "U").score == 1.0


def test_one_box_at_home_is_not_enough():
    level = Sokoban(("#######", "#.-$-@#", "#.-$--#", "#######"))
    assert level.verify("LLL").status == "wrong"
    assert level.verify("LLLRRDLL").score == 1.0


def test_the_edge_of_the_map_is_a_wall():
    level = Sokoban(("@$.", "---", "---"))
    assert level.verify("R").score == 1.0
    for answer in ("U", "L", "RR", "DDD", "DDRR" + "RR"):
        assert level.verify(answer).status == "wrong", answer


def test_a_limit_on_pushes_counts_pushes_and_not_steps():
    level = Sokoban(SQUARE.rows, 2)
    assert level.verify("UUDDUUDD" + "URURD").score == 1.0
    assert Sokoban(SQUARE.rows, 1).verify("URURD").reason == "2 pushes, only 1 are allowed"


@pytest.mark.parametrize(
    "rows",
    [
        ("#####", "#@-.#", "#####"),
        ("#####", "#-$.#", "#####"),
        ("######", "#@$.@#", "######"),
        ("#####", "#@*-#", "#####"),
        ("#####", "#@$.", "#####"),
        ("####", "#@$.#", "####"),
        ("#####", "#@$ #", "#####"),
        ("#####", "#@$.#"),
        ("#" * 17,) * 3,
    ],
)
def test_impossible_maps_are_refused(rows):
    with pytest.raises((ValueError, msgspec.ValidationError)):
        msgspec.convert({"rows": rows}, Sokoban)


def test_where_the_player_stands_in_its_region_is_forgotten_and_the_region_is_not():
    here = Sokoban(("#######", "#@-$-.#", "#######"))
    there = Sokoban(("#######", "#-@$-.#", "#######"))
    beyond = Sokoban(("#######", "#--$@.#", "#######"))
    assert instance_id(here) != instance_id(there)
    assert structure_id(here) == structure_id(there) != structure_id(beyond)


def test_floor_that_nobody_can_reach_and_the_limit_are_forgotten():
    bare = Sokoban(("#######", "#@-$-.#", "#######"))
    padded = Sokoban(("#########", "##@-$-.##", "#########", "#--------"), 7)
    assert structure_id(bare) == structure_id(padded)


def test_the_generator_knows_the_least_number_of_pushes(task):
    knobs = task.knobs(settings={"boxes": 3, "min_pushes": 7, "changes": 2, "spare": 0, "height": 7, "width": 7})
    for attempt in range(200):
        draft = task.draft(Stream.keyed("optimal", attempt), knobs)
        if draft is None:
            continue
        limit = draft.problem.max_pushes
        assert limit >= 7
        assert task.oracle.solutions(draft.problem, 1)
        assert task.oracle.solutions(Sokoban(draft.problem.rows, limit - 1), 1) == []


def test_changes_counts_turns_to_another_box_and_every_box_is_pushed(task):
    for index in range(10):
        record = task.generate(difficulty=8, index=index)
        pushed = list(pushes(read_problem(record), record.answer))
        knobs = msgspec.json.decode(record.knobs)
        assert len(pushed) >= knobs["min_pushes"]
        assert sum(a != b for a, b in pairwise(pushed)) >= knobs["changes"]
        assert len(set(pushed)) == knobs["boxes"]


def test_a_spare_of_pushes_is_added_to_the_optimum(task):
    for index in range(5):
        record = task.generate(difficulty=9, index=index)
        problem = read_problem(record)
        assert len(list(pushes(problem, record.answer))) + 4 == problem.max_pushes


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"height": 16, "width": 16, "walls": 0.5}, "raise walls"),
        ({"height": 5, "width": 5, "boxes": 6, "changes": 5}, "too few"),
        ({"min_pushes": 2}, "less than min_pushes"),
        ({"boxes": 5}, "boxes - 1"),
    ],
)
def test_knobs_that_cannot_go_together_are_refused_by_name(task, settings, named):
    with pytest.raises(KnobError, match=named):
        task.knobs(settings=settings)


def test_the_largest_map_can_be_made(task):
    record = task.generate(knobs={"height": 16, "width": 16, "walls": 0.7, "boxes": 2, "changes": 1})
    assert len(read_problem(record).rows) == 16


def pushes(problem, answer):
    """The pushed boxes in order, by where they stood at the start."""
    steps = {"U": (-1, 0), "D": (1, 0), "L": (0, -1), "R": (0, 1)}
    cells = {(r, c): symbol for r, row in enumerate(problem.rows) for c, symbol in enumerate(row)}
    boxes = {cell: cell for cell, symbol in cells.items() if symbol in "$*"}
    place = next(cell for cell, symbol in cells.items() if symbol in "@+")
    for move in answer:
        step = steps[move]
        place = place[0] + step[0], place[1] + step[1]
        if place in boxes:
            boxes[place[0] + step[0], place[1] + step[1]] = box = boxes.pop(place)
            yield box
