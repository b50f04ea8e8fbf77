"""A timed transcript as spans of the OpenTelemetry GenAI conventions, made with the OpenTelemetry SDK.

One `invoke_agent` span a turn, holding a `chat` span for each assistant message and an `execute_tool` span for each
tool result (semantic-conventions-genai: gen-ai-agent-spans, client-inference, execute-tool). Ids are derived from the
conversation id, so sending the same transcript again replaces its spans instead of doubling them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

from conversation.model import JSON

Attribute = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Timed:
    """A chat message (`role`, `content`, `tool_calls`, `tool_call_id`, `name`, `error`) and when it was being made."""

    message: dict[str, JSON]
    start_ns: int
    end_ns: int
    first_token_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation to be sent.

    Attributes:
        conversation_id: Its id.
        messages: In order, each with its times.
        agent: Name and version of the agent.
        model: The model's name.
        user_id: The customer, if known.
        system: System instructions, if known.
        tools: OpenAI-style tool definitions.
        extra: Further attributes of each `invoke_agent` span.
        ended: Whether the last turn says that the conversation is over.
    """

    conversation_id: str
    messages: Sequence[Timed]
    agent: tuple[str, str]
    model: str = "scripted"
    user_id: str | None = None
    system: str | None = None
    tools: Sequence[dict[str, JSON]] = ()
    extra: dict[str, Attribute] = field(default_factory=dict)
    ended: bool = True


