"""Rates of few trials, with their intervals."""

from __future__ import annotations

import math

_Z95 = 1.959963984540054


def pass_rate(passed: int, failed: int) -> dict[str, object]:
    """`passed`, `failed`, `pass_rate` = passed / (passed + failed) and its 95% `interval`; None where neither."""
    interval = wilson(passed, passed + failed)
    return {
        "passed": passed,
        "failed": failed,
        "pass_rate": passed / (passed + failed) if passed + failed else None,
        "interval": list(interval) if interval else None,
    }


def wilson(successes: int, trials: int) -> tuple[float, float] | None:
    """The 95% Wilson score interval of a rate; None without trials.

    Source: E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, JASA 22 (1927).
    """
    if trials <= 0:
        return None
    rate, z2 = successes / trials, _Z95 * _Z95
    centre = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z95 / (1 + z2 / trials) * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials * trials))
    return max(0.0, centre - half), min(1.0, centre + half)
