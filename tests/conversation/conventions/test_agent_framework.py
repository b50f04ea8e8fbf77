from __future__ import annotations

import json
from typing import Any

from conversation.assemble import assemble
from conversation.model import LogRecord


def test_messages_in_log_records_with_arguments_as_text_give_a_turn(span: Any) -> None:
    root = span(
        "invoke_agent desk",
        {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.provider.name": "microsoft.agent_framework",
            "gen_ai.agent.name": "desk",
            "gen_ai.conversation.id": "t-1",
            "gen_ai.usage.input_tokens": 70,
            "gen_ai.usage.output_tokens": 15,
        },
        at=(0, 900),
        scope_name="agent_framework",
    )
    chat = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5"}
    asked = {
        "role": "assistant",
        "tool_calls": [{"id": "c1", "function": {"name": "find", "arguments": '{"id": "A-1"}'}}],
    }
    one = span(
        "chat gpt-5",
        {**chat, "gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 10},
        at=(10, 200),
        parent=root,
    )
    span(
        "execute_tool find",
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "find",
            "gen_ai.tool.call.id": "c1",
            "gen_ai.tool.call.arguments": json.dumps('{"id": "A-1"}'),
            "gen_ai.tool.call.result": "found",
        },
        at=(210, 300),
        parent=root,
    )
    two = span(
        "chat gpt-5",
        {**chat, "gen_ai.usage.input_tokens": 40, "gen_ai.usage.output_tokens": 5},
        at=(310, 800),
        parent=root,
    )

    def log(on: Any, number: int, name: str, body: dict[str, Any]) -> LogRecord:
        return LogRecord(on.trace_id, on.span_id, on.start_ns + number, name, body)

    logs = [
        log(one, 1, "gen_ai.user.message", {"content": "find A-1"}),
        log(one, 2, "gen_ai.choice", {"index": 0, "message": asked}),
        log(two, 1, "gen_ai.user.message", {"content": "find A-1"}),
        log(two, 2, "gen_ai.assistant.message", asked),
        log(two, 3, "gen_ai.tool.message", {"content": "found", "id": "c1"}),
        log(two, 4, "gen_ai.choice", {"index": 0, "message": {"role": "assistant", "content": "Here it is."}}),
    ]
    conversation = assemble(span.spans, logs)
    assert [(turn.user, turn.reply) for turn in conversation.turns] == [("find A-1", "Here it is.")]
    (call,) = conversation.tool_calls
    assert (call.id, call.arguments, call.result) == ("c1", {"id": "A-1"}, "found")
    assert (conversation.tokens.input, conversation.tokens.output) == (70, 15)
    assert {model.provider for model in conversation.model_calls} == {"openai"}
