"""Pass^k of production: conversations with one intent are trials of one task.

pass^k of an intent with c passes in n conversations is C(c, k) / C(n, k), the unbiased estimate of the chance that k
conversations out of it all pass (Yao et al., tau-bench, https://arxiv.org/abs/2406.12045). Intents with fewer than k
conversations have none. The interval of one intent is Clopper and Pearson's for the pass rate, raised to the k-th
power; that of the mean comes from drawing intents again with replacement (percentile bootstrap, fixed seed).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from scipy.stats import beta

from scoring.statistics import Interval

_DRAWS = 2000


@dataclass(frozen=True, slots=True)
class IntentPassK:
    """One intent: conversations, passes, and pass^k by k where n allows it."""

    intent: str
    n: int
    passed: int
    pass_k: Mapping[int, Interval]


@dataclass(frozen=True, slots=True)
class ProductionPassK:
    """All intents, and the mean over intents for each k (None where no intent has k conversations)."""

    intents: tuple[IntentPassK, ...]
    mean: Mapping[int, Interval | None]


def production_pass_k(outcomes: Iterable[tuple[str, bool]], ks: Sequence[int] = (1, 2, 4, 8)) -> ProductionPassK:
    """Pass^k by intent and over intents.

    Args:
        outcomes: Intent and whether the conversation passed.
        ks: Numbers of conversations that must all pass.

    Raises:
        ValueError: A k below 1.
    """
    if any(k < 1 for k in ks):
        raise ValueError(f"k counts conversations and is at least 1, not {min(ks)}")
    counts: dict[str, list[int]] = {}
    for intent, passed in outcomes:
        row = counts.setdefault(intent, [0, 0])
        row[0] += 1
        row[1] += passed
    intents = tuple(
        IntentPassK(intent, n, passed, {k: _interval(n, passed, k) for k in ks if n >= k})
        for intent, (n, passed) in sorted(counts.items(), key=lambda item: (-item[1][0], item[0]))
    )
    return ProductionPassK(intents, {k: _mean([row.pass_k[k].value for row in intents if k in row.pass_k]) for k in ks})


def _interval(n: int, passed: int, k: int, confidence: float = 0.95) -> Interval:
    """The estimate; its limits are those of Clopper and Pearson (1934) to the k-th power, widened to hold it."""
    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, passed, n - passed + 1)) if passed else 0.0
    high = float(beta.ppf(1 - tail, passed + 1, n - passed)) if passed < n else 1.0
    value = comb(passed, k) / comb(n, k)
    return Interval(value, min(low**k, value), max(high**k, value))


def _mean(values: Sequence[float]) -> Interval | None:
    if not values:
        return None
    drawn = np.random.default_rng(0).choice(np.asarray(values), size=(_DRAWS, len(values))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Interval(float(np.mean(values)), float(low), float(high))
