"""A conversation as a list of events: what the customer said, what the agent said, which tools it called.

A call's event stands where the agent asked for it and holds its result. Text said in the same message as calls is a
reply event before them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from conversation.model import Conversation, Message, Role, ToolCall
from conversation.verdict import Evidence
from scoring.recent import Recent

_SHORT = 160


class Kind(StrEnum):
    """What happened."""

    USER = "user"
    REPLY = "reply"
    CALL = "call"


@dataclass(slots=True, eq=False)
class Event:
    """One thing that happened. Not to be changed: it is not frozen because there are many of them.

    `index` counts events from 0; `turn` is -1 before the first turn; `at_seconds` is the time since the epoch, None if
    unknown; `batch` is the number of calls asked for in the same message.
    """

    index: int
    kind: Kind
    turn: int
    position: int | None
    text: str = ""
    call: ToolCall | None = None
    at_seconds: float | None = None
    span_id: str = ""
    batch: int = 0

    @property
    def accepted(self) -> bool:
        """Whether a call was executed without an error."""
        return self.call is not None and self.call.executed and self.call.error is None

    @property
    def evidence(self) -> Evidence:
        """Where the event can be seen."""
        if self.call is None:
            return Evidence("message", _short(self.text), self.position, self.span_id)
        arguments = ", ".join(f"{name}={value}" for name, value in self.call.arguments.items())
        text = _short(f"{self.call.name}({arguments})")
        return Evidence("tool_call", text, self.position, self.call.span_id, self.call.id)


@dataclass(frozen=True, eq=False)
class EventLog:
    """All events of a conversation, in order, and indexes of them."""

    conversation: Conversation
    events: tuple[Event, ...]
    by_tool: dict[str, list[Event]] = field(default_factory=dict)
    users: list[Event] = field(default_factory=list)
    replies: list[Event] = field(default_factory=list)

    @cached_property
    def calls(self) -> list[Event]:
        """All calls."""
        return [event for event in self.events if event.kind is Kind.CALL]

    def said_before(self, index: int, kind: Kind) -> str:
        """Everything the customer (or the agent) said before an event, one message a line."""
        spoken = self.users if kind is Kind.USER else self.replies
        return "\n".join(event.text for event in spoken if event.index < index)


def log_of(conversation: Conversation) -> EventLog:
    """The events of a conversation. The log is shared by all who ask for it: do not change it."""
    return _LOGS.of(conversation)


def _made(conversation: Conversation) -> EventLog:
    log = EventLog(conversation, tuple(_events(conversation)))
    for event in log.events:
        if event.call is not None:
            log.by_tool.setdefault(event.call.name, []).append(event)
        elif event.kind is Kind.USER:
            log.users.append(event)
        else:
            log.replies.append(event)
    return log


_LOGS = Recent(_made)


def _events(conversation: Conversation) -> Iterator[Event]:
    turns = {
        position: turn.index
        for turn in conversation.turns
        for position in range(turn.first_message, turn.last_message + 1)
    }
    asked: dict[int, list[tuple[int, ToolCall]]] = {}
    for turn in conversation.turns:
        for call in turn.tool_calls:
            place = turn.first_message if call.message is None else call.message
            asked.setdefault(place, []).append((turn.index, call))
    batches = Counter({place: len(calls) for place, calls in asked.items()})
    index = 0
    for message in conversation.messages:
        turn_index = turns.get(message.position, -1)
        if message.role is Role.USER or (message.role is Role.ASSISTANT and message.text.strip()):
            yield _spoken(index, message, turn_index)
            index += 1
        for of_turn, call in asked.get(message.position, ()):
            at = message.at_ns if call.started_ns is None else call.started_ns
            yield Event(
                index,
                Kind.CALL,
                of_turn,
                message.position,
                message.text,
                call,
                None if at is None else at / 1e9,
                call.span_id,
                batches[message.position],
            )
            index += 1


def _spoken(index: int, message: Message, turn: int) -> Event:
    return Event(
        index,
        Kind.USER if message.role is Role.USER else Kind.REPLY,
        turn,
        message.position,
        message.text,
        at_seconds=None if message.at_ns is None else message.at_ns / 1e9,
        span_id=message.span_id,
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else line[: _SHORT - 1] + "…"
