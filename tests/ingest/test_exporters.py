"""The real OpenTelemetry exporters against the real receivers, through a restart and through an outage of the store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

from conversation.errors import RetryableError
from ingest.auth import KeyFile
from ingest.grpc_receiver import GrpcServer
from ingest.handler import Handler
from ingest.http_receiver import build_app
from ingest.loader import Loader, Pace, Store
from ingest.server import HttpServer
from ingest.spool import Spool
from tests.bench.kill9 import SPANS, Receiver, run
from tests.ingest.conftest import MemoryStore

PACE = Pace(spans=500, age_seconds=0.02, first_pause_seconds=0.01, longest_pause_seconds=0.05)


class Station:
    """Both receivers on one directory; `restart` ends them and begins again on the same ports."""

    def __init__(self, directory: Path, store: Store, pace: Pace = PACE) -> None:
        self.directory, self.store, self.pace = directory, store, pace
        self.keys = KeyFile(directory / "keys.json", now_ns=time.time_ns)
        self.key = self.keys.create("shop")[1]
        self.ports = (0, 0)
        self.start()

    def start(self) -> None:
        self.spool = Spool(self.directory / "spool", 64 << 20)
        handler = Handler(self.spool, access=self.keys, now_ns=time.time_ns)
        self.loader = Loader(self.spool, self.store, pace=self.pace)
        self.http = HttpServer(build_app(handler), host="127.0.0.1", port=self.ports[0])
        self.grpc = GrpcServer(handler, host="127.0.0.1", port=self.ports[1])
        self.loader.start()
        self.http.start()
        self.grpc.start()
        self.ports = (self.http.port, self.grpc.port)

    def stop(self) -> None:
        self.http.stop()
        self.grpc.stop()
        self.loader.stop()
        self.spool.close()


@pytest.fixture
def station(tmp_path: Path, store: MemoryStore) -> Iterator[Station]:
    running = Station(tmp_path, store)
    yield running
    running.stop()


def http_exporter(station: Station, compression: Compression = Compression.Gzip) -> HttpExporter:
    return HttpExporter(
        f"http://127.0.0.1:{station.ports[0]}/v1/traces", headers={"x-api-key": station.key}, compression=compression
    )


def grpc_exporter(station: Station) -> GrpcExporter:
    headers = {"authorization": f"Bearer {station.key}"}
    return GrpcExporter(f"http://127.0.0.1:{station.ports[1]}", insecure=True, headers=headers)


EXPORTERS: list[Callable[[Station], Any]] = [http_exporter, grpc_exporter]


def emit(provider: TracerProvider, count: int, mark: str) -> list[bytes]:
    tracer, ids = provider.get_tracer("test"), []
    for number in range(count):
        with tracer.start_as_current_span(f"{mark} {number}") as span:
            span.set_attribute("gen_ai.conversation.id", mark)
            ids.append(span.get_span_context().span_id.to_bytes(8, "big"))
    return ids


def provider_of(exporter: Any, *, simple: bool = False) -> TracerProvider:
    provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
    processor = SimpleSpanProcessor(exporter) if simple else BatchSpanProcessor(exporter, schedule_delay_millis=50)
    provider.add_span_processor(processor)
    return provider


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("simple", [True, False])
def test_every_span_of_an_exporter_arrives_once(
    station: Station, store: MemoryStore, exporter: Callable[[Station], Any], simple: bool
) -> None:
    provider = provider_of(exporter(station), simple=simple)
    sent = emit(provider, 60, "steady")
    provider.shutdown()
    assert station.loader.drain(20)
    assert sorted(store.span_ids) == sorted(sent)


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_every_span_arrives_through_a_restart_of_the_receiver(
    station: Station, store: MemoryStore, exporter: Callable[[Station], Any]
) -> None:
    provider = provider_of(exporter(station))
    sent = emit(provider, 40, "before")
    station.stop()
    sent += emit(provider, 40, "during")
    threading.Timer(1.0, station.start).start()
    sent += emit(provider, 40, "after")
    provider.shutdown()
    assert station.loader.drain(20)
    assert sorted(set(store.span_ids)) == sorted(sent)


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_an_outage_of_the_store_is_not_felt_by_senders_and_loses_nothing(
    station: Station, store: MemoryStore, exporter: Callable[[Station], Any]
) -> None:
    store.away = RetryableError("the store is away")
    provider = provider_of(exporter(station))
    sent = emit(provider, 80, "outage")
    provider.shutdown()
    assert store.payloads == []
    assert station.spool.backlog().held_bytes > 0
    store.away = None
    assert station.loader.drain(20)
    assert sorted(store.span_ids) == sorted(sent)


def test_a_wrong_key_is_told_and_nothing_is_kept(station: Station) -> None:
    station.key = "fl_000000000000_wrong"
    provider = provider_of(http_exporter(station, Compression.NoCompression))
    emit(provider, 3, "stranger")
    provider.shutdown()
    assert station.spool.backlog().held_bytes == 0


def test_what_is_sent_three_times_is_stored_once_by_the_real_store(tmp_path: Path) -> None:
    with Receiver(tmp_path) as receiver:
        for _ in range(3):
            receiver.send(7)
        assert receiver.settle()["count"] == SPANS


@pytest.mark.slow
def test_every_acknowledged_span_is_stored_exactly_once_after_twenty_kills(tmp_path: Path) -> None:
    counts = run(tmp_path, 20)
    assert counts["acknowledged"] > 0
    assert counts["distinct"] == counts["rows"] == counts["acknowledged"]
    assert counts["dead"] == 0


def test_the_receiver_of_the_benchmark_ends_in_order(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path)
    assert httpx.post(f"{receiver.url}/v1/traces", headers=receiver.headers).status_code == 200
    receiver.end()
    assert receiver.process.returncode == 0
