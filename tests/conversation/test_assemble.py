"""Shapes of conversations that are easy to get wrong, each as a small trace."""

from __future__ import annotations

import json
from typing import Any

from conversation.assemble import assemble
from conversation.model import Conversation


def _texts(conversation: Conversation) -> list[tuple[str | None, str | None]]:
    return [(turn.user, turn.reply) for turn in conversation.turns]


def test_a_greeting_before_the_first_customer_message_is_context_and_no_turn(span: Any) -> None:
    greeting = span.agent("Welcome to the desk!")
    span.chat([], greeting)
    span.chat([greeting, span.user("hi")], span.agent("hello"))
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("hi", "hello")]
    assert conversation.messages[0].text == "Welcome to the desk!"
    assert conversation.turns[0].first_message == 1
    assert len(conversation.model_calls) == 2


def test_messages_sent_in_a_row_and_answered_together_are_one_turn(span: Any) -> None:
    span.chat([span.user("hi"), span.user("one more thing")], span.agent("yes?"))
    assert _texts(assemble(span.spans)) == [("hi\none more thing", "yes?")]


def test_a_message_that_was_being_answered_when_the_next_came_is_an_interrupted_turn(span: Any) -> None:
    span.chat([span.user("hi")], None)
    span.chat([span.user("hi"), span.user("are you there?")], span.agent("yes"))
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("hi", None), ("are you there?", "yes")]
    assert [turn.interrupted for turn in conversation.turns] == [True, False]


def test_a_reply_that_history_tells_cut_short_counts_once(span: Any) -> None:
    span.chat([span.user("hi")], span.agent("Let me tell you a long story about refunds."))
    span.chat([span.user("hi"), span.agent("Let me tell you a long"), span.user("stop")], span.agent("ok"))
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("hi", "Let me tell you a long story about refunds."), ("stop", "ok")]
    assert len(conversation.messages) == 4


def test_a_reply_that_was_generated_again_replaces_the_first(span: Any) -> None:
    span.chat([span.user("hi")], span.agent("first"))
    span.chat([span.user("hi")], span.agent("second"))
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("hi", "second")]
    assert conversation.tokens.output == 4
    assert any("again" in note for note in conversation.notes)


def test_a_model_call_repeated_after_an_error_adds_no_message(span: Any) -> None:
    span.chat([span.user("hi")], None, status_code=2, status_message="overloaded")
    span.chat([span.user("hi")], span.agent("hello"))
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("hi", "hello")]
    assert conversation.model_calls[0].error == "overloaded"


def test_a_hand_off_between_agents_stays_one_turn(span: Any) -> None:
    root = span(
        "invoke_agent triage", {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "triage"}, at=(0, 900)
    )
    asked = span.agent("", ("t1", "transfer", {"to": "refunds"}))
    span.chat([span.user("refund me")], asked, at=(10, 100), parent=root, more={"gen_ai.system_instructions": "triage"})
    inner = span(
        "invoke_agent refunds",
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "refunds"},
        at=(110, 800),
        parent=root,
    )
    span.chat(
        [span.user("refund me"), asked, span.tool("t1", "transferred")],
        span.agent("Which order?"),
        at=(120, 700),
        parent=inner,
        more={"gen_ai.system_instructions": "refunds"},
    )
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("refund me", "Which order?")]
    assert conversation.agent.name == "triage"
    assert conversation.system_instructions == "triage"


def test_an_agent_called_as_a_tool_speaks_to_the_agent_not_to_the_customer(span: Any) -> None:
    asked = span.agent("", ("t1", "research", {"topic": "refunds"}))
    root = span("invoke_agent desk", {"gen_ai.operation.name": "invoke_agent"}, at=(0, 900))
    span.chat([span.user("refund me")], asked, at=(10, 100), parent=root)
    tool = span(
        "execute_tool research",
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "research", "gen_ai.tool.call.id": "t1"},
        at=(110, 500),
        parent=root,
    )
    span.chat([span.user("Research the topic refunds")], span.agent("Refunds take a week."), at=(120, 490), parent=tool)
    span.chat(
        [span.user("refund me"), asked, span.tool("t1", "Refunds take a week.")],
        span.agent("A week."),
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
        {"gen_ai.operation.name": "invoke_workflow", "gen_ai.input.messages": json.dumps([span.user("refund me")])},
        at=(0, 900),
    )
    span.chat(
        [span.user("Make a plan for this request.")],
        span.agent("1. look up 2. refund"),
        at=(10, 100),
        parent=root,
        more={"gen_ai.system_instructions": "plan"},
    )
    span.chat([span.user("refund me")], span.agent("Done."), at=(110, 800), parent=root)
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("refund me", "Done.")]
    assert len(conversation.model_calls) == 2


def test_a_guardrail_model_call_is_neither_message_nor_reply(span: Any) -> None:
    root = span("turn", {"openinference.span.kind": "AGENT", "session.id": "c"}, at=(0, 900))
    guard = span("moderate", {"openinference.span.kind": "GUARDRAIL"}, at=(0, 100), parent=root)
    span.chat([span.user("Is this harmful? hi")], span.agent("no"), at=(10, 90), parent=guard)
    span.chat([span.user("hi")], span.agent("hello"), at=(100, 900), parent=root)
    assert _texts(assemble(span.spans)) == [("hi", "hello")]


def test_only_what_is_new_is_sent_and_the_thread_still_grows(span: Any) -> None:
    asked = span.agent("", ("a", "find", {"id": 1}))
    span.chat([span.user("yes")], asked)
    span.chat([span.tool("a", "found")], span.agent("here, more?"))
    span.chat([span.user("yes")], span.agent("more"))
    conversation = assemble(span.spans)
    assert _texts(conversation) == [("yes", "here, more?"), ("yes", "more")]
    assert conversation.tool_calls[0].result == "found"


def test_a_sliding_window_of_history_repeats_nothing(span: Any) -> None:
    said = [
        span.user("1"),
        span.agent("one"),
        span.user("2"),
        span.agent("two"),
        span.user("3"),
        span.agent("three"),
        span.user("4"),
    ]
    span.chat(said[:1], said[1])
    span.chat(said[:3], said[3])
    span.chat(said[2:5], said[5])
    span.chat(said[4:7], span.agent("four"))
    assert _texts(assemble(span.spans)) == [("1", "one"), ("2", "two"), ("3", "three"), ("4", "four")]


def test_a_compacted_history_repeats_nothing(span: Any) -> None:
    span.chat([span.user("1")], span.agent("one"))
    span.chat([span.user("1"), span.agent("one"), span.user("2")], span.agent("two"))
    summary = span.message("system", "The customer asked 1 and 2.")
    span.chat(
        [summary, span.agent("two"), span.user("3")], span.agent("three"), more={"gen_ai.conversation.compacted": True}
    )
    assert _texts(assemble(span.spans)) == [("1", "one"), ("2", "two"), ("3", "three")]


def test_an_agent_without_memory_sends_each_message_alone(span: Any) -> None:
    for number in range(3):
        span.chat([span.user(f"q{number}")], span.agent(f"a{number}"), trace_id=f"{number + 1:032x}")
    assert _texts(assemble(span.spans)) == [("q0", "a0"), ("q1", "a1"), ("q2", "a2")]
