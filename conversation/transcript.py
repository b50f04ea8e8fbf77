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
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from conversation.errors import UsageError
from conversation.model import (
    JSON,
    Agent,
    Conversation,
    Message,
    ToolCall,
    ToolDefinition,
)
from conversation.tool_json import definitions
from conversation.transcript_messages import Told, text_of
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
    told = Told(_whole(record.get("started_ns"), "started_ns"))
    messages = record.get("messages")
    if not isinstance(messages, list):
        raise UsageError("field 'messages' must be a list of messages")
    for number, message in enumerate(messages):
        told.add(message, f"messages[{number}]")
    tools = record.get("tools")
    if tools is not None and not isinstance(tools, list):
        raise UsageError("field 'tools' must be a list of tool definitions")
    model = text_of(record, "agent_model") or ""
    name, version = _agent(record)
    calls = [told.calls[call_id] for call_id in told.order]
    found = tuple(told.messages)
    turns = turns_of(found, calls, model, turn_types or TurnTypes.built_in())
    times = [message.at_ns for message in found if message.at_ns is not None]
    return Conversation(
        id=str(conversation_id),
        user_id=text_of(record, "user_id"),
        agent=Agent(name, version),
        messages=found,
        turns=turns,
        tools=_tools(tools or ()),
        system_instructions=text_of(record, "system"),
        reference_time=text_of(record, "reference_time"),
        domain=text_of(record, "domain"),
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


def _whole(value: object, key: str) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise UsageError(f"field '{key}' must be whole nanoseconds since 1970")


def _agent(record: dict[str, Any]) -> tuple[str, str]:
    agent = record.get("agent")
    if isinstance(agent, dict):
        return str(agent.get("name") or ""), str(agent.get("version") or "")
    return text_of(record, "agent") or "", text_of(record, "agent_version") or ""


def _tools(tools: Sequence[object]) -> tuple[ToolDefinition, ...]:
    try:
        return _defined(orjson.dumps(tools)) if tools else ()
    except orjson.JSONEncodeError:  # a record that was made in memory may hold what no JSON has
        return _definitions(tools)


@lru_cache(maxsize=256)
def _defined(tools: bytes) -> tuple[ToolDefinition, ...]:
    """An agent offers the same tools in all its conversations: they are one object, whatever is derived from it too."""
    return _definitions(orjson.loads(tools))


def _definitions(tools: Sequence[object]) -> tuple[ToolDefinition, ...]:
    found = definitions(list(tools))
    if found is None or len(found) != len(tools):
        raise UsageError("field 'tools' holds an entry without a name; use OpenAI-style function tools")
    return found
