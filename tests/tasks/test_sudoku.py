import itertools

import numpy as np
import pytest

import taskgen
from taskgen.generators.grids.sudoku import _layout
from taskgen.kernels.latin_regions import load
from taskgen.kernels.sudoku_deduction import SEARCH, grade
from taskgen.knobs import KnobError
from taskgen.seeding import Stream
from taskgen.verifiers.grids.sudoku import Sudoku

SUDOKU = taskgen.task("sudoku")


def square(text):
    return tuple(tuple(0 if cell == "." else int(cell) for cell in row) for row in text.split())


# The example of the Wikipedia article on sudoku.
WIKIPEDIA = Sudoku(
    (3, 3),
    square("53..7.... 6..195... .98....6. 8...6...3 4..8.3..1 7...2...6 .6....28. ...419..5 ....8..79"),
)
SOLUTION = "534678912\n672195348\n198342567\n859761423\n426853791\n713924856\n961537284\n287419635\n345286179"
SMALL = Sudoku((2, 2), square("12.. 3... .1.. 2..."))
DRAWN = """
+-------+-------+-------+
| 5 3 4 | 6 7 8 | 9 1 2 |
| 6 7 2 | 1 9 5 | 3 4 8 |
| 1 9 8 | 3 4 2 | 5 6 7 |
+-------+-------+-------+
| 8 5 9 | 7 6 1 | 4 2 3 |
| 4 2 6 | 8 5 3 | 7 9 1 |
| 7 1 3 | 9 2 4 | 8 5 6 |
+-------+-------+-------+
| 9 6 1 | 5 3 7 | 2 8 4 |
| 2 8 7 | 4 1 9 | 6 3 5 |
| 3 4 5 | 2 8 6 | 1 7 9 |
+-------+-------+-------+
"""


def draft(seed=0, **settings):
    knobs = SUDOKU.knobs(None, settings)
    return next(filter(None, (SUDOKU.draft(Stream.keyed("test", seed, attempt), knobs) for attempt in range(50))))


@pytest.mark.parametrize(
    "answer",
    [
        SOLUTION,
        SOLUTION.replace("\n", "\r\n"),
        SOLUTION.replace("\n", ""),
        SOLUTION.replace("\n", "/"),
        "\n".join(" ".join(row) for row in SOLUTION.split()),
        "\n".join(", ".join(row) for row in SOLUTION.split()),
        str([list(map(int, row)) for row in SOLUTION.split()]),
        DRAWN.strip(),
        DRAWN.strip().replace("-", "="),
        DRAWN.strip().replace("-", "─").replace("+", "┼").replace("|", "│"),
        DRAWN.strip().replace(" ", "\xa0"),
        str([tuple(map(int, row)) for row in SOLUTION.split()]),
        "\n".join(f"Row {number}: {row}" for number, row in enumerate(SOLUTION.split(), 1)),
        "\n".join(f"**row {number}:** {' '.join(row)}" for number, row in enumerate(SOLUTION.split(), 1)),
    ],
)
def test_every_usual_way_to_write_the_square_is_read(answer):
    assert WIKIPEDIA.verify(answer).status == "correct"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "the answer has 0 cells, not 9 rows of 9"),
        (SOLUTION[:-1], "the answer has 80 cells, not 9 rows of 9"),
        (SOLUTION + "9", "the answer has 82 cells, not 9 rows of 9"),
        (SOLUTION[:-1] + "0", "'0' is not a number from 1 to 9"),
        (SOLUTION[:-1] + ".", "'.' is not a number from 1 to 9"),
        (SOLUTION[:-1] + "٩", "'٩' is not a number from 1 to 9"),
        ("-" + SOLUTION, "'-' is not a number from 1 to 9"),
        ("row " + SOLUTION, "'r' is not a number from 1 to 9"),
    ],
)
def test_what_is_no_square_of_numbers_is_malformed(answer, reason):
    verdict = WIKIPEDIA.verify(answer)
    assert (verdict.status, verdict.reason) == ("malformed", reason)


def test_labels_must_number_the_rows_in_order():
    rows = SOLUTION.split()
    labelled = [f"Row {number}: {row}" for number, row in enumerate(rows, 1)]
    for answer in (
        "Row 1: " + SOLUTION,
        "\n".join(labelled[1::-1] + labelled[2:]),
        "\n".join([*labelled[:8], f"Row 10: {rows[8]}"]),
        "\n".join([f"Row 1: {rows[0]}{rows[1]}", "Row 2:", *labelled[2:]]),
        "\n".join([rows[0], *labelled[1:]]),
        "\n".join([rows[0], *labelled]),
    ):
        verdict = WIKIPEDIA.verify(answer)
        assert verdict.status == "malformed"
        assert verdict.reason == "labels do not stand before each of the 9 rows of 9, from 'Row 1:' to the last"


def test_a_changed_given_is_wrong_even_where_all_units_are_right():
    swapped = SOLUTION.translate(str.maketrans("12", "21"))
    verdict = WIKIPEDIA.verify(swapped)
    assert verdict.reason == "row 2, column 4 is given as 1 and must not become 2"
    assert verdict.score == 0.0
    assert verdict.partial == 1 - 5 / (30 + 27)


@pytest.mark.parametrize(
    ("answer", "reason", "broken"),
    [
        ("1243\n3422\n4132\n2314", "row 2 holds 2 more than once", 3),
        ("1243\n3421\n4132\n2341", "column 3 holds 4 more than once", 2),
        ("1234\n3142\n2413\n4321", "row 3, column 2 is given as 1 and must not become 4", None),
        ("1234\n3421\n4112\n2343", "row 3 holds 1 more than once", None),
    ],
)
def test_the_first_broken_rule_is_named(answer, reason, broken):
    verdict = SMALL.verify(answer)
    assert verdict.reason == reason
    if broken is not None:
        assert verdict.partial == pytest.approx(1 - broken / (5 + 12))


