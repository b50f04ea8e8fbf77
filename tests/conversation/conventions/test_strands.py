from __future__ import annotations

import json
from typing import Any

from conversation.assemble import assemble
from conversation.model import SpanEvent


def _event(name: str, **attributes: Any) -> SpanEvent:
    return SpanEvent(name, 0, attributes)


def _user(text: str) -> SpanEvent:
    return _event("gen_ai.user.message", content=json.dumps([{"text": text}]))


def test_bedrock_blocks_in_span_events_give_a_turn(span: Any) -> None:
    use = [{"toolUse": {"toolUseId": "t1", "name": "find", "input": {"id": "A-1"}}}]
    result = [{"toolResult": {"toolUseId": "t1", "status": "success", "content": [{"json": {"found": True}}]}}]
    root = span(
        "invoke_agent desk",
        {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.system": "strands-agents",
            "gen_ai.agent.name": "desk",
            "session.id": "s-1",
            "gen_ai.usage.input_tokens": 300,
            "gen_ai.usage.output_tokens": 100,
        },
        at=(0, 900),
        scope_name="strands.telemetry.tracer",
        events=(_user("find A-1"), _event("gen_ai.choice", message="Here it is.", finish_reason="end_turn")),
    )
    cycle = span(
        "execute_event_loop_cycle", {"gen_ai.operation.name": "execute_event_loop_cycle"}, at=(1, 890), parent=root
    )
    chat = {
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "strands-agents",
        "gen_ai.request.model": "claude",
        "gen_ai.usage.input_tokens": 30,
        "gen_ai.usage.prompt_tokens": 30,
        "gen_ai.usage.output_tokens": 10,
        "gen_ai.usage.completion_tokens": 10,
        "gen_ai.server.time_to_first_token": 120,
    }
    span(
        "chat",
        chat,
        at=(10, 200),
        parent=cycle,
        events=(_user("find A-1"), _event("gen_ai.choice", message=json.dumps(use), finish_reason="tool_use")),
    )
    span(
        "execute_tool find",
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "find",
            "gen_ai.tool.call.id": "t1",
            "gen_ai.tool.status": "success",
            "gen_ai.system": "strands-agents",
        },
        at=(210, 300),
        parent=cycle,
        events=(
            _event("gen_ai.tool.message", role="tool", content='{"id": "A-1"}', id="t1"),
            _event("gen_ai.choice", message=json.dumps([{"json": {"found": True}}]), id="t1"),
        ),
    )
    span(
        "chat",
        chat,
        at=(310, 800),
        parent=cycle,
        events=(
            _user("find A-1"),
            _event("gen_ai.assistant.message", content=json.dumps(use)),
            _event("gen_ai.tool.message", content=json.dumps(result)),
            _event("gen_ai.choice", message=json.dumps([{"text": "Here it is."}]), finish_reason="end_turn"),
        ),
    )
    conversation = assemble(span.spans)
    assert [(turn.user, turn.reply) for turn in conversation.turns] == [("find A-1", "Here it is.")]
    (call,) = conversation.tool_calls
    assert (call.id, call.arguments, call.result, call.error) == ("t1", {"id": "A-1"}, {"found": True}, None)
    # The agent span accumulates over the object's life: only the chat spans count.
    assert (conversation.tokens.input, conversation.tokens.output) == (60, 20)
    assert {model.first_token_seconds for model in conversation.model_calls} == {0.12}
    assert {model.provider for model in conversation.model_calls} == {""}


def test_a_tool_status_of_error_is_a_failure_though_the_span_is_unset(span: Any) -> None:
    span(
        "execute_tool pay",
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "pay",
            "gen_ai.tool.status": "error",
            "gen_ai.system": "strands-agents",
        },
        events=(_event("gen_ai.choice", message=json.dumps([{"text": "card declined"}])),),
    )
    (call,) = assemble(span.spans).tool_calls
    assert call.error == "card declined"
