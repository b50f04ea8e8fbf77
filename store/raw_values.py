"""Rows of raw protobuf values back to the model: what `otlp.proto` left undecoded at insert."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from conversation import otlp
from conversation.model import JSON, LogRecord, Span, SpanEvent

# An `AnyValue` that holds a text starts with the tag of field 1; a length below 128 is one byte, below 16,384 two.
_TEXT_TAG = 0x0A
_MORE = 0x80
_SHORT, _LONG = 2, 3


def span_of(row: dict[str, Any]) -> Span:
    """A row of `spans`, read with strings as bytes."""
    return Span(
        trace_id=row["trace_id"].hex(),
        span_id=row["span_id"].hex(),
        parent_span_id=row["parent_span_id"].hex(),
        name=_text(row["name"]),
        start_ns=row["start_ns"],
        end_ns=row["end_ns"],
        kind=row["kind"],
        status_code=row["status_code"],
        status_message=_text(row["status_message"]),
        scope_name=_text(row["scope_name"]),
        scope_version=_text(row["scope_version"]),
        attributes=_attributes(row["attribute_keys"], row["attribute_values"]),
        resource=_resource(tuple(row["resource_keys"]), tuple(row["resource_values"])),
        events=tuple(_event(raw) for raw in row["events"]),
    )


def log_of(row: dict[str, Any]) -> LogRecord:
    """A row of `logs`, read with strings as bytes."""
    body = otlp.any_value(AnyValue.FromString(row["body"]))
    return LogRecord(
        trace_id=row["trace_id"].hex(),
        span_id=row["span_id"].hex(),
        time_ns=row["time_ns"],
        event_name=_text(row["event_name"]),
        body=body.hex() if isinstance(body, bytes) else body,
        attributes=_attributes(row["attribute_keys"], row["attribute_values"]),
        scope_name=_text(row["scope_name"]),
        resource=_resource(tuple(row["resource_keys"]), tuple(row["resource_values"])),
    )


def _attributes(keys: Sequence[bytes], values: Sequence[bytes]) -> dict[str, JSON | bytes]:
    return {_name(key): any_value(value) for key, value in zip(keys, values, strict=True)}


@lru_cache(maxsize=256)
def _resource(keys: tuple[bytes, ...], values: tuple[bytes, ...]) -> dict[str, JSON | bytes]:
    """The same for all spans of a process."""
    return _attributes(keys, values)


@lru_cache(maxsize=4096)
def _name(key: bytes) -> str:
    return _text(key)


def any_value(raw: bytes) -> JSON | bytes:
    """A serialized `AnyValue`; most are texts, read here at a third of the cost of making a message first."""
    size = len(raw)
    if size > _LONG and raw[0] == _TEXT_TAG:
        if raw[1] < _MORE:
            start, length = _SHORT, raw[1]
        else:
            start, length = _LONG, raw[1] - _MORE + (raw[2] << 7 if raw[2] < _MORE else size << 7)
        if start + length == size:
            try:
                return raw[start:].decode()
            except UnicodeDecodeError:
                return otlp.any_value(AnyValue.FromString(raw))
    return otlp.any_value(AnyValue.FromString(raw))


def _event(raw: bytes) -> SpanEvent:
    event = SpanMessage.Event.FromString(raw)
    return SpanEvent(event.name, event.time_unix_nano, otlp.attributes(event.attributes))


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")
