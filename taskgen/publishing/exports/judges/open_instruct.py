"""taskgen as a verifier of open-instruct, which finds it once this module is imported."""

from open_instruct.ground_truth_utils import VerificationResult, VerifierFunction

import taskgen


class TaskgenVerifier(VerifierFunction):
    """1 for a correct answer, 0 for any other. Raises RuntimeError where the problem could not be judged."""

    def __init__(self, verifier_config=None):
        super().__init__("taskgen", weight=1.0, verifier_config=verifier_config)

    def __call__(self, tokenized_prediction, prediction, label, query=None, rollout_state=None):
        """Judge a prediction against its problem, the label."""
        verdict = taskgen.verify(label, prediction)
        if verdict.status == "verifier_error":
            raise RuntimeError(verdict.reason)
        return VerificationResult(score=verdict.score)
