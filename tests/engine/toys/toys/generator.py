"""Makes additions, as slowly as asked for."""

import time
from typing import Annotated

from msgspec import Meta

from taskgen.knobs import BaseKnobs, ladder
from taskgen.registry import Draft
from toys.rules import Addition


class Knobs(BaseKnobs, frozen=True):
    """How large and how slow."""

    largest: Annotated[int, Meta(ge=0, le=10**9, description="largest number")] = 1000
    pause: Annotated[float, Meta(ge=0, le=1000, description="milliseconds a problem takes")] = 0.0
    failing: Annotated[float, Meta(ge=0, le=1, description="share of drafts that lead nowhere")] = 0.0


LADDER = ladder(Knobs, largest=[500, 800, 10**3, 10**4, 10**5, 10**6, 10**7, 10**8, 10**8, 10**9])


def generate(stream, knobs):
    if knobs.pause:
        time.sleep(knobs.pause / 1000)
    if stream.chance(knobs.failing):
        return None
    first, second = stream.below(knobs.largest + 1), stream.below(knobs.largest + 1)
    return Draft(Addition(first, second), str(first + second), effort=len(str(first + second)))
