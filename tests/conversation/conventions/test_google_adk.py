from __future__ import annotations

import json
from typing import Any

from conversation.assemble import assemble


def _schema_one(span: Any) -> None:
    user = {"role": "user", "parts": [{"text": "find A-1"}]}
    asked = {"role": "model", "parts": [{"function_call": {"id": "c1", "name": "find", "args": {"id": "A-1"}}}]}
    answer = {
        "role": "user",
        "parts": [
            {
                "function_response": {
                    "id": "c1",
                    "name": "find",
                    "response": {"status": "error", "error_message": "no such order"},
                }
            }
        ],
    }
    root = span("invocation", {}, at=(0, 900), scope_name="gcp.vertex.agent")
    run = span("agent_run [desk]", {}, at=(5, 890), parent=root, scope_name="gcp.vertex.agent")
    for contents, content, usage, at in (
        ([user], asked, (30, 10), (10, 200)),
        ([user, asked, answer], {"role": "model", "parts": [{"text": "Not found."}]}, (40, 5), (310, 800)),
    ):
        call = span(
            "call_llm",
            {
                "gen_ai.system": "gcp.vertex.agent",
                "gcp.vertex.agent.session_id": "s-1",
                "gcp.vertex.agent.llm_request": json.dumps(
                    {
                        "model": "gemini-3",
                        "contents": contents,
                        "config": {
                            "system_instruction": "Be kind.",
                            "tools": [{"function_declarations": [{"name": "find", "parameters": {"type": "OBJECT"}}]}],
                        },
                    }
                ),
                "gcp.vertex.agent.llm_response": json.dumps(
                    {
                        "content": content,
                        "usage_metadata": {"prompt_token_count": usage[0], "candidates_token_count": usage[1]},
                    }
                ),
            },
            at=at,
            parent=run,
            scope_name="gcp.vertex.agent",
        )
        span(
            "generate_content gemini-3",
            {
                "gen_ai.operation.name": "generate_content",
                "gen_ai.request.model": "gemini-3",
                "gen_ai.usage.input_tokens": usage[0],
                "gen_ai.usage.output_tokens": usage[1],
            },
            at=(at[0] + 1, at[1] - 1),
            parent=call,
            scope_name="opentelemetry.instrumentation.google_genai",
        )
    span(
        "execute_tool find",
        {
            "gen_ai.tool.name": "find",
            "gcp.vertex.agent.tool_call_args": '{"id": "A-1"}',
            "gcp.vertex.agent.tool_response": '{"status": "error", "error_message": "no such order"}',
        },
        at=(210, 300),
        parent=run,
        scope_name="gcp.vertex.agent",
    )


def test_schema_one_gives_a_turn_with_tokens_counted_once(span: Any) -> None:
    _schema_one(span)
    conversation = assemble(span.spans)
    assert conversation.id == "s-1"
    assert [(turn.user, turn.reply) for turn in conversation.turns] == [("find A-1", "Not found.")]
    (call,) = conversation.tool_calls
    assert (call.id, call.arguments, call.error) == ("c1", {"id": "A-1"}, "no such order")
    # call_llm wraps generate_content and repeats its counts.
    assert (conversation.tokens.input, conversation.tokens.output) == (70, 15)
    assert len(conversation.model_calls) == 2
    assert [tool.name for tool in conversation.tools] == ["find"]
    assert conversation.system_instructions == "Be kind."
    assert conversation.agent.name == "desk"
