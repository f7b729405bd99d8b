"""How many rollouts adaptive sampling saves: `python benchmarks/adaptive_sampling.py [--quick]`.

Records with known pass rates are sampled until `more_samples` asks for no more (32 each at most), then put below,
inside or above a band by the likeliest class. The yardstick is 16 rollouts of every record, put there by the same rule
under a flat prior.

- default rule: its accuracy and rollouts a record, the coverage of its 90 % intervals, the mean time of a call, each
  the mean of four draws of all rates;
- same accuracy: the largest `gain` whose accuracy is still that of the yardstick, and its rollouts a record;
- least possible: rollouts a record of the best policy at the yardstick's accuracy, by exact dynamic programming, for
  one who knows the distribution of every cell (and may take none at all).

In "one population" all cells have the same distribution, so cells tell nothing that the population does not.
"""

import sys
import time
from functools import partial

import numpy as np
from scipy.stats import beta, binom

from taskgen.curation.pass_rates import StoppingRule, more_samples, pass_rates
from taskgen.seeding import Stream

FIXED, MOST, WORLDS = 16, 32, 4
GAINS = 0.005 * 1.06 ** np.arange(44)
BANDS = [(0.1, 0.9), (0.2, 0.8)]
BIMODAL = [(0.35, 0.5, 10), (0.25, 10, 0.5), (0.4, 1.5, 1.5)]
SPIKES = [(0.3, 1, 30), (0.3, 30, 1), (0.4, 2, 2)]


def one_population(mixture, means):
    """The same mixture of (weight, a, b) in every cell."""
    return [mixture] * len(means)


def cells_of(concentration, shape, means):
    """Cells of one concentration whose means are spread like a mixture of (weight, a, b)."""
    fine = np.linspace(0, 1, 20_001)[1:-1]
    quantiles = np.interp(means, sum(w * beta.cdf(fine, a, b) for w, a, b in shape), fine)
    return [[(1, mean * concentration, (1 - mean) * concentration)] for mean in quantiles]


UNIFORM = [(1, 1, 1)]
SETTINGS = {
    "one population, U-shaped Beta(0.3, 0.3)": partial(one_population, [(1, 0.3, 0.3)]),
    "one population, U-shaped Beta(0.5, 0.5)": partial(one_population, [(1, 0.5, 0.5)]),
    "one population, uniform": partial(one_population, UNIFORM),
    "one population, bimodal": partial(one_population, BIMODAL),
    "one population, two spikes and a hump": partial(one_population, SPIKES),
    "cells of concentration 2, means uniform": partial(cells_of, 2, UNIFORM),
    "cells of concentration 2, means U-shaped": partial(cells_of, 2, [(1, 0.5, 0.5)]),
    "cells of concentration 2, means bimodal": partial(cells_of, 2, BIMODAL),
    "cells of concentration 10, means uniform": partial(cells_of, 10, UNIFORM),
    "cells of concentration 20, means uniform": partial(cells_of, 20, UNIFORM),
    "cells of concentration 50, means uniform": partial(cells_of, 50, UNIFORM),
    "cells of concentration 200, means uniform": partial(cells_of, 200, UNIFORM),
}


def draw(random, cells, records):
    """Cells and true rates of so many records in each cell."""
    rates = []
    for mixture in cells:
        part = random.choice(len(mixture), records, p=[weight for weight, _, _ in mixture])
        a, b = np.array(mixture)[part, 1:].T
        rates.append(random.beta(a, b))
    return np.repeat(np.arange(len(cells)), records), np.concatenate(rates)


def sample(random, cells, rates, rule):
    """Accuracy, rollouts a record, coverage and mean seconds of a call."""
    correct, trials, seconds = np.zeros(len(rates), int), np.zeros(len(rates), int), []
    while True:
        start = time.perf_counter()
        more = more_samples(cells, correct, trials, rule, MOST - trials)
        seconds.append(time.perf_counter() - start)
        if not more.any():
            break
        correct, trials = correct + random.binomial(more, rates), trials + more
    found = pass_rates(cells, correct, trials, (rule.low, rule.high))
    right = found.classes.argmax(axis=1) == (rates >= rule.low).astype(int) + (rates > rule.high)
    covered = (found.low <= rates) & (rates <= found.high)
    return right.mean(), trials.mean(), covered.mean(), np.mean(seconds)


def fixed_classes(band):
    """The class of every count of correct ones among the fixed rollouts, under a flat prior."""
    counts = np.arange(FIXED + 1)
    low, high = (beta.cdf(end, 1 + counts, 1 + FIXED - counts) for end in band)
    return np.argmax([low, high - low, 1 - high], axis=0)


