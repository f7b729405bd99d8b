"""Structure ids forget names and orientation, and nothing else; splits are read off them."""

from collections import Counter

import taskgen
from taskgen.problem import SPLITS, decode, encode, instance_id, split_of, structure_id
from taskgen.seeding import Stream
from tests.every_task.sampling import RUNGS, ladder, problem, rung


def test_a_relabelled_problem_keeps_its_structure_id(name):
    oracle = taskgen.task(name).oracle
    changed = 0
    for record in ladder(name):
        statement = problem(record)
        for number in range(3):
            other = oracle.relabel(statement, Stream.keyed("relabel", record.id, number))
            assert decode(encode(other)) == other
            assert structure_id(other) == record.structure, f"rung {record.difficulty}, index {record.index}"
            changed += instance_id(other) != record.id
    assert changed == 0 or changed > 1.5 * len(ladder(name)), "relabel() hardly changes anything"


def test_a_problem_survives_its_string(name):
    task = taskgen.task(name)
    for number in range(20):
        draft = task.draft(Stream.keyed("round trip", name, number), task.ladder[3])
        if draft is not None:
            assert decode(encode(draft.problem)) == draft.problem, "a field holds a list instead of a tuple, perhaps"


def test_random_problems_differ_in_structure(name):
    for difficulty in RUNGS:
        structures = Counter(record.structure for record in rung(name, difficulty))
        assert max(structures.values()) <= 2, f"rung {difficulty} repeats one structure"
    structures = {record.structure for record in ladder(name)}
    assert len(structures) >= 0.95 * len(ladder(name))


def test_no_structure_is_in_two_splits_whatever_the_seeds(name):
    task = taskgen.task(name)
    found = {
        split: {
            task.generate(difficulty=1, seed=seed, split=split, index=index).structure
            for seed in (0, 1)
            for index in range(4)
        }
        for split in SPLITS
    }
    for split in SPLITS:
        assert all(split_of(structure) == split for structure in found[split])
    assert not found["train"] & found["test"]
    assert not found["train"] & found["validation"]
    assert not found["validation"] & found["test"]


def test_neighbouring_seeds_share_no_problem(name):
    for difficulty in (3, 6, 9):
        first = {record.id for record in rung(name, difficulty, seed=42)}
        second = {record.id for record in rung(name, difficulty, seed=43)}
        assert not first & second
