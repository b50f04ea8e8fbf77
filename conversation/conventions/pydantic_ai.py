"""pydantic-ai and Logfire: message lists in JSON attributes, tool spans by name, streamed calls in two spans.

Covers pydantic-ai 2.x (`pydantic_ai.all_messages`, `gen_ai.aggregated_usage.*`), 0.x/1.x (`events`,
`all_messages_events`, `tool_arguments`), and Logfire's own client instrumentation (`request_data`, `response_data`).
"""

from __future__ import annotations

from typing import ClassVar

from conversation.customer_words import customer_words, reply_words
from conversation.facts import Facts, Source, SpanRole
from conversation.message_json import messages_in
from conversation.model import Attributes, Role, Span, Tokens
from conversation.parsing import as_dict, as_list, first_text, parse_json, unquoted
from conversation.said import Said
from conversation.tool_json import definitions, result_of, span_error, unwrapped_arguments
from conversation.usage import finish_reason, tokens_in

_AGENT_SPANS = {"agent run", "invoke_agent"}
_WRAPPERS = {"running tools"}
_CUSTOMER_KEYS = ("prompt", "question", "user_message", "message")


class PydanticAi:
    """Reader of pydantic-ai's and Logfire's attributes."""

    name: ClassVar[str] = "pydantic-ai"

    def recognises(self, source: Source) -> bool:
        """The scopes of both, or Logfire's message."""
        span = source.span
        scope = span.scope_name
        return scope == "pydantic-ai" or scope.startswith("logfire") or "logfire.msg" in span.attributes

    def read(self, source: Source) -> Facts:
        """The pydantic-ai and Logfire fields of a span."""
        span = source.span
        attributes = span.attributes
        role = _role(span)
        if unquoted(attributes.get("logfire.span_type")) == "pending_span":
            return Facts(role=SpanRole.OTHER)
        if role is SpanRole.TOOL:
            return _tool(span)
        if role is SpanRole.AGENT:
            return _agent(attributes)
        given, made = _events(attributes)
        request, response = as_dict(attributes.get("request_data")), as_dict(attributes.get("response_data"))
        params = as_dict(attributes.get("model_request_parameters"))
        is_log = unquoted(attributes.get("logfire.span_type")) == "log"
        return Facts(
            role=role,
            model_requested=first_text(attributes, ("gen_ai.request.model",)) or unquoted(request.get("model")),
            input=given or messages_in(request) or None,
            output=made or _response(response),
            tools=definitions(params.get("function_tools")) or definitions(request.get("tools")),
            tokens=_tokens(attributes, response),
            finish_reason=finish_reason(attributes.get("gen_ai.response.finish_reasons")),
            agent_name=first_text(attributes, ("gen_ai.agent.name", "agent_name")),
            customer_text=_customer(attributes) if role in {None, SpanRole.OTHER} else None,
            completes=True if is_log and role is SpanRole.MODEL else None,
        )


def _role(span: Span) -> SpanRole | None:
    attributes = span.attributes
    if span.name in _WRAPPERS:
        return SpanRole.OTHER
    if "gen_ai.operation.name" in attributes:
        return None if not _is_log(attributes) else SpanRole.MODEL
    if span.name in _AGENT_SPANS or "all_messages_events" in attributes or "pydantic_ai.all_messages" in attributes:
        return SpanRole.AGENT
    if "tool_arguments" in attributes or "tool_response" in attributes or span.name.startswith("running tool"):
        return SpanRole.TOOL
    if "tool_name" in attributes and "arguments" in attributes:
        return SpanRole.TOOL
    if "request_data" in attributes or "events" in attributes:
        return SpanRole.MODEL
    return None


def _is_log(attributes: Attributes) -> bool:
    operation = unquoted(attributes.get("gen_ai.operation.name"))
    return unquoted(attributes.get("logfire.span_type")) == "log" and operation in {"chat", "text_completion"}


def _agent(attributes: Attributes) -> Facts:
    """An agent run: its words, not its token sums."""
    history = attributes.get("pydantic_ai.all_messages", attributes.get("all_messages_events"))
    said = messages_in(history)
    return Facts(
        role=SpanRole.AGENT,
        model_requested=first_text(attributes, ("model_name",)),
        agent_name=first_text(attributes, ("gen_ai.agent.name", "agent_name")),
        customer_text=next((one.text for one in reversed(said) if one.role is Role.USER and one.text), None),
        reply_text=reply_words(attributes.get("final_result")),
    )


def _tool(span: Span) -> Facts:
    attributes = span.attributes
    given = attributes.get("tool_arguments", attributes.get("arguments"))
    made = attributes.get("tool_response", attributes.get("result"))
    return Facts(
        role=SpanRole.TOOL,
        tool_name=first_text(attributes, ("gen_ai.tool.name", "tool_name")),
        tool_call_id=first_text(attributes, ("gen_ai.tool.call.id",)),
        tool_arguments=unwrapped_arguments(given),
        tool_result=result_of(made),
        tool_error=span_error(span),
    )


def _events(attributes: Attributes) -> tuple[tuple[Said, ...] | None, tuple[Said, ...] | None]:
    """Version 1: one list of message events; the choice is the output."""
    given: list[Said] = []
    made: list[Said] = []
    for item in as_list(attributes.get("events")):
        event = as_dict(item)
        if event.get("event.name") == "gen_ai.choice":
            made += messages_in({"role": "assistant", **as_dict(event.get("message"))})
        else:
            given += messages_in(event)
    return tuple(given) or None, tuple(made) or None


def _response(response: dict[str, object] | object) -> tuple[Said, ...] | None:
    fields = as_dict(response)
    message = fields.get("message", fields.get("combined_chunk_content"))
    if isinstance(message, dict):
        return messages_in({"role": "assistant", **message}) or None
    return messages_in(message, bare=Role.ASSISTANT) or None


def _tokens(attributes: Attributes, response: dict[str, object] | object) -> Tokens | None:
    """The provider's raw usage tells cached and reasoning tokens, which the plain counts leave out."""
    raw = tokens_in(parse_json(attributes.get("gen_ai.usage.raw")))
    return raw or tokens_in(as_dict(response).get("usage"))


def _customer(attributes: Attributes) -> str | None:
    for key in _CUSTOMER_KEYS:
        text = attributes.get(key)
        if isinstance(text, str) and text.strip():
            return customer_words(text)
    return None
