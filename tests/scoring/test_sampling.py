from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from scoring.sampling import chosen, position, shard

KEYS = [f"conversation-{i}" for i in range(20_000)]


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_contains_every_smaller_one(key: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert not chosen(key, small) or chosen(key, large)


def test_a_tenth_is_a_tenth_and_scorers_choose_independently() -> None:
    first = {key for key in KEYS if chosen(key, 0.1, "a")}
    second = {key for key in KEYS if chosen(key, 0.1, "b")}
    assert abs(len(first) / len(KEYS) - 0.1) < 0.01
    assert abs(len(first & second) / len(KEYS) - 0.01) < 0.004


def test_the_choice_is_the_same_in_every_process_and_version() -> None:
    assert position("conversation-1", "judge") == 0.7658500717848468


def test_shards_share_the_work_evenly_and_completely() -> None:
    found = Counter(shard(key, 4) for key in KEYS)
    assert sorted(found) == [0, 1, 2, 3]
    assert min(found.values()) > 4700
