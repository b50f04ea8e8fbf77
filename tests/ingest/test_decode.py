from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from ingest.decode import SIGNALS, check, from_json, parse
from ingest.errors import Cause, Refused
from ingest.limits import Limits
from tests.ingest.conftest import span_request

TRACES = SIGNALS["traces"]


def decode(body: bytes, signal: str = "traces", limits: Limits | None = None) -> Any:
    kind = SIGNALS[signal]
    return check(kind, parse(kind, body), body, limits or Limits())


def cause_of(call: Callable[[], object]) -> Cause | None:
    try:
        call()
    except Refused as refused:
        return refused.cause
    return None


def from_span(**fields: object) -> Any:
    span = {"traceId": "01" * 16, "spanId": "02" * 8, **fields}
    document = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    return parse(TRACES, from_json(TRACES, json.dumps(document).encode())).resource_spans[0].scope_spans[0].spans[0]


def value_of(value: object) -> Any:
    return from_span(attributes=[{"key": "k", "value": value}]).attributes[0].value


def test_a_good_body_passes_byte_for_byte_with_its_count() -> None:
    body = span_request(b"\x02" * 8, b"\x03" * 8).SerializeToString() + b"\xc2\x3e\x05later"  # and an unknown field
    decoded = decode(body)
    assert (decoded.payload, decoded.count, decoded.rejected) == (body, 2, 0)


@pytest.mark.parametrize("body", [b"", b"\x0a\x00", b"\x0a\x02\x12\x00"])
def test_nothing_to_take_is_a_success(body: bytes) -> None:
    assert decode(body).count == 0


@pytest.mark.parametrize("cut", range(1, 30, 3))
def test_a_truncated_body_is_refused(cut: int) -> None:
    with pytest.raises(Refused) as refused:
        decode(span_request().SerializeToString()[:-cut])
    assert refused.value.cause is Cause.BAD_DATA


def test_text_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(Refused):
        decode(span_request().SerializeToString().replace(b"chat", b"ch\xff\xfe"))


@pytest.mark.parametrize("bad", [b"", b"\x00" * 8, b"\x01" * 7, b"\x01" * 16])
def test_spans_with_bad_ids_are_rejected_and_told_while_the_others_stay(bad: bytes) -> None:
    decoded = decode(span_request(b"\x02" * 8, bad, b"\x03" * 8).SerializeToString())
    assert (decoded.count, decoded.rejected) == (2, 1)
    assert "span_id" in decoded.message
    assert decode(decoded.payload).count == 2


def test_a_span_over_a_bound_is_rejected_and_told() -> None:
    body = span_request(b"\x02" * 8, a="x" * 2000, b="y").SerializeToString()
    assert "attributes" in decode(body, limits=Limits(attributes_per_span=1)).message
    assert "bytes" in decode(body, limits=Limits(span_bytes=1000)).message


def test_log_records_need_no_ids_but_no_wrong_ones_either() -> None:
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for trace_id in (b"", b"\x01" * 16, b"\x01" * 5):
        scope.log_records.add(trace_id=trace_id)
    decoded = decode(request.SerializeToString(), "logs")
    assert (decoded.count, decoded.rejected) == (2, 1)


def test_metric_points_of_every_kind_are_counted() -> None:
    request = ExportMetricsServiceRequest()
    metrics = request.resource_metrics.add().scope_metrics.add().metrics
    metrics.add(name="g").gauge.data_points.add()
    metrics.add(name="h").histogram.data_points.add(bucket_counts=[1], explicit_bounds=[0.5])
    metrics.add(name="none")
    assert decode(request.SerializeToString(), "metrics").count == 2


def test_json_ids_are_hex_of_any_case_and_enums_are_integers() -> None:
    span = from_span(traceId="5B8EFFf798038103d269b633813fc60c", parentSpanId="", kind=3, status={"code": 2})
    assert span.trace_id.hex() == "5b8efff798038103d269b633813fc60c"
    assert (span.kind, span.status.code, span.parent_span_id) == (3, 2, b"")


@pytest.mark.parametrize("time", ["1544712660000000000", 1544712660000000000])
def test_json_takes_64_bit_numbers_as_text_and_as_numbers(time: object) -> None:
    assert from_span(startTimeUnixNano=time).start_time_unix_nano == 1544712660000000000


