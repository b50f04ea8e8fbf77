"""Request bodies for tests and benchmarks: agent conversations in GenAI conventions, of a size seen in production."""

from __future__ import annotations

import json
import random
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_NS = 1_000_000_000
_TEXT = (
    "I would like to change my booking for the flight to Boston next week because the meeting was moved and "
    "we can offer a seat in the morning or a refund to the card you paid with please confirm which you prefer"
)
_WORDS = _TEXT.split()


def body(seed: int, spans: int = 512, *, start_ns: int = 1_767_225_600 * _NS) -> bytes:
    """One serialized request with that many spans, about 2.5 KB each; equal for equal arguments."""
    rng = random.Random(seed)  # noqa: S311 - reproducible traffic, no secret
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    _set(resource.resource, "service.name", "shop-agent")
    _set(resource.resource, "service.version", f"1.{seed % 3}")
    scope = resource.scope_spans.add()
    scope.scope.name = "shop.agent"
    made = 0
    while made < spans:
        made += _turn(scope, rng, start_ns + rng.randrange(86_400) * _NS, min(4, spans - made))
    return request.SerializeToString()


def _turn(scope: Any, rng: random.Random, at_ns: int, spans: int) -> int:
    trace_id, root_id = rng.randbytes(16), rng.randbytes(8)
    conversation = f"c-{rng.randrange(10**9):09d}"
    for index, operation in enumerate(("invoke_agent", "chat", "execute_tool", "chat")[:spans]):
        span = scope.spans.add()
        span.trace_id, span.span_id = trace_id, root_id if index == 0 else rng.randbytes(8)
        span.parent_span_id = b"" if index == 0 else root_id
        span.name = operation
        span.start_time_unix_nano = at_ns + index * _NS
        span.end_time_unix_nano = at_ns + (index + 1) * _NS
        _set(span, "gen_ai.operation.name", operation)
        _set(span, "gen_ai.conversation.id", conversation)
        _set(span, "gen_ai.agent.name", "shop")
        _set(span, "user.id", f"user_{rng.randrange(10**6)}")
        if operation == "chat":
            _set(span, "gen_ai.request.model", "made-up-model")
            _set(span, "gen_ai.input.messages", json.dumps([_message("user", rng, 40) for _ in range(12)]))
            _set(span, "gen_ai.output.messages", json.dumps([_message("assistant", rng, 60)]))
            span.attributes.add(key="gen_ai.usage.input_tokens").value.int_value = rng.randrange(4000)
            span.attributes.add(key="gen_ai.usage.output_tokens").value.int_value = rng.randrange(400)
        if operation == "execute_tool":
            _set(span, "gen_ai.tool.name", "get_order")
            _set(span, "gen_ai.tool.call.arguments", json.dumps({"order_id": f"#W{rng.randrange(10**7):07d}"}))
            _set(span, "gen_ai.tool.call.result", json.dumps({"items": [_text(rng, 60)], "total": rng.random() * 100}))
    return spans


def _set(holder: Any, key: str, value: str) -> None:
    holder.attributes.add(key=key).value.string_value = value


def _message(role: str, rng: random.Random, words: int) -> dict[str, object]:
    return {"role": role, "parts": [{"type": "text", "content": _text(rng, words)}]}


def _text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(_WORDS, k=words))
