"""Google ADK: `gen_ai.*` in schema 2; in schema 1 Gemini requests and responses in `gcp.vertex.agent.*`.

A failed tool is an ordinary result with an error field (the tool ledger looks for it); `stop` also ends tool calls.
"""

from __future__ import annotations

import re
from typing import ClassVar

from conversation.customer_words import customer_words
from conversation.facts import Facts, Source, SpanRole
from conversation.message_json import messages_in
from conversation.model import JSON, Role, Span, ToolDefinition
from conversation.parsing import as_dict, as_list, canonical, first_text, parse_structure, unquoted
from conversation.said import Request, Said
from conversation.tool_json import definitions, result_of, span_error, unwrapped_arguments
from conversation.usage import tokens_in

_PREFIX = "gcp.vertex.agent."
# How an agent is told, in user messages, what another one said and did.
_CONTEXT = "For context:"
_WORK = re.compile(
    r"^\[[^\]\n]+\] (?:said: |called tool `(?P<called>[^`]+)` with parameters: "
    r"|`(?P<answered>[^`]+)` tool returned result: )",
    re.MULTILINE,
)


class GoogleAdk:
    """Reader of ADK's own keys."""

    name: ClassVar[str] = "google-adk"

    def recognises(self, source: Source) -> bool:
        """Its tracer, or its own keys."""
        return source.span.scope_name == "gcp.vertex.agent" or (
            "gcp" in source.heads and any(key.startswith(_PREFIX) for key in source.span.attributes)
        )

    def read(self, source: Source) -> Facts:
        """The fields that only ADK's names and schema 1 tell."""
        span = source.span
        attributes = span.attributes
        request, response = (_content(span, word) for word in ("llm_request", "llm_response"))
        if _is_tool(span):
            return _tool(span)
        config = as_dict(request.get("config"))
        is_model = span.name.startswith(("call_llm", "generate_content"))
        return Facts(
            role=SpanRole.MODEL if is_model else SpanRole.AGENT if _is_turn(span) else None,
            model_requested=unquoted(request.get("model")),
            input=_given(source, request),
            output=_made(response),
            instructions=_instructions(config.get("system_instruction")),
            tools=_tools(config.get("tools")),
            tokens=tokens_in(response.get("usage_metadata")) if is_model else None,
            agent_name=first_text(attributes, ("gen_ai.agent.name",)) or _named(span),
            customer_text=customer_words(attributes[f"{_PREFIX}new_message"])
            if f"{_PREFIX}new_message" in attributes
            else None,
        )


def _given(source: Source, request: dict[str, JSON]) -> tuple[Said, ...] | None:
    """The messages given; another agent's work, told after a handoff as the user's words, as what it was."""
    said = messages_in(request.get("contents"), bare=Role.USER)
    if not said:
        carriers = (
            source.span.attributes,
            *(fields for r in source.logs for fields in (r.attributes, as_dict(r.body))),
        )
        said = next((told for c in carriers if (told := messages_in(c.get("gen_ai.input.messages")))), ())
    return tuple(inner for one in said for inner in _retold(one)) or None


def _retold(said: Said) -> tuple[Said, ...]:
    if said.role is not Role.USER or not said.text.startswith(_CONTEXT):
        return (said,)
    starts = list(_WORK.finditer(said.text))
    ends = [*(start.start() for start in starts[1:]), len(said.text)]
    found: list[Said] = []
    for start, end in zip(starts, ends, strict=False):
        rest = said.text[start.end() : end].strip()
        if start["called"]:
            found.append(Said(Role.ASSISTANT, requests=(Request.of(None, start["called"], rest),)))
        elif start["answered"]:
            found.append(Said(Role.TOOL, canonical(parse_structure(rest)), name=start["answered"]))
        else:
            found.append(Said(Role.ASSISTANT, rest))
    return tuple(found) or (said,)


def _content(span: Span, word: str) -> dict[str, JSON]:
    return as_dict(span.attributes.get(_PREFIX + word))


def _is_turn(span: Span) -> bool:
    return span.name.split(" ")[0] in {"invocation", "invoke_workflow", "agent_run", "invoke_agent"}


def _is_tool(span: Span) -> bool:
    if span.name.startswith("execute_tool (merged)"):
        return False
    return span.name.startswith("execute_tool") or f"{_PREFIX}tool_call_args" in span.attributes


def _named(span: Span) -> str | None:
    """The agent in schema 1's span name `agent_run [name]`."""
    if not span.name.startswith("agent_run"):
        return None
    return span.name.removeprefix("agent_run").strip(" []") or None


def _tool(span: Span) -> Facts:
    attributes = span.attributes
    response = parse_structure(attributes.get(f"{_PREFIX}tool_response"))
    if isinstance(response, dict) and set(response) == {"result"}:
        response = response["result"]
    return Facts(
        role=SpanRole.TOOL,
        tool_name=first_text(attributes, ("gen_ai.tool.name",)) or span.name.removeprefix("execute_tool").strip(" []"),
        tool_call_id=first_text(attributes, ("gen_ai.tool.call.id", f"{_PREFIX}tool_call_id")),
        tool_arguments=unwrapped_arguments(attributes.get(f"{_PREFIX}tool_call_args")),
        tool_result=result_of(response),
        tool_error=span_error(span),
    )


def _made(response: dict[str, JSON]) -> tuple[Said, ...] | None:
    content = response.get("content")
    if not isinstance(content, dict):
        return messages_in(response.get("candidates"), bare=Role.ASSISTANT) or None
    return messages_in({**content, "role": "assistant"}) or None


def _instructions(value: JSON) -> str | None:
    if isinstance(value, dict):
        texts = [as_dict(part).get("text") for part in as_list(value.get("parts"))]
        return "\n".join(str(text) for text in texts if text) or None
    return unquoted(value)


def _tools(value: JSON) -> tuple[ToolDefinition, ...] | None:
    return definitions(value) if isinstance(value, list) else None
