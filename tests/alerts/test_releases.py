from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from alerts.releases import ALPHA, Release, findings, is_worse, log_evidence, upper_bound


def release(version: str, passed: int, failed: int, first: int = 0, agent: str = "shop") -> Release:
    return Release(agent, version, first, passed, failed)


@pytest.mark.parametrize(("failed", "graded"), [(0, 10), (3, 50), (10, 10), (500, 1000)])
def test_the_upper_bound_is_wilsons(failed: int, graded: int) -> None:
    wanted = binomtest(failed, graded).proportion_ci(method="wilson").high
    assert upper_bound(failed, graded) == pytest.approx(wanted, abs=1e-9)


def test_nothing_graded_bounds_nothing() -> None:
    assert upper_bound(0, 0) == 1.0
    assert log_evidence(5, 5, 1.0) == 0.0


def test_the_evidence_is_the_average_likelihood_ratio_above_the_bound() -> None:
    p0, failed, graded = 0.2, 7, 15
    rates = np.linspace(p0, 1, 2_000_001)[1:-1]
    prior = 1 / np.sqrt(rates * (1 - rates))
    ratio = (rates / p0) ** failed * ((1 - rates) / (1 - p0)) ** (graded - failed)
    assert log_evidence(failed, graded, p0) == pytest.approx(np.log(np.sum(ratio * prior) / np.sum(prior)), abs=1e-3)


def test_a_release_no_worse_is_hardly_ever_reported_however_often_one_looks() -> None:
    random = np.random.default_rng(7)
    alarms = 0
    for _ in range(400):
        failures = np.cumsum(random.random(300) < 0.1)
        alarms += any(log_evidence(int(failures[n]), n + 1, 0.1) >= -np.log(ALPHA) for n in range(300))
    assert alarms <= 3


@pytest.mark.parametrize(("good", "bad", "within"), [(0.05, 0.5, 40), (0.1, 0.6, 40), (0.1, 0.3, 250)])
def test_a_much_worse_release_is_reported_soon(good: float, bad: float, within: int) -> None:
    bound = upper_bound(round(200 * good), 200)
    random = np.random.default_rng(3)
    waits = []
    for _ in range(50):
        failures = np.cumsum(random.random(1000) < bad)
        waits.append(next(n + 1 for n in range(1000) if log_evidence(int(failures[n]), n + 1, bound) >= -np.log(ALPHA)))
    assert np.median(waits) <= within


def test_a_release_that_fails_more_is_found_and_the_fixed_one_clears_it() -> None:
    good, bad, fixed = release("1.0", 60, 2, 1), release("1.1", 10, 30, 2), release("1.2", 30, 1, 3)
    (found,) = findings([bad, good])
    assert (found.key, found.labels["version"], found.since_ns) == ("shop/1.1", "1.1", 2)
    assert findings([good, bad, fixed]) == []


def test_a_release_as_bad_as_a_bad_one_is_measured_by_the_last_good_one() -> None:
    (found,) = findings([release("1.0", 60, 2, 1), release("1.1", 10, 30, 2), release("1.2", 10, 30, 3)])
    assert found.key == "shop/1.2"
    assert "1.0" in found.title


def test_a_first_release_and_a_small_sample_accuse_nobody() -> None:
    assert findings([release("1.0", 0, 50)]) == []
    assert findings([release("1.0", 5, 0, 1), release("1.1", 0, 10, 2)]) == []


def test_agents_are_compared_with_themselves_only() -> None:
    assert findings([release("1.0", 60, 2, 1), release("9", 0, 50, 2, agent="other")]) == []


def test_a_better_release_is_no_finding() -> None:
    assert not is_worse(release("1.1", 100, 0), release("1.0", 50, 50))
