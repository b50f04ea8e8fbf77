"""A `Conversation` as one JSON document and back, without loss."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any, TypeVar

import orjson

from conversation.model import (
    Agent,
    Conversation,
    Message,
    ModelCall,
    Role,
    Segment,
    SegmentKind,
    Tokens,
    ToolCall,
    ToolDefinition,
    Turn,
)

_Made = TypeVar("_Made")


def dumps(value: object) -> str:
    """JSON text of dataclasses, tuples and plain values; numbers of any size and broken Unicode pass too."""
    try:
        return orjson.dumps(value).decode()
    except (TypeError, ValueError):
        plain = asdict(value) if hasattr(value, "__dataclass_fields__") else value  # type: ignore[call-overload] # instance
        return json.dumps(plain)


def loads(text: str) -> Any:
    """The plain value of a JSON text that `dumps` wrote."""
    try:
        return orjson.loads(text)
    except ValueError:
        return json.loads(text)


def conversation_of(text: str) -> Conversation:
    """The conversation that `dumps` wrote; fields a later version added keep their defaults."""
    return _conversation(loads(text))


def _make(made: Callable[..., _Made], given: dict[str, Any], **nested: Callable[[Any], Any]) -> _Made:
    names = {field.name for field in fields(made)}  # type: ignore[arg-type] # always a dataclass
    return made(
        **{
            name: nested[name](value) if name in nested and value is not None else value
            for name, value in given.items()
            if name in names
        }
    )


def _each(read: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda values: tuple(read(value) for value in values)


def _conversation(given: dict[str, Any]) -> Conversation:
    return _make(
        Conversation,
        given,
        agent=lambda agent: _make(Agent, agent),
        messages=_each(_message),
        turns=_each(_turn),
        tools=_each(lambda tool: _make(ToolDefinition, tool)),
        notes=tuple,
    )


def _message(given: dict[str, Any]) -> Message:
    return _make(Message, given, role=Role, tool_call_ids=tuple)


def _turn(given: dict[str, Any]) -> Turn:
    return _make(
        Turn,
        given,
        segments=_each(lambda segment: _make(Segment, segment, kind=SegmentKind)),
        tool_calls=_each(lambda call: _make(ToolCall, call)),
        model_calls=_each(lambda call: _make(ModelCall, call, tokens=lambda tokens: _make(Tokens, tokens))),
    )
