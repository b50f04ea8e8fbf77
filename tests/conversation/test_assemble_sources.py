"""Tool calls, thin or odd content and traces without ids: who tells what, and what is made of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from conversation.assemble import assemble, assemble_all
from conversation.model import Conversation, LogRecord


def _texts(conversation: Conversation) -> list[tuple[str | None, str | None]]:
    return [(turn.user, turn.reply) for turn in conversation.turns]


def test_parallel_tool_calls_keep_the_order_of_the_request(span: Any) -> None:
    root = span("invoke_agent desk", {"gen_ai.operation.name": "invoke_agent"}, at=(0, 900))
    asked = span.agent("", ("a", "find", {"id": 1}), ("b", "find", {"id": 2}))
    span.chat([span.user("both")], asked, at=(10, 100), parent=root)
    for call_id, at in (("b", (110, 400)), ("a", (111, 300))):
        span(
            "execute_tool find",
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "find",
                "gen_ai.tool.call.id": call_id,
                "gen_ai.tool.call.result": call_id,
            },
            at=at,
            parent=root,
        )
    span.chat(
        [span.user("both"), asked, span.tool("b", "b"), span.tool("a", "a")],
        span.agent("here"),
        at=(410, 800),
        parent=root,
    )
    (turn,) = assemble(span.spans).turns
    assert [(call.id, call.result) for call in turn.tool_calls] == [("a", "a"), ("b", "b")]
    assert sum(segment.seconds for segment in turn.segments) == turn.duration_seconds


def test_tool_spans_without_ids_pair_with_requests_by_name_arguments_and_order(span: Any) -> None:
    root = span("invoke_agent desk", {"gen_ai.operation.name": "invoke_agent"}, at=(0, 900))
    asked = span.agent(
        "", ("a", "find", {"id": 1, "n": 2.0}), ("b", "find", {"id": 1, "n": 2}), ("c", "pay", {"sum": 3})
    )
    span.chat([span.user("go")], asked, at=(10, 100), parent=root)
    for number, (name, arguments, result) in enumerate(
        [("find", '{"n": 2, "id": 1}', "first"), ("find", '{"n": 2.0, "id": 1}', "second"), ("pay", "3", "paid")]
    ):
        span(
            f"execute_tool {name}",
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": name,
                "gen_ai.tool.call.arguments": arguments,
                "gen_ai.tool.call.result": result,
            },
            at=(110 + number, 120 + number),
            parent=root,
        )
    calls = assemble(span.spans).tool_calls
    assert [(call.id, call.result) for call in calls] == [("a", "first"), ("b", "second"), ("c", "paid")]


def test_a_call_the_customer_makes_is_no_tool_call_of_the_agent(span: Any) -> None:
    theirs = span.message("user", "done, I restarted it", ("u1", "restart_phone", {}))
    span.chat(
        [span.user("broken"), span.agent("restart it"), theirs, span.tool("u1", "restarted")], span.agent("better?")
    )
    conversation = assemble(span.spans)
    assert conversation.tool_calls == ()
    assert _texts(conversation)[-1] == ("done, I restarted it", "better?")


def test_a_request_that_was_never_executed_says_so(span: Any) -> None:
    span.chat([span.user("go")], span.agent("", ("a", "find", {"id": 1})))
    (call,) = assemble(span.spans).tool_calls
    assert not call.executed
    assert assemble(span.spans).turns[0].type != "tool_call"


def test_two_instrumentations_of_one_client_count_once(span: Any) -> None:
    root = span("POST /chat", {"session.id": "c"}, at=(0, 900))
    span.chat([span.user("hi")], span.agent("hello"), at=(10, 800), parent=root, scope_name="one")
    span.chat([span.user("hi")], span.agent("hello"), at=(11, 799), parent=root, scope_name="other")
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("hi", "hello")]
    assert conversation.tokens.input == 10


def test_words_on_the_turn_span_stand_in_for_model_calls_without_content(span: Any) -> None:
    root = span(
        "turn",
        {"openinference.span.kind": "AGENT", "session.id": "c", "input.value": "hi", "output.value": "hello"},
        at=(0, 900),
    )
    span("chat m", {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}, at=(10, 800), parent=root)
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("hi", "hello")]
    assert len(conversation.model_calls) == 1


def test_a_turn_span_without_any_model_span_still_tells_the_turn(span: Any) -> None:
    span("turn", {"openinference.span.kind": "AGENT", "session.id": "c", "input.value": "hi", "output.value": "hello"})
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("hi", "hello")]
    assert conversation.model_calls == ()


def test_a_trace_without_any_content_still_has_turns_with_times_and_tokens(span: Any) -> None:
    for number in range(2):
        trace = f"{number + 1:032x}"
        span(
            "chat m",
            {"gen_ai.operation.name": "chat", "gen_ai.conversation.id": "c", "gen_ai.usage.input_tokens": 5},
            trace_id=trace,
        )
    conversation = assemble(span.spans)
    assert [turn.user for turn in conversation.turns] == [None, None]
    assert conversation.tokens.input == 10


def test_history_of_turns_whose_spans_are_lost_is_kept_and_noted(span: Any) -> None:
    span.chat([span.user("1"), span.agent("one"), span.user("2")], span.agent("two"))
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("1", "one"), ("2", "two")]
    assert conversation.turns[0].duration_seconds is None
    assert any("history only" in note for note in conversation.notes)


def test_an_unknown_sender_is_read_as_gen_ai_and_the_notes_say_so(span: Any) -> None:
    span.chat([span.user("hi")], span.agent("hello"), scope_name="homemade")
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("hi", "hello")]
    assert conversation.notes == ("sender 'homemade' is not known by name: read as otel-genai",)


def test_odd_content_leaves_a_note_and_never_raises(span: Any) -> None:
    odd: list[Any] = [
        "{",
        '[{"role": 7}]',
        '{"role": "user", "parts": {"a": 1}}',
        "[[[]]]",
        b"\xff",
        12,
        None,
        [1, {"role": None}],
    ]
    for value in odd:
        span(
            "chat",
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.input.messages": value,
                "gen_ai.output.messages": value,
                "gen_ai.tool.definitions": value,
                "gen_ai.usage.input_tokens": value,
                "gen_ai.response.finish_reasons": value,
                "langfuse.observation.type": value,
                "mlflow.spanInputs": value,
                "events": value,
                "metadata": value,
            },
        )
    logs = [LogRecord("", "", 0, "gen_ai.choice", value) for value in ("x", None, 3)]
    assert assemble(span.spans, logs).id


def test_traces_without_ids_join_by_history_and_two_with_the_same_beginning_stay_apart(span: Any) -> None:
    def chat(trace: int, start: int, given: Sequence[dict[str, Any]], made: dict[str, Any]) -> None:
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": json.dumps(list(given)),
            "gen_ai.output.messages": json.dumps([made]),
        }
        span("chat", attributes, trace_id=f"{trace:032x}", at=(start, start + 5))

    hi, hello = span.user("hi"), span.agent("hello")
    chat(1, 0, [hi], hello)
    chat(2, 10, [hi, hello, span.user("a")], span.agent("A"))
    chat(3, 20, [hi], hello)
    chat(4, 30, [hi, hello, span.user("b")], span.agent("B"))
    chat(5, 40, [hi, hello, span.user("a"), span.agent("A"), span.user("c")], span.agent("C"))
    found = assemble_all(reversed(span.spans))
    assert [[turn.user for turn in one.turns] for one in found] == [["hi", "a", "c"], ["hi", "b"]]
    assert found[0].id_rule == "message history continued"
    assert found[0].id == f"{1:032x}"


def test_the_sender_can_say_that_the_conversation_is_over(span: Any) -> None:
    span.chat([span.user("bye")], span.agent("bye"), more={"floorline.conversation.ended": True})
    assert assemble(span.spans).ended
    assert assemble([], [LogRecord("a", "b", 1, "session.end")]).ended


def test_nothing_at_all_is_an_empty_conversation() -> None:
    assert assemble([], conversation_id="c").turns == ()


def test_sums_on_agent_spans_count_only_where_no_model_call_has_any(span: Any) -> None:
    sums = {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 70, "gen_ai.usage.output_tokens": 9}
    root = span("invoke_agent desk", sums, at=(0, 900))
    span.chat([span.user("hi")], span.agent("hello"), at=(10, 100), parent=root)
    assert assemble(span.spans).tokens.input == 10
    silent = {"gen_ai.usage.input_tokens": None, "gen_ai.usage.output_tokens": None}
    bare = [span.spans[0], span.chat([span.user("hi")], span.agent("hello"), at=(10, 100), parent=root, more=silent)]
    assert assemble(bare).tokens.input == 70


def test_a_user_message_that_answers_a_call_is_the_tools(span: Any) -> None:
    asked = {"role": "assistant", "content": "", "tool_calls": [{"id": "a", "name": "find", "arguments": "{}"}]}
    answer = {"role": "user", "content": "found", "tool_call_id": "a"}
    span.chat([span.user("go"), asked, answer], span.agent("here"))
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("go", "here")]
    assert conversation.tool_calls[0].result == "found"


def test_arguments_are_unwrapped_from_a_decorators_record(span: Any) -> None:
    wrapped = '{"args": [], "sanitize": true, "kwargs": {"id": 1}}'
    span("find", {"openinference.span.kind": "TOOL", "input.value": wrapped, "session.id": "c"})
    assert assemble(span.spans).tool_calls[0].arguments == {"id": 1}


def test_the_last_tool_result_is_a_message_though_no_model_call_repeats_it(span: Any) -> None:
    root = span("invoke_agent desk", {"gen_ai.operation.name": "invoke_agent"}, at=(0, 900))
    span.chat([span.user("go")], span.agent("", ("a", "transfer", {})), at=(10, 100), parent=root)
    span(
        "execute_tool transfer",
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.call.id": "a",
            "gen_ai.tool.name": "transfer",
            "gen_ai.tool.call.result": "ok",
        },
        at=(110, 200),
        parent=root,
    )
    conversation = assemble(span.spans)
    assert [message.text for message in conversation.messages] == ["go", "", "ok"]
    assert conversation.tool_calls[0].result_message == 2
