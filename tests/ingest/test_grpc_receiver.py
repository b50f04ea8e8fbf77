from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from ingest.auth import Authenticator, Grant, OpenAccess
from ingest.errors import Busy, Cause, Refused
from ingest.grpc_receiver import DETAILS_KEY, SERVICES, GrpcServer
from ingest.handler import Handler
from ingest.item import Batch
from ingest.limits import Limits
from ingest.spool import Spool
from tests.ingest.conftest import span_request

TRACE = next(name for name, signal in SERVICES.items() if signal == "traces")
SPAN = span_request().SerializeToString()


class Moody:
    """Answers each presented word with the error of that name."""

    def grant(self, presented: str | None, scope: str) -> Grant:
        if presented == "stranger":
            raise Refused(Cause.UNAUTHENTICATED, "who are you")
        if presented == "reader":
            raise Refused(Cause.FORBIDDEN, "not yours")
        if presented == "fast":
            raise Busy(Cause.THROTTLED, "too fast", 2.5)
        return OpenAccess().grant(presented, scope)


@pytest.fixture
def access() -> Authenticator:
    return Moody()


@pytest.fixture
def channel(spool: Spool, access: Authenticator) -> Iterator[grpc.Channel]:
    limits = Limits(body_bytes=1 << 20, decompressed_bytes=1 << 20)
    server = GrpcServer(Handler(spool, access=access, now_ns=time.time_ns, limits=limits), host="127.0.0.1", port=0)
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield channel
    server.stop()


def call(channel: grpc.Channel, body: bytes, key: str = "", service: str = TRACE, **options: Any) -> Any:
    method: Any = channel.unary_unary(f"/{service}/Export", None, None)
    return method(body, metadata=[("authorization", f"Bearer {key}")] if key else [], timeout=20, **options)


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_a_trace_is_kept_before_it_is_acknowledged(
    channel: grpc.Channel, spool: Spool, compression: grpc.Compression
) -> None:
    assert call(channel, SPAN, compression=compression) == b""
    assert [bytes(item.payload) for item in spool.read(Batch("", 1, 9))] == [SPAN]


@pytest.mark.parametrize(
    ("body", "key", "code", "repeat_after"),
    [
        (SPAN[:-2], "", grpc.StatusCode.INVALID_ARGUMENT, None),
        (SPAN, "stranger", grpc.StatusCode.UNAUTHENTICATED, None),
        (SPAN, "reader", grpc.StatusCode.PERMISSION_DENIED, None),
        (SPAN, "fast", grpc.StatusCode.UNAVAILABLE, 2500),
    ],
)
def test_refusals_carry_code_reason_and_retry_info(
    channel: grpc.Channel, body: bytes, key: str, code: grpc.StatusCode, repeat_after: int | None
) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        call(channel, body, key)
    error: Any = raised.value
    assert error.code() is code
    details = Status.FromString(dict(error.trailing_metadata())[DETAILS_KEY])
    assert details.message == error.details()
    info = RetryInfo()
    assert [info.retry_delay.ToMilliseconds() for d in details.details if d.Unpack(info)] == (
        [] if repeat_after is None else [repeat_after]
    )


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_too_much_is_refused_before_and_after_decompression(
    channel: grpc.Channel, compression: grpc.Compression
) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        call(channel, bytes(20 << 20), compression=compression)
    assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert call(channel, SPAN) == b""


def test_rejected_spans_are_told_in_partial_success(channel: grpc.Channel) -> None:
    answer = call(channel, span_request(b"\x02" * 8, bytes(8)).SerializeToString())
    assert ExportTraceServiceResponse.FromString(answer).partial_success.rejected_spans == 1


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_signal_has_its_service_and_takes_an_empty_request(channel: grpc.Channel, service: str) -> None:
    assert call(channel, b"", service=service) == b""


def test_an_unknown_service_is_unimplemented(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        call(channel, b"", service="opentelemetry.proto.collector.profiles.v1.ProfilesService")
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
