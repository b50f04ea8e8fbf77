"""From a request body to a checked message: what joins a batch must never make the engine stumble.

One truncated body fails a whole insert and the engine takes invalid UTF-8, so every body goes through upb first
(measured 1.3 us a span), which checks both. Then one short loop over spans checks what protobuf cannot: the ids (OTLP:
16 and 8 bytes, not all zero) and the bounds on one span. What fails it is taken out and told in `partial_success`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, cast

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from ingest.errors import Cause, Refused
from ingest.json_otlp import to_protobuf
from ingest.limits import Limits

NO_TRACE: Final = bytes(16)
NO_SPAN: Final = bytes(8)


@dataclass(frozen=True, slots=True)
class SignalType:
    """What differs between traces, logs and metrics."""

    name: str
    request: type[Message]
    response: type[Message]
    unit: str
    rejected_field: str

    @property
    def descriptor(self) -> Descriptor:
        """Of the request message."""
        return cast("Descriptor", self.request.DESCRIPTOR)


SIGNALS: Final = {
    "traces": SignalType("traces", ExportTraceServiceRequest, ExportTraceServiceResponse, "spans", "rejected_spans"),
    "logs": SignalType(
        "logs", ExportLogsServiceRequest, ExportLogsServiceResponse, "log_records", "rejected_log_records"
    ),
    "metrics": SignalType(
        "metrics", ExportMetricsServiceRequest, ExportMetricsServiceResponse, "data_points", "rejected_data_points"
    ),
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A checked request.

    Attributes:
        payload: Serialized, without what was rejected.
        count: Spans, log records or data points in it.
        rejected: How many were taken out.
        message: Why, in one line; empty when none was.
    """

    payload: bytes
    count: int
    rejected: int = 0
    message: str = ""


def from_json(signal: SignalType, body: bytes) -> bytes:
    """The protobuf form of an OTLP/JSON body.

    Raises:
        Refused: Not valid OTLP/JSON (400).
    """
    return to_protobuf(body, signal.descriptor)


def parse(signal: SignalType, body: bytes) -> Any:
    """Parse protobuf.

    Raises:
        Refused: Not this message, cut short, or text that is not UTF-8 (400).
    """
    try:
        return signal.request.FromString(body)
    except DecodeError as error:
        raise Refused(Cause.BAD_DATA, f"the body is not a valid {signal.descriptor.name}: {error}") from error


def check(signal: SignalType, request: Any, body: bytes, limits: Limits) -> Decoded:
    """Count what a parsed request holds and take out what cannot be kept.

    Args:
        signal: Which kind of request.
        request: The parsed message; changed when something is taken out.
        body: The bytes it was parsed from, kept as they are when nothing is taken out.
        limits: Bounds on one span or log record.
    """
    if signal.name == "metrics":
        return Decoded(body, _data_points(request))
    groups, fault = _GROUPS[signal.name](request), _FAULTS[signal.name]
    # No span can be over the byte bound when the whole body is not.
    largest = limits.span_bytes if len(body) > limits.span_bytes else 0
    count = rejected = 0
    first = ""
    for group in groups:
        bad = [(i, why) for i, item in enumerate(group) if (why := fault(item, limits.attributes_per_span, largest))]
        count += len(group) - len(bad)
        if bad:
            first = first or bad[0][1]
            rejected += len(bad)
            for index, _ in reversed(bad):
                del group[index]
    if not rejected:
        return Decoded(body, count)
    return Decoded(
        request.SerializeToString(), count, rejected, f"{rejected} {signal.unit} rejected; the first: {first}"
    )


def _span_fault(span: Any, most_attributes: int, most_bytes: int) -> str:
    trace_id, span_id = span.trace_id, span.span_id
    if len(trace_id) != len(NO_TRACE) or trace_id == NO_TRACE:
        return f"trace_id {trace_id.hex()!r} is not 16 bytes with a bit set"
    if len(span_id) != len(NO_SPAN) or span_id == NO_SPAN:
        return f"span_id {span_id.hex()!r} is not 8 bytes with a bit set"
    return _size_fault(span, most_attributes, most_bytes)


def _log_fault(record: Any, most_attributes: int, most_bytes: int) -> str:
    if record.trace_id and len(record.trace_id) != len(NO_TRACE):
        return f"trace_id {record.trace_id.hex()!r} is neither empty nor 16 bytes"
    if record.span_id and len(record.span_id) != len(NO_SPAN):
        return f"span_id {record.span_id.hex()!r} is neither empty nor 8 bytes"
    return _size_fault(record, most_attributes, most_bytes)


def _size_fault(item: Any, most_attributes: int, most_bytes: int) -> str:
    if len(item.attributes) > most_attributes:
        return f"{len(item.attributes)} attributes are more than {most_attributes}"
    if most_bytes and item.ByteSize() > most_bytes:
        return f"{item.ByteSize()} bytes are more than {most_bytes}"
    return ""


def _spans(request: Any) -> Iterable[Any]:
    return (scope.spans for resource in request.resource_spans for scope in resource.scope_spans)


def _log_records(request: Any) -> Iterable[Any]:
    return (scope.log_records for resource in request.resource_logs for scope in resource.scope_logs)


def _data_points(request: Any) -> int:
    points = 0
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                points += len(getattr(metric, kind).data_points) if kind else 0
    return points


_GROUPS: Final[dict[str, Callable[[Any], Iterable[Any]]]] = {"traces": _spans, "logs": _log_records}
_FAULTS: Final[dict[str, Callable[[Any, int, int], str]]] = {"traces": _span_fault, "logs": _log_fault}
