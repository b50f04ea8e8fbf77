"""What the customer said, out of a turn span's own input: plain text, messages, or the arguments of a handler."""

from __future__ import annotations

from collections.abc import Iterator

from conversation.message_json import messages_in
from conversation.model import JSON, Role
from conversation.parsing import parse_structure
from conversation.tool_json import unwrapped_arguments

# Names handlers commonly give to the customer's text, best first.
_NAMES = (
    "question",
    "user_input",
    "user_message",
    "userMessage",
    "message",
    "query",
    "prompt",
    "input",
    "text",
    "content",
    "new_message",
    "user",
)


def customer_words(value: object) -> str | None:
    """The customer's text in a turn span's input; None where nothing looks like it."""
    said = [message for message in messages_in(value) if message.role is Role.USER]
    if said:
        return said[-1].text or None
    parsed = unwrapped_arguments(parse_structure(value))
    if isinstance(parsed, dict):
        for name in _NAMES:
            inner = parsed.get(name)
            if isinstance(inner, str) and inner.strip():
                return inner
            if isinstance(inner, dict | list):
                found = customer_words(inner)
                if found:
                    return found
    texts = list(_texts(parsed))
    return max(texts, key=len) if texts else None


def reply_words(value: object) -> str | None:
    """The agent's text in a turn span's output; None where nothing looks like it."""
    parsed = parse_structure(value)
    if isinstance(parsed, str):
        return parsed.strip() or None
    said = [message for message in messages_in(parsed) if message.role is Role.ASSISTANT and message.text]
    if said:
        return said[-1].text
    texts = list(_texts(parsed))
    return texts[0] if len(texts) == 1 else None


def _texts(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
