"""OpenLLMetry (Traceloop): `traceloop.*` beside `gen_ai.*`, and its older flattened `gen_ai.prompt.N.*` keys.

What its newer releases write in plain `gen_ai.*` is left to that convention.
"""

from __future__ import annotations

from typing import ClassVar

from conversation.customer_words import customer_words, reply_words
from conversation.facts import Facts, Source, SpanRole
from conversation.message_json import messages_in
from conversation.model import JSON, Attributes, ToolDefinition
from conversation.parsing import as_bool, as_dict, first_text, indexed, parse_json, unquoted
from conversation.tool_json import (
    definitions,
    result_of,
    span_error,
    tool_message,
    unwrapped_arguments,
    wrapped_call_id,
)
from conversation.usage import finish_reason, tokens_by_keys, until_event

_INPUT, _OUTPUT = "traceloop.entity.input", "traceloop.entity.output"
_FLAT = ("gen_ai.prompt.", "gen_ai.completion.")
_KINDS = {
    "workflow": SpanRole.AGENT,
    "agent": SpanRole.AGENT,
    "task": SpanRole.OTHER,
    "tool": SpanRole.TOOL,
}


class OpenLlmetry:
    """Reader of Traceloop's attributes."""

    name: ClassVar[str] = "openllmetry"

    def recognises(self, source: Source) -> bool:
        """Traceloop's own keys, or flattened prompts."""
        if "traceloop" in source.heads or "llm.request.type" in source.span.attributes:
            return True
        return "gen_ai" in source.heads and any(key.startswith(_FLAT) for key in source.span.attributes)

    def read(self, source: Source) -> Facts:
        """The Traceloop fields of a span."""
        span = source.span
        attributes = span.attributes
        role = _role(attributes)
        name = first_text(attributes, ("traceloop.entity.name",))
        if role is SpanRole.TOOL:
            return _tool(source, name)
        first_token = until_event(span, "gen_ai.content.completion.chunk", "llm.content.completion.chunk")
        streamed = as_bool(attributes.get("gen_ai.is_streaming", attributes.get("llm.is_streaming")))
        made = indexed(attributes, "gen_ai.completion")
        is_model = role is SpanRole.MODEL
        return Facts(
            role=role,
            provider=_provider(attributes),
            input=messages_in(_with_role(indexed(attributes, "gen_ai.prompt"), "user")) or None,
            output=messages_in(_with_role(made, "assistant")) or None,
            tools=_tools(attributes),
            tokens=tokens_by_keys(
                attributes,
                given=("gen_ai.usage.prompt_tokens",),
                made=("gen_ai.usage.completion_tokens",),
                cached=("gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.cache_read.input_tokens"),
                reasoning=("gen_ai.usage.reasoning_tokens",),
                written=("gen_ai.usage.cache_creation_input_tokens",),
            ),
            first_token_seconds=first_token,
            streamed=True if first_token is not None else streamed,
            finish_reason=finish_reason(as_dict(made[0]).get("finish_reason")) if made else None,
            agent_name=_agent(attributes, name, role),
            agent_version=first_text(attributes, ("traceloop.entity.version",)),
            customer_text=_words(attributes, _INPUT) if not is_model else None,
            reply_text=_reply(attributes) if not is_model else None,
        )


def _role(attributes: Attributes) -> SpanRole | None:
    """The span's kind; a model span has none, and a graph node's operation is no agent of its own."""
    operation = unquoted(attributes.get("gen_ai.operation.name")) or ""
    kind = (unquoted(attributes.get("traceloop.span.kind")) or "").lower()
    if operation == "execute_tool":
        return SpanRole.TOOL
    if kind in _KINDS:
        return _KINDS[kind]
    if unquoted(attributes.get("llm.request.type")) in {"chat", "completion"}:
        return SpanRole.MODEL
    return None


def _provider(attributes: Attributes) -> str | None:
    told = first_text(attributes, ("gen_ai.provider.name", "gen_ai.system"))
    return told.lower() if told else None


def _with_role(items: list[JSON], role: str) -> list[JSON]:
    """Flattened messages with the role the sender may leave out, and contents that are JSON texts of parts."""
    return [{"role": role, "content": "", **item} for item in items if isinstance(item, dict)]


def _tools(attributes: Attributes) -> tuple[ToolDefinition, ...] | None:
    return definitions(indexed(attributes, "llm.request.functions")) or None


def _agent(attributes: Attributes, name: str | None, role: SpanRole | None) -> str | None:
    told = first_text(attributes, ("gen_ai.agent.name",))
    return told or (first_text(attributes, ("traceloop.workflow.name",)) or name if role is SpanRole.AGENT else None)


def _words(attributes: Attributes, key: str) -> str | None:
    value = parse_json(attributes.get(key))
    if isinstance(value, dict) and "inputs" in value:
        value = value["inputs"]
    return customer_words(value) if value is not None else None


def _reply(attributes: Attributes) -> str | None:
    value = parse_json(attributes.get(_OUTPUT))
    if isinstance(value, dict) and "outputs" in value:
        value = value["outputs"]
    return reply_words(value) if value is not None else None


def _tool(source: Source, name: str | None) -> Facts:
    attributes = source.span.attributes
    given = attributes.get("gen_ai.tool.call.arguments", attributes.get(_INPUT))
    made = attributes.get("gen_ai.tool.call.result", attributes.get(_OUTPUT))
    result: JSON = result_of(made)
    message = tool_message(result)
    answered = wrapped_call_id(given)
    failed: str | None = None
    if message is not None:
        content, told, is_error = message
        result, answered = result_of(content), told or answered
        failed = str(content) if is_error else None
    if unquoted(attributes.get("gen_ai.task.status")) == "failure":
        failed = failed or span_error(source.span) or "failure"
    return Facts(
        role=SpanRole.TOOL,
        tool_name=first_text(attributes, ("gen_ai.tool.name",)) or name,
        tool_call_id=first_text(attributes, ("gen_ai.tool.call.id",)) or answered,
        tool_arguments=unwrapped_arguments(given),
        tool_result=result,
        tool_error=failed or span_error(source.span),
    )