@pytest.mark.parametrize(
    ("value", "field", "expected"),
    [
        ({"intValue": "-5"}, "int_value", -5),
        ({"intValue": -(2**63)}, "int_value", -(2**63)),
        ({"intValue": 5.0}, "int_value", 5),
        ({"doubleValue": "Infinity"}, "double_value", math.inf),
        ({"doubleValue": 3}, "double_value", 3.0),
        ({"boolValue": False}, "bool_value", False),
        ({"stringValue": ""}, "string_value", ""),
        ({"bytesValue": base64.b64encode(b"\x00\xff").decode()}, "bytes_value", b"\x00\xff"),
        ({"bytesValue": "AP-_"}, "bytes_value", b"\x00\xff\xbf"),
    ],
)
def test_json_values_keep_their_type(value: object, field: str, expected: object) -> None:
    read = value_of(value)
    assert read.WhichOneof("value") == field
    assert getattr(read, field) == expected


def test_json_nan_and_null_and_unknown_fields_are_taken() -> None:
    assert math.isnan(value_of({"doubleValue": "NaN"}).double_value)
    assert value_of(None).WhichOneof("value") is None
    assert value_of({"kvlistValue": None, "newKind": {"deep": [1, {}]}}).WhichOneof("value") is None
    assert from_span(name=None, fromTheFuture=[1], events=None).name == ""


@pytest.mark.parametrize(
    "span",
    [
        {"traceId": "xyz"},
        {"kind": "no such kind"},
        {"startTimeUnixNano": "-1"},
        {"startTimeUnixNano": "1" * 25},
        {"name": 5},
        {"attributes": {}},
        {"attributes": [{"key": "k", "value": {"intValue": str(2**63)}}]},
        {"attributes": [{"key": "k", "value": {"intValue": True}}]},
        {"attributes": [{"key": "k", "value": {"doubleValue": "much"}}]},
        {"attributes": [{"key": "k", "value": {"bytesValue": "***"}}]},
    ],
)
def test_json_that_a_field_cannot_hold_is_refused_and_names_the_field(span: dict[str, object]) -> None:
    with pytest.raises(Refused, match=next(iter(span))) as refused:
        from_span(**span)
    assert refused.value.cause is Cause.BAD_DATA


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'{"resourceSpans":[{}', b'"x"', b"NaN"])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        from_json(TRACES, body)


def test_json_nested_beyond_reason_is_refused() -> None:
    value: dict[str, object] = {"stringValue": "deep"}
    for _ in range(200):
        value = {"arrayValue": {"values": [value]}}
    with pytest.raises(Refused, match="nested"):
        value_of(value)


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
ANY_VALUE = st.recursive(
    st.one_of(
        st.fixed_dictionaries({"stringValue": TEXT}),
        st.fixed_dictionaries({"intValue": st.integers(-(2**63), 2**63 - 1).map(str)}),
        st.fixed_dictionaries({"doubleValue": st.floats(allow_nan=False)}).filter(
            lambda v: math.isfinite(v["doubleValue"])
        ),
        st.fixed_dictionaries({"boolValue": st.booleans()}),
        st.just({}),
    ),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"arrayValue": st.fixed_dictionaries({"values": st.lists(inner, max_size=3)})}),
        st.fixed_dictionaries(
            {"kvlistValue": st.fixed_dictionaries({"values": st.lists(
                st.fixed_dictionaries({"key": TEXT, "value": inner}), max_size=3)})}
        ),
    ),
    max_leaves=6,
)  # fmt: skip


@given(value=ANY_VALUE, name=TEXT, kind=st.integers(0, 5), time=st.integers(0, 2**64 - 1))
def test_json_reads_like_the_generic_parser_wherever_that_one_is_right(
    value: dict[str, object], name: str, kind: int, time: int
) -> None:
    fields = {"name": name, "kind": kind, "endTimeUnixNano": str(time), "attributes": [{"key": "k", "value": value}]}
    ours = from_span(**fields)
    generic = json_format.ParseDict(fields, type(ours)())
    generic.trace_id, generic.span_id = ours.trace_id, ours.span_id
    assert ours == generic


KEYS = (
    "resourceSpans scopeSpans spans traceId spanId name kind attributes key value stringValue intValue "
    "arrayValue kvlistValue values status code events links resource scope traceState flags x"
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just("01" * 8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(KEYS.split()),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=20,
)


@settings(max_examples=300)
@given(document=JSON)
def test_any_json_is_taken_or_refused_but_never_breaks_the_decoder(document: object) -> None:
    body = json.dumps({"resourceSpans": document}).encode()
    assert cause_of(lambda: decode(from_json(TRACES, body))) in {None, Cause.BAD_DATA}


@settings(max_examples=300)
@given(data=st.data())
def test_any_damaged_protobuf_is_taken_or_refused_but_never_breaks_the_decoder(data: st.DataObject) -> None:
    body = bytearray(span_request(a="x", b="y").SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    assert cause_of(lambda: decode(bytes(body))) in {None, Cause.BAD_DATA}
