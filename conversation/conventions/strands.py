"""Strands Agents: messages as span events with Bedrock blocks; it names the framework as provider, times are ms."""

from __future__ import annotations

from typing import ClassVar

from conversation.facts import Facts, Source, SpanRole
from conversation.message_json import messages_in
from conversation.model import JSON, Attributes, Role, Span
from conversation.parsing import as_dict, first_text, parse_json, unquoted
from conversation.said import Said
from conversation.tool_json import result_of, span_error
from conversation.usage import finish_reason, seconds

_FRAMEWORK = "strands-agents"
_INPUT_EVENTS = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}


class Strands:
    """Reader of Strands' span events."""

    name: ClassVar[str] = "strands"

    def recognises(self, source: Source) -> bool:
        """Its tracer, or its framework name."""
        span = source.span
        named = (span.attributes.get("gen_ai.system"), span.attributes.get("gen_ai.provider.name"))
        return span.scope_name == "strands.telemetry.tracer" or _FRAMEWORK in named

    def read(self, source: Source) -> Facts:
        """The Strands fields of a span."""
        span = source.span
        attributes = span.attributes
        operation = unquoted(attributes.get("gen_ai.operation.name")) or ""
        if operation == "execute_tool":
            return _tool(span)
        given = tuple(said for event in span.events for said in _given(event.name, event.attributes)) or None
        choices = [event.attributes for event in span.events if event.name == "gen_ai.choice"]
        made = tuple(said for choice in choices for said in _choice(choice)) or None
        reason = next((choice.get("finish_reason") for choice in choices), None)
        return Facts(
            role=SpanRole.OTHER if operation == "execute_event_loop_cycle" else None,
            provider=_provider(attributes),
            input=given,
            output=made,
            first_token_seconds=seconds(attributes.get("gen_ai.server.time_to_first_token"), 1e-3),
            streamed=True if "gen_ai.server.time_to_first_token" in attributes else None,
            finish_reason=finish_reason(reason),
            customer_text=_last(given, Role.USER) if operation == "invoke_agent" else None,
            reply_text=_last(made, Role.ASSISTANT) if operation == "invoke_agent" else None,
        )


def _provider(attributes: Attributes) -> str:
    """The provider if told; the framework's own name is none."""
    told = first_text(attributes, ("gen_ai.provider.name", "gen_ai.system"))
    return "" if told in {None, _FRAMEWORK} else str(told)


def _given(name: str, attributes: Attributes) -> tuple[Said, ...]:
    role = _INPUT_EVENTS.get(name)
    if role is None:
        return ()
    content = parse_json(attributes.get("content"))
    return messages_in({"role": unquoted(attributes.get("role")) or role, "content": content})


def _choice(attributes: Attributes) -> tuple[Said, ...]:
    message = parse_json(attributes.get("message"))
    if isinstance(message, dict) and "role" in message:
        return messages_in(message)
    return messages_in({"role": "assistant", "content": message})


def _last(said: tuple[Said, ...] | None, role: Role) -> str | None:
    return next((one.text for one in reversed(said or ()) if one.role is role and one.text), None)


def _tool(span: Span) -> Facts:
    attributes = span.attributes
    arguments: JSON = None
    result: JSON = None
    call_id = first_text(attributes, ("gen_ai.tool.call.id",))
    for event in span.events:
        if event.name == "gen_ai.tool.message":
            arguments = parse_json(event.attributes.get("content"))
            call_id = call_id or unquoted(event.attributes.get("id"))
        elif event.name == "gen_ai.choice":
            result = _unblocked(parse_json(event.attributes.get("message")))
            call_id = call_id or unquoted(event.attributes.get("id"))
    failed = (unquoted(attributes.get("gen_ai.tool.status")) or "").lower() == "error"
    error = span_error(span)
    if failed and error is None:
        error = result if isinstance(result, str) and result else "error"
    return Facts(
        role=SpanRole.TOOL,
        tool_name=first_text(attributes, ("gen_ai.tool.name",)),
        tool_call_id=call_id,
        tool_arguments=arguments,
        tool_result=result,
        tool_error=error,
    )


def _unblocked(message: JSON) -> JSON:
    """A result without its Bedrock blocks: `[{text}]` or `[{json}]`, also inside `{toolResult: {content}}`."""
    fields = as_dict(message)
    inner = fields.get("toolResult", fields)
    content = inner.get("content", message) if isinstance(inner, dict) else message
    if isinstance(content, list) and content and all(isinstance(block, dict) for block in content):
        pieces = [block.get("json", block.get("text")) for block in content if isinstance(block, dict)]
        if len(pieces) == 1:
            return result_of(pieces[0])
        return "\n".join(str(piece) for piece in pieces)
    return result_of(content)
