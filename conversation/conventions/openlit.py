"""OpenLIT: `gen_ai.*` with keys of its own; a tool named on a model span is a request, not an execution."""

from __future__ import annotations

from typing import ClassVar

from conversation.facts import Facts, Source, SpanRole
from conversation.message_json import messages_in
from conversation.model import Role
from conversation.parsing import as_bool, as_float, first_text, unquoted
from conversation.said import Request, Said
from conversation.usage import seconds

_MODEL_OPERATIONS = {"chat", "text_completion", "completion", "generate_content"}


class OpenLit:
    """Reader of OpenLIT's own keys."""

    name: ClassVar[str] = "openlit"

    def recognises(self, source: Source) -> bool:
        """Its scopes, or its SDK name on the span or the resource."""
        span = source.span
        named = (span.attributes.get("telemetry.sdk.name"), span.resource.get("telemetry.sdk.name"))
        return span.scope_name.startswith("openlit") or "openlit" in named

    def read(self, source: Source) -> Facts:
        """The fields that only OpenLIT's keys tell."""
        span = source.span
        attributes = span.attributes
        operation = unquoted(attributes.get("gen_ai.operation.name")) or ""
        is_model = operation in _MODEL_OPERATIONS
        cost = as_float(attributes.get("gen_ai.usage.cost"))
        is_application = not operation and "gen_ai.output.messages" in attributes
        return Facts(
            role=SpanRole.MODEL if is_model else SpanRole.OTHER if is_application else None,
            output=_requested(source) if is_model else None,
            cost_usd=cost or None,
            first_token_seconds=seconds(attributes.get("gen_ai.server.time_to_first_token")),
            streamed=as_bool(attributes.get("gen_ai.request.stream")),
            agent_version=first_text(attributes, ("gen_ai.agent.version", "openlit.agent.version_hash")),
        )


def _requested(source: Source) -> tuple[Said, ...] | None:
    """The output messages, or where they carry none the requested call that sits on the span itself."""
    attributes = source.span.attributes
    made = messages_in(attributes.get("gen_ai.output.messages"), bare=Role.ASSISTANT)
    name = first_text(attributes, ("gen_ai.tool.name",))
    if made or name is None:
        return made or None
    call_id = first_text(attributes, ("gen_ai.tool.call.id",))
    arguments = attributes.get("gen_ai.tool.args", attributes.get("gen_ai.tool.call.arguments"))
    return (Said(Role.ASSISTANT, requests=(Request.of(call_id, name, arguments),)),)
