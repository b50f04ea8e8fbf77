"""OpenTelemetry GenAI: the current conventions, 1.37-1.41, and the older generations still emitted.

Messages come as JSON attributes, as an `operation.details` event (log record or span event), as one event for each
message (up to 1.36, log records or span events), or as the oldest `gen_ai.prompt` texts. This module is also what an
unknown sender is read by.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from conversation.customer_words import customer_words, reply_words
from conversation.facts import Facts, Source, SpanRole
from conversation.message_json import messages_in
from conversation.model import JSON, Attributes, Role, Span
from conversation.parsing import as_bool, as_dict, as_float, first_text, parse_json, unquoted
from conversation.said import Said
from conversation.tool_json import definitions, result_of, span_error, unwrapped_arguments
from conversation.usage import finish_reason, seconds, tokens_by_keys

_ROLES = {
    "chat": SpanRole.MODEL,
    "text_completion": SpanRole.MODEL,
    "completion": SpanRole.MODEL,
    "generate_content": SpanRole.MODEL,
    "message": SpanRole.MODEL,
    "invoke_agent": SpanRole.AGENT,
    "create_agent": SpanRole.OTHER,
    "execute_tool": SpanRole.TOOL,
    "retrieval": SpanRole.RETRIEVAL,
    "search_memory": SpanRole.RETRIEVAL,
    "guardrail": SpanRole.GUARDRAIL,
    "apply_guardrail": SpanRole.GUARDRAIL,
}
_GIVEN = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
_MADE = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
_CACHED = (
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.input_cached_tokens",
    "gen_ai.usage.details.cache_read_tokens",
    "gen_ai.usage.details.cached_tokens",
)
_REASONING = (
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.details.reasoning_tokens",
)
_WRITTEN = (
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
)
_DETAILS = "gen_ai.client.inference.operation.details"
_MESSAGE_EVENTS = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
_CHOICE = "gen_ai.choice"


class GenAi:
    """Reader of `gen_ai.*`."""

    name: ClassVar[str] = "otel-genai"

    def recognises(self, source: Source) -> bool:
        """Any `gen_ai.*` attribute, or a GenAI log record that points at the span."""
        return "gen_ai" in source.heads or any(record.event_name.startswith("gen_ai.") for record in source.logs)

    def read(self, source: Source) -> Facts:
        """The GenAI fields of a span and its log records."""
        span = source.span
        attributes = _with_details(source)
        role = _role(attributes)
        is_tool = role is SpanRole.TOOL
        is_turn = role not in {SpanRole.TOOL, SpanRole.MODEL}
        given, made = (None, None) if is_tool else _messages(source, attributes)
        return Facts(
            role=role,
            model_requested=first_text(attributes, ("gen_ai.request.model",)),
            model=first_text(attributes, ("gen_ai.response.model",)),
            provider=first_text(attributes, ("gen_ai.provider.name", "gen_ai.system")),
            input=given,
            output=made,
            instructions=instructions_in(attributes.get("gen_ai.system_instructions")),
            tools=definitions(attributes.get("gen_ai.tool.definitions")),
            tool_name=_tool_name(span, attributes) if is_tool else None,
            tool_call_id=first_text(attributes, ("gen_ai.tool.call.id",)) if is_tool else None,
            tool_arguments=unwrapped_arguments(attributes.get("gen_ai.tool.call.arguments")) if is_tool else None,
            tool_result=result_of(attributes.get("gen_ai.tool.call.result")) if is_tool else None,
            tool_error=span_error(span) if is_tool else None,
            tokens=tokens_by_keys(
                attributes, given=_GIVEN, made=_MADE, cached=_CACHED, reasoning=_REASONING, written=_WRITTEN
            ),
            cost_usd=_cost(attributes),
            first_token_seconds=_first_token(attributes),
            streamed=as_bool(attributes.get("gen_ai.request.stream")),
            finish_reason=finish_reason(attributes.get("gen_ai.response.finish_reasons")),
            agent_name=first_text(attributes, ("gen_ai.agent.name",)),
            agent_version=first_text(attributes, ("gen_ai.agent.version",)),
            customer_text=customer_words(attributes.get("gen_ai.input.messages")) if is_turn else None,
            reply_text=reply_words(attributes.get("gen_ai.output.messages")) if is_turn else None,
        )


def _tool_name(span: Span, attributes: Attributes) -> str:
    """The tool's name; where only the span's name has it (`execute_tool {name}`), from there."""
    return first_text(attributes, ("gen_ai.tool.name",)) or span.name.removeprefix("execute_tool ")


def instructions_in(value: object) -> str | None:
    """System instructions as text, out of parts, a message list or plain text."""
    parsed = parse_json(value)
    if isinstance(parsed, str):
        return parsed or None
    pieces = [str(part.get("content") or part.get("text") or "") for part in _parts(parsed)]
    return "\n".join(piece for piece in pieces if piece) or None


def _parts(value: JSON) -> Iterator[dict[str, JSON]]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            inner = item.get("parts")
            if isinstance(inner, list):
                yield from _parts(inner)
            else:
                yield item
        elif isinstance(item, str):
            yield {"content": item}


def _with_details(source: Source) -> Attributes:
    """The span's attributes, filled up with those of an `operation.details` event."""
    attributes: dict[str, JSON | bytes] = {}
    for record in source.logs:
        if record.event_name == _DETAILS:
            attributes.update(as_dict(record.body))
            attributes.update(record.attributes)
    for event in source.span.events:
        if event.name == _DETAILS:
            attributes.update(event.attributes)
    attributes.update(source.span.attributes)
    return attributes