def fixed_accuracy(rates, weights, band):
    """Expected accuracy of the fixed rollouts."""
    truth = (rates >= band[0]).astype(int) + (rates > band[1])
    chances = binom.pmf(np.arange(FIXED + 1)[:, None], FIXED, np.clip(rates, 1e-15, 1 - 1e-15))
    return ((chances * (fixed_classes(band)[:, None] == truth)).sum(axis=0) * weights).sum()


def least_samples(cells, band):
    """Rollouts a record of the best policy as accurate as the fixed ones, for one who knows every distribution."""
    edges = np.linspace(0, 1, 1001)  # the ends of both bands are edges
    rates = (edges[1:] + edges[:-1]) / 2
    truth = (rates >= band[0]).astype(int) + (rates > band[1])
    masses = np.array([np.diff(sum(w * beta.cdf(edges, a, b) for w, a, b in mixture)) for mixture in cells])
    target = np.mean([fixed_accuracy(rates, mass, band) for mass in masses])
    by_class = np.stack([masses * (truth == each) for each in range(3)])
    chances = [
        by_class @ (rates[:, None] ** np.arange(n + 1) * (1 - rates[:, None]) ** np.arange(n, -1, -1))
        for n in range(MOST + 1)
    ]

    def best_policy(cost):
        value, right, taken = (np.zeros((len(cells), MOST + 2)) for _ in range(3))
        for chance in reversed(chances):
            total, stop = chance.sum(axis=0), chance.max(axis=0)
            onward = value[:, :-1] + value[:, 1:] - cost * total
            go = (onward > stop) & (chance.shape[2] <= MOST)
            value = np.where(go, onward, stop)
            right = np.where(go, right[:, :-1] + right[:, 1:], stop)
            taken = np.where(go, taken[:, :-1] + taken[:, 1:] + total, 0)
        return right.mean(), taken.mean()

    low, high = 1e-6, 1.0
    for _ in range(25):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if best_policy(middle)[0] >= target else (low, middle)
    (more, most), (less, least) = best_policy(low), best_policy(high)
    # Between two policies one may toss a coin.
    return least if less >= target else least + (most - least) * (target - less) / (more - less)


def same_accuracy(name, cells, rates, band, target):
    """Gain and rollouts a record of the cheapest rule that is as accurate as the fixed rollouts."""
    best, low, high = None, 0, len(GAINS)
    while low < high:
        middle = (low + high) // 2
        random = np.random.default_rng(Stream.keyed("rollouts", name, *map(str, band), middle).bits64())
        rule = StoppingRule(low=band[0], high=band[1], gain=GAINS[middle])
        accuracy, taken, _, _ = sample(random, cells, rates, rule)
        if accuracy >= target:
            best, low = (GAINS[middle], taken), middle + 1
        else:
            high = middle
    return best


def row(name, setting, count, records, band):
    """A row of the table."""
    found = []
    for world in range(WORLDS):
        random = np.random.default_rng(Stream.keyed("adaptive sampling", name, world).bits64())
        cells, rates = draw(random, setting(middles(count)), records)
        target = fixed_accuracy(rates, 1 / len(rates), band)
        found.append((target, *sample(random, cells, rates, StoppingRule(low=band[0], high=band[1]))))
    gain, equal = same_accuracy(name, cells, rates, band, target) or (np.nan, np.nan)
    least = least_samples(setting(middles(25)), band)
    target, accuracy, taken, coverage, seconds = np.mean(found, axis=0)
    shares = (f"{each:.1f} | {each / FIXED:.2f}" for each in (taken, equal, least))
    return (
        f"| {name} | {band[0]} to {band[1]} | {target:.3f} | {accuracy:.3f} | {next(shares)} | {coverage:.3f} "
        f"| {seconds:.2f} | {gain:.4f} | {next(shares)} | {next(shares)} |"
    )


def middles(count):
    return (np.arange(count) + 0.5) / count


def main():
    quick = "--quick" in sys.argv[1:]
    count, records = (100, 100) if quick else (400, 250)
    print(f"{count} cells of {records} records; {MOST} rollouts a record at most\n")
    print("| pass rates | band | accuracy of 16 fixed | default rule: accuracy | rollouts | share of 16 ", end="")
    print("| coverage | seconds a call | same accuracy: gain | rollouts | share of 16 ", end="")
    print("| least possible | share of 16 |\n|---|---|" + "--:|" * 11)
    for name, setting in SETTINGS.items():
        for band in BANDS:
            print(row(name, setting, count, records, band), flush=True)


if __name__ == "__main__":
    main()
