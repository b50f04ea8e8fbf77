"""OpenAI Agents SDK: it has no OTLP of its own and arrives by way of OpenInference, Logfire or Traceloop.

`trace()` decides what a trace is; inside it each `Agent workflow` (task) span is one run and so one turn, while `turn`
spans are steps of the model loop. A trace root above several runs lasts as long as the conversation.
"""

from __future__ import annotations

from typing import ClassVar

from conversation.facts import Facts, Source, SpanRole
from conversation.message_json import messages_in
from conversation.model import Attributes, Role, Span
from conversation.parsing import as_dict, as_list, first_text, unquoted
from conversation.said import Said
from conversation.tool_json import definitions, result_of, span_error, unwrapped_arguments
from conversation.usage import tokens_in

_SCOPES = ("openinference.instrumentation.openai_agents", "logfire.openai_agents", "openai_agents")
_TYPES = {
    "agent": SpanRole.AGENT,
    "function": SpanRole.TOOL,
    "mcp_tools": SpanRole.OTHER,
    "generation": SpanRole.MODEL,
    "response": SpanRole.MODEL,
    "guardrail": SpanRole.GUARDRAIL,
    "handoff": SpanRole.OTHER,
    "task": SpanRole.AGENT,
    "turn": SpanRole.OTHER,
}
_TEMPLATES = {
    "Agent run": SpanRole.AGENT,
    "Function": SpanRole.TOOL,
    "Responses API": SpanRole.MODEL,
    "Chat completion": SpanRole.MODEL,
    "Guardrail": SpanRole.GUARDRAIL,
    "Handoff": SpanRole.OTHER,
    "Turn": SpanRole.OTHER,
}
_MASKED = "Error running tool"


class OpenAiAgents:
    """Reader of Agents SDK spans."""

    name: ClassVar[str] = "openai-agents"

    def recognises(self, source: Source) -> bool:
        """The scopes of its instrumentations, or the SDK's span type."""
        scope = source.span.scope_name
        return scope in _SCOPES or scope.endswith(".openai_agents") or "sdk_span_type" in source.span.attributes

    def read(self, source: Source) -> Facts:
        """What the SDK's own names say; message keys of OpenInference and `gen_ai.*` are left to those."""
        span = source.span
        attributes = span.attributes
        if "openinference.span.kind" in attributes:
            return Facts(role=_step(span), tool_error=_masked_error(span), whole_conversation=_holds_runs(span))
        role = _role(span)
        if role is SpanRole.TOOL:
            return Facts(
                role=role,
                tool_name=first_text(attributes, ("gen_ai.tool.name", "name")),
                tool_arguments=unwrapped_arguments(attributes.get("input")),
                tool_result=result_of(attributes.get("output")),
                tool_error=first_text(attributes, ("error",)) or span_error(span),
            )
        given, made = _events(attributes)
        response = as_dict(attributes.get("response"))
        return Facts(
            role=role,
            model=unquoted(response.get("model")),
            input=given or messages_in(attributes.get("raw_input"), bare=Role.USER) or None,
            output=made or messages_in(response.get("output")) or None,
            instructions=unquoted(response.get("instructions")),
            tools=definitions(response.get("tools")),
            tokens=tokens_in(response.get("usage")) if role is SpanRole.MODEL else None,
            agent_name=first_text(attributes, ("name",)) if role is SpanRole.AGENT else None,
        )


def _step(span: Span) -> SpanRole | None:
    """Runs and steps, which OpenInference both calls CHAIN."""
    kind = unquoted(span.attributes.get("openinference.span.kind"))
    if kind == "TOOL" and span.name.startswith("handoff to ") and "tool.name" not in span.attributes:
        # The model's own request for the handoff is the tool call.
        return SpanRole.OTHER
    if kind != "CHAIN":
        return None
    return SpanRole.AGENT if span.name in {"Agent workflow", "task"} else SpanRole.OTHER


def _holds_runs(span: Span) -> bool | None:
    """The `trace()` span: an agent by kind, but with neither a node nor a name of an agent."""
    attributes = span.attributes
    is_trace = unquoted(attributes.get("openinference.span.kind")) == "AGENT" and not span.parent_span_id
    return True if is_trace and "graph.node.id" not in attributes and "agent.name" not in attributes else None


def _masked_error(span: Span) -> str | None:
    """The error inside the SDK's status text `Error running tool (non-fatal): {'tool_name': ..., 'error': ...}`."""
    text = span.status_message
    if not text.startswith(_MASKED) or "{" not in text:
        return None
    return unquoted(as_dict(text[text.index("{") :]).get("error"))


def _role(span: Span) -> SpanRole | None:
    kind = unquoted(span.attributes.get("sdk_span_type")) or unquoted(span.attributes.get("type")) or ""
    if kind in _TYPES:
        return _TYPES[kind]
    template = unquoted(span.attributes.get("logfire.msg_template")) or span.name
    return next((role for start, role in _TEMPLATES.items() if template.startswith(start)), None)


def _events(attributes: Attributes) -> tuple[tuple[Said, ...] | None, tuple[Said, ...] | None]:
    given: list[Said] = []
    made: list[Said] = []
    for item in as_list(attributes.get("events")):
        event = as_dict(item)
        name = event.get("event.name")
        if name == "gen_ai.choice":
            made += messages_in({"role": "assistant", **as_dict(event.get("message") or event)})
        else:
            told = messages_in(event)
            (
                made
                if name == "gen_ai.assistant.message" and isinstance(item, dict) and _last(attributes, item)
                else given
            ).extend(told)
    return tuple(given) or None, tuple(made) or None


def _last(attributes: Attributes, item: object) -> bool:
    """Whether an assistant event closes the list: Logfire lists the answer after the history, without a choice."""
    events = as_list(attributes.get("events"))
    return bool(events) and events[-1] == item
