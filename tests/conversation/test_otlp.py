from __future__ import annotations

from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from conversation import otlp


def _pair(key: str, value: AnyValue) -> KeyValue:
    return KeyValue(key=key, value=value)


def test_values_keep_their_types_also_nested() -> None:
    inner = AnyValue(
        kvlist_value=KeyValueList(
            values=[
                _pair(
                    "list", AnyValue(array_value=ArrayValue(values=[AnyValue(int_value=1), AnyValue(bool_value=False)]))
                ),
                _pair("empty", AnyValue()),
                _pair("bytes", AnyValue(bytes_value=b"\x01\xff")),
            ]
        )
    )
    assert otlp.any_value(inner) == {"list": [1, False], "empty": None, "bytes": "01ff"}
    assert otlp.any_value(AnyValue(bytes_value=b"\x01")) == b"\x01"
    assert otlp.any_value(AnyValue(int_value=0)) == 0
    assert otlp.any_value(AnyValue(string_value="")) == ""
    assert otlp.any_value(AnyValue()) is None


def test_a_value_nested_beyond_reason_is_cut() -> None:
    value = AnyValue()
    inner = value
    # Deeper than upb itself reads, so that the limit is ours.
    for _ in range(otlp.MAX_DEPTH + 5):
        inner = inner.array_value.values.add()
    inner.int_value = 1
    found: Any = otlp.any_value(value)
    for _ in range(otlp.MAX_DEPTH):
        assert isinstance(found, list)
        found = found[0]
    assert found == [None]


def test_spans_carry_scope_resource_events_and_hex_ids() -> None:
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    resource_spans.resource.attributes.append(_pair("service.name", AnyValue(string_value="desk")))
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name, scope_spans.scope.version = "lib", "1.2"
    span = scope_spans.spans.add(name="s", trace_id=b"\xab" * 16, span_id=b"\x01" * 8, parent_span_id=bytes(8))
    span.status.code, span.status.message = Status.STATUS_CODE_ERROR, "no"
    span.events.add(name="e", time_unix_nano=7)
    (found,) = otlp.spans_of(request)
    assert (found.trace_id, found.span_id, found.parent_span_id) == ("ab" * 16, "01" * 8, "")
    assert (found.scope_name, found.scope_version, found.resource) == ("lib", "1.2", {"service.name": "desk"})
    assert (found.status_code, found.status_message, found.events[0].time_ns) == (2, "no", 7)


def test_an_event_name_is_found_in_its_field_its_attribute_or_the_body() -> None:
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    records.add(event_name="a", observed_time_unix_nano=5)
    records.add(attributes=[_pair("event.name", AnyValue(string_value="b"))], time_unix_nano=6)
    records.add(body=AnyValue(string_value="gen_ai.choice"))
    records.add(body=AnyValue(string_value="an ordinary log line"))
    found = list(otlp.logs_of(request))
    assert [record.event_name for record in found] == ["a", "b", "gen_ai.choice", ""]
    assert [record.body for record in found] == [None, None, None, "an ordinary log line"]
    assert [record.time_ns for record in found[:2]] == [5, 6]
