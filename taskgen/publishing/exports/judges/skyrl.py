"""taskgen as an environment of SkyRL: one answer, or a dialogue where the problem has many turns."""

from skyrl_gym.envs.base_text_env import BaseTextEnv, BaseTextEnvStepOutput

import taskgen
from taskgen.environment import MultiTurnProblem
from taskgen.problem import decode


class TaskgenEnv(BaseTextEnv):
    """Judges what the model wrote; of a dialogue, only its end."""

    def __init__(self, env_config=None, extras=None):
        super().__init__()
        self.problem = extras["reward_spec"]["ground_truth"]
        self.max_turns = extras.get("max_turns", 1)
        self.dialogue = None
        if isinstance(decode(self.problem), MultiTurnProblem):
            self.dialogue = taskgen.Environment()
            self.dialogue.reset(self.problem)

    def step(self, action):
        """Answer a completion. Raises RuntimeError where the problem could not be judged."""
        self.turns += 1
        if self.dialogue is None:
            verdict = taskgen.verify(self.problem, action)
            if verdict.status == "verifier_error":
                raise RuntimeError(verdict.reason)
            return BaseTextEnvStepOutput(observations=[], reward=verdict.score, done=True, metadata={})
        observation, reward, finished, _, _ = self.dialogue.step(action)
        done = finished or self.turns >= self.max_turns
        observations = [] if done else [{"role": "user", "content": observation}]
        return BaseTextEnvStepOutput(observations=observations, reward=reward, done=done, metadata={})
