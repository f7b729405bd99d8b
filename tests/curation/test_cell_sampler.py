"""The sampler over cells, on a simulated policy."""

import json
import math

import pytest

from taskgen.curation.cell_sampler import CellSampler
from taskgen.seeding import Stream

CELLS = [("sudoku", rung, '{"givens":30}') for rung in range(1, 11)]


def advantages(pass_rate, stream, completions=16):
    """Group-relative advantages, not divided by the deviation, of one group at this pass rate."""
    scores = [stream.chance(pass_rate) for _ in range(completions)]
    mean = sum(scores) / completions
    return [score - mean for score in scores]


def train(sampler, pass_rates, steps, batch=8, seed="policy"):
    """The cells drawn in so many steps, with feedback after each step."""
    stream = Stream.keyed(seed)
    drawn = []
    for _ in range(steps):
        cells = sampler.sample(batch)
        drawn += cells
        for cell in cells:
            sampler.update(cell, advantages(pass_rates[cell], stream))
    return drawn


def rates(learning):
    """Rungs below are always solved, rungs above never."""
    return {cell: 1.0 if cell[1] < learning else 0.5 if cell[1] == learning else 0.0 for cell in CELLS}


def test_every_cell_is_tried_first():
    sampler = CellSampler(CELLS)
    assert set(train(sampler, rates(4), steps=20)) == set(CELLS)


def test_it_finds_the_cell_with_signal():
    sampler = CellSampler(CELLS)
    train(sampler, rates(4), steps=200)
    later = train(sampler, rates(4), steps=200)
    assert later.count(CELLS[3]) > 0.8 * len(later)
    assert max(sampler.probabilities(), key=sampler.probabilities().get) == CELLS[3]


def test_it_keeps_looking_at_cells_without_signal():
    sampler = CellSampler(CELLS)
    train(sampler, rates(4), steps=200)
    assert set(train(sampler, rates(4), steps=400)) == set(CELLS)


def test_it_follows_a_policy_that_learns():
    sampler = CellSampler(CELLS)
    train(sampler, rates(4), steps=200)
    train(sampler, rates(7), steps=300)
    later = train(sampler, rates(7), steps=100)
    assert later.count(CELLS[6]) > 0.7 * len(later)


def test_the_bound_is_the_mean_absolute_advantage_plus_the_exploration_term():
    sampler = CellSampler([("a", 1), ("b", 1)], window=3)
    sampler.update(("a", 1), [9.0, 0.5, -1.0, 0.0])
    assert sampler.scores() == {
        ("a", 1): pytest.approx(0.5 + math.sqrt(2 * math.log(4) / 5)),  # the window has forgotten the 9
        ("b", 1): pytest.approx(math.sqrt(2 * math.log(4) / 1)),
    }


def test_probabilities_are_a_softmax_of_the_bounds():
    sampler = CellSampler([("a",), ("b",)], temperature=0.5)
    sampler.update(("a",), [0.4, 0.4])
    sampler.update(("b",), [0.1, 0.1])
    odds = sampler.probabilities()
    assert odds[("a",)] / odds[("b",)] == pytest.approx(math.exp(0.3 / 0.5))
    assert sum(odds.values()) == pytest.approx(1)


def test_a_small_temperature_over_a_wide_gap_is_no_overflow():
    sampler = CellSampler([("a",), ("b",)], temperature=1e-9)
    sampler.update(("a",), [1e9] * 4)
    sampler.update(("b",), [0.0] * 4)
    assert sampler.sample(5) == [("a",)] * 5


def test_the_seed_decides_the_draws():
    assert CellSampler(CELLS, seed=1).sample(50) == CellSampler(CELLS, seed=1).sample(50)
    assert CellSampler(CELLS, seed=1).sample(50) != CellSampler(CELLS, seed=2).sample(50)


def test_a_loaded_state_goes_on_as_the_sampler_would_have():
    sampler = CellSampler(CELLS, seed=5, window=20, temperature=0.2)
    train(sampler, rates(4), steps=30)
    loaded = CellSampler.load(json.loads(json.dumps(sampler.state())))
    assert loaded.state() == sampler.state()
    assert train(loaded, rates(4), steps=30) == train(sampler, rates(4), steps=30)


def test_an_update_that_cannot_be_taken_in_changes_nothing():
    sampler = CellSampler(CELLS)
    before = sampler.state()
    with pytest.raises(ValueError, match="none of the sampler's cells"):
        sampler.update(("zebra", 1), [0.5])
    with pytest.raises(ValueError, match="not a finite number"):
        sampler.update(CELLS[0], [0.5, float("nan")])
    assert sampler.state() == before


@pytest.mark.parametrize("wrong", [{"cells": []}, {"cells": [("a",), ("a",)]}, {"window": 0}, {"temperature": 0.0}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError):
        CellSampler(**({"cells": CELLS} | wrong))
