from __future__ import annotations

import json
from typing import Any

from conversation.assemble import assemble


def test_a_cascade_turn_finds_its_tool_calls_in_the_next_input(span: Any) -> None:
    root = span("conversation", {"conversation.id": "call-7", "user_id": "u-7"}, at=(0, 9000), scope_name="pipecat")
    turn = span(
        "turn",
        {
            "turn.number": 1,
            "conversation.id": "call-7",
            "turn.user_bot_latency_seconds": 0.9,
            "turn.was_interrupted": False,
        },
        at=(100, 3000),
        parent=root,
    )
    span("stt", {"transcript": "find A-1", "metrics.ttfb": 0.2}, at=(110, 400), parent=turn)
    user = {"role": "user", "content": "find A-1"}
    asked = {
        "role": "assistant",
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"id": "A-1"}'}}],
    }
    answer = {"role": "tool", "tool_call_id": "c1", "content": '{"error": "no such order"}'}
    llm = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5", "metrics.ttfb": 0.3}
    span(
        "llm",
        {**llm, "input": json.dumps([user]), "gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 10},
        at=(420, 800),
        parent=turn,
    )
    span(
        "llm",
        {
            **llm,
            "input": json.dumps([user, asked, answer]),
            "output": "Not found.",
            "gen_ai.usage.input_tokens": 40,
            "gen_ai.usage.output_tokens": 5,
        },
        at=(900, 1500),
        parent=turn,
    )
    span("tts", {"text": "Not found.", "metrics.ttfb": 0.1}, at=(1500, 2900), parent=turn)
    conversation = assemble(span.spans)
    assert (conversation.id, conversation.user_id, conversation.channel, conversation.ended) == (
        "call-7",
        "u-7",
        "voice",
        True,
    )
    (found,) = conversation.turns
    assert (found.user, found.reply, found.first_token_seconds) == ("find A-1", "Not found.", 0.9)
    # The conversation span lasts as long as the call: the turn span is what the customer waited in.
    assert found.duration_seconds == 2.9
    (call,) = found.tool_calls
    assert (call.id, call.arguments, call.error) == ("c1", {"id": "A-1"}, "no such order")
    assert (conversation.tokens.input, conversation.tokens.output) == (70, 15)


def test_realtime_tool_spans_have_keys_of_their_own(span: Any) -> None:
    turn = span("turn", {"turn.number": 1, "conversation.id": "r"}, at=(0, 900), scope_name="pipecat")
    span(
        "llm_tool_call",
        {"tool.function_name": "find", "tool.call_id": "c1", "tool.arguments": '{"id": "A-1"}'},
        at=(10, 100),
        parent=turn,
    )
    span(
        "llm_tool_result",
        {"tool.function_name": "find", "tool.call_id": "c1", "tool.result": "timed out", "tool.result_status": "error"},
        at=(100, 300),
        parent=turn,
    )
    (call,) = assemble(span.spans).tool_calls
    assert (call.name, call.arguments, call.error) == ("find", {"id": "A-1"}, "timed out")
