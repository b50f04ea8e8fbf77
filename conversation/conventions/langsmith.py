"""LangSmith's OpenTelemetry export: `langsmith.*`, with run inputs and outputs in `gen_ai.prompt`, `.completion`."""

from __future__ import annotations

from typing import ClassVar

from conversation.customer_words import customer_words, reply_words
from conversation.facts import Facts, Source, SpanRole
from conversation.message_json import messages_in
from conversation.model import JSON, Role, Tokens
from conversation.parsing import as_bool, as_dict, first_text, parse_structure, unquoted
from conversation.tool_json import definitions, result_of, span_error, tool_message, unwrapped_arguments
from conversation.usage import finish_reason, tokens_in

_KIND = "langsmith.span.kind"
_ROLES = {
    "llm": SpanRole.MODEL,
    "tool": SpanRole.TOOL,
    "retriever": SpanRole.RETRIEVAL,
    "chain": SpanRole.OTHER,
    "embedding": SpanRole.OTHER,
    "prompt": SpanRole.OTHER,
    "parser": SpanRole.OTHER,
}


class LangSmith:
    """Reader of LangSmith attributes. The span kind, not `gen_ai.operation.name`, says what a span is of."""

    name: ClassVar[str] = "langsmith"

    def recognises(self, source: Source) -> bool:
        """The exporter's scope, or its span kind."""
        return source.span.scope_name == "langsmith" or _KIND in source.span.attributes

    def read(self, source: Source) -> Facts:
        """The LangSmith fields of a span."""
        span = source.span
        attributes = span.attributes
        kind = (unquoted(attributes.get(_KIND)) or "").lower()
        role = _ROLES.get(kind)
        given, made = attributes.get("gen_ai.prompt"), attributes.get("gen_ai.completion")
        if role is SpanRole.TOOL:
            return _tool(source, given, made)
        is_model = role is SpanRole.MODEL
        streamed = as_bool(attributes.get("langsmith.request.streaming"))
        return Facts(
            role=role,
            model_requested=first_text(attributes, ("gen_ai.request.model", "langsmith.metadata.ls_model_name")),
            provider=first_text(attributes, ("langsmith.metadata.ls_provider",)),
            input=messages_in(given, bare=Role.USER) or None if is_model else None,
            output=messages_in(made, bare=Role.ASSISTANT) or None if is_model else None,
            tools=definitions(as_dict(attributes.get("langsmith.metadata.invocation_params")).get("tools"))
            or definitions(as_dict(attributes.get("invocation_params")).get("tools"))
            or definitions(as_dict(given).get("tools")),
            tokens=_tokens(source, made) if is_model else None,
            streamed=streamed,
            finish_reason=finish_reason(_generation_info(made).get("finish_reason")),
            agent_name=first_text(attributes, ("langsmith.metadata.lc_agent_name", "langsmith.trace.name")),
            customer_text=customer_words(given) if not is_model and given is not None else None,
            reply_text=reply_words(made) if not is_model and made is not None else None,
        )


def _tool(source: Source, given: object, made: object) -> Facts:
    attributes = source.span.attributes
    result = parse_structure(made)
    message = tool_message(result)
    failed: str | None = None
    answered: str | None = None
    if message is not None:
        content, answered, is_error = message
        result, failed = content, str(content) if is_error else None
    elif isinstance(result, dict) and set(result) == {"output"}:
        result = result["output"]
    asked = unwrapped_arguments(given)
    if isinstance(asked, dict) and set(asked) == {"input"}:
        asked = parse_structure(asked["input"])
    return Facts(
        role=SpanRole.TOOL,
        tool_name=first_text(attributes, ("gen_ai.tool.name",)) or source.span.name,
        tool_call_id=first_text(attributes, ("gen_ai.tool.call.id",)) or answered,
        tool_arguments=asked,
        tool_result=result_of(result),
        tool_error=failed or span_error(source.span),
    )


def _tokens(source: Source, made: object) -> Tokens | None:
    """Usage with its details: the run's metadata, else what the quoted response says."""
    told = tokens_in(source.span.attributes.get("langsmith.metadata.usage_metadata"))
    return told or tokens_in(as_dict(made).get("usage"))


def _generation_info(made: object) -> dict[str, JSON]:
    generations = as_dict(made).get("generations")
    while isinstance(generations, list) and generations:
        generations = generations[0]
    return as_dict(generations.get("generation_info")) if isinstance(generations, dict) else {}
