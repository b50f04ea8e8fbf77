"""Shapes of conversations that are easy to get wrong, each as a small trace."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from conversation.assemble import assemble, assemble_all
from conversation.model import Conversation, LogRecord, Span

Told = dict[str, Any]


def _message(role: str, text: str = "", *calls: tuple[str, str, Any], answers: str | None = None) -> Told:
    parts: list[Told] = [{"type": "text", "content": text}] if text and answers is None else []
    parts += [{"type": "tool_call", "id": i, "name": name, "arguments": arguments} for i, name, arguments in calls]
    if answers is not None:
        parts.append({"type": "tool_call_response", "id": answers, "response": text})
    return {"role": role, "parts": parts}


def _user(text: str) -> Told:
    return _message("user", text)


def _agent(text: str, *calls: tuple[str, str, Any]) -> Told:
    return _message("assistant", text, *calls)


def _tool(call_id: str, text: str) -> Told:
    return _message("tool", text, answers=call_id)


def _chat(span: Any, given: Sequence[Told], made: Told | None, **fields: Any) -> Span:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.conversation.id": "c",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 2,
        "gen_ai.input.messages": json.dumps(list(given)),
        **fields.pop("more", {}),
    }
    if made is not None:
        attributes["gen_ai.output.messages"] = json.dumps([made])
    found: Span = span("chat m", attributes, **fields)
    return found


def _texts(conversation: Conversation) -> list[tuple[str | None, str | None]]:
    return [(turn.user, turn.reply) for turn in conversation.turns]


def test_a_greeting_before_the_first_customer_message_is_context_and_no_turn(span: Any) -> None:
    greeting = _agent("Welcome to the desk!")
    _chat(span, [], greeting)
    _chat(span, [greeting, _user("hi")], _agent("hello"))
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("hi", "hello")]
    assert conversation.messages[0].text == "Welcome to the desk!"
    assert conversation.turns[0].first_message == 1
    assert len(conversation.model_calls) == 2


def test_messages_sent_in_a_row_and_answered_together_are_one_turn(span: Any) -> None:
    _chat(span, [_user("hi"), _user("one more thing")], _agent("yes?"))
    assert _texts(assemble(span.spans)) == [("hi\none more thing", "yes?")]


def test_a_message_that_was_being_answered_when_the_next_came_is_an_interrupted_turn(span: Any) -> None:
    _chat(span, [_user("hi")], None)
    _chat(span, [_user("hi"), _user("are you there?")], _agent("yes"))
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("hi", None), ("are you there?", "yes")]
    assert [turn.interrupted for turn in conversation.turns] == [True, False]


def test_a_reply_that_history_tells_cut_short_counts_once(span: Any) -> None:
    _chat(span, [_user("hi")], _agent("Let me tell you a long story about refunds."))
    _chat(span, [_user("hi"), _agent("Let me tell you a long"), _user("stop")], _agent("ok"))
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("hi", "Let me tell you a long story about refunds."), ("stop", "ok")]
    assert len(conversation.messages) == 4


def test_a_reply_that_was_generated_again_replaces_the_first(span: Any) -> None:
    _chat(span, [_user("hi")], _agent("first"))
    _chat(span, [_user("hi")], _agent("second"))
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("hi", "second")]
    assert conversation.tokens.output == 4
    assert any("again" in note for note in conversation.notes)


def test_a_model_call_repeated_after_an_error_adds_no_message(span: Any) -> None:
    _chat(span, [_user("hi")], None, status_code=2, status_message="overloaded")
    _chat(span, [_user("hi")], _agent("hello"))
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("hi", "hello")]
    assert conversation.model_calls[0].error == "overloaded"


def test_a_hand_off_between_agents_stays_one_turn(span: Any) -> None:
    root = span(
        "invoke_agent triage", {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "triage"}, at=(0, 900)
    )
    asked = _agent("", ("t1", "transfer", {"to": "refunds"}))
    _chat(span, [_user("refund me")], asked, at=(10, 100), parent=root, more={"gen_ai.system_instructions": "triage"})
    inner = span(
        "invoke_agent refunds",
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "refunds"},
        at=(110, 800),
        parent=root,
    )
    _chat(
        span,
        [_user("refund me"), asked, _tool("t1", "transferred")],
        _agent("Which order?"),
        at=(120, 700),
        parent=inner,
        more={"gen_ai.system_instructions": "refunds"},
    )
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("refund me", "Which order?")]
    assert conversation.agent.name == "triage"
    assert conversation.system_instructions == "triage"


def test_an_agent_called_as_a_tool_speaks_to_the_agent_not_to_the_customer(span: Any) -> None:
    asked = _agent("", ("t1", "research", {"topic": "refunds"}))
    root = span("invoke_agent desk", {"gen_ai.operation.name": "invoke_agent"}, at=(0, 900))
    _chat(span, [_user("refund me")], asked, at=(10, 100), parent=root)
    tool = span(
        "execute_tool research",
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "research", "gen_ai.tool.call.id": "t1"},
        at=(110, 500),
        parent=root,
    )
    _chat(span, [_user("Research the topic refunds")], _agent("Refunds take a week."), at=(120, 490), parent=tool)
    _chat(
        span,
        [_user("refund me"), asked, _tool("t1", "Refunds take a week.")],
        _agent("A week."),
        at=(510, 800),
        parent=root,
    )
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("refund me", "A week.")]
    assert len(conversation.model_calls) == 3
    assert conversation.tokens.input == 30
    kinds = [(segment.kind.value, round(segment.seconds, 2)) for segment in conversation.turns[0].segments]
    assert kinds == [
        ("own_code", 0.01),
        ("model", 0.09),
        ("own_code", 0.01),
        ("tool", 0.01),
        ("model", 0.37),
        ("tool", 0.01),
        ("own_code", 0.01),
        ("model", 0.29),
        ("own_code", 0.1),
    ]


def test_a_planner_with_a_prompt_of_its_own_adds_no_customer_message(span: Any) -> None:
    root = span(
        "invoke_workflow desk",
        {"gen_ai.operation.name": "invoke_workflow", "gen_ai.input.messages": json.dumps([_user("refund me")])},
        at=(0, 900),
    )
    _chat(
        span,
        [_user("Make a plan for this request.")],
        _agent("1. look up 2. refund"),
        at=(10, 100),
        parent=root,
        more={"gen_ai.system_instructions": "plan"},
    )
    _chat(span, [_user("refund me")], _agent("Done."), at=(110, 800), parent=root)
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("refund me", "Done.")]
    assert len(conversation.model_calls) == 2


def test_a_guardrail_model_call_is_neither_message_nor_reply(span: Any) -> None:
    root = span("turn", {"openinference.span.kind": "AGENT", "session.id": "c"}, at=(0, 900))
    guard = span("moderate", {"openinference.span.kind": "GUARDRAIL"}, at=(0, 100), parent=root)
    _chat(span, [_user("Is this harmful? hi")], _agent("no"), at=(10, 90), parent=guard)
    _chat(span, [_user("hi")], _agent("hello"), at=(100, 900), parent=root)
    assert _texts(assemble(span.spans)) == [("hi", "hello")]


def test_parallel_tool_calls_keep_the_order_of_the_request(span: Any) -> None:
    root = span("invoke_agent desk", {"gen_ai.operation.name": "invoke_agent"}, at=(0, 900))
    asked = _agent("", ("a", "find", {"id": 1}), ("b", "find", {"id": 2}))
    _chat(span, [_user("both")], asked, at=(10, 100), parent=root)
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
    _chat(span, [_user("both"), asked, _tool("b", "b"), _tool("a", "a")], _agent("here"), at=(410, 800), parent=root)
    (turn,) = assemble(span.spans).turns
    assert [(call.id, call.result) for call in turn.tool_calls] == [("a", "a"), ("b", "b")]
    assert sum(segment.seconds for segment in turn.segments) == turn.duration_seconds


def test_tool_spans_without_ids_pair_with_requests_by_name_arguments_and_order(span: Any) -> None:
    root = span("invoke_agent desk", {"gen_ai.operation.name": "invoke_agent"}, at=(0, 900))
    asked = _agent("", ("a", "find", {"id": 1, "n": 2.0}), ("b", "find", {"id": 1, "n": 2}), ("c", "pay", {"sum": 3}))
    _chat(span, [_user("go")], asked, at=(10, 100), parent=root)
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
    theirs = _message("user", "done, I restarted it", ("u1", "restart_phone", {}))
    _chat(span, [_user("broken"), _agent("restart it"), theirs, _tool("u1", "restarted")], _agent("better?"))
    conversation = assemble(span.spans)
    assert conversation.tool_calls == ()
    assert _texts(conversation)[-1] == ("done, I restarted it", "better?")


def test_a_request_that_was_never_executed_says_so(span: Any) -> None:
    _chat(span, [_user("go")], _agent("", ("a", "find", {"id": 1})))
    (call,) = assemble(span.spans).tool_calls
    assert not call.executed
    assert assemble(span.spans).turns[0].type != "tool_call"


def test_only_what_is_new_is_sent_and_the_thread_still_grows(span: Any) -> None:
    asked = _agent("", ("a", "find", {"id": 1}))
    _chat(span, [_user("yes")], asked)
    _chat(span, [_tool("a", "found")], _agent("here, more?"))
    _chat(span, [_user("yes")], _agent("more"))
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("yes", "here, more?"), ("yes", "more")]
    assert conversation.tool_calls[0].result == "found"


def test_a_sliding_window_of_history_repeats_nothing(span: Any) -> None:
    said = [_user("1"), _agent("one"), _user("2"), _agent("two"), _user("3"), _agent("three"), _user("4")]
    _chat(span, said[:1], said[1])
    _chat(span, said[:3], said[3])
    _chat(span, said[2:5], said[5])
    _chat(span, said[4:7], _agent("four"))
    assert _texts(assemble(span.spans)) == [("1", "one"), ("2", "two"), ("3", "three"), ("4", "four")]


def test_a_compacted_history_repeats_nothing(span: Any) -> None:
    _chat(span, [_user("1")], _agent("one"))
    _chat(span, [_user("1"), _agent("one"), _user("2")], _agent("two"))
    summary = _message("system", "The customer asked 1 and 2.")
    _chat(span, [summary, _agent("two"), _user("3")], _agent("three"), more={"gen_ai.conversation.compacted": True})
    assert _texts(assemble(span.spans)) == [("1", "one"), ("2", "two"), ("3", "three")]


def test_an_agent_without_memory_sends_each_message_alone(span: Any) -> None:
    for number in range(3):
        _chat(span, [_user(f"q{number}")], _agent(f"a{number}"), trace_id=f"{number + 1:032x}")
    assert _texts(assemble(span.spans)) == [("q0", "a0"), ("q1", "a1"), ("q2", "a2")]


def test_two_instrumentations_of_one_client_count_once(span: Any) -> None:
    root = span("POST /chat", {"session.id": "c"}, at=(0, 900))
    _chat(span, [_user("hi")], _agent("hello"), at=(10, 800), parent=root, scope_name="one")
    _chat(span, [_user("hi")], _agent("hello"), at=(11, 799), parent=root, scope_name="other")
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
    _chat(span, [_user("1"), _agent("one"), _user("2")], _agent("two"))
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("1", "one"), ("2", "two")]
    assert conversation.turns[0].duration_seconds is None
    assert any("history only" in note for note in conversation.notes)


def test_an_unknown_sender_is_read_as_gen_ai_and_the_notes_say_so(span: Any) -> None:
    span("llm", {"prompt": "hi"}, scope_name="homemade")
    assert assemble(span.spans).notes


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
    def chat(trace: int, start: int, given: Sequence[Told], made: Told) -> None:
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": json.dumps(list(given)),
            "gen_ai.output.messages": json.dumps([made]),
        }
        span("chat", attributes, trace_id=f"{trace:032x}", at=(start, start + 5))

    hi, hello = _user("hi"), _agent("hello")
    chat(1, 0, [hi], hello)
    chat(2, 10, [hi, hello, _user("a")], _agent("A"))
    chat(3, 20, [hi], hello)
    chat(4, 30, [hi, hello, _user("b")], _agent("B"))
    chat(5, 40, [hi, hello, _user("a"), _agent("A"), _user("c")], _agent("C"))
    found = assemble_all(reversed(span.spans))
    assert [[turn.user for turn in one.turns] for one in found] == [["hi", "a", "c"], ["hi", "b"]]
    assert found[0].id_rule == "message history continued"
    assert found[0].id == f"{1:032x}"


def test_the_sender_can_say_that_the_conversation_is_over(span: Any) -> None:
    _chat(span, [_user("bye")], _agent("bye"), more={"floorline.conversation.ended": True})
    assert assemble(span.spans).ended
    assert assemble([], [LogRecord("a", "b", 1, "session.end")]).ended


def test_nothing_at_all_is_an_empty_conversation() -> None:
    assert assemble([], conversation_id="c").turns == ()


def test_sums_on_agent_spans_count_only_where_no_model_call_has_any(span: Any) -> None:
    sums = {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 70, "gen_ai.usage.output_tokens": 9}
    root = span("invoke_agent desk", sums, at=(0, 900))
    _chat(span, [_user("hi")], _agent("hello"), at=(10, 100), parent=root)
    assert assemble(span.spans).tokens.input == 10
    silent = {"gen_ai.usage.input_tokens": None, "gen_ai.usage.output_tokens": None}
    bare = [span.spans[0], _chat(span, [_user("hi")], _agent("hello"), at=(10, 100), parent=root, more=silent)]
    assert assemble(bare).tokens.input == 70


def test_a_user_message_that_answers_a_call_is_the_tools(span: Any) -> None:
    asked = {"role": "assistant", "content": "", "tool_calls": [{"id": "a", "name": "find", "arguments": "{}"}]}
    answer = {"role": "user", "content": "found", "tool_call_id": "a"}
    _chat(span, [_user("go"), asked, answer], _agent("here"))
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("go", "here")]
    assert conversation.tool_calls[0].result == "found"


def test_arguments_are_unwrapped_from_a_decorators_record(span: Any) -> None:
    wrapped = '{"args": [], "sanitize": true, "kwargs": {"id": 1}}'
    span("find", {"openinference.span.kind": "TOOL", "input.value": wrapped, "session.id": "c"})
    assert assemble(span.spans).tool_calls[0].arguments == {"id": 1}


def test_the_last_tool_result_is_a_message_though_no_model_call_repeats_it(span: Any) -> None:
    root = span("invoke_agent desk", {"gen_ai.operation.name": "invoke_agent"}, at=(0, 900))
    _chat(span, [_user("go")], _agent("", ("a", "transfer", {})), at=(10, 100), parent=root)
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
