from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.statistics import confusion, kappa, wilson

TABLES = st.lists(st.lists(st.integers(1, 40), min_size=3, max_size=3), min_size=3, max_size=3)


def test_wilsons_interval_gives_the_textbook_values() -> None:
    # Newcombe, Stat. Med. 17 (1998) 857-872, table I, method 3: 81/263 and 0/20.
    some = wilson(81, 263)
    assert [some.low, some.high] == pytest.approx([0.2553, 0.3662], abs=1e-4)
    none = wilson(0, 20)
    assert [none.low, none.high] == pytest.approx([0.0, 0.1611], abs=1e-4)


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (2, 1), (-1, 3)])
def test_a_share_of_nothing_is_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="share needs"):
        wilson(successes, trials)


def test_kappa_equals_a_value_computed_by_hand() -> None:
    # 100 items: observed 0.70, expected 0.6 x 0.5 + 0.4 x 0.5 = 0.50, kappa (0.70 - 0.50) / 0.50 = 0.40.
    found = kappa([[40, 20], [10, 30]])
    assert found.observed == pytest.approx(0.70)
    assert found.expected == pytest.approx(0.50)
    assert found.value == pytest.approx(0.40)


@given(TABLES)
def test_the_standard_error_of_kappa_is_that_of_the_delta_method(table: list[list[int]]) -> None:
    counts = np.array(table, dtype=float)
    n = counts.sum()
    shares = counts / n

    def value(p: np.ndarray) -> float:
        expected = float(p.sum(axis=1) @ p.sum(axis=0))
        return float((np.trace(p) - expected) / (1 - expected))

    step = 1e-6
    slope = np.zeros_like(shares)
    for place in np.ndindex(shares.shape):
        bump = np.zeros_like(shares)
        bump[place] = step
        slope[place] = (value(shares + bump) - value(shares - bump)) / (2 * step)
    variance = ((shares * slope**2).sum() - (shares * slope).sum() ** 2) / n
    assert kappa(table).standard_error == pytest.approx(float(np.sqrt(max(variance, 0))), rel=1e-3, abs=1e-6)


@given(TABLES)
def test_kappa_does_not_depend_on_which_rater_comes_first(table: list[list[int]]) -> None:
    turned = [list(row) for row in zip(*table, strict=True)]
    assert kappa(table).value == pytest.approx(kappa(turned).value)
    assert kappa(table).standard_error == pytest.approx(kappa(turned).standard_error)


@pytest.mark.parametrize(
    "table", [[[0, 0], [0, 0]], [[5, 0], [0, 0]], [[1, 2]]], ids=["empty", "one word", "not square"]
)
def test_kappa_is_refused_where_it_is_undefined(table: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="kappa"):
        kappa(table)


def test_a_confusion_table_refuses_other_words() -> None:
    assert confusion([("a", "b"), ("a", "a")], ("a", "b")) == [[1, 1], [0, 0]]
    with pytest.raises(ValueError, match="not made of"):
        confusion([("a", "c")], ("a", "b"))
