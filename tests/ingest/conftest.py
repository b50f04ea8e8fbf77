"""A receiver with a spool, a store that keeps bodies, and bodies to send."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ingest.spool import Spool
from store.traces import Body


class MemoryStore:
    """Keeps what was loaded, once per token; `failures` are raised first, one a call."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.loaded: dict[str, list[bytes]] = {}
        self.calls: list[str] = []
        self.failures: list[Exception] = []
        self.away: Exception | None = None
        self.poison: bytes | None = None
        self.poison_error: Exception = RuntimeError("unset")

    def load(self, bodies: Iterable[Body], token: str) -> None:
        with self.lock:
            self.calls.append(token)
            if self.away is not None:
                raise self.away
            if self.failures:
                raise self.failures.pop(0)
            payloads = [bytes(body.payload) for body in bodies]
            if self.poison is not None and any(self.poison in payload for payload in payloads):
                raise self.poison_error
            self.loaded.setdefault(token, payloads)

    @property
    def payloads(self) -> list[bytes]:
        with self.lock:
            return [payload for batch in self.loaded.values() for payload in batch]

    @property
    def span_ids(self) -> list[bytes]:
        return [
            span.span_id
            for payload in self.payloads
            for resource in ExportTraceServiceRequest.FromString(payload).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    queue = Spool(tmp_path / "spool", 64 << 20)
    yield queue
    queue.close()


@pytest.fixture
def one_span() -> Any:
    return span_request()


def span_request(*span_ids: bytes, **attributes: str) -> Any:
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for span_id in span_ids or (b"\x02" * 8,):
        span = scope.spans.add(trace_id=b"\x01" * 16, span_id=span_id, name="chat")
        for key, value in attributes.items():
            span.attributes.add(key=key).value.string_value = value
    return request
