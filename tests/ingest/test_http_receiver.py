from __future__ import annotations

import asyncio
import gzip
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.rpc.status_pb2 import Status
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from ingest.auth import KeyFile, OpenAccess
from ingest.errors import Busy, Cause
from ingest.handler import JSON, PROTOBUF, Handler
from ingest.http_receiver import build_app
from ingest.item import Batch
from ingest.limits import Limits
from ingest.redact import Redactor
from ingest.server import HttpServer
from ingest.spool import Spool
from tests.ingest.conftest import span_request

PB = {"content-type": PROTOBUF}
SPAN = span_request().SerializeToString()
LIMITS = Limits(body_bytes=1 << 20, decompressed_bytes=1 << 20, buffered_bytes=4 << 20, body_seconds=0.5)


@pytest.fixture
def handler(spool: Spool) -> Handler:
    return Handler(spool, access=OpenAccess(), now_ns=time.time_ns, limits=LIMITS)


@pytest.fixture
def url(handler: Handler) -> Iterator[str]:
    server = HttpServer(build_app(handler, cors_origins=["https://shop.example"]), host="127.0.0.1", port=0)
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


def kept(spool: Spool) -> list[bytes]:
    return [bytes(item.payload) for item in spool.read(Batch("", 1, 10**9))]


def status_of(reply: httpx.Response) -> Status:
    return Status.FromString(reply.content)


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/traces/", "/api/public/otel/v1/traces"])
def test_a_trace_is_kept_before_it_is_acknowledged_under_any_base_path(url: str, spool: Spool, path: str) -> None:
    reply = httpx.post(url + path, content=SPAN, headers=PB)
    assert (reply.status_code, reply.content, reply.headers["content-type"]) == (200, b"", PROTOBUF)
    assert kept(spool) == [SPAN]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (SPAN[:-3], PB, 400),
        (SPAN.replace(b"chat", b"ch\xff\xfe"), PB, 400),
        (b"not gzip", {**PB, "content-encoding": "gzip"}, 400),
        (b"{", {"content-type": JSON}, 400),
        (SPAN, {"content-type": "text/plain"}, 415),
        (SPAN, {}, 415),
        (SPAN, {**PB, "content-encoding": "br"}, 415),
        (bytes(2 << 20), PB, 413),
        (gzip.compress(bytes(200 << 20)), {**PB, "content-encoding": "gzip"}, 413),
        (b"", PB, 200),
        (SPAN + b"\xc2\x3e\x05later", PB, 200),
        (b"{}", {"content-type": "Application/JSON; charset=utf-8"}, 200),
        (b'{"resourceSpans": null, "later": 1}', {"content-type": JSON}, 200),
    ],
)
def test_bodies_get_the_status_otlp_asks_for_and_a_reason_in_their_own_encoding(
    url: str, content: bytes, headers: dict[str, str], status: int
) -> None:
    reply = httpx.post(f"{url}/v1/traces", content=content, headers=headers)
    assert reply.status_code == status
    if status == 200:
        return
    if headers.get("content-type") == JSON:
        assert reply.json()["message"]
    else:
        assert status_of(reply).message.count("\n") == 0
    assert "retry-after" not in reply.headers
    assert httpx.post(f"{url}/v1/traces", content=SPAN, headers=PB).status_code == 200


def test_a_hundred_megabytes_are_refused_at_once_without_being_kept_in_memory(url: str, handler: Handler) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield bytes(1_000_000)

    announced = {**PB, "content-length": "100000000"}
    assert httpx.post(f"{url}/v1/traces", content=chunks(), headers=announced).status_code == 413
    assert httpx.post(f"{url}/v1/traces", content=chunks(), headers=PB).status_code == 413
    assert handler.counters.value("requests", status="413") == 2


