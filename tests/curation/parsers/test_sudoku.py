"""Sudoku boards as strings, as lists and as drawings."""

import pytest

from taskgen.curation.parsers import Row, recognise
from taskgen.problem import decode, instance_id, structure_id
from taskgen.registry import task
from tests.curation.parsers.reasoning_gym_rows import read_rows


def made(**knobs):
    return decode(task("sudoku").generate(knobs=knobs).problem)


SUDOKU = made(givens=32)
DIGITS = "".join(str(cell) for row in SUDOKU.givens for cell in row)


def draw(problem, empty="_"):
    return "\n".join(" ".join(str(cell or empty) for cell in row) for row in problem.givens)


def read(text="", **fields):
    return recognise(Row(text, fields))


@pytest.mark.parametrize("column", ["puzzle", "puzzles", "quizzes", "question"])
@pytest.mark.parametrize("empty", "0.")
def test_a_column_that_holds_a_board_of_ours_has_its_ids(column, empty):
    board = read(**{column: DIGITS.replace("0", empty)})
    assert (instance_id(board), structure_id(board)) == (instance_id(SUDOKU), structure_id(SUDOKU))


def test_a_board_may_be_lists_of_rows():
    assert read(puzzle=[list(row) for row in SUDOKU.givens]) == SUDOKU


@pytest.mark.parametrize(
    "knobs", [{"box": [2, 2], "givens": 6, "tier": 1}, {"givens": 30}, {"box": [4, 4], "givens": 140}]
)
@pytest.mark.parametrize("empty", "_.0")
def test_a_board_in_a_prompt_is_read(knobs, empty):
    problem = made(**knobs)
    assert read(f"Solve this Sudoku puzzle:\n{draw(problem, empty)}\nRespond with only your answer.") == problem


def test_a_string_in_a_prompt_is_read():
    assert read(f"Solve the sudoku below.\n\n{DIGITS}\n\nAnswer with 81 digits.") == SUDOKU


def test_borders_inside_of_a_drawn_board_are_skipped():
    lines = draw(SUDOKU).split("\n")
    parted = [f"{line[:6]}| {line[6:12]}| {line[12:]}" for line in lines]
    rule = "------+-------+------"
    assert read("Sudoku\n" + "\n".join([*parted[:3], rule, *parted[3:6], rule, *parted[6:]])) == SUDOKU


def test_relabelled_boards_have_one_structure():
    original, relabelled, reordered = [row for row in read_rows("copies.jsonl.xz") if _is_sudoku(row)][:3]
    boards = [read(row["question"]) for row in (original, relabelled, reordered)]
    assert len({structure_id(board) for board in boards}) == 1
    assert len({instance_id(board) for board in boards}) == 3


def _is_sudoku(row):
    return row["metadata"]["source_dataset"] == "sudoku"


@pytest.mark.parametrize(
    "text",
    [
        DIGITS,
        f"A pi of 81 digits: {DIGITS}",
        f"Killer sudoku: the cages add up.\n{draw(SUDOKU)}",
        f"Sudoku, in which both diagonals hold all digits, too:\n{draw(SUDOKU)}",
        f"Sudoku with an example:\n{draw(SUDOKU)}\nand now this:\n{draw(made(givens=33))}",
        f"Sudoku {DIGITS}0",
        "Sudoku\n" + "\n".join(draw(SUDOKU).split("\n")[:8]),
    ],
)
def test_text_that_is_no_plain_sudoku_is_not_read(text):
    assert read(text) is None


@pytest.mark.parametrize("cells", ["0" * 81, "1" * 16 + "0" * 65])
def test_a_board_with_too_few_givens_is_no_sudoku(cells):
    assert read(puzzle=cells) is None


@pytest.mark.parametrize(
    "rule",
    [
        "This is an X-Sudoku.",
        "Cells in gray add to 10.",
        "Adjacent cells differ by two.",
        "Kropki dots: r1c1-r1c2 black.",
        "The highlighted windows hold all digits, too.",
        "What is the digit in row 1, column 3?",
        "Only fill in the first row.",
    ],
)
@pytest.mark.parametrize("fields", [{}, {"puzzle": DIGITS}], ids=["text", "column"])
def test_another_rule_or_question_makes_another_problem(fields, rule):
    text = f"Solve this Sudoku:\n{draw(SUDOKU)}"
    assert read(text, **fields) == SUDOKU
    assert read(f"{text}\n{rule}", **fields) is None


def test_a_small_square_of_numbers_is_a_sudoku_only_where_it_is_called_so():
    square = [[1, 0, 0, 0], [0, 0, 2, 0], [0, 3, 0, 0], [0, 0, 0, 4]]
    assert read("Solve this 4x4 Mini Sudoku.", puzzle=square) is not None
    assert read("Fill in the futoshiki.", puzzle=square) is None
