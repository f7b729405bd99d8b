"""Shortest paths: ties, detours, negative costs, walls, closed sets, and what the knobs promise."""

import time

import networkx
import pytest

import taskgen
from taskgen.knobs import KnobError
from taskgen.oracles.graphs.shortest_path import accepts
from taskgen.problem import Problem, decode, encode
from taskgen.verifiers.graphs.shortest_path import Grid, Roads, ShortestPath

TIES = ShortestPath(Roads(("A", "B", "C", "D"), ((0, 1, 2), (0, 2, 3), (1, 3, 2), (2, 3, 1), (0, 3, 5)), False), 0, 3)
PAID = ShortestPath(Roads(("S", "X", "Y", "T"), ((0, 1, 4), (1, 2, -6), (0, 3, 1), (2, 3, 2)), True), 0, 3)
APART = ShortestPath(
    Roads(("A", "B", "C", "D", "E"), ((0, 1, 1), (1, 2, 1), (2, 0, 1), (3, 2, 1), (4, 3, 1)), True), 0, 4
)
FIELD = ShortestPath(Grid(((1, 9, 1), (1, 0, 1), (1, 1, 1))), 0, 2)


@pytest.mark.parametrize(
    "answer",
    [
        "A -> B -> D",
        "A->C->D",
        "A, C, D",
        "A → B → D",
        "A\nB\nD",
        "A -> B ->\n D",
        "A -> B\n-> D",
        "A\n\nB\n\nD\n",
        "A, B, D,",
        "A; B; D",
        "A --> B --> D",
        "A => B ⇒ D",
        r"A \to B \rightarrow D",
        "A -> B -> D.",
        "**A -> B -> D**",
        "`A -> B -> D`.",
    ],
)
def test_every_cheapest_route_counts_in_every_way_of_writing_it(answer):
    assert TIES.verify(answer)
    assert accepts(TIES, answer)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("A -> D", "the route costs 5; there is a cheaper one"),
        ("A -> B -> A -> B -> D", "the route costs 8; there is a cheaper one"),
        ("A ->", "the route must lead from A to D"),
        ("B -> D", "the route must lead from A to D"),
        ("A -> B -> C -> D", "no step leads from B to C"),
        ("unreachable: A, B, C", "a step leads from A (listed) to D (not listed)"),
        ("unreachable: A, B, C, D", "the places listed must include the start and not the goal"),
    ],
)
def test_wrong_routes_and_false_proofs_are_wrong(answer, reason):
    verdict = TIES.verify(answer)
    assert (verdict.status, verdict.reason) == ("wrong", reason)


@pytest.mark.parametrize(
    "answer",
    ["", "4", "A B D", "A - B - D", "A -> B -> D (4)", "->", "A ----> D", "unreachable:", "a -> b -> d", "{A, D}"],
)
def test_what_names_no_places_is_malformed(answer):
    assert TIES.verify(answer).status == "malformed"


def test_all_places_together_name_no_route():
    """A peer accepts any text that holds the right number; here a list of everything is just a bad route."""
    assert not TIES.verify("A, B, C, D")


def test_negative_costs_make_the_longer_route_cheaper():
    assert PAID.verify("S -> X -> Y -> T")
    assert PAID.verify("S -> T").reason == "the route costs 1; there is a cheaper one"
    assert PAID.verify("S -> T").partial == 0


@pytest.mark.parametrize(
    ("direct", "around", "partial"), [(-1, -5, 0.0), (0, -5, 0.0), (4, -1, 0.0), (4, 0, 0.0), (4, 1, 0.25)]
)
def test_nearness_counts_only_between_positive_costs(direct, around, partial):
    statement = ShortestPath(Roads(("S", "X", "T"), ((0, 2, direct), (0, 1, around), (1, 2, 0)), True), 0, 2)
    verdict = statement.verify("S -> T")
    assert (verdict.status, verdict.partial) == ("wrong", partial)


def test_a_line_break_behind_a_name_makes_it_no_name():
    with pytest.raises(ValueError, match="does not fit"):
        decode(encode(TIES).replace('"B"', '"B\\n"'))


