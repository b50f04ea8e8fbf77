"""The critical path of slow turns, and thinking tokens against seconds on calls whose truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conversation.model import Segment, SegmentKind, Turn
from service.waiting import _path, _thinking

PARTS = (
    Segment(SegmentKind.MODEL, "planner", 1.0, "a"),
    Segment(SegmentKind.TOOL, "find", 6.0, "b"),
    Segment(SegmentKind.MODEL, "planner", 2.5, "c"),
    Segment(SegmentKind.GAP, "", 0.5),
)


def test_the_critical_path_names_the_longest_first_and_marks_what_makes_up_four_fifths() -> None:
    found = _path(Turn(0, "tool_call", "q", "a", 0, 1, duration_seconds=10.0, segments=PARTS))
    assert [(part["name"], part["seconds"], part["share"]) for part in found["critical_path"]] == [
        ("find", 6.0, 0.6),
        ("planner", 2.5, 0.25),
        ("planner", 1.0, 0.1),
        ("", 0.5, 0.05),
    ]
    assert [part["critical"] for part in found["segments"]] == [False, True, True, False]
    assert sum(part["seconds"] for part in found["segments"]) == 10.0


def test_a_turn_that_is_gone_or_has_no_times_has_an_empty_path() -> None:
    assert _path(None)["segments"] == []
    assert _path(Turn(0, "tool_call", "q", "a", 0, 1))["critical_path"] == []


def _calls(n: int, per_thousand: float, seed: int = 0) -> list[dict[str, Any]]:
    numbers = np.random.default_rng(seed)
    thought = numbers.integers(0, 5000, n)
    visible = numbers.integers(50, 500, n)
    seconds = 0.5 + per_thousand * thought / 1000 + 8 * visible / 1000 + numbers.normal(0, 0.5, n).clip(-0.4)
    return [
        {
            "reasoning_tokens": int(t),
            "output_tokens": int(t + v),
            "seconds": float(s),
            "conversation_id": "c",
            "turn": 0,
        }
        for t, v, s in zip(thought, visible, seconds, strict=True)
    ]


def test_the_seconds_a_thousand_reasoning_tokens_add_are_found_beside_the_visible_ones() -> None:
    held = 0
    for seed in range(40):
        found = _thinking(_calls(200, 1.5, seed))
        slope = found["seconds_per_1000"]
        held += slope["low"] <= 1.5 <= slope["high"]
        assert slope["value"] == pytest.approx(1.5, abs=0.15)
    assert held >= 34, "a 95% interval holds the truth in about 95 of 100 cases"
    assert found["rank_correlation"]["low"] > 0.7
    assert sum(row["calls"] for row in found["bins"]) == found["calls"] == 200


def test_thinking_that_costs_no_time_is_not_said_to() -> None:
    found = _thinking(_calls(300, 0.0, 1))
    assert found["seconds_per_1000"]["low"] < 0 < found["seconds_per_1000"]["high"]
    assert found["rank_correlation"]["low"] < 0 < found["rank_correlation"]["high"]


def test_too_few_calls_or_none_that_think_say_nothing() -> None:
    few = _thinking(_calls(5, 1.0))
    assert (few["rank_correlation"], few["seconds_per_1000"], few["calls"]) == (None, None, 5)
    silent = _thinking([{**call, "reasoning_tokens": 0} for call in _calls(50, 1.0)])
    assert (silent["rank_correlation"], silent["seconds_per_1000"], silent["thinking_calls"]) == (None, None, 0)
    assert silent["bins"][0]["from"] == silent["bins"][0]["to"] == 0
