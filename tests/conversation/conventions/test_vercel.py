from __future__ import annotations

import json
from typing import Any

import pytest

from conversation.assemble import assemble

TOOL = json.dumps({"type": "function", "name": "find", "description": "Finds.", "inputSchema": {"type": "object"}})


def _turn(span: Any) -> None:
    meta = {"ai.telemetry.metadata.sessionId": "s-1", "ai.telemetry.metadata.userId": "u-1"}
    root = span(
        "ai.streamText",
        {
            "ai.operationId": "ai.streamText",
            "ai.telemetry.functionId": "desk",
            "ai.prompt": json.dumps(
                {"messages": [{"role": "user", "content": [{"type": "text", "text": "find A-1"}]}]}
            ),
            "ai.response.text": "Here it is.",
            "ai.usage.inputTokens": 70,
            "ai.usage.outputTokens": 17,
            **meta,
        },
        at=(0, 1000),
        scope_name="ai",
    )
    first = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "find A-1"}]},
    ]
    span(
        "ai.streamText.doStream",
        {
            "ai.operationId": "ai.streamText.doStream",
            "ai.model.id": "gpt-5",
            "ai.model.provider": "openai.chat",
            "ai.response.model": "gpt-5-2026",
            "ai.prompt.messages": json.dumps(first),
            "ai.prompt.tools": [TOOL],
            "ai.response.toolCalls": json.dumps([{"toolCallId": "c1", "toolName": "find", "input": {"id": "A-1"}}]),
            "ai.response.finishReason": "tool-calls",
            "ai.usage.inputTokens": 30,
            "ai.usage.outputTokens": 10,
            "ai.usage.reasoningTokens": 4,
            "ai.usage.cachedInputTokens": 8,
            "gen_ai.usage.input_tokens": 30,
            "gen_ai.usage.output_tokens": 10,
            "ai.response.msToFirstChunk": 40,
        },
        at=(10, 200),
        parent=root,
    )
    span(
        "ai.toolCall",
        {
            "ai.operationId": "ai.toolCall",
            "ai.toolCall.name": "find",
            "ai.toolCall.id": "c1",
            "ai.toolCall.args": '{"id":"A-1"}',
            "ai.toolCall.result": '{"found":true}',
        },
        at=(210, 300),
        parent=root,
    )
    second = [
        *first,
        {
            "role": "assistant",
            "content": [{"type": "tool-call", "toolCallId": "c1", "toolName": "find", "input": {"id": "A-1"}}],
        },
        {
            "role": "tool",
            "content": [
                {
                    "type": "tool-result",
                    "toolCallId": "c1",
                    "toolName": "find",
                    "output": {"type": "json", "value": {"found": True}},
                }
            ],
        },
    ]
    span(
        "ai.streamText.doStream",
        {
            "ai.operationId": "ai.streamText.doStream",
            "ai.model.id": "gpt-5",
            "ai.prompt.messages": json.dumps(second),
            "ai.response.text": "Here it is.",
            "ai.response.finishReason": "stop",
            "ai.usage.inputTokens": 40,
            "ai.usage.outputTokens": 7,
            "ai.response.msToFirstChunk": 100,
        },
        at=(310, 900),
        parent=root,
    )


def test_the_ai_sdk_gives_a_whole_turn(span: Any) -> None:
    _turn(span)
    conversation = assemble(span.spans)
    assert (conversation.id, conversation.user_id, conversation.agent.name) == ("s-1", "u-1", "desk")
    assert conversation.id_rule == "ai.telemetry.metadata.sessionId on a root span"
    (turn,) = conversation.turns
    assert (turn.user, turn.reply, turn.type) == ("find A-1", "Here it is.", "tool_call")
    assert [(c.id, c.name, c.arguments, c.result, c.error) for c in turn.tool_calls] == [
        ("c1", "find", {"id": "A-1"}, {"found": True}, None)
    ]
    assert conversation.tokens.input == 70
    assert (conversation.tokens.output, conversation.tokens.reasoning, conversation.tokens.cached) == (17, 4, 8)
    assert turn.model_calls[0].first_token_seconds == 0.04
    assert (turn.model_calls[0].model, turn.model_calls[0].provider) == ("gpt-5-2026", "openai")
    assert conversation.tools[0].parameters == {"type": "object"}
    assert conversation.system_instructions == "Be kind."
    # The first words came with the second call: it began 0.31 s into the turn and took 0.1 s to its first chunk.
    assert turn.first_token_seconds == pytest.approx(0.41)


def test_version_seven_counts_steps_once_and_keeps_reasoning(span: Any) -> None:
    root = span(
        "invoke_agent desk",
        {"gen_ai.operation.name": "invoke_agent", "ai.settings.context.sessionId": "s-7"},
        at=(0, 900),
    )
    step = span(
        "agent_step 1",
        {"gen_ai.operation.name": "agent_step", "gen_ai.usage.input_tokens": 9, "gen_ai.usage.output_tokens": 3},
        at=(5, 800),
        parent=root,
    )
    span(
        "chat gpt-5",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.usage.input_tokens": 9,
            "gen_ai.usage.output_tokens": 3,
            "ai.usage.outputTokenDetails.reasoningTokens": 2,
            "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]),
            "gen_ai.output.messages": json.dumps(
                [{"role": "assistant", "parts": [{"type": "text", "content": "hello"}]}]
            ),
        },
        at=(10, 700),
        parent=step,
    )
    conversation = assemble(span.spans)
    assert conversation.id == "s-7"
    assert [(turn.user, turn.reply) for turn in conversation.turns] == [("hi", "hello")]
    assert (conversation.tokens.input, conversation.tokens.output, conversation.tokens.reasoning) == (9, 3, 2)


def test_a_failed_tool_call_carries_the_exceptions_words(span: Any) -> None:
    span(
        "ai.toolCall",
        {"ai.operationId": "ai.toolCall", "ai.toolCall.name": "pay", "ai.toolCall.id": "c", "ai.toolCall.args": "{}"},
        status_code=2,
        status_message="card declined",
    )
    (call,) = assemble(span.spans).tool_calls
    assert call.error == "card declined"
