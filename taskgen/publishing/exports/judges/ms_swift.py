"""taskgen as a reward of ms-swift."""

from swift.rewards import ORM, orms

import taskgen


class Taskgen(ORM):
    """1 for a correct answer, 0 for any other. Raises RuntimeError where a problem could not be judged."""

    def __call__(self, completions, problem, **columns):
        """The rewards of completions, each for the problem of its row."""
        rewards = []
        for own, completion in zip(problem, completions, strict=True):
            verdict = taskgen.verify(own, completion)
            if verdict.status == "verifier_error":
                raise RuntimeError(verdict.reason)
            rewards.append(verdict.score)
        return rewards


orms["taskgen"] = Taskgen
