from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scoring.drift.blocks import FIRST, LARGEST, last_full, next_at


def test_blocks_double_up_to_a_size() -> None:
    ends = [last_full(count) for count in (199, 200, 399, 400, 799, 800, 6400, 11_400)]
    assert ends == [None, (0, 200), (0, 200), (200, 400), (200, 400), (400, 800), (3200, 6400), (6400, 11_400)]


@given(st.integers(0, 200_000))
def test_each_block_begins_where_the_one_before_ended_and_is_full(count: int) -> None:
    following = next_at(count)
    assert count < following
    block = last_full(following)
    before = last_full(count)
    assert block is not None
    assert block[1] == following
    assert block[0] == (before[1] if before else 0)
    assert FIRST <= block[1] - block[0] <= LARGEST
