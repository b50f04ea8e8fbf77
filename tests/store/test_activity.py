"""What is due to be graded, and when."""

from __future__ import annotations

import itertools

from store.activity import ActivityStore
from store.client import Client
from store.grades import GradeStore, Latest
from store.traces import TraceStore
from tests.store.revisions import HOUR, SECOND, revision
from tests.store.test_traces import NOW, body


def test_a_conversation_is_due_when_it_idles_ends_or_grows_old_and_not_before(engine: Client) -> None:
    TraceStore(engine).load([body({"session.id": "c"}, received_ns=NOW)], "a")
    activity = ActivityStore(engine)

    def due(after: float, idle: float, age: float) -> list[str]:
        now = NOW + int(after * SECOND)
        return [item.conversation_id for item in activity.due(now, idle_seconds=idle, max_age_seconds=age)]

    assert due(29, 30, 1000) == []
    assert due(30, 30, 1000) == ["c"]
    assert due(29, 30, 20) == ["c"]
    activity.end("p", "c", NOW)
    assert due(1, 30, 1000) == ["c"]


def test_a_graded_conversation_is_due_again_only_after_something_new(engine: Client) -> None:
    traces, activity, grades = TraceStore(engine), ActivityStore(engine), GradeStore(engine)
    traces.load([body({"session.id": "c"})], "a")
    [found] = activity.due(NOW * 2, idle_seconds=1, max_age_seconds=1e9)
    grades.write([revision("c", project="p", watermark=found.watermark)])
    assert activity.due(NOW * 2, idle_seconds=1, max_age_seconds=1e9) == []
    assert activity.backlog(NOW)["pending"] == 0
    # Received long before what was graded, stored later: it must not be lost.
    traces.load([body({}, span="e" * 16, received_ns=NOW - HOUR)], "late")
    [again] = activity.due(NOW * 2, idle_seconds=1, max_age_seconds=1e9)
    assert again.watermark > found.watermark
    grades.seen("p", "c", again.watermark)
    assert activity.due(NOW * 2, idle_seconds=1, max_age_seconds=1e9) == []
    assert grades.latest("p", "c") == Latest(1, "d1", again.watermark)


def test_a_resting_search_wakes_at_the_time_something_is_complete_or_when_something_comes(engine: Client) -> None:
    traces, activity = TraceStore(engine), ActivityStore(engine, monotonic=lambda: 0.0)

    def due(seconds: float) -> list[str]:
        found = activity.due(NOW + int(seconds * SECOND), idle_seconds=30, max_age_seconds=1e6)
        return [item.conversation_id for item in found]

    assert due(0) == due(1e5) == []
    traces.load([body({"session.id": "c"})], "a")
    assert [due(seconds) for seconds in (1, 29, 30)] == [[], [], ["c"]]
    traces.load([body({}, span="e" * 16, received_ns=NOW + 20 * SECOND)], "b")
    assert [due(seconds) for seconds in (30, 49, 50)] == [[], [], ["c"]]
    assert due(31) == []
    activity.end("p", "c", NOW)
    assert due(31) == ["c"]
    assert activity.backlog(NOW)["pending"] == 1
    GradeStore(engine).write([revision("c", project="p", watermark=2)])
    assert due(32) == due(1e5) == []
    assert activity.backlog(NOW)["pending"] == 0


def test_a_restarted_grader_goes_on_at_its_tail_and_misses_nothing(engine: Client) -> None:
    traces, clock = TraceStore(engine), iter(range(0, 10_000, 100))
    traces.load([body({"session.id": "a"}, trace="1" * 32)], "a")
    first = ActivityStore(engine, monotonic=lambda: next(clock))
    assert [item.conversation_id for item in first.due(NOW * 2, idle_seconds=1, max_age_seconds=1e9)] == ["a"]
    traces.load([body({"session.id": "b"}, trace="2" * 32)], "b")
    restarted = ActivityStore(engine).due(NOW * 2, idle_seconds=1, max_age_seconds=1e9)
    assert {item.conversation_id for item in restarted} == {"a", "b"}
    assert engine.query("SELECT count() > 0 AS kept FROM activity_tails") == [{"kept": 1}]


def test_shards_share_the_work_without_overlap_and_the_oldest_come_first(engine: Client) -> None:
    bodies = [
        body({"session.id": f"c{place}"}, trace=f"{place + 1:032x}", received_ns=NOW - place * SECOND)
        for place in range(40)
    ]
    TraceStore(engine).load(bodies, "a")
    activity = ActivityStore(engine)
    shares = [
        [
            item.conversation_id
            for item in activity.due(NOW * 2, idle_seconds=1, max_age_seconds=1e9, shard=shard, shards=3)
        ]
        for shard in range(3)
    ]
    assert sorted(itertools.chain(*shares)) == sorted(f"c{place}" for place in range(40))
    assert all(shares)
    first = activity.due(NOW * 2, idle_seconds=1, max_age_seconds=1e9, limit=3)
    assert [item.conversation_id for item in first] == ["c39", "c38", "c37"]


def test_a_conversation_is_not_due_because_a_trace_of_it_once_bore_another_name(engine: Client) -> None:
    traces, activity, grades = TraceStore(engine), ActivityStore(engine), GradeStore(engine)

    def due() -> dict[str, int]:
        found = activity.due(NOW * 2, idle_seconds=1, max_age_seconds=1e9)
        return {item.conversation_id: item.watermark for item in found}

    shared, second, third = "1" * 32, "2" * 32, "3" * 32
    traces.load([body({"session.id": "a"}, trace=shared, parent="9" * 16)], "1")
    model: dict[str, object] = {"gen_ai.operation.name": "chat", "gen_ai.conversation.id": "b"}
    traces.load([body(model, trace=shared, span="5" * 16), body(model, trace=second)], "2")
    found = due()
    assert set(found) == {"b"}
    grades.write([revision("b", project="p", watermark=found["b"])])
    traces.load([body({"session.id": "a"}, trace=third)], "3")
    assert set(due()) == {"a"}
