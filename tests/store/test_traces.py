from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from conversation import identity
from conversation.model import LogRecord, Span
from conversation.otlp import logs_of, spans_of
from store.activity import ActivityStore
from store.client import Client
from store.errors import PermanentStoreError
from store.traces import Body, TraceStore
from tests.bench.bodies import body as many

TRACE, NOW = "0af7651916cd43dd8448eb211c80319c", 1_763_690_000_000_000_000


def _value(value: object) -> AnyValue:
    made = AnyValue()
    if isinstance(value, bool):
        made.bool_value = value
    elif isinstance(value, int):
        made.int_value = value
    elif isinstance(value, float):
        made.double_value = value
    elif isinstance(value, str):
        made.string_value = value
    elif isinstance(value, bytes):
        made.bytes_value = value
    elif isinstance(value, list):
        made.array_value.SetInParent()
        made.array_value.values.extend(_value(item) for item in value)
    elif isinstance(value, dict):
        made.kvlist_value.SetInParent()
        for key, item in value.items():
            made.kvlist_value.values.add(key=key).value.CopyFrom(_value(item))
    return made


def body(
    attributes: dict[str, object] | None = None,
    *,
    trace: str = TRACE,
    span: str = "00f067aa0ba902b7",
    parent: str = "",
    name: str = "chat",
    resource: dict[str, object] | None = None,
    event: str = "",
    received_ns: int = NOW,
    project: str = "p",
) -> Body:
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    for key, value in (resource or {}).items():
        group.resource.attributes.add(key=key).value.CopyFrom(_value(value))
    scope = group.scope_spans.add()
    scope.scope.name, scope.scope.version = "scope", "1.2"
    made = scope.spans.add(
        trace_id=bytes.fromhex(trace),
        span_id=bytes.fromhex(span),
        parent_span_id=bytes.fromhex(parent),
        name=name,
        kind=SpanMessage.SPAN_KIND_CLIENT,
        start_time_unix_nano=NOW,
        end_time_unix_nano=NOW + 5,
    )
    made.status.code, made.status.message = Status.STATUS_CODE_ERROR, "broke"
    for key, value in (attributes or {}).items():
        made.attributes.add(key=key).value.CopyFrom(_value(value))
    if event:
        made.events.add(name=event, time_unix_nano=NOW + 1).attributes.add(key="k").value.CopyFrom(_value({"a": [1]}))
    return Body(project, "traces", received_ns, request.SerializeToString())


def _spans(bodies: list[Body]) -> list[Span]:
    return [span for one in bodies for span in spans_of(ExportTraceServiceRequest.FromString(bytes(one.payload)))]


