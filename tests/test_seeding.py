"""Stream: the published algorithm, unbiased draws, and its compiled twin."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgen.seeding import Stream, item_stream

# First outputs of the authors' C code for the state 1, 2, 3, 4, as published with the Rust crate rand_xoshiro.
PUBLISHED = [
    11520, 0, 1509978240, 1215971899390074240, 1216172134540287360, 607988272756665600, 16172922978634559625,
    8476171486693032832, 10595114339597558777, 2904607092377533576,
]  # fmt: skip
KEYS = st.lists(st.one_of(st.integers(0, 2**63), st.text(), st.binary()), max_size=4)


def test_bits_are_those_of_the_published_vector():
    stream = Stream((1, 2, 3, 4))
    assert [stream.bits64() for _ in PUBLISHED] == PUBLISHED


def test_a_keyed_stream_never_changes():
    stream = Stream.keyed("taskgen", 1)
    assert [stream.below(1000) for _ in range(8)] == [275, 161, 934, 392, 528, 384, 438, 776]


def test_streams_of_neighbouring_seeds_share_nothing():
    draws = [
        [item_stream("sudoku", 1, "{}", seed, "train", index, 0).bits64() for index in range(500)] for seed in (42, 43)
    ]
    assert not set(draws[0]) & set(draws[1])


def test_every_part_of_an_item_key_counts():
    base = ("sudoku", 1, "{}", 0, "train", 0, 0)
    others = [("zebra", 1, "{}", 0, "train", 0, 0), ("sudoku", 2, "{}", 0, "train", 0, 0)]
    others += [("sudoku", 1, "{1}", 0, "train", 0, 0), ("sudoku", 1, "{}", 1, "train", 0, 0)]
    others += [("sudoku", 1, "{}", 0, "test", 0, 0), ("sudoku", 1, "{}", 0, "train", 1, 0)]
    others += [("sudoku", 1, "{}", 0, "train", 0, 1)]
    assert len({item_stream(*key).bits64() for key in [base, *others]}) == 8


def test_a_fork_does_not_move_its_stream():
    stream = Stream.keyed("fork")
    before = stream.state
    forks = {stream.fork("a").bits64(), stream.fork("b").bits64(), stream.bits64()}
    assert len(forks) == 3
    assert stream.state != before


@given(KEYS, st.integers(1, 2**64))
def test_below_stays_below(key, bound):
    assert 0 <= Stream.keyed(*key).below(bound) < bound


@pytest.mark.parametrize("bound", [0, -1, 2**64 + 1])
def test_below_refuses_an_impossible_bound(bound):
    with pytest.raises(ValueError, match="bound must lie in"):
        Stream.keyed("x").below(bound)


def test_below_is_uniform():
    stream = Stream.keyed("uniform")
    counts = Counter(stream.below(7) for _ in range(70_000))
    assert all(abs(counts[value] - 10_000) < 400 for value in range(7))


@given(KEYS, st.lists(st.integers()))
def test_shuffled_keeps_the_items(key, items):
    assert sorted(Stream.keyed(*key).shuffled(items)) == sorted(items)


@given(KEYS, st.lists(st.integers(), unique=True, min_size=1), st.data())
def test_sample_takes_different_positions(key, items, data):
    count = data.draw(st.integers(0, len(items)))
    taken = Stream.keyed(*key).sample(items, count)
    assert len(taken) == count == len(set(taken))
    assert set(taken) <= set(items)


def test_weighted_follows_the_weights():
    stream = Stream.keyed("weights")
    counts = Counter(stream.weighted("abc", (1, 0, 3)) for _ in range(40_000))
    assert counts["b"] == 0
    assert abs(counts["a"] - 10_000) < 400


@given(KEYS)
def test_the_compiled_twin_goes_on_where_the_stream_stands(key):
    import numpy as np

    from taskgen.kernels import random as twin

    here, there = Stream.keyed(*key), Stream.keyed(*key)
    here.bits64(), there.bits64()
    state = twin.take_over(there)
    bounds = [1, 2, 7, 1000, 2**31 - 1, 2**32 - 1]
    assert [twin.below(state, bound) for bound in bounds] == [here.below(bound) for bound in bounds]
    assert twin.uniform(state) == here.uniform()
    items, array = list(range(20)), np.arange(20)
    here.shuffle(items)
    twin.shuffle(state, array)
    assert array.tolist() == items
    twin.hand_back(there, state)
    assert there.bits64() == here.bits64()
