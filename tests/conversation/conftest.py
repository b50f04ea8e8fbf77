"""Captured requests, read once for all tests."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from conversation import otlp
from conversation.model import LogRecord, Span

CAPTURES = Path(__file__).resolve().parents[3] / "shared" / "captures"
_IDS = {"traceId", "spanId", "parentSpanId"}


@dataclass(frozen=True)
class Body:
    """The spans and log records of one request body, and the request as protobuf."""

    spans: tuple[Span, ...]
    logs: tuple[LogRecord, ...]
    request: ExportTraceServiceRequest | ExportLogsServiceRequest | None = None


@dataclass(frozen=True)
class Capture:
    """A folder of captured bodies with its ground truth."""

    name: str
    bodies: tuple[Body, ...]
    truth: dict[str, Any]
    not_recoverable: str

    def contents(self, order: Sequence[int] | None = None) -> tuple[list[Span], list[LogRecord]]:
        """Spans and log records of the bodies, in this order of bodies; an index may come more than once."""
        bodies = [self.bodies[index] for index in (range(len(self.bodies)) if order is None else order)]
        return [span for body in bodies for span in body.spans], [record for body in bodies for record in body.logs]


@cache
def load(name: str) -> Capture:
    """One capture by the name of its folder."""
    folder = CAPTURES / name
    meta = json.loads((folder / "meta.json").read_text())
    bodies = tuple(_body(folder, request) for request in meta["requests"])
    return Capture(folder.name, bodies, meta["truth"], "; ".join(meta["not_recoverable"]))


def _body(folder: Path, request: dict[str, Any]) -> Body:
    headers = {key.lower(): value for key, value in request["headers"].items()}
    raw = (folder / request["file"]).read_bytes()
    if headers.get("content-encoding") == "gzip":
        raw = gzip.decompress(raw)
    is_json = "json" in headers["content-type"]
    if request["path"].endswith("/traces"):
        traces = ExportTraceServiceRequest()
        _parse(raw, traces, is_json=is_json)
        return Body(tuple(otlp.spans_of(traces)), (), traces)
    if request["path"].endswith("/logs"):
        logs = ExportLogsServiceRequest()
        _parse(raw, logs, is_json=is_json)
        return Body((), tuple(otlp.logs_of(logs)), logs)
    return Body((), ())


def _parse(raw: bytes, message: ExportTraceServiceRequest | ExportLogsServiceRequest, *, is_json: bool) -> None:
    if is_json:
        json_format.ParseDict(_base64_ids(json.loads(raw)), message, ignore_unknown_fields=True)
    else:
        message.ParseFromString(raw)


def _base64_ids(value: Any) -> Any:
    """OTLP JSON writes ids in hex where protobuf's own JSON form has base64."""
    if isinstance(value, dict):
        return {
            key: base64.b64encode(bytes.fromhex(inner)).decode() if key in _IDS else _base64_ids(inner)
            for key, inner in value.items()
        }
    return [_base64_ids(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="session")
def captures() -> Callable[[str], Capture]:
    """Reads a capture by name; skips where the captures are absent."""
    if not CAPTURES.is_dir():
        pytest.skip("needs the shared captures beside the checkout")
    return load


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with the argument `capture_name` runs once for each folder of captures."""
    if "capture_name" in metafunc.fixturenames:
        names = sorted(folder.name for folder in CAPTURES.iterdir() if folder.is_dir()) if CAPTURES.is_dir() else []
        metafunc.parametrize("capture_name", names or ["no captures here"])


class Maker:
    """Makes spans of one trace with rising ids and times (milliseconds)."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def __call__(
        self,
        name: str,
        attributes: dict[str, Any] | None = None,
        *,
        at: tuple[int, int] | None = None,
        parent: Span | None = None,
        **fields: Any,
    ) -> Span:
        number = len(self.spans) + 1
        start, end = at or (number * 100, number * 100 + 50)
        made = Span(
            trace_id=fields.pop("trace_id", f"{1:032x}"),
            span_id=f"{number:016x}",
            parent_span_id=parent.span_id if parent else "",
            name=name,
            start_ns=start * 1_000_000,
            end_ns=end * 1_000_000,
            attributes=attributes or {},
            **fields,
        )
        self.spans.append(made)
        return made

    @staticmethod
    def message(role: str, text: str = "", *calls: tuple[str, str, Any], answers: str | None = None) -> dict[str, Any]:
        """A message in the shape of `gen_ai.input.messages`."""
        parts: list[dict[str, Any]] = [{"type": "text", "content": text}] if text and answers is None else []
        parts += [{"type": "tool_call", "id": i, "name": name, "arguments": arguments} for i, name, arguments in calls]
        if answers is not None:
            parts.append({"type": "tool_call_response", "id": answers, "response": text})
        return {"role": role, "parts": parts}

    def user(self, text: str) -> dict[str, Any]:
        """A customer's message."""
        return self.message("user", text)

    def agent(self, text: str, *calls: tuple[str, str, Any]) -> dict[str, Any]:
        """An assistant message."""
        return self.message("assistant", text, *calls)

    def tool(self, call_id: str, text: str) -> dict[str, Any]:
        """A tool's answer."""
        return self.message("tool", text, answers=call_id)

    def chat(
        self,
        given: Sequence[dict[str, Any]],
        made: dict[str, Any] | None,
        *,
        more: dict[str, Any] | None = None,
        **fields: Any,
    ) -> Span:
        """A model call of conversation `c` with ten tokens in and two out."""
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.conversation.id": "c",
            "gen_ai.request.model": "m",
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.output_tokens": 2,
            "gen_ai.input.messages": json.dumps(list(given)),
            **(more or {}),
        }
        if made is not None:
            attributes["gen_ai.output.messages"] = json.dumps([made])
        return self("chat m", attributes, **fields)


@pytest.fixture
def span() -> Maker:
    """A maker of spans; all it made are in `.spans`."""
    return Maker()
