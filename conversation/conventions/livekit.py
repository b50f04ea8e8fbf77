"""LiveKit Agents: `lk.*` (now `lk.pii.*`) beside `gen_ai.*`; one trace a session, `agent_turn` spans its turns.

`llm_node` and `llm_request_run` wrap and repeat `llm_request`; a failed tool is a flag, results may be Python literals.
"""

from __future__ import annotations

from typing import ClassVar

from conversation.facts import Facts, Source, SpanRole
from conversation.message_json import messages_in
from conversation.model import Attributes, Role, Span, Tokens
from conversation.parsing import as_bool, as_dict, first_text, unquoted
from conversation.said import Said
from conversation.tool_json import definitions, result_of, span_error, unwrapped_arguments
from conversation.usage import seconds, tokens_in

_ROLES = {
    "agent_session": SpanRole.OTHER,
    "agent_turn": SpanRole.AGENT,
    "assistant_turn": SpanRole.AGENT,
    "user_turn": SpanRole.OTHER,
    "llm_request": SpanRole.MODEL,
    "llm_node": SpanRole.OTHER,
    "llm_request_run": SpanRole.OTHER,
    "function_tool": SpanRole.TOOL,
}
_VOICE = {"tts_node", "tts_request", "eou_detection", "user_turn", "user_speaking"}


class LiveKit:
    """Reader of LiveKit attributes."""

    name: ClassVar[str] = "livekit"

    def recognises(self, source: Source) -> bool:
        """Its tracer, or any of its keys."""
        return source.span.scope_name == "livekit-agents" or "lk" in source.heads

    def read(self, source: Source) -> Facts:
        """The LiveKit fields of a span."""
        span = source.span
        attributes = span.attributes
        role = _ROLES.get(span.name, SpanRole.OTHER)
        if role is SpanRole.TOOL:
            return _tool(span)
        is_model, is_turn = role is SpanRole.MODEL, role is SpanRole.AGENT
        first_token = seconds(_lk(attributes, "response.ttft"))
        return Facts(
            role=role,
            input=_history(attributes) if is_model else None,
            output=_output(attributes) if is_model else None,
            instructions=unquoted(_lk(attributes, "instructions")) if is_turn else None,
            tools=definitions(_lk(attributes, "function_tools")),
            tokens=_tokens(attributes) if is_model or is_turn else None,
            first_token_seconds=first_token if is_model else None,
            agent_name=first_text(attributes, ("gen_ai.agent.name", "lk.agent_name", "lk.agent_label")),
            customer_text=unquoted(_lk(attributes, "user_input")) if is_turn else None,
            reply_text=unquoted(_lk(attributes, "response.text")) if is_turn else None,
            felt_first_seconds=seconds(_lk(attributes, "e2e_latency")),
            interrupted=as_bool(_lk(attributes, "interrupted")) if is_turn else None,
            ended=True if span.name == "session_close" else None,
            whole_conversation=True if span.name == "agent_session" else None,
            channel="voice" if span.name in _VOICE else None,
        )


def _lk(attributes: Attributes, name: str) -> object:
    """A LiveKit attribute under its present or its older name."""
    found = attributes.get(f"lk.pii.{name}")
    return attributes.get(f"lk.{name}") if found is None else found


def _history(attributes: Attributes) -> tuple[Said, ...] | None:
    if "gen_ai.input.messages" in attributes:
        return None
    return messages_in(_lk(attributes, "input.delta") or _lk(attributes, "chat_ctx")) or None


def _output(attributes: Attributes) -> tuple[Said, ...] | None:
    if "gen_ai.output.messages" in attributes:
        return None
    text = unquoted(_lk(attributes, "response.text"))
    calls = messages_in(
        {"role": "assistant", "content": text or "", "tool_calls": _lk(attributes, "response.function_calls")}
    )
    return calls or ((Said(Role.ASSISTANT, text),) if text else None)


def _tokens(attributes: Attributes) -> Tokens | None:
    """LiveKit's metrics object, where the plain counts are absent."""
    if "gen_ai.usage.input_tokens" in attributes:
        return None
    metrics = as_dict(_lk(attributes, "llm_metrics") or _lk(attributes, "realtime_model_metrics"))
    cached = metrics.get("prompt_cached_tokens")
    return tokens_in(metrics if cached is None else {"cached_tokens": cached, **metrics})


def _tool(span: Span) -> Facts:
    attributes = span.attributes
    result = result_of(_lk(attributes, "function_tool.output"))
    failed = as_bool(_lk(attributes, "function_tool.is_error"))
    return Facts(
        role=SpanRole.TOOL,
        tool_name=first_text(attributes, ("lk.function_tool.name", "gen_ai.tool.name")),
        tool_call_id=first_text(attributes, ("lk.function_tool.id", "gen_ai.tool.call.id")),
        tool_arguments=unwrapped_arguments(_lk(attributes, "function_tool.arguments")),
        tool_result=result,
        tool_error=(result if isinstance(result, str) and result else "error") if failed else span_error(span),
    )
