"""OTLP protobuf messages to `Span` and `LogRecord`, attribute values typed, nested values as lists and dicts.

Owns the reading of `AnyValue`; knows no convention. Ids become lower-case hex, an all-zero parent counts as none.
A log record's event name is its `event_name` field, else the attribute `event.name`, else (oldest SDKs) its body.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord as LogMessage
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from conversation.model import JSON, LogRecord, Span, SpanEvent

# A value nested deeper than any real message is cut rather than allowed to exhaust the stack.
MAX_DEPTH = 64


def any_value(value: AnyValue, depth: int = 0) -> JSON | bytes:
    """The Python value of an OTLP `AnyValue`; an empty one is None, bytes stay bytes."""
    kind = value.WhichOneof("value")
    if kind is None or depth > MAX_DEPTH:
        return None
    if kind == "array_value":
        return [_json(any_value(item, depth + 1)) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {item.key: _json(any_value(item.value, depth + 1)) for item in value.kvlist_value.values}
    found: str | bool | int | float | bytes = getattr(value, kind)
    return found


def attributes(pairs: Iterable[KeyValue]) -> dict[str, JSON | bytes]:
    """Attributes as a dict; of a key given twice the last one counts, as in every OTLP back end."""
    return {pair.key: any_value(pair.value) for pair in pairs}


def spans_of(request: ExportTraceServiceRequest) -> Iterator[Span]:
    """Every span of a request, in its order."""
    for resource_spans in request.resource_spans:
        resource = attributes(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            scope = scope_spans.scope
            for span in scope_spans.spans:
                yield _span(span, scope.name, scope.version, resource)


def logs_of(request: ExportLogsServiceRequest) -> Iterator[LogRecord]:
    """Every log record of a request, in its order."""
    for resource_logs in request.resource_logs:
        resource = attributes(resource_logs.resource.attributes)
        for scope_logs in resource_logs.scope_logs:
            for record in scope_logs.log_records:
                yield _log_record(record, scope_logs.scope.name, resource)


def _span(span: SpanMessage, scope: str, version: str, resource: dict[str, JSON | bytes]) -> Span:
    return Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_span_id=_parent(span.parent_span_id),
        name=span.name,
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        kind=span.kind,
        status_code=span.status.code,
        status_message=span.status.message,
        scope_name=scope,
        scope_version=version,
        attributes=attributes(span.attributes),
        resource=resource,
        events=tuple(SpanEvent(e.name, e.time_unix_nano, attributes(e.attributes)) for e in span.events),
    )


def _log_record(record: LogMessage, scope: str, resource: dict[str, JSON | bytes]) -> LogRecord:
    values = attributes(record.attributes)
    body = _json(any_value(record.body))
    name = record.event_name or values.get("event.name")
    if not name and isinstance(body, str) and body.startswith("gen_ai."):
        name, body = body, None
    return LogRecord(
        trace_id=record.trace_id.hex(),
        span_id=_parent(record.span_id),
        time_ns=record.time_unix_nano or record.observed_time_unix_nano,
        event_name=name if isinstance(name, str) else "",
        body=body,
        attributes=values,
        scope_name=scope,
        resource=resource,
    )


def _parent(raw: bytes) -> str:
    return raw.hex() if any(raw) else ""


def _json(value: JSON | bytes) -> JSON:
    return value.hex() if isinstance(value, bytes) else value
