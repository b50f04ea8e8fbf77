"""Does a release fail more often than the last good one? A test that may be looked at after every conversation.

The last good release's failure rate is known from a sample; its upper Wilson bound `p0` is what the new release may
not exceed. The evidence against "fails at most p0" is an e-process: the likelihood ratio of the new release's
failures, averaged over all rates above p0 (a Beta(1/2, 1/2) prior cut off at p0). For any rate up to p0 it is a
supermartingale, so that by Ville's inequality it ever reaches 1/alpha with probability at most alpha, however often
one looks (Ramdas et al., "Game-theoretic statistics and safe anytime-valid inference", 2023). A fixed-size test run
every minute has no such promise.

Releases are compared in the order they were first seen; one that failed the test is nobody's measure.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy import special

from alerts.incidents import Finding

KIND = "failing-release"
ALPHA = 0.001
"""Chance that a release no worse than the last good one is ever reported, apart from the 2.5 % of the bound `p0`."""
Z = 1.959963984540054
"""Normal quantile of the Wilson bound: one side 97.5 %."""
FEWEST = 20
"""Graded conversations a release needs to be a measure for the next."""


@dataclass(frozen=True, slots=True)
class Release:
    """Outcomes of one release; inconclusive conversations are in neither count."""

    agent: str
    version: str
    first_seen_ns: int
    passed: int
    failed: int

    @property
    def graded(self) -> int:
        """Conversations that passed or failed."""
        return self.passed + self.failed


def upper_bound(failed: int, graded: int) -> float:
    """Upper bound of Wilson's score interval for a rate (Wilson, 1927), in 0-1; 1 where nothing was graded."""
    if graded == 0:
        return 1.0
    rate, square = failed / graded, Z * Z
    centre = rate + square / (2 * graded)
    spread = Z * math.sqrt(rate * (1 - rate) / graded + square / (4 * graded * graded))
    return min(1.0, (centre + spread) / (1 + square / graded))


def log_evidence(failed: int, graded: int, p0: float) -> float:
    """Natural logarithm of the e-process against "the failure rate is at most p0".

    Args:
        failed: Failures so far.
        graded: Trials so far.
        p0: Rate in 0-1; at 1 nothing is evidence.
    """
    if p0 >= 1 or graded == 0:
        return 0.0
    a, b = 0.5, 0.5
    passed = graded - failed
    tail = special.betaincc(a + failed, b + passed, p0)
    if tail <= 0:
        return -math.inf
    mixture = special.betaln(a + failed, b + passed) + math.log(tail)
    prior = special.betaln(a, b) + math.log(special.betaincc(a, b, p0))
    null = failed * math.log(p0) + passed * math.log1p(-p0)
    return float(mixture - prior - null)


def findings(releases: Iterable[Release]) -> list[Finding]:
    """The newest release of each agent where it fails the test; older failing ones are history."""
    by_agent: dict[str, list[Release]] = defaultdict(list)
    for release in releases:
        by_agent[release.agent].append(release)
    found = (_newest(sorted(own, key=lambda release: release.first_seen_ns)) for own in by_agent.values())
    return [finding for finding in found if finding is not None]


def _newest(releases: Sequence[Release]) -> Finding | None:
    good: Release | None = None
    for release in releases:
        worse = good is not None and is_worse(release, good)
        if good is not None and worse and release is releases[-1]:
            return _finding(release, good)
        if not worse and release.graded >= FEWEST:
            good = release
    return None


def is_worse(release: Release, good: Release) -> bool:
    """Whether the evidence that `release` fails more often than `good` has reached 1/alpha."""
    bound = upper_bound(good.failed, good.graded)
    return log_evidence(release.failed, release.graded, bound) >= -math.log(ALPHA)


def _finding(release: Release, good: Release) -> Finding:
    return Finding(
        kind=KIND,
        key=f"{release.agent}/{release.version}",
        title=f"{release.agent} {release.version} fails more often than {good.version}",
        severity="page",
        summary=f"{release.failed} of {release.graded} conversations failed; {good.failed} of {good.graded} with "
        f"{good.version}. Chance of this without a difference: below {ALPHA:g}.",
        labels={"alertname": "FloorlineFailingRelease", "agent": release.agent, "version": release.version},
        since_ns=release.first_seen_ns,
    )
