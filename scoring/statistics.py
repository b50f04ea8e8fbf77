"""Statistics of verdicts: pure functions of a few lines, each with the paper it comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.special import ndtri


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its confidence limits."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's kappa of two raters over `n` items."""

    value: float
    low: float
    high: float
    standard_error: float
    observed: float
    expected: float
    n: int


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Share of successes with Wilson's score interval.

    Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212, https://doi.org/10.1080/01621459.1927.10502953

    Raises:
        ValueError: There are no trials, or more successes than trials.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"a share needs 0 <= successes <= trials and a trial, not {successes} of {trials}")
    z = float(ndtri(0.5 + confidence / 2))
    share = successes / trials
    middle = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return Interval(share, max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))


def kappa(table: Sequence[Sequence[int]], confidence: float = 0.95) -> Kappa:
    """Cohen's kappa with a large-sample interval.

    Cohen, Educ. Psychol. Meas. 20 (1960) 37-46, https://doi.org/10.1177/001316446002000104; the standard error is
    that of Fleiss, Cohen and Everitt, Psychol. Bull. 72 (1969) 323-327, https://doi.org/10.1037/h0028106, equation 13.

    Args:
        table: Square table of counts, first rater in rows, second in columns.
        confidence: Coverage of the interval.

    Raises:
        ValueError: The table is not square, or empty, or both raters used one same word only: kappa is undefined then.
    """
    size = len(table)
    n = sum(map(sum, table))
    if any(len(row) != size for row in table) or n == 0:
        raise ValueError("kappa needs a square table with at least one item")
    shares = [[cell / n for cell in row] for row in table]
    rows = [sum(row) for row in shares]
    columns = [sum(row[index] for row in shares) for index in range(size)]
    observed = sum(shares[index][index] for index in range(size))
    expected = sum(row * column for row, column in zip(rows, columns, strict=True))
    if math.isclose(expected, 1.0):
        raise ValueError("kappa is undefined where both raters used one same word for all items")
    value = (observed - expected) / (1 - expected)
    agreeing = sum(shares[i][i] * ((1 - expected) - (rows[i] + columns[i]) * (1 - observed)) ** 2 for i in range(size))
    differing = (
        sum(shares[i][j] * (columns[i] + rows[j]) ** 2 for i in range(size) for j in range(size) if i != j)
        * (1 - observed) ** 2
    )
    rest = (observed * expected - 2 * expected + observed) ** 2
    error = math.sqrt(max(0.0, agreeing + differing - rest) / n) / (1 - expected) ** 2
    z = float(ndtri(0.5 + confidence / 2))
    return Kappa(value, max(-1.0, value - z * error), min(1.0, value + z * error), error, observed, expected, n)


def confusion(pairs: Sequence[tuple[str, str]], words: Sequence[str]) -> list[list[int]]:
    """Table of counts: first of each pair in rows, second in columns, in the order of `words`.

    Raises:
        ValueError: A pair uses another word.
    """
    place: Mapping[str, int] = {word: index for index, word in enumerate(words)}
    table = [[0] * len(words) for _ in words]
    for first, second in pairs:
        if first not in place or second not in place:
            raise ValueError(f"({first}, {second}) is not made of {', '.join(words)}")
        table[place[first]][place[second]] += 1
    return table
