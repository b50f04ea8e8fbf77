"""Latency by segment over rows and sums alike, every filter, the slowest turns, and calls that think."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conversation.errors import UsageError
from conversation.model import Agent, ModelCall, Segment, SegmentKind, Tokens
from store.client import Client
from store.grades import GradedRevision, GradeStore
from store.latency import LatencyStore
from store.rollups import RollupStore
from store.slow_turns import SlowTurnStore
from tests.store.revisions import HOUR, START, revision


def _of(made: GradedRevision, agent: str, model: str, channel: str = "chat") -> GradedRevision:
    turns = tuple(
        replace(turn, model_calls=tuple(replace(call, model=model) for call in turn.model_calls))
        for turn in made.conversation.turns
    )
    conversation = replace(made.conversation, agent=Agent(agent, "1"), turns=turns, channel=channel)
    return replace(made, conversation=conversation)


def test_segments_have_percentiles_with_counts_and_intervals_from_rows_hours_and_days(engine: Client) -> None:
    made = [revision(f"c{n}", start_ns=START + n * 5 * HOUR, seconds=(1.0 + n, 2.0)) for n in range(12)]
    GradeStore(engine).write(made)
    latency = LatencyStore(engine)
    rows = latency.percentiles("default", "segment")
    by_kind = {row["segment"]: row["duration"] for row in rows}
    assert set(by_kind) == {"model", "tool"}
    assert (by_kind["model"]["count"], by_kind["tool"]["count"]) == (24, 24)
    assert by_kind["tool"]["p50"] == pytest.approx(0.5, rel=0.01)
    assert by_kind["model"]["mean"] == pytest.approx((sum(0.5 + n for n in range(12)) + 12 * 1.5) / 24)
    low, high = by_kind["model"]["intervals"]["p95"]
    assert low <= by_kind["model"]["p95"] <= high
    assert "first_token" not in rows[0]
    RollupStore(engine).seal(quiet_seconds=0)
    for sums, before in zip(latency.percentiles("default", "segment"), rows, strict=True):
        assert sums["duration"].pop("mean") == pytest.approx(before["duration"].pop("mean"))
        assert sums == before
    assert {row["turn_type"] for row in latency.percentiles("default", "turn_type")} == {"tool_call", "small_talk"}


@pytest.mark.parametrize("sealed", [False, True])
def test_every_filter_narrows_every_grouping(engine: Client, *, sealed: bool) -> None:
    calls = [("shop", "a", "chat"), ("shop", "b", "voice"), ("desk", "a", "voice")]
    made = [_of(revision(f"c{n}", start_ns=START + n * HOUR), *call) for n, call in enumerate(calls)]
    GradeStore(engine).write(made)
    if sealed:
        RollupStore(engine).seal(quiet_seconds=0)
    latency = LatencyStore(engine)
    for by in ("turn_type", "agent", "version", "model", "channel", "hour", "segment", "all"):

        def turns(by: str = by, **filters: str) -> int:
            rows = latency.percentiles("default", by, **filters)  # type: ignore[arg-type] # its names
            return sum(row["turns"] for row in rows)

        times = 2 if by == "segment" else 1
        assert turns() == 6 * times
        assert turns(agent="shop") == 4 * times
        assert turns(model="a", channel="voice") == 2 * times
        assert turns(turn_type="tool_call", version="1") == 3 * times
        assert turns(agent="nobody") == 0


def test_the_slowest_turns_come_first_by_either_measure_and_within_filters(engine: Client) -> None:
    GradeStore(engine).write(
        [
            _of(revision("a", seconds=(3.0, 9.0)), "shop", "m"),
            _of(revision("b", start_ns=START + HOUR, seconds=(5.0,)), "desk", "n"),
        ]
    )
    store = SlowTurnStore(engine)
    found = store.slowest("default")
    assert [(row["conversation_id"], row["turn"], row["duration_seconds"]) for row in found] == [
        ("a", 1, 9.0),
        ("b", 0, 5.0),
        ("a", 0, 3.0),
    ]
    assert found[0]["seconds_by_kind"] == {"model": 8.5, "tool": 0.5}
    assert [row["conversation_id"] for row in store.slowest("default", agent="desk", model="n")] == ["b"]
    assert [row["turn"] for row in store.slowest("default", START, START + 1, turn_type="tool_call")] == [0]
    assert store.slowest("default", measure="first_token", limit=1)[0]["first_token_seconds"] == 4.5
    with pytest.raises(UsageError, match="choose one of"):
        store.slowest("default", measure="length")  # type: ignore[arg-type] # what is refused


def test_calls_of_models_that_think_are_read_and_of_others_not(engine: Client) -> None:
    def call(name: str, model: str, thought: int) -> ModelCall:
        return ModelCall(name, START, START + 10**9, model=model, tokens=Tokens(5, 2000, reasoning=thought))

    made = revision("a", seconds=(1.0,))
    calls = (call("1", "thinker", 900), call("2", "thinker", 0), call("3", "talker", 0))
    turn = replace(made.conversation.turns[0], model_calls=calls, segments=(Segment(SegmentKind.MODEL, "m", 1.0),))
    GradeStore(engine).write([replace(made, conversation=replace(made.conversation, turns=(turn,)))])
    rows = SlowTurnStore(engine).thinking("default")
    assert sorted((row["model"], row["reasoning_tokens"]) for row in rows) == [("thinker", 0), ("thinker", 900)]
    assert SlowTurnStore(engine).thinking("default", model="talker") == []
