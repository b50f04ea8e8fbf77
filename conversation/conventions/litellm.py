"""LiteLLM's `otel` callback: one span for each call, and a child of the same name with raw provider data to ignore.

An output that is a tool call has empty parts; name and arguments sit in `gen_ai.completion.0.function_call.*`, the call
id only in the next call's input.
"""

from __future__ import annotations

from typing import ClassVar

from conversation.facts import Facts, Source, SpanRole
from conversation.message_json import messages_in
from conversation.model import Attributes, Role, Tokens
from conversation.parsing import as_bool, as_dict, as_float, first_text, indexed, python_literal, unquoted
from conversation.said import Request, Said
from conversation.tool_json import definitions
from conversation.usage import finish_reason, tokens_by_keys, tokens_in


class LiteLlm:
    """Reader of LiteLLM's attributes."""

    name: ClassVar[str] = "litellm"

    def recognises(self, source: Source) -> bool:
        """Its scope, or its call id."""
        return source.span.scope_name == "litellm" or "litellm.call_id" in source.span.attributes

    def read(self, source: Source) -> Facts:
        """The LiteLLM fields of a span; a raw provider dump says nothing."""
        attributes = source.span.attributes
        if "gen_ai" not in source.heads:
            return Facts(role=SpanRole.OTHER)
        return Facts(
            role=_role(attributes),
            output=_made(attributes),
            tools=definitions(indexed(attributes, "llm.request.functions")),
            tokens=_tokens(attributes),
            cost_usd=as_float(attributes.get("gen_ai.cost.total_cost")),
            streamed=as_bool(attributes.get("llm.is_streaming")),
            finish_reason=finish_reason(attributes.get("gen_ai.response.finish_reasons")),
        )


def _role(attributes: Attributes) -> SpanRole | None:
    kind = unquoted(attributes.get("llm.request.type")) or ""
    return SpanRole.MODEL if kind in {"completion", "acompletion", "chat"} else None


def _made(attributes: Attributes) -> tuple[Said, ...] | None:
    told = messages_in(attributes.get("gen_ai.output.messages"))
    if any(said.text or said.requests for said in told):
        return told
    requests: list[Request] = []
    text = ""
    for item in indexed(attributes, "gen_ai.completion"):
        fields = as_dict(item)
        text = text or str(fields.get("content") or "")
        called = as_dict(fields.get("function_call"))
        if called:
            requests.append(Request.of(None, called.get("name"), called.get("arguments")))
        requests += [
            request
            for said in messages_in({"role": "assistant", **fields, "function_call": None})
            for request in said.requests
        ]
    return (Said(Role.ASSISTANT, text, tuple(requests)),) if text or requests else None


def _tokens(attributes: Attributes) -> Tokens | None:
    """The usage object tells cached and reasoning tokens; it is a Python literal."""
    usage = first_text(attributes, ("metadata.usage_object",))
    found = tokens_in(python_literal(usage)) if usage else None
    return found or tokens_by_keys(
        attributes, given=("gen_ai.usage.input_tokens",), made=("gen_ai.usage.output_tokens",)
    )
