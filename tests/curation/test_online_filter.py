"""The online filter over groups of completions."""

import json

import pytest

from taskgen.curation.online_filter import OnlineFilter


def group(correct, wrong):
    return [1.0] * correct + [0.0] * wrong


def test_without_a_band_only_groups_without_variance_go():
    online = OnlineFilter(batch=4)
    groups = [group(0, 8), group(1, 7), group(4, 4), group(7, 1), group(8, 0)]
    assert online.keep(groups).tolist() == [False, True, True, True, False]
    assert online.dropped == {"all_wrong": 1, "all_correct": 1}


def test_a_band_keeps_the_groups_on_its_edges():
    online = OnlineFilter(batch=4, low=0.25, high=0.75)
    groups = [group(1, 7), group(2, 6), group(6, 2), group(7, 1), group(0, 8)]
    assert online.keep(groups).tolist() == [False, True, True, False, False]
    assert online.dropped == {"too_hard": 1, "too_easy": 1, "all_wrong": 1}


def test_what_nobody_could_judge_counts_for_nothing():
    online = OnlineFilter(batch=4)
    assert online.keep([[None, 1.0, 0.0], [float("nan"), 1.0], [None, None], []]).tolist() == [
        True,
        False,
        False,
        False,
    ]
    assert online.dropped == {"unjudged": 2, "all_correct": 1}


def test_it_says_how_many_groups_the_batch_still_needs():
    online = OnlineFilter(batch=10)
    assert (online.missing, online.groups_to_sample()) == (10, 20)  # nothing is known: half of them may stay
    online.keep([group(4, 4)] * 4 + [group(0, 8)] * 12)
    assert online.missing == 6
    assert online.keep_rate == pytest.approx(5 / 18)
    assert online.groups_to_sample() == 22
    online.keep([group(4, 4)] * 6)
    assert (online.missing, online.groups_to_sample()) == (0, 0)


def test_groups_beyond_a_full_batch_count_for_the_next():
    online = OnlineFilter(batch=4)
    online.keep([group(4, 4)] * 7)
    assert online.missing == 0
    online.next_batch()
    assert online.missing == 1
    assert (online.seen, online.kept) == (7, 7)


def test_a_policy_that_solves_nothing_asks_for_many_groups_but_not_for_ever():
    online = OnlineFilter(batch=8)
    online.keep([group(0, 8)] * 98)
    assert online.groups_to_sample() == 800


def test_a_loaded_state_counts_on():
    online = OnlineFilter(batch=10, low=0.2, high=0.8)
    online.keep([group(4, 4), group(0, 8), group(8, 0)])
    loaded = OnlineFilter.load(json.loads(json.dumps(online.state())))
    assert loaded.state() == online.state()
    assert loaded.keep([group(1, 7)]).tolist() == [False]
    assert loaded.dropped == {"all_wrong": 1, "all_correct": 1, "too_hard": 1}


@pytest.mark.parametrize("wrong", [{"batch": 0}, {"low": 0.8, "high": 0.2}, {"low": -0.1}, {"high": 1.1}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError):
        OnlineFilter(**({"batch": 4} | wrong))


def test_a_score_that_is_none_is_refused_and_counts_nothing():
    online = OnlineFilter(batch=4)
    with pytest.raises(ValueError, match="not between 0 and 1"):
        online.keep([group(4, 4), [2.0, 0.0]])
    assert (online.seen, online.kept) == (0, 0)
