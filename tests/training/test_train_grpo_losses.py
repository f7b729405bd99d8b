"""The six losses against figures worked out by hand, and what groups are kept and drawn."""

import math

import pytest
import torch

from taskgen.seeding import Stream
from taskgen.training import train_grpo
from taskgen.training.train_grpo import Group, advantages, pass_at_k, policy_loss
from tests.training.runs import dataset, options

# Two completions of three and one tokens; probabilities have moved by these ratios since they were sampled.
RATIOS = torch.tensor([[1.5, 0.5, 1.25], [0.7, 1.0, 1.0]], dtype=torch.float64)
REAL = torch.tensor([[True, True, True], [True, False, False]])
GAINS = torch.tensor([2.0, -1.0], dtype=torch.float64)
OLD = torch.full((2, 3), -1.0, dtype=torch.float64)


def value(loss, ratios=RATIOS, limit=5):
    logp = (OLD + ratios.log()).requires_grad_()
    found = policy_loss(loss, logp, OLD, REAL, GAINS, sequences=2, tokens=4, limit=limit)
    found.backward()
    return found.item(), logp.grad


# Clipped by 0.2: 1.5 -> 1.2, 1.25 -> 1.2, while 0.5 stays, for the gain is positive and the smaller counts; 0.7 -> 0.8,
# for the gain is negative.
FIRST, SECOND = 2 * (1.2 + 0.5 + 1.2), -0.8
DAPO_FIRST = 2 * (1.28 + 0.5 + 1.25)
LOGS = [math.log(1.5) - 1, math.log(0.5) - 1, math.log(1.25) - 1]
EXPECTED = {
    "grpo": -(FIRST / 3 + SECOND) / 2,
    "dr_grpo": -(FIRST + SECOND) / (5 * 2),
    "dapo": -(DAPO_FIRST + SECOND) / 4,
    "bnpo": -(FIRST + SECOND) / 4,
    "cispo": -(2 * (1.5 * LOGS[0] + 0.5 * LOGS[1] + 1.25 * LOGS[2]) - 0.7 * (math.log(0.7) - 1)) / 4,
    # (1.5 * 0.5 * 1.25) ** (1 / 3) = 0.978716 is not clipped from below, 0.7 is: min(-0.7, -0.9997).
    "gspo": -(2 * (1.5 * 0.5 * 1.25) ** (1 / 3) - (1 - 3e-4)) / 2,
}


@pytest.mark.parametrize("loss", train_grpo.LOSSES)
def test_the_value_of_a_loss(loss):
    assert value(loss)[0] == pytest.approx(EXPECTED[loss], abs=1e-6)


# d ratio / d logp = ratio where nothing is clipped; 0 where it is, and for padding.
GRADIENTS = {
    "grpo": [[0, -2 * 0.5 / 3 / 2, 0], [0, 0, 0]],
    "dr_grpo": [[0, -2 * 0.5 / 10, 0], [0, 0, 0]],
    "dapo": [[0, -2 * 0.5 / 4, -2 * 1.25 / 4], [0, 0, 0]],
    "bnpo": [[0, -2 * 0.5 / 4, 0], [0, 0, 0]],
    "cispo": [[-2 * 1.5 / 4, -2 * 0.5 / 4, -2 * 1.25 / 4], [0.7 / 4, 0, 0]],
    "gspo": [[-2 * (1.5 * 0.5 * 1.25) ** (1 / 3) / 3 / 2] * 3, [0, 0, 0]],
}


@pytest.mark.parametrize("loss", train_grpo.LOSSES)
def test_the_gradient_of_a_loss(loss):
    expected = torch.tensor(GRADIENTS[loss], dtype=torch.float64)
    assert torch.allclose(value(loss)[1], expected, atol=1e-6)


@pytest.mark.parametrize("loss", train_grpo.LOSSES)
def test_on_policy_every_loss_follows_the_policy_gradient(loss):
    _, gradient = value(loss, torch.ones(2, 3, dtype=torch.float64))
    assert torch.all(gradient[0] < 0)
    assert gradient[1, 0] > 0
    assert torch.all(gradient[1, 1:] == 0)


