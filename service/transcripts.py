"""A conversation read from a transcript, made ready to be sent as spans."""

from __future__ import annotations

from conversation.model import JSON, Conversation, Message, Role, ToolCall
from service.genai_spans import Attribute, Timed, Transcript

# Where a transcript has no times, messages are set a millisecond apart: order without any claim about duration.
UNTIMED_STEP_NS = 1_000_000


def _message(message: Message, calls: dict[str, ToolCall]) -> dict[str, JSON]:
    made: dict[str, JSON] = {"role": str(message.role), "content": message.text}
    if message.tool_call_ids:
        made["tool_calls"] = [
            {"id": call_id, "name": calls[call_id].name, "arguments": dict(calls[call_id].arguments)}
            for call_id in message.tool_call_ids
            if call_id in calls
        ]
    if message.role is Role.TOOL:
        made |= {"tool_call_id": message.tool_call_id, "name": message.name}
        if message.error:
            made["error"] = message.error
    return made


def _definitions(conversation: Conversation) -> list[dict[str, JSON]]:
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
        }
        for tool in conversation.tools
    ]


def timed(conversation: Conversation, now_ns: int, agent_version: str | None = None) -> Transcript:
    """A transcript that ends now, with the offsets between messages it was recorded with.

    Args:
        conversation: As `conversation.transcript` reads it.
        now_ns: When the last message is said to have been made.
        agent_version: Reported instead of the transcript's own.
    """
    calls = {call.id: call for call in conversation.tool_calls}
    messages = conversation.messages
    known = [message.at_ns for message in messages]
    has_times = bool(messages) and all(at is not None for at in known)
    ends = [at or 0 for at in known] if has_times else [n * UNTIMED_STEP_NS for n in range(len(messages))]
    shift = now_ns - (ends[-1] if ends else 0)
    made = []
    for number, message in enumerate(messages):
        end = ends[number] + shift
        start = end if message.role is Role.USER or number == 0 else ends[number - 1] + shift
        made.append(Timed(_message(message, calls), min(start, end), end))
    extra: dict[str, Attribute] = {}
    if conversation.domain:
        extra["floorline.domain"] = conversation.domain
    if conversation.reference_time:
        extra["floorline.reference_time"] = conversation.reference_time
    if not has_times:
        extra["floorline.untimed"] = True
    return Transcript(
        conversation_id=conversation.id,
        messages=made,
        agent=(conversation.agent.name or "agent", agent_version or conversation.agent.version),
        model=next((call.model for call in conversation.model_calls if call.model), "unknown"),
        user_id=conversation.user_id,
        system=conversation.system_instructions,
        tools=_definitions(conversation),
        extra=extra,
    )
