"""taskgen as a reward function of OpenRLHF, which calls it with one query at a time."""

import torch

import taskgen


def reward_func(queries, prompts, labels, **options):
    """1 for a correct answer, 0 for any other. Raises RuntimeError where the problem could not be judged.

    A query is prompt and completion; the prompt says what an answer looks like, so it must not be judged.
    """
    scores = []
    for query, prompt, label in zip(queries, prompts, labels, strict=True):
        verdict = taskgen.verify(label, query.removeprefix(prompt))
        if verdict.status == "verifier_error":
            raise RuntimeError(verdict.reason)
        scores.append(verdict.score)
    rewards = torch.tensor(scores)
    return {"rewards": rewards, "scores": rewards, "extra_logs": {}}
