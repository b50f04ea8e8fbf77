"""OpenInference: `openinference.span.kind` and the flattened `llm.*` keys (Arize, Phoenix and their instrumentations).

Also what LangChain and LangGraph look like under it: serialised runs in `input.value`, ToolMessages in `output.value`.
Specification: OpenInference semantic_conventions, llm_spans, tool_calling.
"""

from __future__ import annotations

from typing import ClassVar

from conversation.customer_words import customer_words, reply_words
from conversation.facts import Facts, Source, SpanRole
from conversation.message_json import messages_in
from conversation.model import JSON, Attributes, Role, Span, Tokens, ToolDefinition
from conversation.parsing import as_dict, as_float, as_list, first_text, indexed, parse_json, unquoted
from conversation.said import Said
from conversation.tool_json import definitions, span_error, tool_message, unwrapped_arguments
from conversation.usage import finish_reason, tokens_by_keys, until_event

_ROLES = {
    "LLM": SpanRole.MODEL,
    "TOOL": SpanRole.TOOL,
    "AGENT": SpanRole.AGENT,
    "RETRIEVER": SpanRole.RETRIEVAL,
    "RERANKER": SpanRole.RETRIEVAL,
    "GUARDRAIL": SpanRole.GUARDRAIL,
    "CHAIN": SpanRole.OTHER,
    "EMBEDDING": SpanRole.OTHER,
    "EVALUATOR": SpanRole.OTHER,
    "PROMPT": SpanRole.OTHER,
}
_KIND = "openinference.span.kind"


class OpenInference:
    """Reader of OpenInference attributes."""

    name: ClassVar[str] = "openinference"

    def recognises(self, source: Source) -> bool:
        """The span kind, or flattened messages."""
        attributes = source.span.attributes
        return (
            _KIND in attributes or "llm.model_name" in attributes or "llm.input_messages.0.message.role" in attributes
        )

    def read(self, source: Source) -> Facts:
        """The OpenInference fields of a span."""
        span = source.span
        attributes = span.attributes
        kind = unquoted(attributes.get(_KIND)) or ""
        role = _ROLES.get(kind.upper(), SpanRole.OTHER if kind else SpanRole.MODEL)
        if role is SpanRole.TOOL:
            return _tool(span)
        first_token = until_event(span, "First Token Stream Event")
        return Facts(
            role=role,
            model_requested=_requested(attributes),
            model=first_text(attributes, ("llm.response.model_name", "llm.model_name")),
            provider=first_text(attributes, ("llm.provider", "llm.system")),
            input=_given(attributes, role),
            output=_made(attributes, role),
            tools=_tools(attributes),
            tokens=_tokens(attributes),
            cost_usd=as_float(attributes.get("llm.cost.total")),
            first_token_seconds=first_token,
            streamed=True if first_token is not None else None,
            finish_reason=finish_reason(attributes.get("llm.finish_reason")),
            agent_name=_agent(span, role),
            customer_text=customer_words(attributes.get("input.value")) if role is not SpanRole.MODEL else None,
            reply_text=reply_words(attributes.get("output.value")) if role is not SpanRole.MODEL else None,
        )


def _tool(span: Span) -> Facts:
    attributes = span.attributes
    result = parse_json(attributes.get("output.value"))
    message = tool_message(result)
    failed = None
    call_id = first_text(attributes, ("tool_call.id", "tool.id", "tool.call.id"))
    if message is not None:
        content, answered, is_error = message
        result, call_id = parse_json(content), call_id or answered
        failed = str(content) if is_error else None
    return Facts(
        role=SpanRole.TOOL,
        tool_name=first_text(attributes, ("tool.name",)) or span.name,
        tool_call_id=call_id,
        tool_arguments=unwrapped_arguments(attributes.get("input.value")),
        tool_result=result,
        tool_error=failed or span_error(span),
    )


def _requested(attributes: Attributes) -> str | None:
    told = first_text(attributes, ("llm.request.model_name",))
    return told or unquoted(as_dict(attributes.get("llm.invocation_parameters")).get("model"))


def _given(attributes: Attributes, role: SpanRole) -> tuple[Said, ...] | None:
    messages = messages_in(_unnested(indexed(attributes, "llm.input_messages"), "user"))
    if messages or role is not SpanRole.MODEL:
        return messages or None
    prompts = indexed(attributes, "llm.prompts")
    if prompts:
        texts = [as_dict(as_dict(item).get("prompt")).get("text") for item in prompts]
        return tuple(Said(Role.USER, str(text)) for text in texts if text) or None
    return messages_in(attributes.get("input.value"), bare=Role.USER) or None


def _made(attributes: Attributes, role: SpanRole) -> tuple[Said, ...] | None:
    messages = messages_in(_unnested(indexed(attributes, "llm.output_messages"), "assistant"))
    if messages or role is not SpanRole.MODEL:
        return messages or None
    choices = indexed(attributes, "llm.choices")
    if choices:
        texts = [as_dict(as_dict(item).get("completion")).get("text") for item in choices]
        return tuple(Said(Role.ASSISTANT, str(text)) for text in texts if text) or None
    return messages_in(attributes.get("output.value"), bare=Role.ASSISTANT) or None


def _unnested(items: list[JSON], role: str) -> list[JSON]:
    """`[{message: {...}}]` as `[{...}]`, with a role where the sender left it out."""
    inner = [as_dict(item).get("message") for item in items]
    return [{"role": role, **_old_call(message), **message} for message in inner if isinstance(message, dict)]


def _old_call(message: dict[str, JSON]) -> dict[str, JSON]:
    """The older single function call of a message."""
    name = message.get("function_call_name")
    if not name:
        return {}
    return {"function_call": {"name": name, "arguments": message.get("function_call_arguments_json")}}


def _tools(attributes: Attributes) -> tuple[ToolDefinition, ...] | None:
    schemas = [as_dict(as_dict(item).get("tool")).get("json_schema") for item in indexed(attributes, "llm.tools")]
    if schemas:
        return definitions(schemas)
    return definitions(as_list(as_dict(attributes.get("llm.invocation_parameters")).get("tools")))


def _tokens(attributes: Attributes) -> Tokens | None:
    return tokens_by_keys(
        attributes,
        given=("llm.token_count.prompt",),
        made=("llm.token_count.completion",),
        cached=("llm.token_count.prompt_details.cache_read",),
        reasoning=("llm.token_count.completion_details.reasoning",),
        written=("llm.token_count.prompt_details.cache_write",),
    )


def _agent(span: Span, role: SpanRole) -> str | None:
    named = first_text(span.attributes, ("agent.name",))
    return named or (span.name if role is SpanRole.AGENT else None)
