"""pass^k: how likely an agent solves a task k times out of k.

For one task with c passes in n trials the unbiased estimate is C(c, k) / C(n, k); a suite's is the mean over its tasks
(tau-bench, Yao et al. 2024, https://arxiv.org/abs/2406.12045, equation 1). Fewer than k trials give no estimate:
`pass_k` raises rather than guesses.

Intervals: `bootstrap` resamples tasks (percentile method) and speaks for the population the tasks were drawn from;
`beta` keeps the tasks and asks how sure their trials are: each task's pass probability has the Jeffreys posterior
Beta(c + 1/2, n - c + 1/2) (Brown, Cai, DasGupta 2001, https://doi.org/10.1214/ss/1009213286). Both use a fixed seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from conversation.errors import UsageError

Method = Literal["bootstrap", "beta"]
_RESAMPLES = 4000
_SEED = 20240612


@dataclass(frozen=True, slots=True)
class Counts:
    """Passes and trials of one task."""

    passes: int
    trials: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """pass^k with its 95 % interval; `value` is None where some task has fewer than k trials, and `reason` says so."""

    k: int
    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""


def pass_k(passes: int, trials: int, k: int) -> float:
    """C(passes, k) / C(trials, k): the share of the k-subsets of trials that all passed.

    Raises:
        UsageError: Fewer than k trials, or counts that cannot be.
    """
    if not 0 <= passes <= trials or k < 1:
        raise UsageError(f"pass^{k} of {passes} passes in {trials} trials is not defined")
    if trials < k:
        raise UsageError(f"pass^{k} needs at least {k} trials a task; this one has {trials}")
    return math.comb(passes, k) / math.comb(trials, k)


def mean_pass_k(tasks: Sequence[Counts], k: int) -> float:
    """Mean of `pass_k` over tasks.

    Raises:
        UsageError: No tasks, or a task with fewer than k trials.
    """
    if not tasks:
        raise UsageError("pass^k of no tasks is not defined")
    return math.fsum(pass_k(task.passes, task.trials, k) for task in tasks) / len(tasks)


def interval(tasks: Sequence[Counts], k: int, method: Method, level: float = 0.95) -> tuple[float, float]:
    """The interval of `mean_pass_k` at `level`; see the module for the methods."""
    random = np.random.default_rng(_SEED)
    if method == "bootstrap":
        each = np.array([pass_k(task.passes, task.trials, k) for task in tasks])
        picks = random.integers(0, len(each), size=(_RESAMPLES, len(each)))
        means = each[picks].mean(axis=1)
    else:
        passes = np.array([task.passes for task in tasks])
        trials = np.array([task.trials for task in tasks])
        draws = random.beta(passes + 0.5, trials - passes + 0.5, size=(_RESAMPLES, len(tasks)))
        means = (draws**k).mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def estimates(tasks: Mapping[str, Counts], ks: Sequence[int], method: Method) -> list[Estimate]:
    """pass^k with intervals for each k; undefined ones carry the reason instead of a number."""
    found = []
    for k in ks:
        short = [name for name, counts in tasks.items() if counts.trials < k]
        if not tasks or short:
            reason = f"{len(short)} of {len(tasks)} tasks have fewer than {k} trials" if tasks else "no tasks"
            found.append(Estimate(k, None, reason=reason))
            continue
        counts = list(tasks.values())
        low, high = interval(counts, k, method)
        found.append(Estimate(k, mean_pass_k(counts, k), low, high))
    return found
