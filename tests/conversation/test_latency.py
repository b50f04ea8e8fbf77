from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.assemble import assemble
from conversation.latency import Activity, by_kind, critical_path, segments
from conversation.model import Segment, SegmentKind, Turn

KINDS = st.sampled_from(
    [SegmentKind.MODEL, SegmentKind.TOOL, SegmentKind.RETRIEVAL, SegmentKind.GUARDRAIL, SegmentKind.OWN_CODE]
)
TIMES = st.integers(-1_000, 20_000).map(lambda ms: 1_700_000_000_000_000_000 + ms * 1_000_003)


@st.composite
def activities(draw: st.DrawFn) -> list[Activity]:
    count = draw(st.integers(0, 12))
    found: list[Activity] = []
    for number in range(count):
        within = draw(st.sets(st.sampled_from([str(n) for n in range(number)]), max_size=3)) if number else set()
        found.append(Activity(draw(TIMES), draw(TIMES), draw(KINDS), "", str(number), frozenset(within)))
    return found


@given(TIMES, TIMES, activities(), st.randoms(use_true_random=False))
def test_segments_add_up_to_the_window_whatever_overlaps_or_ends_before_it_starts(
    start: int, end: int, work: list[Activity], chance: Any
) -> None:
    found = segments(start, end, work)
    whole = max(0, end - start) / 1e9
    assert sum(segment.seconds for segment in found) == pytest.approx(whole, abs=1e-6)
    assert all(segment.seconds > 0 for segment in found)
    shuffled = list(work)
    chance.shuffle(shuffled)
    assert segments(start, end, shuffled + work) == found


def test_the_innermost_span_takes_the_time_and_parallel_work_counts_once() -> None:
    second = 1_000_000_000
    found = segments(
        0,
        10 * second,
        [
            Activity(0, 9 * second, SegmentKind.OWN_CODE, "agent", "a"),
            Activity(1 * second, 6 * second, SegmentKind.TOOL, "search", "t", frozenset("a")),
            Activity(2 * second, 4 * second, SegmentKind.RETRIEVAL, "index", "r", frozenset("at")),
            Activity(5 * second, 8 * second, SegmentKind.MODEL, "m", "m", frozenset("a")),
        ],
    )
    assert [(segment.kind.value, segment.seconds) for segment in found] == [
        ("own_code", 1.0),
        ("tool", 1.0),
        ("retrieval", 2.0),
        ("tool", 1.0),
        ("model", 3.0),
        ("own_code", 1.0),
        ("gap", 1.0),
    ]
    assert by_kind(found)[SegmentKind.TOOL] == 2.0


def test_the_critical_path_lists_what_to_shorten_longest_first() -> None:
    parts = (
        Segment(SegmentKind.MODEL, "m", 1.0, "1"),
        Segment(SegmentKind.TOOL, "t", 3.0, "2"),
        Segment(SegmentKind.MODEL, "m", 1.5, "1"),
    )
    turn = Turn(0, "tool_call", "q", "a", 0, 1, segments=parts)
    assert [(part.name, part.seconds) for part in critical_path(turn)] == [("t", 3.0), ("m", 2.5)]


def _turn(span: Any, *, child: tuple[int, int], **more: Any) -> Turn:
    root = span("POST /chat", {"session.id": "c"}, at=(1_000, 3_000))
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": json.dumps([{"role": "user", "content": "q"}]),
        "gen_ai.output.messages": json.dumps([{"role": "assistant", "content": "a"}]),
        **more,
    }
    span("chat", attributes, at=child, parent=root)
    (turn,) = assemble(span.spans).turns
    return turn


@pytest.mark.parametrize("child", [(1_200, 2_800), (0, 1_500), (2_500, 9_000), (5_000, 6_000), (2_000, 1_000)])
def test_a_child_with_another_clock_is_cut_at_the_request_the_customer_waited_for(
    span: Any, child: tuple[int, int]
) -> None:
    turn = _turn(span, child=child)
    assert turn.duration_seconds == 2.0
    assert sum(segment.seconds for segment in turn.segments) == pytest.approx(2.0, abs=1e-9)


def test_a_streamed_reply_is_heard_at_its_first_token_and_an_unstreamed_one_at_the_end(span: Any) -> None:
    streamed = {"gen_ai.response.time_to_first_chunk": 0.25}
    assert _turn(span, child=(1_200, 2_800), **streamed).first_token_seconds == pytest.approx(0.45)


def test_an_unstreamed_reply_is_heard_when_the_turn_ends(span: Any) -> None:
    unstreamed = {"gen_ai.response.time_to_first_chunk": 0.25, "gen_ai.request.stream": False}
    assert _turn(span, child=(1_200, 2_800), **unstreamed).first_token_seconds == 2.0