def test_a_latin_square_with_broken_boxes_is_wrong():
    empty = Sudoku((2, 2), square(".... .... .... ...."))
    verdict = empty.verify("1234\n2341\n3412\n4123")
    assert verdict.reason == "the box of rows 1 to 2 and columns 1 to 2 holds 2 more than once"
    assert verdict.partial == 1 - 4 / 12


def test_any_two_numbers_of_a_row_exchanged_are_wrong_at_16x16():
    made = draft(box=(4, 4), givens=150, tier=1)
    for first, second in itertools.combinations(range(16), 2):
        cells = made.answer.split()
        cells[first], cells[second] = cells[second], cells[first]
        assert made.problem.verify(" ".join(cells)).status == "wrong"


def test_numbers_above_nine_are_read_apart_and_may_have_a_leading_zero():
    made = draft(box=(3, 4), givens=90, tier=1)
    rows = [row.split() for row in made.answer.split("\n")]
    assert made.problem.verify("\n".join(" | ".join(row) for row in rows))
    assert made.problem.verify("\n".join(" ".join(f"{number:0>2}" for number in row) for row in rows))
    assert made.problem.verify("\n".join("".join(row) for row in rows)).status == "malformed"
    assert made.problem.verify(made.answer.replace("12", "13")).reason == "'13' is not a number from 1 to 12"


@pytest.mark.parametrize("box", [(2, 2), (2, 3), (3, 2), (2, 4), (3, 3), (3, 4), (4, 4)])
def test_givens_are_exactly_as_many_as_asked(box):
    order = box[0] * box[1]
    givens = order * order * 3 // 5
    for seed in range(5):
        made = draft(seed, box=box, givens=givens, tier=1)
        assert sum(number > 0 for row in made.problem.givens for number in row) == givens


@pytest.mark.parametrize("givens", [23, 30, 45])
def test_hard_to_reach_numbers_of_givens_are_exact_too(givens):
    made = draft(givens=givens, tier=2)
    assert sum(number > 0 for row in made.problem.givens for number in row) == givens


def solved_by_hand(puzzle, ceiling):
    """What the grader says of a 9x9 puzzle when it may use techniques up to a tier, and the candidates it leaves."""
    bits = np.array([1 << number - 1 if number else 0 for row in puzzle.givens for number in row])
    states, steps = np.empty((82, 81 + 28), dtype=np.int64), np.empty(8, dtype=np.int64)
    layout = _layout((3, 3))
    load(bits, layout[1], states)
    return grade(states, layout, ceiling, steps), states[0, :81].tolist()


@pytest.mark.parametrize("tier", range(2, 8))
def test_the_tier_is_the_hardest_technique_that_is_needed(tier):
    puzzle = draft(givens=26, tier=tier).problem
    for ceiling in range(1, 7):
        reached, candidates = solved_by_hand(puzzle, ceiling)
        assert reached == (tier if ceiling >= tier else SEARCH)
        assert any(candidates) == (ceiling < tier)


def test_deductions_never_exclude_the_solution():
    for seed in range(60):
        made = draft(seed, givens=25, tier=7)
        _, candidates = solved_by_hand(made.problem, 6)
        for left, number in zip(candidates, made.answer.split(), strict=True):
            assert left == 0 or left & 1 << int(number) - 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"givens": 16}, "knob givens=16 is out of range: a 9x9 square of tier 2 takes 22 to 45 givens"),
        ({"givens": 60, "tier": 5}, "knob givens=60 is out of range: a 9x9 square of tier 5 takes 22 to 38 givens"),
        (
            {"box": "2x2", "tier": 6, "givens": 6},
            "knob tier=6 is out of range: a 4x4 square takes tier 1, whose only technique solves all of them",
        ),
        ({"nodes": 5}, "knob nodes=5 is out of range: only tier 7 is searched; set nodes=0 or tier=7"),
    ],
)
def test_knobs_that_no_puzzle_has_are_refused_in_one_line(settings, message):
    with pytest.raises(KnobError, match="sudoku: ") as caught:
        SUDOKU.knobs(None, settings)
    assert str(caught.value) == f"sudoku: {message}"


def test_full_squares_come_from_more_than_one_class():
    # 2x2 Latin subsquares survive every symmetry, so a shuffled pattern would always hold the same number of them.
    def intercalates(answer):
        rows = [row.split() for row in answer.split("\n")]
        return sum(
            rows[a][c] == rows[b][d] and rows[a][d] == rows[b][c]
            for a, b in itertools.combinations(range(9), 2)
            for c, d in itertools.combinations(range(9), 2)
        )

    assert len({intercalates(draft(seed, givens=45, tier=1).answer) for seed in range(30)}) > 5


def test_a_transposed_shape_is_the_same_puzzle():
    givens = draft(box=(2, 3), givens=12, tier=1).problem.givens
    turned = Sudoku((3, 2), tuple(zip(*givens, strict=True)))
    assert turned.structure() == Sudoku((2, 3), givens).structure()


def test_structures_of_the_13_minimal_4x4_puzzles_of_4_givens_differ():
    # 13 classes, by exhaustion over all 4-given puzzles modulo digits, bands, stacks and transposition.
    classes = {draft(seed, box=(2, 2), givens=4, tier=1).problem.structure() for seed in range(250)}
    assert len(classes) == 13


def test_the_oracle_finds_every_solution():
    empty = Sudoku((2, 2), square(".... .... .... ...."))
    answers = SUDOKU.oracle.solutions(empty, 500)
    assert len(set(answers)) == 288
    assert all(empty.verify(answer) for answer in answers)
