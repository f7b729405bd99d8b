"""Pass rates pooled over records, with honest intervals."""

import numpy
import pytest
from scipy.stats import beta

from taskgen.curation.pooled_rates import pooled_rates, weigh


def arrays(*lists):
    return [numpy.array(values) for values in lists]


def test_one_rollout_a_record_is_a_plain_binomial_rate():
    group, correct = numpy.repeat([0, 1], 20), numpy.r_[numpy.arange(20) < 5, numpy.arange(20) < 12].astype(int)
    rates = pooled_rates(group, numpy.arange(40), numpy.ones(40, int), correct)
    assert rates.rate.tolist() == [0.25, 0.6]
    assert rates.low == pytest.approx(beta.ppf(0.05, [5.5, 12.5], [15.5, 8.5]))
    assert rates.high == pytest.approx(beta.ppf(0.95, [5.5, 12.5], [15.5, 8.5]))
    assert (rates.records.tolist(), rates.trials.tolist(), rates.correct.tolist()) == ([20, 20], [20, 20], [5, 12])


def test_rollouts_that_are_all_alike_count_as_one():
    alike = pooled_rates(*arrays([0] * 10, range(10), [16] * 10, [16] * 4 + [0] * 6))
    single = pooled_rates(*arrays([0] * 10, range(10), [1] * 10, [1] * 4 + [0] * 6))
    assert [alike.rate[0], alike.low[0], alike.high[0]] == [single.rate[0], single.low[0], single.high[0]]


def test_where_nothing_was_right_or_everything_was_the_interval_reaches_the_end():
    rates = pooled_rates(*arrays([0, 0, 1, 1], [0, 1, 2, 3], [8, 8, 8, 8], [0, 0, 8, 8]))
    assert (rates.low[0], rates.high[1]) == (0, 1)
    assert rates.high[0] == pytest.approx(beta.ppf(0.95, 0.5, 2.5))  # nothing tells: two records, two trials
    assert rates.low[1] == pytest.approx(1 - rates.high[0])


def test_the_intervals_cover_as_they_say_where_rates_differ_within_a_cell():
    random = numpy.random.default_rng(3)
    cells, records, trials = 400, 40, 8
    mean = random.beta(1, 1, cells)
    group = numpy.repeat(numpy.arange(cells), records)
    for size, correlation in ((2, 1 / 3), (10, 1 / 11)):
        correct = random.binomial(trials, random.beta(mean[group] * size, (1 - mean[group]) * size))
        count = numpy.full(len(group), trials)
        rates = pooled_rates(group, numpy.arange(len(group)), count, correct)
        assert 0.87 < ((rates.low <= mean) & (mean <= rates.high)).mean() < 0.93
        found = weigh(group, numpy.arange(len(group)), count, correct).correlation
        assert found == pytest.approx(correlation, abs=0.02)


def test_stopping_early_on_clear_records_does_not_bend_the_rate():
    random = numpy.random.default_rng(4)
    records, mean = 20_000, 0.2
    rate = random.beta(mean, 1 - mean, records)
    trials = numpy.full(records, 4)
    correct = random.binomial(4, rate)
    unclear = (correct > 0) & (correct < 4)
    trials[unclear] = 16
    correct[unclear] += random.binomial(12, rate[unclear])
    plain = correct.sum() / trials.sum()
    weighed = pooled_rates(numpy.zeros(records, int), numpy.arange(records), trials, correct).rate[0]
    assert plain - mean > 0.07
    assert abs(weighed - mean) < 0.02
