"""taskgen as a batch reward function of EasyR1."""

import taskgen

REWARD_NAME = "taskgen"
REWARD_TYPE = "batch"


def compute_score(reward_inputs, **options):
    """1 for a correct answer, 0 for any other. Raises RuntimeError where a problem could not be judged."""
    scores = []
    for given in reward_inputs:
        verdict = taskgen.verify(given["ground_truth"], given["response"])
        if verdict.status == "verifier_error":
            raise RuntimeError(verdict.reason)
        scores.append({"overall": verdict.score})
    return scores
