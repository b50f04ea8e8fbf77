"""What real client libraries sent, against what was really said."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversation.assemble import assemble, assemble_all
from conversation.digest import digest
from conversation.facts import SpanRole
from conversation.model import Conversation, LogRecord, Span
from conversation.span_tree import tree

Captures = Callable[[str], Any]
pytestmark = pytest.mark.shared


def _only(spans: list[Span], logs: list[LogRecord]) -> Conversation:
    found = assemble_all(spans, logs)
    assert len(found) == 1, [one.id for one in found]
    return found[0]


def _thrice_in_any_order(capture: Any) -> Conversation:
    order = list(range(len(capture.bodies))) * 3
    random.Random(capture.name).shuffle(order)  # noqa: S311 - a fixed shuffle, nothing secret
    return _only(*capture.contents(order))


def test_a_capture_sent_three_times_in_any_order_gives_the_truth(capture_name: str, captures: Captures) -> None:
    capture = captures(capture_name)
    truth, lost = capture.truth, capture.not_recoverable
    conversation = _thrice_in_any_order(capture)
    if "conversation_id" not in lost:
        assert conversation.id == truth["conversation_id"]
    if "user_id" not in lost:
        assert conversation.user_id == truth["user_id"]
    assert [(turn.user, turn.reply) for turn in conversation.turns] == [
        (turn["user"], turn["assistant"]) for turn in truth["turn_texts"]
    ]
    assert truth["system_instructions"] in (conversation.system_instructions or "")


def test_tool_calls_of_a_capture_are_those_that_ran(capture_name: str, captures: Captures) -> None:
    capture = captures(capture_name)
    conversation = _thrice_in_any_order(capture)
    calls = [(turn.index + 1, call) for turn in conversation.turns for call in turn.tool_calls]
    assert [(turn, call.name, call.id, call.arguments, call.executed) for turn, call in calls] == [
        (call["turn"], call["name"], call["call_id"], call["arguments"], True) for call in capture.truth["tool_calls"]
    ]
    for (_, call), want in zip(calls, capture.truth["tool_calls"], strict=True):
        if want["outcome"] == "ok":
            assert call.error is None
            assert call.result == want["result"]
        else:
            assert want["error_contains"] in (call.error or "")


def test_tokens_of_a_capture_are_counted_once_per_model_call(capture_name: str, captures: Captures) -> None:
    capture = captures(capture_name)
    calls = _thrice_in_any_order(capture).model_calls
    wanted = capture.truth["llm_call_tokens"]
    assert len(calls) == len(wanted)
    for number, (call, want) in enumerate(zip(calls, wanted, strict=True), start=1):
        if f"tokens of model call {number}" in capture.not_recoverable:
            continue
        assert (call.tokens.input, call.tokens.output) == (want["input"], want["output"])
        # Not every client sends these two; those that do must agree.
        assert call.tokens.cached in {0, want["cached"]}
        assert call.tokens.reasoning in {0, want["reasoning"]}


def test_cached_and_reasoning_tokens_are_read_wherever_a_client_sends_them(captures: Captures) -> None:
    silent_on_reasoning = {"langgraph-traceloop", "openai-otel-v2-events", "openai-traceloop-indexed", "openlit"}
    for name in (
        "litellm",
        "mlflow",
        "langfuse",
        "openai-logfire",
        "livekit",
        "openai-openinference",
        "openai-traceloop",
    ):
        assert name not in silent_on_reasoning
        conversation = _thrice_in_any_order(captures(name))
        assert conversation.tokens.cached == captures(name).truth["token_totals"]["cached_input"], name
        assert conversation.tokens.reasoning == captures(name).truth["token_totals"]["reasoning_output"], name


def test_models_and_tools_of_a_capture_are_named(capture_name: str, captures: Captures) -> None:
    capture = captures(capture_name)
    conversation = _thrice_in_any_order(capture)
    truth = capture.truth
    assert {tool.name for tool in conversation.tools} in (set(truth["tool_names_offered"]), set())
    names = {truth["model_requested"], truth["model_used"]}
    for call in conversation.model_calls:
        assert call.model in names
        assert call.model_requested in {*names, ""}


def test_segments_of_a_capture_add_up_to_each_turns_wall_time(capture_name: str, captures: Captures) -> None:
    for turn in _thrice_in_any_order(captures(capture_name)).turns:
        assert turn.duration_seconds is not None
        assert sum(segment.seconds for segment in turn.segments) == pytest.approx(turn.duration_seconds, abs=1e-6)
        assert turn.first_token_seconds is not None
        assert 0 <= turn.first_token_seconds <= turn.duration_seconds


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_permutation_duplication_and_split_of_spans_ends_in_the_same_conversation(
    capture_name: str, captures: Captures, data: st.DataObject
) -> None:
    spans, logs = captures(capture_name).contents()
    expected = digest(_only(spans, logs))
    seed = data.draw(st.integers(0, 2**32))
    chance = random.Random(seed)  # noqa: S311 - hypothesis chose the seed
    doubled = [span for span in spans for _ in range(chance.choice((1, 1, 2, 3)))]
    doubled_logs = [record for record in logs for _ in range(chance.choice((1, 2)))]
    chance.shuffle(doubled)
    chance.shuffle(doubled_logs)
    assert digest(_only(doubled, doubled_logs)) == expected


def test_spans_that_arrive_late_leave_no_trace_in_the_end(capture_name: str, captures: Captures) -> None:
    spans, logs = captures(capture_name).contents()
    early = assemble_all(spans[: len(spans) // 2], logs[: len(logs) // 2])
    assert early
    assert digest(_only(spans, logs)) == digest(_only(list(reversed(spans)), list(reversed(logs))))


def test_a_capture_whose_root_spans_never_arrive_still_gives_the_texts(capture_name: str, captures: Captures) -> None:
    capture = captures(capture_name)
    spans, logs = capture.contents()
    roots = {
        node.span.span_id for node in tree(spans, logs) if node.parent is None and not node.is_role(SpanRole.MODEL)
    }
    # The id may be on the root only; this is about the texts.
    left = [
        replace(span, attributes={**span.attributes, "gen_ai.conversation.id": "c"})
        for span in spans
        if span.span_id not in roots
    ]
    turns = [(turn.user, turn.reply) for turn in assemble(left, logs).turns]
    assert turns == [(turn["user"], turn["assistant"]) for turn in capture.truth["turn_texts"]]


def test_clocks_that_differ_between_processes_keep_the_order_of_the_conversation(captures: Captures) -> None:
    capture = captures("openai-openinference-bare")
    spans, logs = capture.contents()
    traces = sorted({span.trace_id for span in spans})
    skewed = [
        replace(span, start_ns=span.start_ns + shift, end_ns=span.end_ns + shift)
        for span in spans
        for shift in [(-1) ** traces.index(span.trace_id) * 400_000_000]
    ]
    turns = [(turn.user, turn.reply) for turn in _only(skewed, logs).turns]
    assert turns == [(turn["user"], turn["assistant"]) for turn in capture.truth["turn_texts"]]