plain = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(max_size=20))
values = st.one_of(
    plain,
    st.binary(max_size=10),
    st.recursive(
        plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    attributes=st.dictionaries(st.text(min_size=1, max_size=10), values, max_size=8),
    trace=st.binary(min_size=16, max_size=16),
)
def test_a_span_comes_back_as_it_was_sent_whatever_its_attributes_hold(
    embedded_engine: Client, attributes: dict[str, object], trace: bytes
) -> None:
    store = TraceStore(embedded_engine)
    sent = body(
        {**attributes, "session.id": "fixed"}, trace=trace.hex(), resource=attributes, event="seen", project=trace.hex()
    )
    store.load([sent], trace.hex() + repr(attributes))
    read, _ = store.read(trace.hex(), "fixed")
    assert read == _spans([sent])


def test_zero_empty_and_false_are_told_from_absent(engine: Client) -> None:
    sent = body({"session.id": "c", "zero": 0, "empty": "", "no": False, "none": None, "nothing": [], "map": {}})
    TraceStore(engine).load([sent], "t")
    read, _ = TraceStore(engine).read("p", "c")
    assert read == _spans([sent])


def test_the_same_token_three_times_adds_nothing_to_any_table(engine: Client) -> None:
    store = TraceStore(engine)
    for _ in range(3):
        store.load([body({"session.id": "c"})], "token")
    for table in ("spans", "trace_log", "conversation_traces", "trace_activity"):
        assert engine.query(f"SELECT count() AS n FROM {table}") == [{"n": 1}]
    assert engine.query("SELECT sum(touches) AS n FROM trace_activity") == [{"n": 1}]


def test_a_span_sent_again_counts_once_and_the_last_received_wins(engine: Client) -> None:
    store = TraceStore(engine)
    store.load([body({"session.id": "c", "v": 1}), body({"session.id": "c", "v": 3}, received_ns=NOW + 9)], "a")
    store.load([body({"session.id": "c", "v": 2}, received_ns=NOW + 1)], "b")
    read, _ = store.read("p", "c")
    assert [span.attributes["v"] for span in read] == [3]
    assert store.count() == store.count("p") == 1


def test_a_span_whose_conversation_changed_is_still_one_span(engine: Client) -> None:
    store = TraceStore(engine)
    store.load([body({})], "a")
    store.load([body({"session.id": "late"}, received_ns=NOW + 1)], "b")
    read, _ = store.read("p", "late")
    assert len(read) == store.count("p") == 1
    assert store.read("p", TRACE) == ([], [])


def test_a_tool_span_without_the_id_belongs_to_the_conversation_of_its_trace(engine: Client) -> None:
    store = TraceStore(engine)
    store.load([body({"gen_ai.tool.name": "t"}, span="a" * 16, parent="b" * 16)], "tool first")
    assert len(store.read("p", TRACE)[0]) == 1
    store.load([body({"gen_ai.conversation.id": "named"}, span="b" * 16)], "root later")
    assert {span.span_id for span in store.read("p", "named")[0]} == {"a" * 16, "b" * 16}


def test_a_link_overrides_what_the_spans_say(engine: Client) -> None:
    store = TraceStore(engine)
    store.load([body({"session.id": "c"})], "a")
    store.link("p", TRACE, "other", "history", NOW)
    assert store.read("p", "c") == ([], [])
    assert len(store.read("p", "other")[0]) == 1
    [due] = ActivityStore(engine).due(NOW * 2, idle_seconds=1, max_age_seconds=1e9)
    assert (due.conversation_id, due.first_start_ns, due.last_received_ns, due.spans) == ("other", NOW, NOW, 1)


def test_conversations_read_together_are_as_read_one_by_one(engine: Client) -> None:
    store = TraceStore(engine)
    places = [("p", "a"), ("p", "b"), ("q", "a"), ("p", "3" * 32), ("p", "absent")]
    named = [
        body({"session.id": name}, trace=f"{place:032d}", project=own) for place, (own, name) in enumerate(places[:3])
    ]
    store.load([*named, body({}, trace="3" * 32)], "all")
    together = store.read_many(places)
    assert together == {place: store.read(*place) for place in places}
    assert [len(together[place][0]) for place in places] == [1, 1, 1, 1, 0]


def test_two_projects_never_see_each_others_spans(engine: Client) -> None:
    store = TraceStore(engine)
    store.load([body({"session.id": "c", "who": "p"}), body({"session.id": "c", "who": "q"}, project="q")], "a")
    assert [span.attributes["who"] for span in store.read("q", "c")[0]] == ["q"]
    assert store.count("p") == 1
    assert store.count() == 2


def test_a_body_that_is_no_protobuf_is_refused_for_good_and_nothing_is_kept(engine: Client) -> None:
    store = TraceStore(engine)
    with pytest.raises(PermanentStoreError):
        store.load([body({"session.id": "c"}), Body("p", "traces", NOW, b"\x0a\xff\xff\xff\xff\x0f")], "bad")
    assert store.count() == 0


def test_nobody_hears_of_a_span_before_it_can_be_read(engine: Client) -> None:
    # Otherwise a conversation could be graded without it and count as up to date.
    stop, early = threading.Event(), list[tuple[int, int]]()

    def watch() -> None:
        while not stop.is_set():
            told = engine.query("SELECT sum(spans) AS n FROM trace_activity")[0]["n"]
            there = engine.query("SELECT count() AS n FROM spans")[0]["n"]
            if told > there:
                early.append((told, there))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for seed in range(4):
        TraceStore(engine).load([Body("p", "traces", NOW, many(4 * seed + part)) for part in range(4)], f"{seed}")
    stop.set()
    watcher.join()
    assert early == []


def test_what_came_before_yesterday_is_compressed_harder_and_reads_the_same(engine: Client) -> None:
    now = time.time_ns()
    bodies = [Body("p", "traces", now - days * 86_400_000_000_000, many(days)) for days in (0, 3)]
    for body_ in bodies:
        TraceStore(engine).load([body_], str(body_.received_ns))
    engine.command("OPTIMIZE TABLE spans FINAL")
    parts = engine.query(
        "SELECT default_compression_codec AS codec, sum(data_compressed_bytes) AS bytes FROM system.parts "
        "WHERE database = currentDatabase() AND table = 'spans' AND active GROUP BY codec ORDER BY codec"
    )
    assert [part["codec"] for part in parts] == ["ZSTD(3)", "ZSTD(9)"]
    assert 0 < parts[1]["bytes"] < parts[0]["bytes"]
    names = {span.attributes["gen_ai.conversation.id"] for span in _spans(bodies)}
    read = [
        span
        for spans, _ in TraceStore(engine).read_many([("p", str(name)) for name in names]).values()
        for span in spans
    ]
    assert sorted(read, key=lambda span: span.span_id) == sorted(_spans(bodies), key=lambda span: span.span_id)


def test_many_days_in_one_insert_are_no_error(engine: Client) -> None:
    day = 86_400_000_000_000
    bodies = [body({}, span=f"{number:016x}", received_ns=NOW - number * day) for number in range(1, 150)]
    TraceStore(engine).load(bodies, "catch-up")
    assert TraceStore(engine).count() == 149


def test_log_records_join_their_conversation_and_ordinary_ones_make_none(engine: Client) -> None:
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    genai = scope.log_records.add(
        trace_id=bytes.fromhex(TRACE), span_id=b"12345678", time_unix_nano=NOW, event_name="gen_ai.choice"
    )
    genai.body.CopyFrom(_value({"content": "hi", "n": [1, {"x": True}]}))
    named = scope.log_records.add(observed_time_unix_nano=NOW, event_name="no trace")
    named.attributes.add(key="session.id").value.string_value = "c"
    scope.log_records.add(trace_id=b"f" * 16, time_unix_nano=NOW).body.string_value = "ordinary"
    store = TraceStore(engine)
    store.load([body({"session.id": "c"}), Body("p", "logs", NOW, request.SerializeToString())], "both")
    spans, logs = store.read("p", "c")
    expected = list(logs_of(request))
    assert len(spans) == 1
    assert expected[0] in logs
    assert {record.event_name for record in logs} == {"gen_ai.choice", "no trace"}
    due = ActivityStore(engine).due(NOW * 2, idle_seconds=0, max_age_seconds=1e9)
    assert [activity.conversation_id for activity in due] == ["c"]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"session.id": 42}, "42"),
        ({"session.id": -7}, "-7"),
        ({"mlflow.trace.session": '"conv-1"'}, "conv-1"),
        ({"session.id": "[Scrubbed due to 'session']", "conversation_id": "t"}, "t"),
        ({"session.id": " ", "conversation_id": "x"}, "x"),
        ({"session.id": "null", "group_id": "g"}, "g"),
        ({"metadata": json.dumps({"session_id": "meta"})}, "meta"),
        ({"metadata": json.dumps({"session_id": 5})}, "5"),
        ({"metadata": json.dumps({"session_id": ["x"]})}, None),
        ({"session.id": "é" * 100}, "é" * 100),
        ({"session.id": "s" * 20_000}, "s" * 20_000),
        ({"session.id": True}, None),
        ({}, None),
    ],
)
def test_sql_and_python_find_the_same_id(engine: Client, attributes: dict[str, object], expected: str | None) -> None:
    sent = body(attributes)
    TraceStore(engine).load([sent], "t")
    found = identity.conversation_id(_spans([sent]))
    assert (found.value if found else None) == expected
    assert len(TraceStore(engine).read("p", expected or TRACE)[0]) == 1


