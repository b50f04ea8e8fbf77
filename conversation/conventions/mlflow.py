"""MLflow tracing: `mlflow.*`, every value JSON-encoded, inputs and outputs as the raw request and response."""

from __future__ import annotations

from typing import ClassVar

from conversation.customer_words import customer_words, reply_words
from conversation.facts import Facts, Source, SpanRole
from conversation.message_json import messages_in
from conversation.model import JSON, Role, Tokens
from conversation.parsing import as_dict, as_float, first_text, parse_json, unquoted
from conversation.tool_json import definitions, result_of, span_error, tool_message, unwrapped_arguments
from conversation.usage import finish_reason, tokens_in, until_event

_ROLES = {
    "CHAT_MODEL": SpanRole.MODEL,
    "LLM": SpanRole.MODEL,
    "AGENT": SpanRole.AGENT,
    "TOOL": SpanRole.TOOL,
    "RETRIEVER": SpanRole.RETRIEVAL,
    "RERANKER": SpanRole.RETRIEVAL,
    "GUARDRAIL": SpanRole.GUARDRAIL,
}


class Mlflow:
    """Reader of MLflow attributes."""

    name: ClassVar[str] = "mlflow"

    def recognises(self, source: Source) -> bool:
        """The span type or inputs."""
        return any(key in source.span.attributes for key in ("mlflow.spanType", "mlflow.spanInputs"))

    def read(self, source: Source) -> Facts:
        """The MLflow fields of a span."""
        span = source.span
        attributes = span.attributes
        kind = unquoted(attributes.get("mlflow.spanType")) or ""
        role = _ROLES.get(kind.upper(), SpanRole.OTHER)
        given, made = parse_json(attributes.get("mlflow.spanInputs")), parse_json(attributes.get("mlflow.spanOutputs"))
        if role is SpanRole.TOOL:
            return _tool(source, given, made)
        is_model = role is SpanRole.MODEL
        first_token = until_event(span, "mlflow.chunk.item.")
        request, response = as_dict(given), as_dict(made)
        return Facts(
            role=role,
            model_requested=unquoted(request.get("model")) or first_text(attributes, ("model",)) if is_model else None,
            model=first_text(attributes, ("mlflow.llm.model",)) or unquoted(response.get("model"))
            if is_model
            else None,
            provider=first_text(attributes, ("mlflow.llm.provider", "mlflow.message.format")) if is_model else None,
            input=messages_in(given, bare=Role.USER) or None if is_model else None,
            output=messages_in(made, bare=Role.ASSISTANT) or None if is_model else None,
            tools=definitions(attributes.get("mlflow.chat.tools")) if is_model else None,
            tokens=(_tokens(attributes.get("mlflow.chat.tokenUsage"), response) if is_model else None),
            cost_usd=_cost(as_dict(attributes.get("mlflow.llm.cost"))),
            first_token_seconds=first_token,
            streamed=True if first_token is not None else None,
            finish_reason=_finish(response) if is_model else None,
            agent_name=span.name if role is SpanRole.AGENT else None,
            customer_text=customer_words(given) if not is_model and given is not None else None,
            reply_text=reply_words(made) if not is_model and made is not None else None,
        )


def _tokens(usage: object, response: dict[str, JSON]) -> Tokens | None:
    """MLflow's own counts; details (reasoning, cached) from the response it quotes, if that counts the same."""
    own, quoted = tokens_in(parse_json(usage)), tokens_in(response.get("usage"))
    if own is None:
        return quoted
    return quoted if quoted and (quoted.input, quoted.output) == (own.input, own.output) else own


def _cost(cost: dict[str, JSON]) -> float | None:
    for key in ("total_cost", "total", "cost"):
        found = as_float(cost.get(key))
        if found is not None:
            return found
    return None


def _finish(response: dict[str, JSON]) -> str | None:
    choices = response.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else {}
    return finish_reason(first.get("finish_reason")) if isinstance(first, dict) else None


def _tool(source: Source, given: JSON, made: JSON) -> Facts:
    message = tool_message(made)
    answered: str | None = None
    failed: str | None = None
    if message is not None:
        made, answered, is_error = message
        failed = str(made) if is_error else None
    return Facts(
        role=SpanRole.TOOL,
        tool_name=source.span.name,
        tool_call_id=answered,
        tool_arguments=unwrapped_arguments(given),
        tool_result=result_of(made),
        tool_error=failed or span_error(source.span),
    )
