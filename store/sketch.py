"""Quantiles from counts of logarithmic bins.

Source: C. Masson, J. E. Rim, H. K. Lee, DDSketch, PVLDB 12 (2019). With relative accuracy 0.005 any value is known to
0.5%; counts of bins may be added over any parts of the data.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate

ACCURACY = 0.005
GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
LOG_GAMMA = math.log(GAMMA)
ZERO_BIN = -32768
_Z95 = 1.959963984540054


def value_of(index: int) -> float:
    """The value a bin stands for."""
    return 0.0 if index == ZERO_BIN else 2 * GAMMA**index / (1 + GAMMA)


class Sketch:
    """Counts by bin.

    Args:
        counts: Count by bin index.
    """

    def __init__(self, counts: Mapping[int, int]) -> None:
        self._bins: Sequence[int] = sorted(counts)
        self._below = list(accumulate(counts[index] for index in self._bins))
        self.count = self._below[-1] if self._below else 0

    def quantile(self, level: float) -> float | None:
        """The value at a level, between ranks by linear interpolation; None of nothing."""
        if not self.count:
            return None
        rank = level * (self.count - 1)
        low, high = self._at(math.floor(rank)), self._at(math.ceil(rank))
        return low + (high - low) * (rank - math.floor(rank))

    def interval(self, level: float) -> tuple[float, float] | None:
        """The 95% interval of a quantile by the binomial distribution of its rank; None of fewer than two values."""
        if self.count < 2:  # noqa: PLR2004 - an interval needs two values
            return None
        half = _Z95 * math.sqrt(self.count * level * (1 - level))
        middle = level * (self.count - 1)
        last = self.count - 1
        return self._at(max(0, math.floor(middle - half))), self._at(min(last, math.ceil(middle + half)))

    def share_over(self, bound: float) -> float | None:
        """The share of values above a bound, to the accuracy of a bin; None of nothing."""
        if not self.count:
            return None
        over = sum(count for index, count in zip(self._bins, self._counts(), strict=True) if value_of(index) > bound)
        return over / self.count

    def _counts(self) -> list[int]:
        return [after - before for before, after in zip([0, *self._below], self._below, strict=False)]

    def _at(self, rank: int) -> float:
        return value_of(self._bins[bisect_right(self._below, rank)])