def test_any_closed_set_proves_that_there_is_no_route():
    assert APART.verify("unreachable: C, A, B")
    assert APART.verify("Unreachable:\nA\nB\nC\nD")
    assert APART.verify("unreachable: {A, B, C}.")
    assert APART.verify("**Unreachable: [A, B, C,]**")
    assert APART.verify("unreachable: {[A, B, C]}").status == "malformed"
    assert APART.verify("unreachable: A").status == "wrong"
    assert APART.verify("A -> B -> C -> D -> E").reason == "no step leads from C to D"


def test_entering_a_cell_costs_its_number_and_walls_stop():
    assert FIELD.verify("A1 -> A2 -> A3 -> B3 -> C3 -> C2 -> C1")
    assert FIELD.verify("A1 -> B1 -> C1").reason == "the route costs 10; there is a cheaper one"
    assert FIELD.verify("A1 -> A2 -> B2 -> C2 -> C1").reason == "no step leads from A2 to B2"


@pytest.mark.parametrize(
    ("field", "complaint"),
    [
        (Roads(("A", "B"), ((0, 1, 1), (1, 0, 1)), False), "twice"),
        (Roads(("A", "B"), ((0, 2, 1),), False), "ends nowhere"),
        (Roads(("A", "B"), ((0, 1, -1),), False), "negative"),
        (Roads(("A", "B"), ((0, 1, 1), (1, 0, -2)), True), "round trip"),
        (Roads(("A", "A"), ((0, 1, 1),), True), "one name"),
        (Grid(((1, 1), (1,) * 3)), "length"),
        (Grid(((1, 0), (1, 1))), "wall"),
    ],
)
def test_maps_that_make_no_sense_are_no_problems(field, complaint):
    with pytest.raises(ValueError, match=complaint):
        ShortestPath(field, 0, 1)


def test_the_largest_map_is_judged_in_time():
    roads = [(v, (v + step) % 100, 999 if v + step >= 100 else -9) for v in range(100) for step in range(1, 7)]
    names = tuple(f"P{number}" for number in range(100))
    text = encode(ShortestPath(Roads(names, tuple(roads), True), 0, 99))
    start = time.perf_counter()
    problem: Problem = decode(text)
    assert problem.verify(" -> ".join(names))
    assert problem.verify("P1 -> " * 1_000 + "P2").status == "wrong"
    assert time.perf_counter() - start < 0.25


def records(count=25, **knobs):
    task = taskgen.task("shortest_path")
    return [task.generate(difficulty=5, seed=4, index=index, knobs=knobs) for index in range(count)]


def test_traps_and_hops_are_what_was_asked_for():
    for record in records(traps=3, hops=5, unreachable=0, grid=0, one_way=0):
        problem = decode(record.problem)
        graph = networkx.Graph()
        graph.add_weighted_edges_from(problem.map.roads)
        routes = list(networkx.all_shortest_paths(graph, problem.start, problem.goal, weight="weight"))
        assert min(map(len, routes)) > 5
        fewest = networkx.all_shortest_paths(graph, problem.start, problem.goal)
        assert all(networkx.path_weight(graph, route, "weight") > problem.cheapest for route in fewest)


def test_unreachable_goals_need_more_than_a_look_at_start_or_goal():
    for record in records(unreachable=1):
        problem = decode(record.problem)
        names = problem.map.names
        start, goal = names[problem.start], names[problem.goal]
        beside = [names[place] for place in problem.exits[problem.start]]
        assert record.answer.startswith("unreachable: ")
        assert not problem.verify(f"unreachable: {start}")
        assert not problem.verify("unreachable: " + ", ".join([start, *beside]))
        assert not problem.verify("unreachable: " + ", ".join(name for name in names if name != goal))


def test_negative_shares_are_met_on_one_way_maps():
    for record in records(unreachable=0, grid=0, one_way=1, negative=0.3):
        roads = decode(record.problem).map.roads
        assert sum(cost < 0 for _, _, cost in roads) >= 0.25 * len(roads)


def test_knobs_that_contradict_each_other_are_refused():
    task = taskgen.task("shortest_path")
    with pytest.raises(KnobError, match="hops=9 needs places=18 or more"):
        task.knobs(settings={"hops": 9})
    with pytest.raises(KnobError, match=r"roads=6\.0 is too many for places=14"):
        task.knobs(settings={"roads": 6})
