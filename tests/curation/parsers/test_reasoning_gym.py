"""reasoning-gym's rows: what is the same problem, what is the same relabelled or reordered, and what is not."""

import json
import re
from collections import defaultdict

import networkx
import numpy
import pytest

from taskgen.curation.parsers import Puzzle, Row, recognise
from taskgen.kernels import refinement
from taskgen.registry import task
from tests.curation.parsers.reasoning_gym_rows import found, ids, read_rows

COPIES = defaultdict(list)
"""For every family: the original, then its copies, two times."""
for _row in read_rows("copies.jsonl.xz"):
    COPIES[_row["metadata"]["source_dataset"]].append(_row)
OURS = {
    "arc_1d": "arc_grid",
    "arc_agi": "arc_grid",
    "countdown": "countdown",
    "intermediate_integration": "antiderivative",
    "knights_knaves": "knights_and_knaves",
    "mini_sudoku": "sudoku",
    "puzzle24": "countdown",
    "rearc": "arc_grid",
    "shortest_path": "shortest_path",
    "simple_integration": "antiderivative",
    "sokoban": "sokoban",
    "sudoku": "sudoku",
}
"""Families that are a task of ours."""


def groups(family):
    """Each original of a family with its copies."""
    for number in (0, 1):
        original, *copies = [row for row in COPIES[family] if row["number"] == number]
        yield original, copies


def first(family):
    return COPIES[family][0]


def test_the_rows_hold_every_family_twice():
    assert len(COPIES) == 49
    assert all(len(rows) in (4, 6) for rows in COPIES.values())


@pytest.mark.parametrize("family", COPIES)
def test_relabelled_and_reordered_copies_have_the_structure_of_their_original(family):
    for original, copies in groups(family):
        assert {ids(copy).structure for copy in copies} == {ids(original).structure}


@pytest.mark.parametrize("family", sorted(set(COPIES) - {"leg_counting"}))
def test_a_copy_that_is_relabelled_or_reordered_is_another_instance(family):
    for original, copies in groups(family):
        assert ids(original).instance not in {ids(copy).instance for copy in copies}


def test_animals_are_counted_in_any_order():
    original, (copy,) = next(groups("leg_counting"))
    assert original["question"] != copy["question"]
    assert ids(original) == ids(copy)


@pytest.mark.parametrize("family", COPIES)
def test_different_rows_have_different_structures(family):
    (one, _), (two, _) = groups(family)
    assert ids(one).structure != ids(two).structure


@pytest.mark.parametrize("family", COPIES)
def test_bookkeeping_does_not_count(family):
    row = first(family)
    other = row["metadata"] | {"source_index": 4711, "difficulty": {"level": 9}, "version_id": 3}
    assert ids(row, metadata=other) == ids(row)


@pytest.mark.parametrize("family", COPIES)
def test_metadata_as_text_are_the_same_metadata(family):
    assert ids(first(family), metadata=json.dumps(first(family)["metadata"])) == ids(first(family))


@pytest.mark.parametrize("family", COPIES)
def test_nulls_of_other_families_do_not_count(family):
    padded = {
        key: value | {"of another": None} if isinstance(value, dict) else value
        for key, value in first(family)["metadata"].items()
    }
    assert ids(first(family), metadata=padded | {"another": None}) == ids(first(family))


@pytest.mark.parametrize("family", OURS)
def test_a_family_that_is_a_task_of_ours_becomes_a_problem_of_it(family):
    row = next(row for row in COPIES[family] if not row["metadata"].get("variable", "x").isupper())
    problem = found(row)
    assert type(problem) is task(OURS[family]).problem_type


def test_a_puzzle_of_ours_has_the_solution_that_the_row_states():
    row = first("sudoku")
    (solution,) = task("sudoku").oracle.solutions(found(row), 2)
    assert re.findall("[0-9]", solution) == [str(cell) for line in row["metadata"]["solution"] for cell in line]


def test_people_of_ours_are_what_the_row_says():
    row = first("knights_knaves")
    (solution,) = task("knights_and_knaves").oracle.solutions(found(row), 2)
    assert [line.endswith("knight") for line in solution.split("\n")] == row["metadata"]["solution"]


def test_a_route_of_ours_is_as_short_as_the_row_says():
    for row in COPIES["shortest_path"]:
        steps = row["metadata"]["solution"]
        assert found(row).cheapest == (len(steps) if steps else None)


def test_the_walls_of_a_warehouse_are_where_the_row_has_them():
    row = first("sokoban")
    rows = row["metadata"]["gamestr"].split("\n")
    assert [[symbol == "+" for symbol in line.split()] for line in rows if line] == [
        [symbol == "#" for symbol in line] for line in found(row).rows
    ]


