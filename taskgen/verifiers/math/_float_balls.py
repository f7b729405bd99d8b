"""Ball arithmetic on 64-bit floats: fast, with the same interface as `_balls`, for what can be settled roughly.

Every operation returns a ball that holds the true result for all members of its operands, provided that the C library's
elementary functions are right to within LIBRARY of their value (four units in the last place; those in use err by less
than one). Infinities and NaN stand for balls that hold everything: no comparison with them is settled.
"""

import math

from taskgen.verifiers.math._balls import MAX_ANGLE, Overflow, Undefined, Unsure

FloatBall = tuple[float, float]

ROUNDING = 2.0**-52
LIBRARY = 2.0**-50
# Radii are rounded too: each is made this much larger, and no smaller than TINY.
GROWTH = 1 + 2.0**-48
TINY = 1e-300


class FloatBalls:
    """Arithmetic with 53 binary digits."""

    def ratio(self, top: int, bottom: int = 1) -> FloatBall:
        """The ball of a fraction."""
        value = top / bottom
        return value, 0.0 if bottom == 1 and -(1 << 53) < top < 1 << 53 else abs(value) * ROUNDING + TINY

    def negative(self, ball: FloatBall) -> FloatBall:
        """Minus the ball."""
        return -ball[0], ball[1]

    def add(self, left: FloatBall, right: FloatBall) -> FloatBall:
        """Left plus right."""
        middle = left[0] + right[0]
        return middle, (left[1] + right[1] + abs(middle) * ROUNDING) * GROWTH

    def times(self, left: FloatBall, right: FloatBall) -> FloatBall:
        """Left times right."""
        first, spread = left
        second, width = right
        middle = first * second
        radius = abs(first) * width + (abs(second) + width) * spread + abs(middle) * ROUNDING
        return middle, radius * GROWTH + TINY

    def inverse(self, ball: FloatBall) -> FloatBall:
        """One over the ball."""
        middle, radius = ball
        least = abs(middle) - radius * GROWTH
        if least <= 0:
            raise Unsure if radius else Undefined
        value = 1 / middle
        return value, abs(value) * (radius / least + ROUNDING) * GROWTH + TINY

    def whole_power(self, ball: FloatBall, exponent: int) -> FloatBall:
        """The ball to an exponent that is 0 or more, by repeated squaring."""
        result: FloatBall | None = None
        while exponent:
            if exponent & 1:
                result = ball if result is None else self.times(result, ball)
            exponent >>= 1
            if exponent:
                ball = self.times(ball, ball)
        return (1.0, 0.0) if result is None else result

    def sign(self, ball: FloatBall) -> int:
        """1 or -1."""
        if not abs(ball[0]) > ball[1]:
            raise Unsure
        return 1 if ball[0] > 0 else -1

    def _least(self, ball: FloatBall) -> float:
        """The least member of a positive ball."""
        middle, radius = ball
        least = middle - radius * GROWTH
        if least <= 0:
            raise Undefined if middle + radius * GROWTH < 0 else Unsure
        return least

    def square_root(self, ball: FloatBall) -> FloatBall:
        """The square root of a positive ball."""
        self._least(ball)
        root = math.sqrt(ball[0])
        return root, (ball[1] / root + root * ROUNDING) * GROWTH + TINY

    def exponential(self, ball: FloatBall) -> FloatBall:
        """Euler's number to the ball."""
        middle, radius = ball
        if not (radius < 0.5 and middle < 700):
            raise Overflow
        value = math.exp(middle)
        return value, value * (2 * radius + LIBRARY) * GROWTH + TINY

    def logarithm(self, ball: FloatBall) -> FloatBall:
        """The natural logarithm of a positive ball."""
        least = self._least(ball)
        value = math.log(ball[0])
        return value, (ball[1] / least + abs(value) * LIBRARY) * GROWTH + TINY

    def cosine_sine(self, ball: FloatBall) -> tuple[FloatBall, FloatBall]:
        """Cosine and sine."""
        middle, radius = ball
        if not abs(middle) < MAX_ANGLE:
            raise Overflow
        radius += LIBRARY
        return (math.cos(middle), radius), (math.sin(middle), radius)

    def arctangent(self, ball: FloatBall) -> FloatBall:
        """The inverse tangent."""
        return math.atan(ball[0]), ball[1] + 2 * LIBRARY

    def pi(self) -> FloatBall:
        """Half the circumference of the unit circle."""
        return math.pi, 4 * ROUNDING