@pytest.mark.parametrize("loss", train_grpo.LOSSES)
def test_parts_of_a_batch_add_up_to_the_whole(loss):
    logp = OLD + RATIOS.log()
    parts = [
        policy_loss(loss, logp[n : n + 1], OLD[n : n + 1], REAL[n : n + 1], GAINS[n : n + 1], 2, 4, 5) for n in (0, 1)
    ]
    assert sum(parts).item() == pytest.approx(EXPECTED[loss], abs=1e-6)


def group(*rewards):
    return Group(None, [1], [[1]] * len(rewards), list(rewards))


def test_advantages_are_centred_and_divided_by_the_deviation():
    assert advantages("grpo", [group(1, 0, 0, 0)])[0] == pytest.approx([3**0.5, *[-(3**-0.5)] * 3], abs=1e-4)
    assert advantages("dr_grpo", [group(1, 0, 0, 0)])[0] == pytest.approx([0.75, -0.25, -0.25, -0.25], abs=1e-4)


@pytest.mark.parametrize("loss", train_grpo.LOSSES)
def test_groups_without_variance_have_no_advantage(loss):
    found = advantages(loss, [group(1, 1), group(0, 0), group(1, 0)])
    assert found[:2] == [[0, 0], [0, 0]]
    assert found[2][0] > 0 > found[2][1]


def test_bnpo_divides_by_the_density_of_a_beta_distribution():
    """Means 0.25 and 0.75: mean 1/2, variance 1/16, so a + b = 3, and the density is that of Beta(1.5, 1.5)."""
    density = (0.25 * 0.75) ** 0.5 * 8 / math.pi
    found = advantages("bnpo", [group(1, 0, 0, 0), group(1, 1, 1, 0)])
    assert found[0] == pytest.approx([0.75 / density, *[-0.25 / density] * 3], abs=1e-4)
    assert found[1] == pytest.approx([*[0.25 / density] * 3, -0.75 / density], abs=1e-4)


def test_pass_at_k_is_the_share_of_draws_with_a_right_one():
    assert pass_at_k(4, 1, 1) == 0.25
    assert pass_at_k(4, 1, 2) == 0.5  # 3 of the 6 pairs
    assert pass_at_k(5, 2, 3) == pytest.approx(0.9)  # all 10 triples but one
    assert pass_at_k(5, 3, 3) == 1
    assert pass_at_k(5, 0, 5) == 0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = dataset(tmp_path_factory.mktemp("kept") / "set", tasks=[("sudoku", (1, 2, 3))])
    return train_grpo.Run(options(folder, "--prompts", "6"))


def rewarded(run, monkeypatch, patterns):
    """The run's step on groups that have these rewards, one after the other; the groups that were learned from."""
    patterns, learned = iter(patterns), []

    def roll_out(rows, count, seeds):
        return [Group(row, [1], [[1]] * count, next(patterns)) for row in rows]

    monkeypatch.setattr(run, "roll_out", roll_out)
    monkeypatch.setattr(run, "learn", learned.extend)
    return run.grpo_step(), [group.rewards for group in learned]


FLAT, HALF, RARE = [0, 0, 0, 0, 0, 0], [1, 0, 1, 0, 1, 0], [1, 0, 0, 0, 0, 0]


def test_dynamic_sampling_refills_what_it_drops(run, monkeypatch):
    run.args.sampling = "dynamic"
    patterns = [FLAT, HALF, FLAT, RARE, FLAT, FLAT, HALF, FLAT, HALF, HALF, HALF]
    found, learned = rewarded(run, monkeypatch, patterns)
    assert learned == [HALF, RARE, HALF, HALF, HALF, HALF]
    assert found == {"reward": pytest.approx(16 / 66), "groups": 11, "flat": 5, "kept": 6}


def test_refilling_ends_after_four_rounds(run, monkeypatch):
    run.args.sampling = "dynamic"
    found, learned = rewarded(run, monkeypatch, [FLAT] * 23 + [HALF])
    assert [found["groups"], found["kept"], learned] == [24, 1, [HALF]]


