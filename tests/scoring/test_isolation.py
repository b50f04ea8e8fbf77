from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from scoring.isolation import Thread


def test_a_step_that_overruns_is_replaced_and_the_steps_after_it_are_taken() -> None:
    gone = threading.Event()

    def step(number: int, before: Sequence[str]) -> str:
        if number == 1:
            gone.wait(30)  # cannot be interrupted: the thread is left behind
        return f"{number} after {len(before)}"

    thread = Thread()
    assert thread.run(step, [5, 0.05, 5], lambda number: f"{number} late") == ["0 after 0", "1 late", "2 after 2"]
    gone.set()
    assert thread.run(lambda number, _before: str(number), [5], str) == ["0"]
    thread.close()


def test_what_a_step_left_behind_gives_later_is_not_seen() -> None:
    go_on, went_on = threading.Event(), threading.Event()

    def step(number: int, before: Sequence[int]) -> int:
        if number == 0:
            try:
                go_on.wait(30)
            finally:
                went_on.set()
        else:
            go_on.set()
            assert went_on.wait(30)
        return len(before)

    assert Thread().run(step, [0.05, None], lambda _number: 7) == [7, 1]


def test_every_step_has_its_own_time() -> None:
    def step(number: int, _before: Sequence[int]) -> int:
        time.sleep(0.06)
        return number

    assert Thread().run(step, [5] * 5, lambda _number: -1) == [0, 1, 2, 3, 4]


def test_what_a_step_raises_is_raised_and_the_thread_is_used_again() -> None:
    def step(number: int, _before: Sequence[int]) -> int:
        if number == 1:
            raise KeyError("sku")
        return number

    thread = Thread()
    for _ in range(2):
        with pytest.raises(KeyError, match="sku"):
            thread.run(step, [5, 5], lambda _number: -1)
    assert thread.run(step, [5], lambda _number: -1) == [0]


def test_no_steps_give_nothing() -> None:
    assert Thread().run(lambda number, _before: number, [], lambda number: number) == []
