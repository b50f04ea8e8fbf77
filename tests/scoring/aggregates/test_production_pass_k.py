from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.aggregates.production_pass_k import production_pass_k


@pytest.mark.shared
def test_the_published_pass_k_of_a_benchmark_run_comes_out(shared_dir: Path) -> None:
    with (shared_dir / "conversations" / "passk-oracle.csv").open() as lines:
        outcomes = [(row["task"], float(row["reward"]) == 1) for row in csv.DictReader(lines)]
    means = production_pass_k(outcomes, (1, 2, 3, 4)).mean
    assert [round(mean.value, 4) for mean in means.values() if mean] == [0.42, 0.2733, 0.22, 0.2]


@given(st.integers(1, 12), st.integers(0, 12), st.integers(1, 6))
def test_the_estimate_lies_in_its_interval_and_needs_k_conversations(n: int, passed: int, k: int) -> None:
    passed = min(n, passed)
    found = production_pass_k([("a", index < passed) for index in range(n)], (k,))
    (row,) = found.intents
    assert (k in row.pass_k) == (n >= k)
    if n >= k:
        interval = row.pass_k[k]
        assert 0 <= interval.low <= interval.value + 1e-12
        assert interval.value <= interval.high + 1e-12
    else:
        assert found.mean[k] is None


def test_a_k_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        production_pass_k([], (0,))
