"""The older generations of the GenAI conventions, and families beside it that no capture shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conversation.assemble import assemble
from conversation.model import LogRecord, SpanEvent

HI = [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]
HELLO = [{"role": "assistant", "parts": [{"type": "text", "content": "hello"}]}]


def _event(name: str, **attributes: Any) -> SpanEvent:
    return SpanEvent(name, 0, attributes)


OLD: dict[str, dict[str, Any]] = {
    "span events with attributes": {
        "events": (_event("gen_ai.user.message", content="hi"), _event("gen_ai.choice", message='{"content": "hello"}'))
    },
    "span events with one JSON attribute": {
        "events": (
            _event("gen_ai.user.message", **{"gen_ai.event.content": '{"content": "hi"}'}),
            _event("gen_ai.choice", **{"gen_ai.event.content": '{"message": {"content": "hello"}}'}),
        )
    },
    "content events": {
        "events": (
            _event("gen_ai.content.prompt", **{"gen_ai.prompt": '[{"role": "user", "content": "hi"}]'}),
            _event("gen_ai.content.completion", **{"gen_ai.completion": '[{"role": "assistant", "content": "hello"}]'}),
        )
    },
    "plain texts": {"attributes": {"gen_ai.prompt": "hi", "gen_ai.completion": "hello"}},
    "a details event on the span": {
        "events": (
            _event(
                "gen_ai.client.inference.operation.details",
                **{"gen_ai.input.messages": json.dumps(HI), "gen_ai.output.messages": HELLO},
            ),
        )
    },
    "structured attributes": {"attributes": {"gen_ai.input.messages": HI, "gen_ai.output.messages": HELLO}},
}


@pytest.mark.parametrize("form", OLD)
def test_every_generation_tells_the_turn(span: Any, form: str) -> None:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "az.ai.openai",
        "gen_ai.usage.prompt_tokens": "12",
        "gen_ai.usage.completion_tokens": 3,
        **OLD[form].get("attributes", {}),
    }
    span("chat", attributes, events=OLD[form].get("events", ()))
    conversation = assemble(span.spans)
    assert [(turn.user, turn.reply) for turn in conversation.turns] == [("hi", "hello")]
    assert (conversation.tokens.input, conversation.tokens.output) == (12, 3)


def test_a_model_span_without_an_operation_is_known_by_its_model_and_usage(span: Any) -> None:
    span("llm", {"gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 5})
    assert len(assemble(span.spans).model_calls) == 1


def test_content_in_a_log_record_joins_its_span_whichever_comes_first(span: Any) -> None:
    made = span("chat", {"gen_ai.operation.name": "chat", "session.id": "c"})
    attributes: dict[str, Any] = {"gen_ai.input.messages": HI, "gen_ai.output.messages": HELLO}
    details = "gen_ai.client.inference.operation.details"
    log = LogRecord(made.trace_id, made.span_id, 0, details, attributes=attributes)
    in_body = LogRecord(made.trace_id, made.span_id, 0, details, body=attributes)
    for record in (log, in_body):
        assert [(turn.user, turn.reply) for turn in assemble(span.spans, [record]).turns] == [("hi", "hello")]


def test_ordinary_log_records_change_nothing(span: Any) -> None:
    made = span("chat", {"gen_ai.operation.name": "chat", "gen_ai.input.messages": HI, "gen_ai.output.messages": HELLO})
    noise = LogRecord(made.trace_id, made.span_id, 0, "", body="user message: {'role': 'user'}")
    assert assemble(span.spans, [noise]).turns == assemble(span.spans).turns


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"input_tokens": 10, "cache_read.input_tokens": 4}, (10, 4)),
        # Counts that leave cached tokens out are brought to the specified meaning.
        ({"input_tokens": 10, "cache_read.input_tokens": 400, "cache_creation.input_tokens": 5}, (415, 400)),
    ],
)
def test_input_tokens_include_cached_ones(span: Any, counts: dict[str, int], expected: tuple[int, int]) -> None:
    attributes = {f"gen_ai.usage.{key}": value for key, value in counts.items()}
    span("chat", {"gen_ai.operation.name": "chat", "gen_ai.usage.output_tokens": 1, **attributes})
    tokens = assemble(span.spans).tokens
    assert (tokens.input, tokens.cached) == expected


@pytest.mark.parametrize("reasons", [["tool_calls"], '["tool_use"]', "function_call", ["stop"]])
def test_a_reply_that_asks_for_a_tool_finishes_with_a_tool_call(span: Any, reasons: Any) -> None:
    asked = [{"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "f", "arguments": {}}]}]
    attributes = {
        "gen_ai.input.messages": HI,
        "gen_ai.output.messages": asked,
        "gen_ai.response.finish_reasons": reasons,
    }
    span("chat", {"gen_ai.operation.name": "chat", **attributes})
    assert assemble(span.spans).model_calls[0].finish_reason == "tool_call"


def test_a_model_name_loses_the_prefix_of_its_router(span: Any) -> None:
    span("chat", {"gen_ai.operation.name": "chat", "gen_ai.request.model": "openai/gpt-5"})
    assert assemble(span.spans).model_calls[0].model == "gpt-5"


def test_agents_sdk_spans_by_way_of_logfire_give_a_turn(span: Any) -> None:
    scope = {"scope_name": "logfire.openai_agents"}
    root = span(
        "OpenAI Agents trace: {name}",
        {"group_id": "g-1", "logfire.msg_template": "OpenAI Agents trace: {name}"},
        at=(0, 900),
        **scope,
    )
    agent = span(
        "Agent run: {name!r}",
        {"name": "desk", "logfire.msg_template": "Agent run: {name!r}"},
        at=(5, 800),
        parent=root,
        **scope,
    )
    events = [
        {"event.name": "gen_ai.system.message", "content": "Be kind.", "role": "system"},
        {"event.name": "gen_ai.user.message", "content": "find A-1", "role": "user"},
        {
            "event.name": "gen_ai.assistant.message",
            "role": "assistant",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"id": "A-1"}'}}
            ],
        },
    ]
    span(
        "Responses API with {gen_ai.request.model!r}",
        {
            "events": json.dumps(events),
            "gen_ai.request.model": "gpt-5",
            "gen_ai.usage.input_tokens": 9,
            "gen_ai.usage.output_tokens": 2,
        },
        at=(10, 200),
        parent=agent,
        **scope,
    )
    span(
        "Function: {name}",
        {"name": "find", "input": '{"id": "A-1"}', "output": "found"},
        at=(210, 300),
        parent=agent,
        **scope,
    )
    more = [
        *events,
        {"event.name": "gen_ai.tool.message", "role": "tool", "id": "c1", "content": "found"},
        {"event.name": "gen_ai.assistant.message", "role": "assistant", "content": "Here it is."},
    ]
    span(
        "Responses API",
        {"events": json.dumps(more), "gen_ai.request.model": "gpt-5"},
        at=(310, 700),
        parent=agent,
        **scope,
    )
    conversation = assemble(span.spans)
    assert conversation.id == "g-1"
    assert [(turn.user, turn.reply) for turn in conversation.turns] == [("find A-1", "Here it is.")]
    (call,) = conversation.tool_calls
    assert (call.id, call.arguments, call.result) == ("c1", {"id": "A-1"}, "found")
    assert conversation.agent.name == "desk"
    assert conversation.system_instructions == "Be kind."


def test_an_interrupted_voice_turn_says_so(span: Any) -> None:
    scope = {"scope_name": "livekit-agents"}
    root = span("agent_session", {"session.id": "c"}, at=(0, 9000), **scope)
    turn = span(
        "agent_turn",
        {"lk.user_input": "hi", "lk.response.text": "hello and", "lk.interrupted": True, "lk.e2e_latency": 0.7},
        at=(100, 900),
        parent=root,
        **scope,
    )
    span(
        "llm_request",
        {"gen_ai.operation.name": "chat", "gen_ai.input.messages": HI, "gen_ai.output.messages": HELLO},
        at=(110, 500),
        parent=turn,
        **scope,
    )
    span("tts_node", {}, at=(500, 890), parent=turn, **scope)
    conversation = assemble(span.spans)
    (found,) = conversation.turns
    assert found.interrupted
    assert found.first_token_seconds == 0.7
    assert found.duration_seconds == 0.8
    assert conversation.channel == "voice"


def test_a_greeting_of_a_voice_agent_is_context(span: Any) -> None:
    scope = {"scope_name": "livekit-agents"}
    span("agent_turn", {"session.id": "c", "lk.response.text": "Welcome!"}, at=(0, 90), **scope)
    turn = span("agent_turn", {"session.id": "c", "lk.user_input": "hi"}, at=(100, 900), **scope)
    given = [{"role": "assistant", "content": "Welcome!"}, *HI]
    span(
        "llm_request",
        {"gen_ai.operation.name": "chat", "gen_ai.input.messages": given, "gen_ai.output.messages": HELLO},
        at=(110, 500),
        parent=turn,
        **scope,
    )
    conversation = assemble(span.spans)
    assert [(found.user, found.reply) for found in conversation.turns] == [("hi", "hello")]
    assert conversation.messages[0].text == "Welcome!"
