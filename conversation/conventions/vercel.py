"""Vercel AI SDK: `ai.*` in versions 3-6 and the legacy integration of 7; `gen_ai.*` with agent steps in 7."""

from __future__ import annotations

from typing import ClassVar

from conversation.customer_words import customer_words, reply_words
from conversation.facts import Facts, Source, SpanRole
from conversation.message_json import messages_in
from conversation.model import Attributes, Role, Span, Tokens
from conversation.parsing import as_list, first_int, first_text, unquoted
from conversation.said import Request, Said
from conversation.tool_json import definitions, result_of, span_error, unwrapped_arguments
from conversation.usage import finish_reason, seconds, tokens, tokens_by_keys, until_event


class Vercel:
    """Reader of the AI SDK's attributes."""

    name: ClassVar[str] = "vercel-ai-sdk"

    def recognises(self, source: Source) -> bool:
        """Its tracers, its operation id, or version 7's agent steps and settings."""
        span = source.span
        attributes = span.attributes
        return (
            span.scope_name == "ai"
            or "ai.operationId" in attributes
            or attributes.get("gen_ai.operation.name") == "agent_step"
            or "ai.usage.outputTokenDetails.reasoningTokens" in attributes
            or ("ai" in source.heads and any(key.startswith("ai.settings.context.") for key in attributes))
        )

    def read(self, source: Source) -> Facts:
        """The AI SDK fields of a span."""
        span = source.span
        attributes = span.attributes
        operation = unquoted(attributes.get("ai.operationId")) or ""
        if not operation:
            return _seven(attributes)
        if operation == "ai.toolCall":
            return _tool(span)
        is_model = operation.endswith((".doGenerate", ".doStream"))
        is_agent = operation in {"ai.generateText", "ai.streamText", "ai.generateObject", "ai.streamObject"}
        made = _made(attributes)
        prompt = attributes.get("ai.prompt")
        return Facts(
            role=SpanRole.MODEL if is_model else SpanRole.AGENT if is_agent else SpanRole.OTHER,
            model_requested=first_text(attributes, ("gen_ai.request.model", "ai.model.id")) if is_model else None,
            model=first_text(attributes, ("ai.response.model", "gen_ai.response.model")) if is_model else None,
            provider=_provider(attributes) if is_model else None,
            input=messages_in(attributes.get("ai.prompt.messages")) or None if is_model else None,
            output=made if is_model else None,
            tools=definitions(as_list(attributes.get("ai.prompt.tools"))) if is_model else None,
            tokens=_tokens(attributes) if is_model else None,
            first_token_seconds=_first_token(span),
            streamed="stream" in operation.lower() if is_model else None,
            finish_reason=_finish(attributes),
            agent_name=first_text(attributes, ("ai.telemetry.functionId", "resource.name")),
            customer_text=customer_words(prompt) if is_agent and prompt is not None else None,
            reply_text=reply_words(_text(attributes)) if is_agent and _text(attributes) else None,
        )


def _seven(attributes: Attributes) -> Facts:
    """Version 7: a step is a wrapper, reasoning tokens have a key of their own, the rest is `gen_ai.*`."""
    reasoning = first_int(attributes, ("ai.usage.outputTokenDetails.reasoningTokens",))
    is_step = attributes.get("gen_ai.operation.name") == "agent_step"
    counted = (
        tokens(
            first_int(attributes, ("gen_ai.usage.input_tokens",)),
            first_int(attributes, ("gen_ai.usage.output_tokens",)),
            first_int(
                attributes, ("gen_ai.usage.cache_read.input_tokens", "ai.usage.inputTokenDetails.cacheReadTokens")
            ),
            reasoning,
        )
        if reasoning is not None
        else None
    )
    return Facts(role=SpanRole.OTHER if is_step else None, tokens=counted)


def _provider(attributes: Attributes) -> str | None:
    """`openai.chat` is OpenAI's chat API."""
    told = first_text(attributes, ("gen_ai.system", "ai.model.provider"))
    return told.split(".")[0] if told else None


def _text(attributes: Attributes) -> object:
    for key in ("ai.response.text", "ai.result.text", "ai.response.object", "ai.result.object"):
        if attributes.get(key):
            return attributes[key]
    return None


def _made(attributes: Attributes) -> tuple[Said, ...] | None:
    text = _text(attributes)
    calls = as_list(attributes.get("ai.response.toolCalls", attributes.get("ai.result.toolCalls")))
    requests = tuple(
        Request.of(call.get("toolCallId"), call.get("toolName"), call.get("input", call.get("args")))
        for call in calls
        if isinstance(call, dict)
    )
    if not text and not requests:
        return None
    return (Said(Role.ASSISTANT, text if isinstance(text, str) else "", requests),)


def _tokens(attributes: Attributes) -> Tokens | None:
    return tokens_by_keys(
        attributes,
        given=("ai.usage.promptTokens", "ai.usage.inputTokens", "gen_ai.usage.input_tokens"),
        made=("ai.usage.completionTokens", "ai.usage.outputTokens", "gen_ai.usage.output_tokens"),
        cached=("ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.cacheReadTokens"),
        reasoning=("ai.usage.reasoningTokens", "ai.usage.outputTokenDetails.reasoningTokens"),
    )


def _first_token(span: Span) -> float | None:
    for key in ("ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"):
        found = seconds(span.attributes.get(key), 1e-3)
        if found is not None:
            return found
    return until_event(span, "ai.stream.firstChunk")


def _finish(attributes: Attributes) -> str | None:
    for key in ("ai.response.finishReason", "ai.finishReason", "gen_ai.finishReason", "gen_ai.response.finish_reasons"):
        found = finish_reason(attributes.get(key))
        if found:
            return found
    return None


def _tool(span: Span) -> Facts:
    attributes = span.attributes
    return Facts(
        role=SpanRole.TOOL,
        tool_name=first_text(attributes, ("ai.toolCall.name",)),
        tool_call_id=first_text(attributes, ("ai.toolCall.id",)),
        tool_arguments=unwrapped_arguments(attributes.get("ai.toolCall.args", attributes.get("ai.toolCall.input"))),
        tool_result=result_of(attributes.get("ai.toolCall.result", attributes.get("ai.toolCall.output"))),
        tool_error=span_error(span),
    )
