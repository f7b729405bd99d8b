"""Add two numbers. Some answers make the verifier misbehave, which no real one may."""

import os
import time
from typing import Annotated

from msgspec import Meta

from taskgen.problem import Problem, Verdict, correct, malformed, wrong

Number = Annotated[int, Meta(ge=0, le=10**9)]


class Addition(Problem, frozen=True):
    """What is first + second?"""

    first: Number
    second: Number

    def verify(self, answer: str) -> Verdict:
        if answer == "hang":
            time.sleep(1000)
        if answer == "die":
            os._exit(3)
        if not answer.isdecimal():
            return malformed("not a number")
        return correct() if int(answer) == self.first + self.second else wrong("not the sum")

    def structure(self):
        return (self.first, self.second)
