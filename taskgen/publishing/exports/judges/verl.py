"""taskgen as a custom reward function of verl."""

import taskgen


def compute_score(data_source, solution_str, ground_truth, extra_info=None, **options):
    """1 for a correct answer, 0 for any other. Raises RuntimeError where the problem could not be judged."""
    verdict = taskgen.verify(ground_truth, solution_str)
    if verdict.status == "verifier_error":
        raise RuntimeError(verdict.reason)
    return {"score": verdict.score}
