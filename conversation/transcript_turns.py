"""Turns of a transcript: messages with offsets instead of spans.

The wait before a message is its offset minus that of the message before it; before an assistant message it was the
model's, before a tool message the tool's. Without offsets a turn has no times.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from conversation.model import Message, ModelCall, Role, Segment, SegmentKind, ToolCall, Turn
from conversation.turn_types import TurnTypes

_KINDS = {Role.ASSISTANT: SegmentKind.MODEL, Role.TOOL: SegmentKind.TOOL}


def starts_of(messages: Sequence[Message]) -> list[int]:
    """Positions at which a turn begins: a customer's message that does not follow another one."""
    return [
        message.position
        for message in messages
        if message.role is Role.USER and (message.position == 0 or messages[message.position - 1].role is not Role.USER)
    ]


def turns_of(messages: Sequence[Message], calls: Sequence[ToolCall], model: str, types: TurnTypes) -> tuple[Turn, ...]:
    """The turns of a transcript.

    Args:
        messages: All messages.
        calls: All tool calls, in order.
        model: The agent's model, empty if unknown.
        types: Rules that name a turn.
    """
    starts = starts_of(messages)
    bounds = list(pairwise([*starts, len(messages)]))
    made: list[list[ToolCall]] = [[] for _ in starts]
    for call in calls if starts else ():
        # Calls made before the first customer message belong to the first turn, so that none is lost.
        made[max(0, bisect_right(starts, _place(call)) - 1)].append(call)
    return tuple(
        _turn(index, messages[first:end], tuple(made[index]), model, types) for index, (first, end) in enumerate(bounds)
    )


def _place(call: ToolCall) -> int:
    if call.message is not None:
        return call.message
    return call.result_message if call.result_message is not None else 0


def _turn(index: int, own: Sequence[Message], calls: tuple[ToolCall, ...], model: str, types: TurnTypes) -> Turn:
    user = "\n".join(message.text for message in own if message.role is Role.USER)
    said = [message.text for message in own if message.role is Role.ASSISTANT and message.text.strip()]
    reply = said[-1] if said else None
    kind, rule = types.name(user=user, reply=reply, tool_calls=calls)
    asked = [message for message in own if message.role is Role.USER]
    timed = own[asked[-1].position - own[0].position :] if asked else own
    known = all(message.at_ns is not None for message in timed)
    start = timed[0].at_ns if known else None
    end = timed[-1].at_ns if known else None
    whole = max(0, end - start) / 1e9 if start is not None and end is not None else None
    return Turn(
        index=index,
        type=kind,
        user=user,
        reply=reply,
        first_message=own[0].position,
        last_message=own[-1].position,
        started_ns=start,
        ended_ns=max(start, end) if start is not None and end is not None else None,
        first_token_seconds=_first_words(timed) if reply and whole is not None else None,
        duration_seconds=whole,
        segments=_segments(timed, calls, model) if whole is not None else (),
        tool_calls=calls,
        model_calls=_model_calls(own, model),
        interrupted=reply is None,
        type_rule=rule,
    )


def _times(messages: Sequence[Message]) -> list[int]:
    """Times that never go back."""
    times: list[int] = []
    for message in messages:
        times.append(max(message.at_ns or 0, times[-1] if times else message.at_ns or 0))
    return times


def _first_words(timed: Sequence[Message]) -> float | None:
    times = _times(timed)
    for message, at_ns in zip(timed, times, strict=True):
        if message.role is Role.ASSISTANT and message.text.strip() and not message.tool_call_ids:
            return (at_ns - times[0]) / 1e9
    return (times[-1] - times[0]) / 1e9


def _segments(timed: Sequence[Message], calls: Sequence[ToolCall], model: str) -> tuple[Segment, ...]:
    names = {call.id: call.name for call in calls}
    found: list[Segment] = []
    for message, (before, after) in zip(timed[1:], pairwise(_times(timed)), strict=True):
        kind = _KINDS.get(message.role, SegmentKind.GAP)
        name = names.get(message.tool_call_id or "", "") if kind is SegmentKind.TOOL else ""
        found.append(Segment(kind, name or (model if kind is SegmentKind.MODEL else ""), (after - before) / 1e9))
    return tuple(found)


def _model_calls(own: Sequence[Message], model: str) -> tuple[ModelCall, ...]:
    """One call for each assistant message whose time is known; a transcript has no token counts."""
    found: list[ModelCall] = []
    for before, message in pairwise(own):
        if message.role is Role.ASSISTANT and message.at_ns is not None and before.at_ns is not None:
            reason = "tool_call" if message.tool_call_ids else "stop"
            start = min(before.at_ns, message.at_ns)
            found.append(ModelCall("", start, message.at_ns, model, model, finish_reason=reason))
    return tuple(found)
