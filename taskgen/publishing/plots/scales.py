"""Numbers to positions: which scale suits a range, its ticks, and how a number is written short."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor, log10

SPAN = 30.0
"""A range whose ends are further apart than by this factor is drawn on a log scale."""
TICKS = 4
TINY = 1e-30
"""Nothing below this can be told from zero."""


@dataclass(frozen=True)
class Scale:
    """`share(value)` is the position from 0 to 1."""

    share: Callable[[float], float]
    ticks: tuple[float, ...]


def scale(low: float, high: float) -> Scale:
    """A scale for numbers of at least 0: from 0, or logarithmic, or of log(1 + value) where there are zeros."""
    if high <= SPAN * low or high <= SPAN:
        return linear(high)
    return _log(low, high) if low > TINY else _log_from_zero(high)


def linear(high: float) -> Scale:
    """From 0 to a round number not below `high`, with a tick in the middle."""
    unit = 10.0 ** floor(log10(high)) if high > TINY else 1.0
    top = next(step * unit for step in (1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10) if step * unit >= high)
    return Scale(lambda value: value / top, (0.0, top / 2, top))


def _log(low: float, high: float) -> Scale:
    first, last = floor(log10(low)), ceil(log10(high))
    return Scale(lambda value: (log10(value) - first) / (last - first), _decades(first, last))


def _log_from_zero(high: float) -> Scale:
    last = ceil(log10(high))
    top = log10(1 + 10.0**last)
    return Scale(lambda value: log10(1 + max(0.0, value)) / top, (0.0, *_decades(0 if last < TICKS else 1, last)))


def _decades(first: int, last: int) -> tuple[float, ...]:
    """Powers of ten, at most TICKS of them."""
    step = -(-(last - first) // (TICKS - 1))
    return tuple(10.0**power for power in range(first, last + 1, step))


def short(value: float) -> str:
    """A number in about four signs: 0.3, 42, 1500, 31k, 2.5M; from 1000 T on as a power of ten."""
    if value >= 999.5e12:
        return f"1e{floor(log10(value))}"
    if value >= 9999.5:
        size, sign = next(
            unit for unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")) if value >= 0.9995 * unit[0]
        )
        return _digits(value / size) + sign
    return _digits(value)


def _digits(value: float) -> str:
    if value >= 9.95:
        return f"{value:.0f}"
    places = 1 if value >= 0.095 else 2
    return f"{value:.{places}f}".rstrip("0").rstrip(".")
