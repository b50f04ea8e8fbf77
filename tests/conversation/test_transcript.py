from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conversation import transcript
from conversation.assemble import assemble
from conversation.digest import digest
from conversation.errors import UsageError
from conversation.model import Conversation, Role, SegmentKind, Span

RECORD: dict[str, Any] = {
    "id": "t-1",
    "base_id": "b",
    "source": "s",
    "domain": "retail",
    "agent_model": "m",
    "reference_time": "2024-05-15",
    "anything": {"else": 1},
    "label": {"failed": True},
    "tools": [{"type": "function", "function": {"name": "find", "parameters": {"$defs": {"A": {}}, "type": "object"}}}],
    "messages": [
        {"role": "assistant", "content": "Welcome", "t_offset_s": 0.0},
        {"role": "user", "content": "find A-1", "t_offset_s": 2.0},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "c1", "name": "find", "arguments": {"id": "A-1"}}],
            "t_offset_s": 3.5,
        },
        {
            "role": "tool",
            "content": "Error: no such order",
            "tool_call_id": "c1",
            "name": "find",
            "error": True,
            "t_offset_s": 4.0,
        },
        {"role": "assistant", "content": "Not found.", "t_offset_s": 6.0},
    ],
}


def test_a_record_becomes_a_conversation() -> None:
    conversation = transcript.from_record(RECORD)
    assert (conversation.id, conversation.domain, conversation.reference_time) == ("t-1", "retail", "2024-05-15")
    (turn,) = conversation.turns
    assert (turn.user, turn.reply, turn.type, turn.first_message) == ("find A-1", "Not found.", "tool_call", 1)
    (call,) = turn.tool_calls
    assert (call.arguments, call.error, call.message, call.result_message) == (
        {"id": "A-1"},
        "Error: no such order",
        2,
        3,
    )
    assert (turn.duration_seconds, turn.first_token_seconds) == (4.0, 4.0)
    assert [(part.kind, part.seconds) for part in turn.segments] == [
        (SegmentKind.MODEL, 1.5),
        (SegmentKind.TOOL, 0.5),
        (SegmentKind.MODEL, 2.0),
    ]
    assert conversation.tools[0].parameters == {"$defs": {"A": {}}, "type": "object"}


def test_nothing_of_a_label_reaches_the_conversation() -> None:
    without = {key: value for key, value in RECORD.items() if key not in {"label", "base_id", "source", "anything"}}
    assert transcript.from_record(RECORD) == transcript.from_record(without)


def test_a_conversation_written_and_read_again_is_the_same() -> None:
    conversation = transcript.from_record(RECORD)
    written = json.loads(json.dumps(transcript.to_record(conversation)))
    assert transcript.from_record(written) == conversation
    messages = [{**message} for message in RECORD["messages"]]
    assert written["messages"] == messages


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": ""}, "'id'"),
        ({"messages": {}}, "'messages'"),
        ({"messages": [1]}, "messages[0]"),
        ({"messages": [{"role": "boss", "content": ""}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": "", "t_offset_s": "soon"}]}, "t_offset_s"),
        ({"messages": [{"role": "assistant", "content": "", "tool_calls": [{}]}]}, "tool_calls[0]"),
        ({"tools": [{"type": "function"}]}, "'tools'"),
        ({"domain": 3}, "'domain'"),
    ],
)
def test_an_error_names_file_line_and_field(tmp_path: Path, change: dict[str, Any], field: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(RECORD) + "\n\n" + json.dumps({**RECORD, **change}) + "\n")
    with pytest.raises(UsageError) as caught:
        list(transcript.read(path))
    assert str(caught.value).startswith(f"{path}:3: ")
    assert field in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("line", ["{", "[1]", '"text"'])
def test_a_line_that_is_no_object_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(line)
    with pytest.raises(UsageError, match=r"bad\.jsonl:1: "):
        list(transcript.read(path))


def test_a_missing_or_broken_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        list(transcript.read(tmp_path / "nowhere.jsonl"))
    broken = tmp_path / "broken.jsonl.gz"
    broken.write_bytes(gzip.compress(json.dumps(RECORD).encode())[:-12])
    with pytest.raises(UsageError, match="broken"):
        list(transcript.read(broken))


def test_conversations_come_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "two.jsonl.gz"
    path.write_bytes(gzip.compress((json.dumps(RECORD) + "\n{").encode()))
    reading = transcript.read(path)
    assert next(reading).id == "t-1"
    with pytest.raises(UsageError, match=":2: "):
        next(reading)


def _some(shared_dir: Path, name: str, count: int) -> Iterator[Conversation]:
    reading = transcript.read(shared_dir / "conversations" / name)
    return (conversation for _, conversation in zip(range(count), reading, strict=False))


@pytest.mark.shared
@pytest.mark.parametrize("name", ["natural.jsonl.gz", "injected-tau.jsonl.gz", "injected-sgd.jsonl.gz"])
def test_shared_conversations_survive_being_written_and_read(shared_dir: Path, name: str) -> None:
    for conversation in _some(shared_dir, name, 120):
        assert transcript.from_record(transcript.to_record(conversation)) == conversation
        for turn in conversation.turns:
            if turn.duration_seconds is not None:
                assert sum(part.seconds for part in turn.segments) == pytest.approx(turn.duration_seconds, abs=1e-3)


def _as_spans(conversation: Conversation) -> list[Span]:
    """A conversation as GenAI spans: a trace for each turn, a model span for each assistant message, no tool spans."""
    calls = {call.id: call for call in conversation.tool_calls}
    told: list[dict[str, Any]] = []
    spans: list[Span] = []
    turn = 0
    for message in conversation.messages:
        asked = [{"id": i, "name": calls[i].name, "arguments": calls[i].arguments} for i in message.tool_call_ids]
        entry = {
            "role": message.role.value,
            "content": message.text,
            "tool_calls": asked,
            "tool_call_id": message.tool_call_id,
        }
        turn += message.role is Role.USER
        if message.role is Role.ASSISTANT:
            attributes = {
                "gen_ai.operation.name": "chat",
                "session.id": conversation.id,
                "gen_ai.input.messages": json.dumps(told),
                "gen_ai.output.messages": json.dumps([entry]),
            }
            at = message.position * 1_000_000
            spans.append(
                Span(
                    f"{turn:032x}", f"{message.position + 1:016x}", "", "chat", at, at + 500_000, attributes=attributes
                )
            )
        told.append(entry)
    return spans


@pytest.mark.shared
@pytest.mark.parametrize("name", ["natural.jsonl.gz", "injected-sgd.jsonl.gz"])
def test_shared_conversations_sent_as_spans_in_any_order_keep_their_turns(shared_dir: Path, name: str) -> None:
    for number, conversation in enumerate(_some(shared_dir, name, 40)):
        spans = _as_spans(conversation)
        mixed = spans * 2
        random.Random(number).shuffle(mixed)  # noqa: S311 - a fixed shuffle, nothing secret
        found = assemble(mixed)
        assert digest(found) == digest(assemble(spans))
        want = [turn for turn in conversation.turns if turn.reply is not None]
        got = [turn for turn in found.turns if turn.reply is not None]
        assert [(turn.user, turn.reply) for turn in got] == [(turn.user, turn.reply) for turn in want]
        assert [(call.id, call.name, call.arguments) for call in found.tool_calls] == [
            (call.id, call.name, call.arguments) for call in conversation.tool_calls
        ]