def test_balanced_sampling_keeps_a_band_of_pass_rates(run, monkeypatch):
    run.args.sampling = "balanced"
    _, learned = rewarded(run, monkeypatch, [RARE, HALF, FLAT, HALF, HALF, HALF, RARE, HALF, HALF])
    assert learned == [HALF] * 6


def test_plain_sampling_keeps_everything(run, monkeypatch):
    run.args.sampling = "plain"
    patterns = [RARE, HALF, FLAT, HALF, RARE, FLAT]
    assert rewarded(run, monkeypatch, patterns)[1] == patterns


def cells_drawn(run, monkeypatch, sampling, rates, steps=200):
    run.args.sampling = sampling
    drawn = []
    monkeypatch.setattr(run, "roll_out", lambda rows, count, seeds: drawn.extend(row.difficulty for row in rows) or [])
    for step in range(steps):
        run.state["step"], run.state["rates"] = step, list(rates)
        run.grpo_step()
    return [drawn.count(rung) / len(drawn) for rung in (1, 2, 3)]


def test_targeted_sampling_draws_cells_by_the_variance_of_their_rewards(run, monkeypatch):
    """Weights 0.25, 0.09 and, for a cell that never succeeds, the floor 0.0025."""
    shares = cells_drawn(run, monkeypatch, "targeted", [0.5, 0.9, 0.0])
    assert shares == pytest.approx([0.25 / 0.3425, 0.09 / 0.3425, 0.0025 / 0.3425], abs=0.05)


def test_plain_sampling_draws_cells_by_their_rows(run, monkeypatch):
    rows = [len(rows) for rows in run.supply.rows]
    shares = cells_drawn(run, monkeypatch, "plain", [0.5, 0.9, 0.0])
    assert shares == pytest.approx([count / sum(rows) for count in rows], abs=0.05)


def test_the_running_pass_rate_moves_a_tenth_of_the_way(run, monkeypatch):
    run.args.sampling = "plain"
    monkeypatch.setattr(run.supply, "draw", lambda cell, stream: run.supply.rows[0][0])
    run.state["rates"] = [0.5, 0.5, 0.5]
    rewarded(run, monkeypatch, [HALF] * 5 + [[1] * 6])
    assert run.state["rates"] == pytest.approx([0.55, 0.5, 0.5])


def test_reuse_takes_more_steps_on_a_batch_and_the_ratio_is_no_longer_one(tmp_path, monkeypatch):
    run = train_grpo.Run(options(dataset(tmp_path / "set"), "--reuse", "3"))
    row, seen = run.supply.rows[0][0], []
    prompt = run.model.encode(row.prompt)
    completions = run.model.sample([prompt], 4, 0, run.limit)

    def watched(loss, logp, old, *rest):
        seen.append((logp - old).abs().max().item())
        return policy_loss(loss, logp, old, *rest)

    monkeypatch.setattr(train_grpo, "policy_loss", watched)
    run.learn([Group(row, prompt, completions, [1.0, 0.0, 0.0, 1.0])])
    assert seen[0] == 0
    assert 0 < seen[1] < seen[2]


def test_micro_batches_lead_to_the_same_weights(tmp_path):
    weights = []
    folder = dataset(tmp_path / "set")
    for micro in (512, 3):
        run = train_grpo.Run(options(folder, "--micro", str(micro)))
        groups = []
        for number, row in enumerate(run.supply.rows[0][:3]):
            prompt = run.model.encode(row.prompt)
            completions = run.model.sample([prompt], 4, number, run.limit)
            groups.append(Group(row, prompt, completions, [1.0, 0.0, 0.0, float(number > 1)]))
        run.learn(groups)
        weights.append(torch.cat([weight.flatten() for weight in run.model.parameters()]))
    start = torch.cat([w.flatten() for w in train_grpo.Run(options(folder)).model.parameters()])
    assert (weights[0] - start).norm() > 1e-4
    assert (weights[0] - weights[1]).norm() < 0.02 * (weights[0] - start).norm()


def test_seeds_of_different_steps_share_nothing(run):
    assert isinstance(run.stream("grpo", 1), Stream)
    assert run.stream("grpo", 1).state != run.stream("grpo", 2).state != run.stream("warm", 2).state