def _role(attributes: Attributes) -> SpanRole | None:
    operation = unquoted(attributes.get("gen_ai.operation.name"))
    if operation:
        return _ROLES.get(operation.lower(), SpanRole.OTHER)
    if any(key in attributes for key in ("gen_ai.request.model", "gen_ai.response.model")) and any(
        key.startswith(("gen_ai.usage.", "gen_ai.response.", "gen_ai.prompt", "gen_ai.completion", "gen_ai.output."))
        for key in attributes
    ):
        return SpanRole.MODEL
    if "gen_ai.tool.name" in attributes:
        return SpanRole.TOOL
    return None


def _messages(source: Source, attributes: Attributes) -> tuple[tuple[Said, ...] | None, tuple[Said, ...] | None]:
    given = messages_in(attributes.get("gen_ai.input.messages")) or None
    made = messages_in(attributes.get("gen_ai.output.messages"), bare=Role.ASSISTANT) or None
    if given is None and made is None:
        told_in, told_out = _from_events(source)
        given, made = tuple(told_in) or None, tuple(told_out) or None
    if given is None:
        given = messages_in(_oldest(source, attributes, "prompt"), bare=Role.USER) or None
    if made is None:
        made = messages_in(_oldest(source, attributes, "completion"), bare=Role.ASSISTANT) or None
    return given, made


def _oldest(source: Source, attributes: Attributes, word: str) -> object:
    for event in source.span.events:
        if event.name == f"gen_ai.content.{word}":
            return event.attributes.get(f"gen_ai.{word}")
    return attributes.get(f"gen_ai.{word}")


def _from_events(source: Source) -> tuple[list[Said], list[Said]]:
    """One event for each message: log records with a body map, or span events with attributes."""
    given: list[Said] = []
    made: list[Said] = []
    told = [(record.event_name, _event_body(record.attributes, record.body)) for record in source.logs]
    if not any(name in _MESSAGE_EVENTS or name == _CHOICE for name, _ in told):
        told = [(event.name, _event_body(event.attributes, None)) for event in source.span.events]
    for name, fields in told:
        if name == _CHOICE:
            message = fields.get("message")
            inner = as_dict(message) or ({"content": message} if isinstance(message, str) else {})
            made += messages_in({"role": "assistant", **(inner or fields)})
        elif name in _MESSAGE_EVENTS:
            given += messages_in({"role": _MESSAGE_EVENTS[name], "content": "", **fields})
    return given, made


def _event_body(attributes: Attributes, body: JSON) -> dict[str, JSON]:
    """The fields of a message event: the log's body, else one JSON attribute, else the attributes themselves."""
    told = as_dict(body)
    if told:
        return told
    whole = as_dict(attributes.get("gen_ai.event.content"))
    return whole or {key: parse_json(value) for key, value in attributes.items()}


def _cost(attributes: Attributes) -> float | None:
    for key in ("gen_ai.usage.cost", "gen_ai.cost.total_cost", "operation.cost", "gen_ai.cost.total"):
        cost = as_float(attributes.get(key))
        if cost is not None and cost > 0:
            return cost
    return None


def _first_token(attributes: Attributes) -> float | None:
    for key in (
        "gen_ai.response.time_to_first_chunk",
        "gen_ai.client.operation.time_to_first_chunk",
        "gen_ai.server.time_to_first_token",
    ):
        found = seconds(attributes.get(key))
        if found is not None:
            return found
    return None
