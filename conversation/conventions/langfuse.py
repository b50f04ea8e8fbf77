"""Langfuse SDK: `langfuse.observation.*` and `langfuse.trace.*`; contents are JSON texts in the provider's own form."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from conversation.customer_words import customer_words, reply_words
from conversation.facts import Facts, Source, SpanRole
from conversation.message_json import messages_in
from conversation.model import Attributes, Role, Span
from conversation.parsing import as_dict, as_float, first_text, parse_json, unquoted
from conversation.tool_json import definitions, result_of, span_error, tool_message, unwrapped_arguments
from conversation.usage import tokens_in

_ROLES = {
    "generation": SpanRole.MODEL,
    "agent": SpanRole.AGENT,
    "tool": SpanRole.TOOL,
    "retriever": SpanRole.RETRIEVAL,
    "guardrail": SpanRole.GUARDRAIL,
    "span": SpanRole.OTHER,
    "event": SpanRole.OTHER,
    "embedding": SpanRole.OTHER,
    "chain": SpanRole.OTHER,
    "evaluator": SpanRole.OTHER,
}
_OBSERVATION = "langfuse.observation."


class Langfuse:
    """Reader of Langfuse attributes."""

    name: ClassVar[str] = "langfuse"

    def recognises(self, source: Source) -> bool:
        """The SDK's scope, or any observation attribute but the one LiveKit borrows."""
        span = source.span
        borrowed = f"{_OBSERVATION}completion_start_time"
        return span.scope_name.startswith("langfuse-sdk") or (
            "langfuse" in source.heads
            and any(key.startswith(_OBSERVATION) and key != borrowed for key in span.attributes)
        )

    def read(self, source: Source) -> Facts:
        """The Langfuse fields of a span."""
        span = source.span
        attributes = span.attributes
        kind = (unquoted(attributes.get(f"{_OBSERVATION}type")) or "span").lower()
        role = _ROLES.get(kind, SpanRole.OTHER)
        given, made = attributes.get(f"{_OBSERVATION}input"), attributes.get(f"{_OBSERVATION}output")
        version = first_text(attributes, ("langfuse.version", "langfuse.release"))
        if role is SpanRole.TOOL:
            message = tool_message(made)
            content, call_id, failed = message or (result_of(made), None, False)
            return Facts(
                role=role,
                tool_name=span.name,
                tool_call_id=call_id,
                tool_arguments=unwrapped_arguments(given),
                tool_result=result_of(content),
                tool_error=_error(span) or (str(content) if failed else None),
                agent_version=version,
            )
        is_model = role is SpanRole.MODEL
        words = given if given is not None else attributes.get("langfuse.trace.input")
        reply = made if made is not None else attributes.get("langfuse.trace.output")
        return Facts(
            role=role,
            model=first_text(attributes, (f"{_OBSERVATION}model.name",)),
            input=messages_in(given, bare=Role.USER) or None if is_model else None,
            output=messages_in(made, bare=Role.ASSISTANT) or None if is_model else None,
            tools=definitions(as_dict(given).get("tools")) if is_model else None,
            tokens=tokens_in(attributes.get(f"{_OBSERVATION}usage_details")) if is_model else None,
            cost_usd=as_float(as_dict(attributes.get(f"{_OBSERVATION}cost_details")).get("total")),
            first_token_seconds=_first_token(span),
            agent_name=span.name if role is SpanRole.AGENT else None,
            agent_version=version,
            customer_text=customer_words(words) if not is_model and words is not None else None,
            reply_text=reply_words(reply) if not is_model and reply is not None else None,
        )


def _error(span: Span) -> str | None:
    attributes: Attributes = span.attributes
    if unquoted(attributes.get(f"{_OBSERVATION}level")) == "ERROR":
        return first_text(attributes, (f"{_OBSERVATION}status_message",)) or span_error(span) or "error"
    return span_error(span)


def _first_token(span: Span) -> float | None:
    """Seconds from the span's start to `completion_start_time`, an ISO time that may be JSON-quoted."""
    text = parse_json(span.attributes.get(f"{_OBSERVATION}completion_start_time"))
    if not isinstance(text, str):
        return None
    try:
        started = datetime.fromisoformat(text)
    except ValueError:
        return None
    if started.tzinfo is None:
        return None
    return max(0.0, started.timestamp() - span.start_ns / 1e9)
