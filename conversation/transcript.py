"""The JSONL transcript format, both ways: one conversation a line, see docs of `floorline send` and `floorline grade`.

A record holds `id`, `messages` (`role`, `content`, `tool_calls: [{id, name, arguments}]`, `tool_call_id`, `name`,
`error`, `t_offset_s`), `tools` (OpenAI-style, `parameters` is JSON Schema and may use `$defs`), and optionally
`domain`, `reference_time`, `agent_model`, `agent`, `agent_version`, `user_id`, `system`. Fields that are not named here
are ignored; `label`, `base_id` and `source` are never read. Times count from the first message unless the record's
`started_ns` says when that was. Reading streams: one record is in memory at a time.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from conversation.errors import UsageError
from conversation.hidden_errors import hidden_error
from conversation.model import (
    JSON,
    Agent,
    Conversation,
    Message,
    Role,
    ToolCall,
    ToolDefinition,
)
from conversation.parsing import as_float
from conversation.said import Request
from conversation.tool_json import definitions, result_of
from conversation.transcript_turns import turns_of
from conversation.turn_types import TurnTypes

ID_RULE = "transcript id"


def read(path: Path, *, turn_types: TurnTypes | None = None) -> Iterator[Conversation]:
    """The conversations of a `.jsonl` or `.jsonl.gz` file, one at a time.

    Raises:
        UsageError: The file cannot be read or a line is no conversation; the message names file and line.
    """
    for number, record in records(path):
        try:
            yield from_record(record, turn_types=turn_types)
        except UsageError as error:
            raise UsageError(f"{path}:{number}: {error}") from error


def records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The raw records of a file with their line numbers; empty lines are passed over.

    Raises:
        UsageError: As `read`.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    number = 0
    try:
        with opener(path, "rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _object(line, f"{path}:{number}")
    except (OSError, EOFError) as error:
        where = f"{path}:{number + 1}" if number else str(path)
        raise UsageError(f"{where}: cannot be read ({error}); give a .jsonl or .jsonl.gz file") from error


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        record = orjson.loads(line)
    except ValueError as error:
        raise UsageError(f"{where}: not JSON ({error}); one conversation a line") from error
    if not isinstance(record, dict):
        raise UsageError(f"{where}: a line must be a JSON object, not {type(record).__name__}")
    return record


def from_record(record: dict[str, Any], *, turn_types: TurnTypes | None = None) -> Conversation:
    """The conversation a record holds.

    Raises:
        UsageError: The record is malformed; the message names the field.
    """
    conversation_id = record.get("id")
    if not isinstance(conversation_id, str | int) or isinstance(conversation_id, bool) or conversation_id == "":
        raise UsageError("field 'id' must be a non-empty text")
    told = _Told(_whole(record.get("started_ns"), "started_ns"))
    messages = record.get("messages")
    if not isinstance(messages, list):
        raise UsageError("field 'messages' must be a list of messages")
    for number, message in enumerate(messages):
        told.add(message, f"messages[{number}]")
    tools = record.get("tools")
    if tools is not None and not isinstance(tools, list):
        raise UsageError("field 'tools' must be a list of tool definitions")
    model = _text(record, "agent_model") or ""
    name, version = _agent(record)
    calls = [told.calls[call_id] for call_id in told.order]
    found = tuple(told.messages)
    turns = turns_of(found, calls, model, turn_types or TurnTypes.built_in())
    times = [message.at_ns for message in found if message.at_ns is not None]
    return Conversation(
        id=str(conversation_id),
        user_id=_text(record, "user_id"),
        agent=Agent(name, version),
        messages=found,
        turns=turns,
        tools=_tools(tools or ()),
        system_instructions=_text(record, "system"),
        reference_time=_text(record, "reference_time"),
        domain=_text(record, "domain"),
        started_ns=told.base_ns,
        ended_ns=max(times) if times and told.base_ns is not None else None,
        ended=True,
        id_rule=ID_RULE,
        convention="transcript",
    )


def to_record(conversation: Conversation) -> dict[str, JSON]:
    """A conversation as a record that `from_record` reads back to the same messages, tools and turns."""
    calls = {call.id: call for call in conversation.tool_calls}
    base = conversation.started_ns
    if base is None:
        base = next((message.at_ns for message in conversation.messages if message.at_ns is not None), None)
    record: dict[str, JSON] = {"id": conversation.id}
    fields: dict[str, JSON] = {
        "user_id": conversation.user_id,
        "agent": conversation.agent.name or None,
        "agent_version": conversation.agent.version or None,
        "agent_model": next((call.model for call in conversation.model_calls if call.model), None),
        "domain": conversation.domain,
        "reference_time": conversation.reference_time,
        "system": conversation.system_instructions,
        "started_ns": conversation.started_ns,
    }
    record.update({key: value for key, value in fields.items() if value is not None})
    record["tools"] = [_tool_record(tool) for tool in conversation.tools]
    record["messages"] = [_message_record(message, calls, base) for message in conversation.messages]
    return record


def _tool_record(tool: ToolDefinition) -> JSON:
    function: dict[str, JSON] = {"name": tool.name, "description": tool.description}
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    return {"type": "function", "function": function}


def _message_record(message: Message, calls: dict[str, ToolCall], base_ns: int | None) -> JSON:
    record: dict[str, JSON] = {"role": message.role.value, "content": message.text}
    asked = [calls[call_id] for call_id in message.tool_call_ids if call_id in calls]
    if asked:
        record["tool_calls"] = [
            {
                "id": call.id,
                "name": call.name,
                "arguments": call.arguments if call.raw_arguments is None else call.raw_arguments,
            }
            for call in asked
        ]
    if message.tool_call_id is not None:
        record["tool_call_id"] = message.tool_call_id
    if message.name is not None:
        record["name"] = message.name
    if message.error is not None:
        record["error"] = True if message.error == message.text else message.error
    if message.at_ns is not None and base_ns is not None:
        record["t_offset_s"] = (message.at_ns - base_ns) / 1e9
    return record


@dataclass(slots=True)
class _Told:
    """Messages and tool calls read so far."""

    base_ns: int | None
    messages: list[Message] = field(default_factory=list)
    calls: dict[str, ToolCall] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def add(self, message: object, where: str) -> None:
        """Read one message."""
        if not isinstance(message, dict):
            raise UsageError(f"field '{where}' must be an object")
        try:
            role = Role(str(message.get("role")))
        except ValueError:
            raise UsageError(f"field '{where}.role' must be user, assistant, tool or system") from None
        content = message.get("content")
        if content is not None and not isinstance(content, str):
            raise UsageError(f"field '{where}.content' must be a text")
        position = len(self.messages)
        at_ns = self._at(message.get("t_offset_s"), where)
        error = _error(message, content or "") if role is Role.TOOL else None
        asked: tuple[str, ...] = ()
        if message.get("tool_calls"):
            asked = self._asked(message["tool_calls"], where, position, at_ns)
        answers = _text(message, "tool_call_id", where)
        name = _text(message, "name", where)
        if role is Role.TOOL:
            self._answered(Message(position, role, content or "", (), answers, name, error, at_ns))
        self.messages.append(Message(position, role, content or "", asked, answers, name, error, at_ns))

    def _at(self, offset: object, where: str) -> int | None:
        if offset is None:
            return None
        seconds = as_float(offset)
        if seconds is None:
            raise UsageError(f"field '{where}.t_offset_s' must be a number of seconds")
        return (self.base_ns or 0) + round(seconds * 1e9)

    def _asked(self, calls: object, where: str, position: int, at_ns: int | None) -> tuple[str, ...]:
        if not isinstance(calls, list):
            raise UsageError(f"field '{where}.tool_calls' must be a list")
        ids: list[str] = []
        for number, call in enumerate(calls):
            place = f"{where}.tool_calls[{number}]"
            inner = call.get("function", call) if isinstance(call, dict) else None
            name = inner.get("name") if isinstance(inner, dict) else None
            if not isinstance(call, dict) or not isinstance(inner, dict) or not isinstance(name, str) or not name:
                raise UsageError(f"field '{place}' must be an object with id, name and arguments")
            request = Request.of(call.get("id"), name, inner.get("arguments"))
            call_id = request.id or f"{name}#{len(self.order)}"
            if call_id in self.calls:
                raise UsageError(f"field '{place}.id' repeats the call id '{call_id}'; ids must be unique")
            self.calls[call_id] = ToolCall(
                call_id,
                name,
                request.arguments,
                executed=False,
                raw_arguments=request.raw,
                started_ns=at_ns,
                message=position,
            )
            self.order.append(call_id)
            ids.append(call_id)
        return tuple(ids)

    def _answered(self, message: Message) -> None:
        answers = message.tool_call_id or next((i for i in self.order if self.calls[i].result_message is None), "")
        asked = self.calls.get(answers)
        if asked is None:
            answers = answers or f"{message.name or 'tool'}#{len(self.order)}"
            asked = ToolCall(answers, message.name or "", {})
            self.order.append(answers)
        self.calls[answers] = replace(
            asked,
            executed=True,
            result=result_of(message.text),
            error=message.error or hidden_error(message.text),
            started_ns=asked.started_ns if message.at_ns is not None else None,
            ended_ns=message.at_ns,
            result_message=message.position,
        )


def _error(message: dict[str, Any], content: str) -> str | None:
    told = message.get("error")
    if isinstance(told, str):
        return told or None
    return (content or "error") if told is True else None


def _text(record: dict[str, Any], key: str, where: str = "") -> str | None:
    value = record.get(key)
    if value is None or isinstance(value, str):
        return value or None
    raise UsageError(f"field '{where + '.' if where else ''}{key}' must be a text")


def _whole(value: object, key: str) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise UsageError(f"field '{key}' must be whole nanoseconds since 1970")


def _agent(record: dict[str, Any]) -> tuple[str, str]:
    agent = record.get("agent")
    if isinstance(agent, dict):
        return str(agent.get("name") or ""), str(agent.get("version") or "")
    return _text(record, "agent") or "", _text(record, "agent_version") or ""


def _tools(tools: Sequence[object]) -> tuple[ToolDefinition, ...]:
    found = definitions(list(tools)) if tools else None
    if tools and (found is None or len(found) != len(tools)):
        raise UsageError("field 'tools' holds an entry without a name; use OpenAI-style function tools")
    return found or ()
