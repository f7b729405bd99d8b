"""taskgen as a custom reward model of slime."""

import asyncio

import taskgen


async def reward(args, sample, **options):
    """1 for a correct answer, 0 for any other. Raises RuntimeError where the problem could not be judged."""
    verdict = await asyncio.to_thread(taskgen.verify, sample.label, sample.response)
    if verdict.status == "verifier_error":
        raise RuntimeError(verdict.reason)
    return verdict.score