def test_a_sender_that_announces_too_much_is_answered_before_it_sends(url: str) -> None:
    address = httpx.URL(url)
    with socket.create_connection((address.host, address.port or 0), timeout=10) as connection:
        connection.sendall(
            b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n"
            b"content-length: 100000000\r\n\r\n"
        )
        assert connection.recv(64).startswith(b"HTTP/1.1 413")


def test_a_body_that_does_not_end_is_given_up_with_a_status_to_try_again(url: str) -> None:
    address = httpx.URL(url)
    with socket.create_connection((address.host, address.port or 0), timeout=10) as connection:
        connection.sendall(
            b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 50\r\n\r\n"
            b"abc"
        )
        assert connection.recv(64).startswith(b"HTTP/1.1 503")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v1/traces", 405), ("POST", "/v1/profiles", 404), ("POST", "/", 404)]
)
def test_other_methods_and_paths_are_refused(url: str, method: str, path: str, status: int) -> None:
    reply = httpx.request(method, url + path, headers=PB)
    assert reply.status_code == status
    assert ("allow" in reply.headers) == (status == 405)


def test_rejected_spans_are_told_in_partial_success(url: str, spool: Spool) -> None:
    body = span_request(b"\x02" * 8, bytes(8)).SerializeToString()
    reply = httpx.post(f"{url}/v1/traces", content=body, headers=PB)
    partial = ExportTraceServiceResponse.FromString(reply.content).partial_success
    assert (reply.status_code, partial.rejected_spans) == (200, 1)
    assert "span_id" in partial.error_message
    assert kept(spool) == [SPAN]


def test_json_is_kept_as_protobuf_and_answered_in_json(url: str, spool: Spool) -> None:
    span = {"traceId": "01" * 16, "spanId": "02" * 8, "name": "chat"}
    document = {"resourceSpans": [{"scopeSpans": [{"spans": [span, {**span, "spanId": ""}]}]}]}
    reply = httpx.post(f"{url}/v1/traces", json=document)
    assert reply.json()["partialSuccess"]["rejectedSpans"] == "1"
    assert kept(spool) == [SPAN]


def test_logs_are_kept_and_metrics_only_counted(url: str, spool: Spool, handler: Handler) -> None:
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "hello"}}]}]}]}
    points = {"gauge": {"dataPoints": [{"asInt": "1"}]}}
    metrics = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "m", **points}]}]}]}
    assert httpx.post(f"{url}/v1/logs", json=logs).status_code == 200
    assert httpx.post(f"{url}/v1/metrics", json=metrics).status_code == 200
    assert len(kept(spool)) == 1
    assert (handler.counters.value("log_records"), handler.counters.value("data_points")) == (1, 1)


def test_one_connection_carries_many_requests_refused_ones_too(url: str) -> None:
    with httpx.Client(base_url=url, headers=PB, limits=httpx.Limits(max_connections=1)) as client:
        replies = [client.post("/v1/traces", content=body) for body in (SPAN, SPAN[:-1], SPAN)]
        replies.append(client.post("/v1/traces", content=SPAN, headers={"content-type": "text/plain"}))
    assert [reply.status_code for reply in replies] == [200, 400, 200, 415]
    assert all(reply.headers.get("connection") != "close" for reply in replies)


def test_browsers_of_other_origins_get_no_leave(url: str) -> None:
    ask = {"access-control-request-method": "POST", "origin": "https://shop.example"}
    allowed = httpx.options(f"{url}/v1/traces", headers=ask)
    assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
    other = httpx.options(f"{url}/v1/traces", headers={**ask, "origin": "https://else.example"})
    assert other.status_code == 405
    assert "access-control-allow-origin" not in other.headers


@pytest.fixture
def keyed(tmp_path: Path, spool: Spool) -> Handler:
    keys = KeyFile(tmp_path / "keys.json", now_ns=time.time_ns)
    handler = Handler(spool, access=keys, now_ns=time.time_ns, limits=Limits(key_bytes_per_second=100))
    handler.test_keys = keys  # type: ignore[attr-defined] # handed to the test
    return handler


