"""Messages and tool calls of a transcript record, read one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from conversation.errors import UsageError
from conversation.hidden_errors import hidden_error
from conversation.model import Message, Role, ToolCall
from conversation.parsing import as_float
from conversation.said import Request
from conversation.tool_json import result_of

_ROLES = {role.value: role for role in Role}


@dataclass(slots=True)
class Told:
    """Messages and tool calls read so far."""

    base_ns: int | None
    messages: list[Message] = field(default_factory=list)
    calls: dict[str, ToolCall] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def add(self, message: object, where: str) -> None:
        """Read one message."""
        if not isinstance(message, dict):
            raise UsageError(f"field '{where}' must be an object")
        role = _ROLES.get(str(message.get("role")))
        if role is None:
            raise UsageError(f"field '{where}.role' must be user, assistant, tool or system")
        content = message.get("content")
        if content is not None and not isinstance(content, str):
            raise UsageError(f"field '{where}.content' must be a text")
        position = len(self.messages)
        at_ns = self._at(message.get("t_offset_s"), where)
        error = _error(message, content or "") if role is Role.TOOL else None
        asked: tuple[str, ...] = ()
        if message.get("tool_calls"):
            asked = self._asked(message["tool_calls"], where, position, at_ns)
        answers = text_of(message, "tool_call_id", where)
        name = text_of(message, "name", where)
        told = Message(position, role, content or "", asked, answers, name, error, at_ns)
        if role is Role.TOOL:
            self._answered(told)
        self.messages.append(told)

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
        result = result_of(message.text)
        # Written out: dataclasses.replace takes three times as long.
        self.calls[answers] = ToolCall(
            asked.id,
            asked.name,
            asked.arguments,
            result,
            message.error or hidden_error(result if isinstance(result, dict | list) else message.text),
            executed=True,
            raw_arguments=asked.raw_arguments,
            started_ns=asked.started_ns if message.at_ns is not None else None,
            ended_ns=message.at_ns,
            message=asked.message,
            result_message=message.position,
        )


def _error(message: dict[str, Any], content: str) -> str | None:
    told = message.get("error")
    if isinstance(told, str):
        return told or None
    return (content or "error") if told is True else None


def text_of(record: dict[str, Any], key: str, where: str = "") -> str | None:
    """A field that holds a text; None where it is missing or empty.

    Raises:
        UsageError: It holds something else.
    """
    value = record.get(key)
    if value is None or isinstance(value, str):
        return value or None
    raise UsageError(f"field '{where + '.' if where else ''}{key}' must be a text")
