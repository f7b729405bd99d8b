"""taskgen as a reward function of TRL's GRPOTrainer."""

import taskgen


def reward(completions, problem, **columns):
    """1 for a correct answer, 0 for any other; None where the problem could not be judged, which TRL leaves out."""
    rewards = []
    for own, completion in zip(problem, completions, strict=True):
        verdict = taskgen.verify(own, completion if isinstance(completion, str) else completion[-1]["content"])
        rewards.append(None if verdict.status == "verifier_error" else verdict.score)
    return rewards
