"""Forms of the conventions that few clients send: each with the one thing that is special about it."""

from __future__ import annotations

import json
from typing import Any

from conversation.assemble import assemble
from conversation.hidden_errors import hidden_error
from conversation.message_json import messages_in
from conversation.model import LogRecord, SpanEvent

HI = [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]
CHAT = {"gen_ai.operation.name": "chat"}


def test_a_message_event_may_hold_its_body_as_json_text(span: Any) -> None:
    made = span("chat", CHAT)
    told = (("gen_ai.user.message", {"content": "hi"}), ("gen_ai.choice", {"message": {"content": "hello"}}))
    logs = [LogRecord(made.trace_id, made.span_id, at, name, body=json.dumps(b)) for at, (name, b) in enumerate(told)]
    (turn,) = assemble(span.spans, logs).turns
    assert (turn.user, turn.reply) == ("hi", "hello")


def test_a_choice_may_be_plain_text(span: Any) -> None:
    events = (
        SpanEvent("gen_ai.user.message", 0, {"content": "hi"}),
        SpanEvent("gen_ai.choice", 0, {"message": "hello"}),
    )
    span("chat", CHAT, events=events)
    assert assemble(span.spans).turns[0].reply == "hello"


def test_a_tool_span_may_have_its_name_in_the_spans_name_only(span: Any) -> None:
    span("execute_tool find", {"gen_ai.operation.name": "execute_tool"})
    assert [call.name for call in assemble(span.spans).tool_calls] == ["find"]


def test_a_call_id_goes_before_the_id_of_its_item() -> None:
    call = {"type": "function_call", "id": "item_1", "call_id": "c1", "name": "find", "arguments": "{}"}
    for message in ({"role": "assistant", "tool_calls": [call]}, {"role": "assistant", "content": [call]}):
        assert [request.id for said in messages_in(message) for request in said.requests] == ["c1"]


def test_a_tool_the_provider_runs_keeps_its_arguments_and_result() -> None:
    parts = [
        {"type": "server_tool_call", "id": "w", "name": "search", "server_tool_call": {"query": "q"}},
        {"type": "server_tool_call_response", "id": "w", "server_tool_call_response": {"found": 1}},
    ]
    asked, answer = messages_in([{"role": "assistant", "parts": parts}])
    assert asked.requests[0].arguments == {"query": "q"}
    assert answer.result == {"found": 1}


def test_a_request_to_try_again_is_a_failure() -> None:
    assert hidden_error("1 validation error:\nmissing\n\nFix the errors and try again.")
    assert hidden_error("All 3 errors were fixed.") is None


def test_a_handoff_span_is_no_second_tool_call(span: Any) -> None:
    scope = {"scope_name": "openinference.instrumentation.openai_agents"}
    span("handoff to billing", {"openinference.span.kind": "TOOL"}, **scope)
    assert assemble(span.spans).tool_calls == ()


def test_the_older_single_function_call_of_a_message_is_a_request(span: Any) -> None:
    message = {
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "hi",
        "llm.output_messages.0.message.function_call_name": "find",
        "llm.output_messages.0.message.function_call_arguments_json": '{"id": "A-1"}',
    }
    span("llm", {"openinference.span.kind": "LLM", **message})
    (call,) = assemble(span.spans).tool_calls
    assert (call.name, call.arguments) == ("find", {"id": "A-1"})


def test_input_and_output_of_a_langfuse_trace_are_the_turn(span: Any) -> None:
    words = {"langfuse.trace.input": '"hi"', "langfuse.trace.output": '"hello"'}
    root = span("handle", words, at=(0, 900), scope_name="langfuse-sdk")
    span("gen", {"langfuse.observation.type": "generation"}, at=(10, 500), parent=root, scope_name="langfuse-sdk")
    (turn,) = assemble(span.spans).turns
    assert (turn.user, turn.reply) == ("hi", "hello")


def test_details_of_tokens_in_the_ai_sdk(span: Any) -> None:
    counts = {
        "ai.usage.inputTokens": 10,
        "ai.usage.outputTokens": 3,
        "ai.usage.inputTokenDetails.cacheReadTokens": 4,
        "ai.usage.outputTokenDetails.reasoningTokens": 2,
    }
    span("do", {"ai.operationId": "ai.generateText.doGenerate", **counts})
    tokens = assemble(span.spans).tokens
    assert (tokens.input, tokens.cached, tokens.output, tokens.reasoning) == (10, 4, 3, 2)


def test_a_realtime_voice_turn_has_tokens_without_a_model_span(span: Any) -> None:
    metrics = json.dumps({"input_tokens": 30, "output_tokens": 9, "input_token_details": {"cached_tokens": 5}})
    words = {"lk.user_input": "hi", "lk.response.text": "hello", "lk.realtime_model_metrics": metrics}
    span("agent_turn", words, scope_name="livekit-agents")
    tokens = assemble(span.spans).tokens
    assert (tokens.input, tokens.output, tokens.cached) == (30, 9, 5)


def test_what_an_adk_agent_is_told_of_another_is_not_the_customers(span: Any) -> None:
    scope = {"scope_name": "gcp.vertex.agent"}
    user = {"role": "user", "parts": [{"text": "refund A-1"}]}
    told = [
        {"role": "user", "parts": [{"text": "For context:"}, {"text": f"[desk] {what}"}]}
        for what in (
            "called tool `transfer_to_agent` with parameters: {'agent_name': 'billing'}",
            "`transfer_to_agent` tool returned result: {'result': None}",
        )
    ]
    asked = {"function_call": {"id": "t", "name": "transfer_to_agent", "args": {"agent_name": "billing"}}}
    root = span("invocation", {}, at=(0, 900), **scope)
    for contents, part, at in (([user], asked, (10, 200)), ([user, *told], {"text": "Done."}, (310, 800))):
        words = {
            "gcp.vertex.agent.llm_request": json.dumps({"contents": contents}),
            "gcp.vertex.agent.llm_response": json.dumps({"content": {"role": "model", "parts": [part]}}),
        }
        span("call_llm", words, at=at, parent=root, **scope)
    conversation = assemble(span.spans)
    assert [(turn.user, turn.reply) for turn in conversation.turns] == [("refund A-1", "Done.")]
    (call,) = conversation.tool_calls
    assert (call.id, call.arguments, call.executed) == ("t", {"agent_name": "billing"}, True)


def test_a_failed_model_call_says_what_its_exception_event_says(span: Any) -> None:
    raised = SpanEvent("exception", 0, {"exception.type": "RateLimitError", "exception.message": "slow down"})
    span("chat", {**CHAT, "gen_ai.input.messages": json.dumps(HI)}, events=(raised,), status_code=2)
    assert [call.error for call in assemble(span.spans).model_calls] == ["slow down"]
