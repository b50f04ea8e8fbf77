"""Whatever a sender puts under the keys the conventions read, assembly gives a conversation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversation import conventions
from conversation.assemble import assemble_all
from conversation.digest import digest
from conversation.model import LogRecord, Span, SpanEvent
from conversation.transcript import from_record, to_record

SOURCES = [path.read_text() for path in Path(conventions.__path__[0]).glob("*.py")]
KEYS = sorted({key for text in SOURCES for key in re.findall(r'"([a-z_]+(?:\.[A-Za-z_0-9]+)+)"', text)})
KEYS += ["gen_ai.prompt.0.content", "gen_ai.prompt.0.role", "llm.input_messages.1.message.role", "metadata", "events"]
NAMES = [
    "chat",
    "turn",
    "llm",
    "agent_turn",
    "call_llm",
    "execute_tool x",
    "running tool",
    "llm_request",
    "conversation",
]
SCOPES = [
    "",
    "langsmith",
    "langfuse-sdk",
    "ai",
    "logfire",
    "pydantic-ai",
    "litellm",
    "livekit-agents",
    "pipecat",
    "x.langchain",
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(
        ["", "{", "[1", '"x"', '{"role": "user", "content": "hi"}', '[{"role":"assistant","content":"a"}]']
    )
    | st.sampled_from(["LLM", "TOOL", "AGENT", "chat", "execute_tool", "invoke_agent", "generation", "tool", "llm"])
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "parts", "messages", "tool_calls", "id", "args", "kwargs"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
ATTRIBUTES = st.dictionaries(st.sampled_from(KEYS), VALUES | st.binary(max_size=4), max_size=10)
IDS = st.sampled_from(["", *(f"{number:016x}" for number in range(1, 7))])
TIMES = st.integers(0, 2**63)
SPANS = st.builds(
    Span,
    trace_id=st.sampled_from(["a" * 32, "b" * 32]),
    span_id=IDS,
    parent_span_id=IDS,
    name=st.sampled_from(NAMES),
    start_ns=TIMES,
    end_ns=TIMES,
    status_code=st.integers(0, 3),
    status_message=st.sampled_from(["", "no", "Error running tool {'error': 1"]),
    scope_name=st.sampled_from(SCOPES),
    attributes=ATTRIBUTES,
    events=st.lists(
        st.builds(
            SpanEvent,
            name=st.sampled_from(["exception", "gen_ai.choice", "gen_ai.user.message", "First Token Stream Event"]),
            time_ns=TIMES,
            attributes=st.dictionaries(
                st.sampled_from(["content", "message", "exception.message", "id"]), VALUES, max_size=2
            ),
        ),
        max_size=2,
    ).map(tuple),
)
LOGS = st.builds(
    LogRecord,
    trace_id=st.sampled_from(["a" * 32, "b" * 32]),
    span_id=IDS,
    time_ns=TIMES,
    event_name=st.sampled_from(
        ["", "gen_ai.choice", "gen_ai.tool.message", "gen_ai.client.inference.operation.details"]
    ),
    body=VALUES,
    attributes=ATTRIBUTES,
)


@settings(max_examples=60, deadline=None)
@given(spans=st.lists(SPANS, max_size=8), logs=st.lists(LOGS, max_size=3), chance=st.randoms(use_true_random=False))
def test_any_attributes_give_the_same_conversations_in_any_order(
    spans: list[Span], logs: list[LogRecord], chance: Any
) -> None:
    found = assemble_all(spans, logs)
    mixed = spans * 2
    chance.shuffle(mixed)
    assert [digest(one) for one in assemble_all(mixed, logs[::-1])] == [digest(one) for one in found]
    for conversation in found:
        from_record(to_record(conversation) | {"id": conversation.id or "x"})
        for turn in conversation.turns:
            if turn.duration_seconds is not None:
                whole = sum(segment.seconds for segment in turn.segments)
                assert whole == pytest.approx(turn.duration_seconds, abs=1e-3, rel=1e-9)