def test_an_integrand_of_ours_is_the_text_in_the_row():
    row = next(row for row in COPIES["simple_integration"] if row["metadata"]["variable"] == "x")
    assert (found(row).integrand, found(row).variable) == (row["metadata"]["integrand"], "x")


def test_an_integral_in_a_capital_letter_has_the_structure_of_the_one_in_x():
    row = next(row for row in COPIES["simple_integration"] if row["metadata"]["variable"] == "x")
    own = row["metadata"]["variable"]
    integrand = re.sub(rf"\b{own}\b", "X", row["metadata"]["integrand"])
    metadata = row["metadata"] | {"integrand": integrand, "variable": "X"}
    assert ids(row, metadata=metadata).structure == ids(row).structure
    assert ids(row, metadata=metadata).instance != ids(row).instance


def test_twenty_four_without_division_is_not_our_countdown():
    row = first("puzzle24")
    assert isinstance(found(row, question=row["question"].replace(", /.", ".")), Puzzle)


def test_an_arc_puzzle_with_more_examples_than_ours_may_have_keeps_its_symmetries():
    (row, (relabelled, reordered)), _ = groups("arc_agi")
    copies = [row, relabelled, reordered]
    pair = "Example 9:\n\nInput:\n1 1\n2 2\nOutput:\n2 2\n1 1\n\n"
    crowded = [copy | {"question": copy["question"].replace("Below is", pair * 9 + "Below is")} for copy in copies]
    assert all(isinstance(found(copy), Puzzle) for copy in crowded)
    assert ids(crowded[0]).structure == ids(crowded[2]).structure != ids(row).structure


def test_a_row_whose_metadata_lack_a_field_is_not_recognised():
    row = first("gcd")
    assert found(row, metadata={"source_dataset": "gcd"}) is None


def test_a_row_of_an_unknown_source_is_not_recognised():
    assert recognise(Row("How many?", {"metadata": {"source_dataset": "my_puzzles", "numbers": [1]}})) is None


@pytest.mark.parametrize("metadata", ["no JSON", "[1]", "3", [1], 3, {"source_dataset": ["gcd"]}, {}])
def test_other_metadata_are_not_recognised(metadata):
    assert recognise(Row("How many?", {"metadata": metadata})) is None


def test_a_row_that_was_edited_is_compared_by_its_statement():
    row = first("course_schedule")
    edited = row["metadata"] | {"prerequisites": [1, 2]}
    puzzle = found(row, metadata=edited)
    assert (puzzle.family, puzzle.structure) == ("course_schedule", None)


def test_told_rows_may_be_set_in_another_way():
    row = first("acre")
    other = row["question"].replace(", ", ",  ").replace("\n", "\n\n").rstrip("?")
    assert ids(row, question=other) == ids(row)


def test_equal_patterns_are_isomorphic_graphs(monkeypatch):
    """The hash of a pattern is equal only where networkx finds the graphs isomorphic."""
    graphs = []
    monkeypatch.setattr(refinement, "structure_hash", lambda *graph: graphs.append(graph) or len(graphs))
    for family in ("course_schedule", "graph_color", "syllogism", "survo", "needle_haystack"):
        for row in COPIES[family]:
            found(row)
    drawn = [_networkx(*graph) for graph in graphs]
    monkeypatch.undo()
    hashes = [refinement.structure_hash(*graph) for graph in graphs]
    for one, left in zip(hashes, drawn, strict=True):
        for two, right in zip(hashes, drawn, strict=True):
            assert (one == two) == networkx.is_isomorphic(
                left, right, lambda a, b: a["colour"] == b["colour"], lambda a, b: a["colours"] == b["colours"]
            )


def _networkx(colours, edges):
    graph = networkx.DiGraph()
    graph.add_nodes_from((vertex, {"colour": colour}) for vertex, colour in enumerate(colours))
    for source, target, colour in numpy.array(edges).tolist():
        listed = graph.get_edge_data(source, target, {"colours": []})["colours"]
        graph.add_edge(source, target, colours=sorted([*listed, colour]))
    return graph


@pytest.mark.parametrize(
    ("family", "field"), [("string_splitting", "initial_machines"), ("string_synthesis", "initial_blocks")]
)
def test_how_often_rules_are_applied_is_a_part_of_the_problem(family, field):
    often, twice = [
        ids(
            {
                "question": f"Apply the rules at most {times} times.",
                "metadata": {"source_dataset": family, field: [1, 4]},
            }
        )
        for times in (1000, 2)
    ]
    assert often.instance != twice.instance