def export(handler: Handler, key: str | None, body: bytes = SPAN) -> Any:
    return asyncio.run(handler.export("traces", body, PROTOBUF, None, key))


def test_keys_decide_the_project_and_bound_the_rate(keyed: Handler, spool: Spool) -> None:
    keys: KeyFile = keyed.test_keys  # type: ignore[attr-defined] # set by the fixture
    _, text = keys.create("shop")
    _, reader = keys.create("shop", ["read"])
    assert [export(keyed, key).status for key in (None, "fl_x_y", reader, text)] == [401, 401, 403, 200]
    assert [item.head.project for item in spool.read(Batch("", 1, 9))] == ["shop"]
    assert export(keyed, text, span_request(a="x" * 500).SerializeToString()).status == 200
    throttled = export(keyed, text)
    assert throttled.status == 429
    assert isinstance(throttled.error, Busy)


def test_a_full_spool_and_a_closed_one_ask_to_try_again(tmp_path: Path) -> None:
    small = Spool(tmp_path / "small", 60)
    handler = Handler(small, access=OpenAccess(), now_ns=time.time_ns)
    replies = [export(handler, None).status for _ in range(3)]
    assert replies == [200, 429, 429]
    small.close()
    assert export(handler, None).status in {429, 503}


def test_personal_data_never_reaches_the_spool(spool: Spool) -> None:
    handler = Handler(spool, access=OpenAccess(), now_ns=time.time_ns, redactor=Redactor(b"k" * 32))
    assert export(handler, None, span_request(mail="ann@example.org").SerializeToString()).status == 200
    assert b"ann@example.org" not in kept(spool)[0]
    assert handler.counters.value("redactions", type="email") == 1


def test_a_redactor_that_fails_refuses_the_request(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    redactor = Redactor(b"k" * 32)
    monkeypatch.setattr(redactor, "_placeholder", lambda *_: 1 // 0)
    handler = Handler(spool, access=OpenAccess(), now_ns=time.time_ns, redactor=redactor)
    reply = export(handler, None, span_request(mail="ann@example.org").SerializeToString())
    assert reply.status == 503
    assert b"ann@" not in reply.body
    assert kept(spool) == []


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=80),
    kind=st.sampled_from([PROTOBUF, JSON, "text/plain", None]),
    encoding=st.sampled_from([None, "gzip", "zstd", "deflate", "identity", "x"]),
    signal=st.sampled_from(["traces", "logs", "metrics"]),
)
def test_no_input_is_a_fault_of_the_server(
    spool: Spool, body: bytes, kind: str | None, encoding: str | None, signal: str
) -> None:
    handler = Handler(spool, access=OpenAccess(), now_ns=time.time_ns, redactor=None)
    reply = asyncio.run(handler.export(signal, body, kind, encoding, None))
    assert reply.status in {200, 400, 413, 415}
    assert reply.error is None or errors_known(reply.error)


def errors_known(error: Exception) -> bool:
    return getattr(error, "cause", None) in set(Cause)


def test_keys_that_cannot_be_read_are_not_the_senders_fault(tmp_path: Path, spool: Spool) -> None:
    path = tmp_path / "keys.json"
    path.write_text("{")
    handler = Handler(spool, access=KeyFile(path, now_ns=time.time_ns), now_ns=time.time_ns)
    assert export(handler, "fl_x_y").status == 503


def test_a_fault_of_the_receiver_is_never_answered_with_500(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = Handler(spool, access=OpenAccess(), now_ns=time.time_ns)
    monkeypatch.setattr(handler, "admit", lambda *_: 1 // 0)
    server = HttpServer(build_app(handler), host="127.0.0.1", port=0)
    server.start()
    reply = httpx.post(f"http://127.0.0.1:{server.port}/v1/traces", content=SPAN, headers=PB)
    server.stop()
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
