"""The single comparisons: each takes counts of two windows and gives a statistic with its threshold and a p-value.

Pure functions. A comparison that has too little to go on gives None: "not enough data" is never shown as fine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from scoring.drift.counts import Counts
from scoring.statistics import wilson

SMOOTHING = 0.5
LEAST_EXPECTED = 5.0
REST = "(rest)"


@dataclass(frozen=True, slots=True)
class Measured:
    """One comparison.

    Attributes:
        statistic: How far apart the windows are, in the test's own unit.
        threshold: From where on that is worth a look, whatever the p-value.
        p_value: Chance of a statistic this large or larger without drift.
        n: Current observations.
        n_reference: Reference observations.
        told: What moved most, for people.
    """

    statistic: float
    threshold: float
    p_value: float
    n: int
    n_reference: int
    told: str = ""


def category_mix(reference: Counts, current: Counts, least: int) -> Measured | None:
    """Population stability index of two tables of counts, rare categories pooled.

    Without drift PSI / (1/n + 1/m) follows a chi-square distribution with k - 1 degrees of freedom (Yurdakul,
    "Statistical properties of the population stability index", 2018, https://scholarworks.wmich.edu/dissertations/3208),
    so the threshold scales with the windows; fixed ones (0.1, 0.25) alarm in most small windows without drift.

    Args:
        reference: Counts by category.
        current: Counts by category; those the reference lacks are pooled with its rare ones (`novelty` looks at them).
        least: Observations both windows must have.
    """
    n, m = sum(current.values()), sum(reference.values())
    if min(n, m) < least:
        return None
    kept = [name for name, count in reference.items() if min(n, m) * (count / m) >= LEAST_EXPECTED]
    table = np.array([[reference[name] for name in kept], [current.get(name, 0) for name in kept]], dtype=float)
    rest = np.array([[m], [n]], dtype=float) - table.sum(axis=1, keepdims=True)
    names = list(kept)
    if rest.sum() > 0 and (rest[0, 0] * min(n, m) / m >= LEAST_EXPECTED or not kept):
        table, names = np.hstack([table, rest]), [*names, REST]
    elif rest.sum() > 0:  # too rare to stand alone: they join the rarest category that is kept
        rarest = int(np.argmin(table[0]))
        table[:, rarest] += rest[:, 0]
    bins = len(names)
    if bins < 2:  # noqa: PLR2004 - one category has no mix
        return Measured(0.0, 0.1, 1.0, n, m)
    smooth = table + SMOOTHING
    shares = smooth / smooth.sum(axis=1, keepdims=True)
    parts = (shares[1] - shares[0]) * np.log(shares[1] / shares[0])
    psi = float(parts.sum())
    scale = 1 / n + 1 / m
    threshold = max(0.1, scale * float(stats.chi2.ppf(0.999, bins - 1)))
    most = int(np.argmax(parts))
    told = f"{names[most]!r} {table[0, most] / m:.1%} -> {table[1, most] / n:.1%}"
    return Measured(psi, threshold, float(stats.chi2.sf(psi / scale, bins - 1)), n, m, told)


def numeric_shape(reference: Mapping[float, int], current: Mapping[float, int], least: int) -> Measured | None:
    """Two-sample Kolmogorov-Smirnov test on counts by value; conservative where values tie.

    Hodges, Ark. Mat. 3 (1958) 469-486, https://doi.org/10.1007/BF02589501; p-value by the asymptotic distribution.
    """
    n, m = sum(current.values()), sum(reference.values())
    if min(n, m) < least:
        return None
    points = np.array(sorted({*reference, *current}))
    old = np.cumsum([reference.get(point, 0) for point in points]) / m
    new = np.cumsum([current.get(point, 0) for point in points]) / n
    distance = float(np.max(np.abs(old - new)))
    p_value = float(special.kolmogorov(distance * math.sqrt(n * m / (n + m))))
    middle = [float(points[np.searchsorted(cumulative, 0.5)]) for cumulative in (old, new)]
    return Measured(distance, 0.15, p_value, n, m, f"median {middle[0]:g} -> {middle[1]:g}")


def share(old: int, old_n: int, new: int, new_n: int, least: int) -> Measured | None:
    """Difference of two shares by Fisher's exact test (chi-square where all expected counts are large)."""
    if min(old_n, new_n) < least:
        return None
    table = [[old, old_n - old], [new, new_n - new]]
    pooled = (old + new) / (old_n + new_n)
    if pooled in {0.0, 1.0}:
        return Measured(0.0, 0.1, 1.0, new_n, old_n)
    if min(pooled, 1 - pooled) * min(old_n, new_n) >= LEAST_EXPECTED:
        p_value = float(stats.chi2_contingency(table, correction=False).pvalue)
    else:
        p_value = float(stats.fisher_exact(np.array(table)).pvalue)
    told = f"{old / old_n:.1%} -> {new / new_n:.1%}"
    return Measured(abs(new / new_n - old / old_n), 0.1, p_value, new_n, old_n, told)


def novelty(reference: Counts, current: Counts, least: int, unlisted: int = 0) -> Measured | None:
    """Categories that the reference has never seen, against how many were to be expected.

    The chance that the next observation is new is about the share of things seen exactly once (Good, Biometrika 40
    (1953) 237-264, https://doi.org/10.1093/biomet/40.3-4.237). So ids, always new, are no alarm, and a new word in a
    closed list is one. The upper limit of that share is used, as it is an estimate itself.

    Args:
        reference: Counts by category.
        current: Counts by category.
        least: Observations the reference must have: the warm-up.
        unlisted: Reference observations of categories too rare to be listed; each may have been seen once.
    """
    m, n = sum(reference.values()) + unlisted, sum(current.values())
    if m < least or n < 1:
        return None
    once = sum(count == 1 for count in reference.values()) + unlisted
    expected = min(1.0, wilson(min(m, once), m, 0.99).high)
    unseen = {name: count for name, count in current.items() if name not in reference}
    fresh = sum(unseen.values())
    p_value = float(stats.binom.sf(fresh - 1, n, expected)) if fresh else 1.0
    told = f"new: {max(unseen, key=lambda name: unseen[name])!r} x {max(unseen.values())}" if unseen else ""
    return Measured(fresh / n, expected, p_value, n, m, told)


def collapse(reference: Counts, current: Counts, least: int, unlisted: int = 0) -> Measured | None:
    """Whether one value took over: its share against the largest share any value had, and the entropy that was lost.

    The p-value is a binomial tail with the upper limit of that largest share, times the number of distinct values.
    """
    m, n = sum(reference.values()) + unlisted, sum(current.values())
    if min(m, n) < least:
        return None
    top = max(current, key=lambda name: current[name])
    usual = wilson(max(reference.values(), default=0), m, 0.99).high
    p_value = min(1.0, float(stats.binom.sf(current[top] - 1, n, usual)) * len(current))
    # Entropy grows with the sample, so the larger window is measured at the smaller one's size by its upper bound.
    before = min(_bits(reference, unlisted), math.log2(n))
    lost = 1 - _bits(current, 0) / before if before > 0 else 0.0
    told = f"{top!r} in {current[top] / n:.1%} of calls, never more than {usual:.1%} before"
    return Measured(max(0.0, lost), 0.25, p_value, n, m, told)


def e_value(successes: int, trials: int, low: float, high: float) -> float:
    """Evidence against "the rate lies between low and high": may be looked at after every trial, alarm at 1 / alpha.

    A beta mixture over the rate against its best fit within the limits; a non-negative supermartingale for every rate
    between them, so by Ville's inequality it exceeds 1 / alpha with a chance of at most alpha over all time. Ramdas et
    al., Stat. Sci. 38 (2023) 576-601, https://doi.org/10.1214/23-STS894.

    Returns:
        The e-value, at most 1e300.
    """
    if trials < 1:
        return 1.0
    rate = min(max(successes / trials, low, 1e-9), high, 1 - 1e-9)
    null = successes * math.log(rate) + (trials - successes) * math.log1p(-rate)
    mixture = float(special.betaln(successes + 0.5, trials - successes + 0.5) - special.betaln(0.5, 0.5))
    return math.exp(min(mixture - null, 690.0))


def _bits(counts: Counts, unlisted: int) -> float:
    """Entropy in bits; each unlisted observation counts as a value of its own."""
    total = sum(counts.values()) + unlisted
    if not total:
        return 0.0
    listed = -sum(count / total * math.log2(count / total) for count in counts.values() if count)
    return listed + unlisted / total * math.log2(total)
