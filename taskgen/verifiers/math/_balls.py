"""Ball arithmetic: reals enclosed by a midpoint and a radius, both integers in units of 2**-bits.

Every operation returns a ball that holds the true result for all members of its operands. Elementary functions take
their midpoint from mpmath's correctly rounded floats, and their radius from the derivative. `Undefined` is raised where
an operand's ball is outside the function's domain, `Unsure` where it is on the border, and `Overflow` where a result
leaves the range kept here.
"""

from collections.abc import Callable
from math import isqrt
from typing import Any

Ball = tuple[int, int]

RANGE_BITS = 1_500
MAX_ANGLE = 1 << 64


class Undefined(ArithmeticError):
    """The function is defined nowhere on the ball."""


class Unsure(Undefined):
    """The function is defined on a part of the ball only, as far as this precision can tell."""


class Overflow(ArithmeticError):
    """The result is larger than 2**RANGE_BITS."""


class Balls:
    """Arithmetic with `bits` binary places."""

    def __init__(self, bits: int) -> None:
        from mpmath import libmp

        self.bits = bits
        self.one = 1 << bits
        self._libmp = libmp
        self._most = 1 << (bits + RANGE_BITS)

    def ratio(self, top: int, bottom: int = 1) -> Ball:
        """The ball of a fraction."""
        middle, rest = divmod(top << self.bits, bottom)
        return self._kept(middle, 1 if rest else 0)

    def _kept(self, middle: int, radius: int) -> Ball:
        if abs(middle) + radius > self._most:
            raise Overflow
        return middle, radius

    def add(self, left: Ball, right: Ball) -> Ball:
        """Left plus right."""
        return left[0] + right[0], left[1] + right[1]

    def negative(self, ball: Ball) -> Ball:
        """Minus the ball."""
        return -ball[0], ball[1]

    def sign(self, ball: Ball) -> int:
        """1 or -1."""
        if abs(ball[0]) <= ball[1]:
            raise Unsure
        return 1 if ball[0] > 0 else -1

    def _positive(self, ball: Ball) -> None:
        if ball[0] <= ball[1]:
            raise Undefined if ball[0] + ball[1] < 0 else Unsure

    def times(self, left: Ball, right: Ball) -> Ball:
        """Left times right."""
        (first, spread), (second, width) = left, right
        radius = 1
        if spread or width:
            radius += (abs(first) * width + abs(second) * spread + spread * width >> self.bits) + 1
        return self._kept(first * second >> self.bits, radius)

    def inverse(self, ball: Ball) -> Ball:
        """One over the ball."""
        middle, radius = ball
        least = abs(middle) - radius
        if least <= 0:
            raise Unsure if radius else Undefined
        width = (radius << 2 * self.bits) // (abs(middle) * least) + 2 if radius else 1
        return self._kept((1 << 2 * self.bits) // middle, width)

    def whole_power(self, ball: Ball, exponent: int) -> Ball:
        """The ball to an exponent that is 0 or more, by repeated squaring."""
        if exponent > 8 * RANGE_BITS:
            raise Overflow
        result: Ball | None = None
        while exponent:
            if exponent & 1:
                result = ball if result is None else self.times(result, ball)
            exponent >>= 1
            if exponent:
                ball = self.times(ball, ball)
        return (self.one, 0) if result is None else result

    def square_root(self, ball: Ball) -> Ball:
        """The square root of a positive ball."""
        middle, radius = ball
        self._positive(ball)
        root = isqrt(middle << self.bits)
        return root, (radius << self.bits) // root + 2

    def exponential(self, ball: Ball) -> Ball:
        """Euler's number to the ball."""
        middle, radius = ball
        if 2 * radius > self.one or middle >> self.bits > RANGE_BITS // 2:
            raise Overflow
        value = 0 if middle >> self.bits < -self.bits - 2 else self._rounded(self._libmp.mpf_exp, middle)
        return self._kept(value, ((value + 2) * 2 * radius >> self.bits) + 4)

    def logarithm(self, ball: Ball) -> Ball:
        """The natural logarithm of a positive ball."""
        middle, radius = ball
        self._positive(ball)
        return self._rounded(self._libmp.mpf_log, middle), (radius << self.bits) // (middle - radius) + 4

    def cosine_sine(self, ball: Ball) -> tuple[Ball, Ball]:
        """Cosine and sine."""
        middle, radius = ball
        if abs(middle) >> self.bits > MAX_ANGLE:
            raise Overflow
        float_ = self._libmp.from_man_exp(middle, -self.bits)
        cosine, sine = self._libmp.mpf_cos_sin(float_, self.bits + 10)
        fixed = self._libmp.to_fixed
        return (int(fixed(cosine, self.bits)), radius + 4), (int(fixed(sine, self.bits)), radius + 4)

    def arctangent(self, ball: Ball) -> Ball:
        """The inverse tangent."""
        middle, radius = ball
        return self._rounded(self._libmp.mpf_atan, middle), radius + 4

    def pi(self) -> Ball:
        """Half the circumference of the unit circle."""
        return int(self._libmp.pi_fixed(self.bits)), 4

    def _rounded(self, function: Callable[..., Any], middle: int) -> int:
        """A function at a midpoint, as an integer off by less than 2; the margin of precision covers its size."""
        magnitude = max(middle.bit_length() - self.bits, 0)
        margin = 16 + (2 * (middle >> self.bits) if function is self._libmp.mpf_exp and middle > 0 else magnitude)
        value = function(self._libmp.from_man_exp(middle, -self.bits), self.bits + margin)
        return int(self._libmp.to_fixed(value, self.bits))