@pytest.mark.parametrize(
    ("attributes", "event", "ended"),
    [
        ({"floorline.conversation.ended": True}, "", True),
        ({"floorline.conversation.ended": "true"}, "", True),
        ({"floorline.conversation.ended": False}, "", False),
        ({}, "floorline.conversation.end", True),
        ({}, "floorline.conversation.ending", False),
        ({"gen_ai.agent.invocation.end_reason": "session_closed"}, "", True),
    ],
)
def test_the_sender_can_say_that_the_conversation_is_over(
    engine: Client, attributes: dict[str, object], event: str, ended: bool
) -> None:
    TraceStore(engine).load([body(attributes, event=event)], "t")
    due = ActivityStore(engine).due(NOW, idle_seconds=1e6, max_age_seconds=1e6)
    assert bool(due) is ended


def _captured(folder: Path) -> Iterator[Body]:
    for request in json.loads((folder / "meta.json").read_text())["requests"]:
        if request["file"].endswith(".bin") and request["signal"] in {"trace", "logs"}:
            data = (folder / request["file"]).read_bytes()
            signal: Literal["traces", "logs"] = "traces" if request["signal"] == "trace" else "logs"
            yield Body("p", signal, NOW, gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)


@pytest.mark.shared
def test_on_every_capture_sql_resolves_traces_as_python_does(embedded_engine: Client, shared_dir: Path) -> None:
    store, checked = TraceStore(embedded_engine), 0
    for folder in sorted(path for path in (shared_dir / "captures").iterdir() if path.is_dir()):
        bodies = [Body(folder.name, one.signal, one.received_ns, one.payload) for one in _captured(folder)]
        store.load(bodies, folder.name)
        traces: dict[str, tuple[list[Span], list[LogRecord]]] = {}
        for one in bodies:
            if one.signal == "traces":
                for span in spans_of(ExportTraceServiceRequest.FromString(bytes(one.payload))):
                    traces.setdefault(span.trace_id, ([], []))[0].append(span)
            else:
                for record in logs_of(ExportLogsServiceRequest.FromString(bytes(one.payload))):
                    traces.setdefault(record.trace_id, ([], []))[1].append(record)
        for trace, (spans, logs) in traces.items():
            if not spans:
                continue
            found = identity.conversation_id(spans, logs)
            read, _ = store.read(folder.name, found.value if found else trace)
            assert {span.span_id for span in spans} <= {span.span_id for span in read if span.trace_id == trace}
            assert all(span in read for span in spans)
            checked += 1
    assert checked > 20