class _DerivedIds(IdGenerator):
    """Trace and span ids from a seed text and a counter, so that the same transcript gets the same ids."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def _bytes(self, size: int) -> int:
        self._count += 1
        digest = hashlib.sha256(f"{self._seed}\0{self._count}".encode()).digest()
        return int.from_bytes(digest[:size], "big") or 1

    def generate_span_id(self) -> int:
        """The next span id."""
        return self._bytes(8)

    def generate_trace_id(self) -> int:
        """The next trace id."""
        return self._bytes(16)


class _Collector(SpanProcessor):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)


def _parts(message: dict[str, JSON]) -> dict[str, JSON]:
    """A chat message in the shape of `gen_ai.input.messages`."""
    if message["role"] == "tool":
        answer = {"type": "tool_call_response", "id": message.get("tool_call_id"), "response": message.get("content")}
        return {"role": "tool", "parts": [answer]}
    parts: list[JSON] = []
    if message.get("content"):
        parts.append({"type": "text", "content": message["content"]})
    parts += [
        {"type": "tool_call", **{key: call.get(key) for key in ("id", "name", "arguments")}} for call in _calls(message)
    ]
    return {"role": message["role"], "parts": parts}


def _calls(message: dict[str, JSON]) -> list[dict[str, JSON]]:
    calls = message.get("tool_calls")
    return [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []


def _definition(tool: dict[str, JSON]) -> dict[str, JSON]:
    """An OpenAI-style tool in the flat shape of `gen_ai.tool.definitions`."""
    inner = tool.get("function")
    return {"type": "function", **inner} if isinstance(inner, dict) else tool


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _turns(messages: Sequence[Timed]) -> Iterator[tuple[int, int]]:
    """Half-open ranges of message positions: a turn starts at a user message that follows anything else."""
    starts = [
        position
        for position, timed in enumerate(messages)
        if position == 0 or (timed.message["role"] == "user" and messages[position - 1].message["role"] != "user")
    ]
    yield from zip(starts, [*starts[1:], len(messages)], strict=True)


def _tokens(messages: Sequence[dict[str, JSON]]) -> int:
    """A stand-in token count for transcripts that carry none: four characters a token."""
    return sum(len(_dump(message)) for message in messages) // 4


class _Emitter:
    def __init__(self, transcript: Transcript, resource: Resource) -> None:
        self.transcript = transcript
        self.collector = _Collector()
        provider = TracerProvider(
            resource=resource,
            id_generator=_DerivedIds(f"{transcript.conversation_id}\0{transcript.agent[1]}"),
            shutdown_on_exit=False,
        )
        provider.add_span_processor(self.collector)
        self._tracer = provider.get_tracer("floorline.transcript")
        self._common: dict[str, Attribute] = {
            "gen_ai.conversation.id": transcript.conversation_id,
            "gen_ai.agent.name": transcript.agent[0],
        }
        if transcript.agent[1]:
            self._common["gen_ai.agent.version"] = transcript.agent[1]

    def span(self, name: str, start_ns: int, attributes: dict[str, Attribute], parent: Span | None = None) -> Span:
        context = set_span_in_context(parent) if parent is not None else None
        made = self._tracer.start_span(
            name, context=context, kind=SpanKind.CLIENT, attributes=attributes, start_time=start_ns
        )
        assert isinstance(made, Span)  # noqa: S101 - the SDK's tracer makes SDK spans when nothing samples
        return made

    def turn(self, first: int, last: int, parent: Span | None) -> None:
        """Emit messages first..last-1 as one turn."""
        transcript = self.transcript
        messages = transcript.messages
        root_attributes: dict[str, Attribute] = {
            **self._common,
            "gen_ai.operation.name": "invoke_agent",
            **transcript.extra,
        }
        if transcript.user_id:
            root_attributes["user.id"] = transcript.user_id
        if transcript.ended and last == len(messages):
            root_attributes["floorline.conversation.ended"] = True
        root = self.span(f"invoke_agent {transcript.agent[0]}", messages[first].end_ns, root_attributes, parent)
        spoke = False
        for position in range(first, last):
            timed = messages[position]
            if timed.message["role"] == "assistant":
                self._chat(position, timed, root)
                spoke = True
            elif timed.message["role"] == "tool":
                self._tool(timed, root, position)
        if not spoke:
            root.set_attribute("gen_ai.input.messages", _dump([_parts(t.message) for t in messages[:last]]))
        root.end(max(timed.end_ns for timed in messages[first:last]))

    def _chat(self, position: int, timed: Timed, root: Span) -> None:
        transcript = self.transcript
        before = [earlier.message for earlier in transcript.messages[:position]]
        calls = _calls(timed.message)
        attributes: dict[str, Attribute] = {
            **self._common,
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "floorline",
            "gen_ai.request.model": transcript.model,
            "gen_ai.response.model": transcript.model,
            "gen_ai.input.messages": _dump([_parts(message) for message in before]),
            "gen_ai.output.messages": _dump(
                [{**_parts(timed.message), "finish_reason": "tool_call" if calls else "stop"}]
            ),
            "gen_ai.usage.input_tokens": _tokens(before),
            "gen_ai.usage.output_tokens": _tokens([timed.message]),
        }
        if transcript.system:
            attributes["gen_ai.system_instructions"] = _dump([{"type": "text", "content": transcript.system}])
        if transcript.tools:
            attributes["gen_ai.tool.definitions"] = _dump([_definition(tool) for tool in transcript.tools])
        if timed.first_token_ns is not None:
            attributes["gen_ai.response.time_to_first_chunk"] = (timed.first_token_ns - timed.start_ns) / 1e9
        self.span(f"chat {transcript.model}", timed.start_ns, attributes, root).end(timed.end_ns)

    def _tool(self, timed: Timed, root: Span, position: int) -> None:
        message = timed.message
        call = self._request(str(message.get("tool_call_id")), position)
        attributes: dict[str, Attribute] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": str(message.get("name") or call.get("name") or ""),
            "gen_ai.tool.call.id": str(message.get("tool_call_id")),
            "gen_ai.tool.call.arguments": _dump(call.get("arguments", {})),
            "gen_ai.tool.call.result": str(message.get("content")),
        }
        span = self.span(f"execute_tool {attributes['gen_ai.tool.name']}", timed.start_ns, attributes, root)
        if message.get("error"):
            # The transcript format says that a call failed with `true` or with the error's text.
            text = message["error"] if isinstance(message["error"], str) else message.get("content")
            span.set_status(Status(StatusCode.ERROR, str(text)))
            span.set_attribute("error.type", "tool_error")
        span.end(timed.end_ns)

    def _request(self, call_id: str, before: int) -> dict[str, JSON]:
        for timed in reversed(self.transcript.messages[:before]):
            for call in _calls(timed.message):
                if call.get("id") == call_id:
                    return call
        return {}


def spans_of(transcript: Transcript, *, trace_per: str = "turn", service: str = "transcript") -> list[ReadableSpan]:
    """The spans of one conversation, children before parents, as an SDK would export them.

    Args:
        transcript: The conversation.
        trace_per: `turn` for a trace a turn, `conversation` for one trace.
        service: `service.name` of the resource.
    """
    emitter = _Emitter(transcript, Resource({"service.name": service}))
    if not transcript.messages:
        return []
    parent = None
    if trace_per == "conversation":
        start = transcript.messages[0].end_ns
        parent = emitter.span("conversation", start, {"gen_ai.conversation.id": transcript.conversation_id})
    for first, last in _turns(transcript.messages):
        emitter.turn(first, last, parent)
    if parent is not None:
        parent.end(max(timed.end_ns for timed in transcript.messages))
    return emitter.collector.spans
