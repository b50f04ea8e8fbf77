"""Pipecat: spans named `conversation`, `turn`, `stt`, `llm`, `tts`; OpenAI messages in `input`, plain text in `output`.

In cascade mode no span tells of a tool: calls and results are only in the next `input`. The realtime spans
(`llm_request`, `llm_response`, `llm_tool_call`, `llm_tool_result`) have keys of their own.
"""

from __future__ import annotations

from typing import ClassVar

from conversation.facts import Facts, Source, SpanRole
from conversation.message_json import messages_in
from conversation.model import Attributes, Role, Span
from conversation.parsing import as_bool, first_text, parse_json, unquoted
from conversation.tool_json import definitions, result_of, span_error, unwrapped_arguments
from conversation.usage import seconds, tokens_by_keys

_ROLES = {
    "conversation": SpanRole.OTHER,
    "turn": SpanRole.AGENT,
    "stt": SpanRole.OTHER,
    "tts": SpanRole.OTHER,
    "llm": SpanRole.MODEL,
    "llm_setup": SpanRole.OTHER,
    "llm_request": SpanRole.OTHER,
    "llm_response": SpanRole.MODEL,
    "llm_tool_call": SpanRole.TOOL,
    "llm_tool_result": SpanRole.TOOL,
}
_MARKS = ("metrics.ttfb", "turn.number", "conversation.id", "transcript", "tool.function_name")


class Pipecat:
    """Reader of Pipecat's attributes."""

    name: ClassVar[str] = "pipecat"

    def recognises(self, source: Source) -> bool:
        """Its tracer, or one of its span names with one of its keys."""
        span = source.span
        return span.scope_name.startswith("pipecat") or (
            span.name in _ROLES and any(key in span.attributes for key in _MARKS)
        )

    def read(self, source: Source) -> Facts:
        """The Pipecat fields of a span."""
        span = source.span
        attributes = span.attributes
        role = _ROLES.get(span.name, SpanRole.OTHER)
        if role is SpanRole.TOOL:
            return _tool(span)
        is_model = role is SpanRole.MODEL
        first_token = seconds(attributes.get("metrics.ttfb")) if is_model else None
        return Facts(
            role=role,
            input=messages_in(parse_json(attributes.get("input")), bare=Role.USER) or None if is_model else None,
            output=messages_in(attributes.get("output", attributes.get("text_output")), bare=Role.ASSISTANT) or None
            if is_model
            else None,
            tools=definitions(attributes.get("tools")) if is_model else None,
            tokens=tokens_by_keys(attributes, given=("tokens.prompt",), made=("tokens.completion",)),
            first_token_seconds=first_token,
            streamed=True if first_token is not None else as_bool(attributes.get("stream")),
            felt_first_seconds=seconds(attributes.get("turn.user_bot_latency_seconds")),
            interrupted=_interrupted(span.name, attributes),
            ended=True if span.name == "conversation" else None,
            whole_conversation=True if span.name == "conversation" else None,
            channel="voice",
        )


def _interrupted(name: str, attributes: Attributes) -> bool | None:
    return as_bool(attributes.get("turn.was_interrupted")) if name == "turn" else None


def _tool(span: Span) -> Facts:
    attributes = span.attributes
    status = (unquoted(attributes.get("tool.result_status")) or "").lower()
    result = result_of(attributes.get("tool.result"))
    failed = status in {"error", "failed", "failure"}
    return Facts(
        role=SpanRole.TOOL,
        tool_name=first_text(attributes, ("tool.function_name", "tool.name")),
        tool_call_id=first_text(attributes, ("tool.call_id",)),
        tool_arguments=unwrapped_arguments(attributes.get("tool.arguments")),
        tool_result=result,
        tool_error=(result if isinstance(result, str) and result else "error") if failed else span_error(span),
    )
