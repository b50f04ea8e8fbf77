"""What the customer of a recorded conversation knew: a fact sheet, from their words and their records."""

from __future__ import annotations

import re
from collections.abc import Iterable

from conversation.model import Conversation, Role
from scenarios.spec import Json
from scenarios.values import leaves

# Fields of customer records that people can tell of themselves when asked; anything else is the shop's own knowledge.
_OWN = re.compile(
    r"^(first_?name|last_?name|full_?name|name|e?_?mail(_address)?|phone(_number)?|zip(_?code)?|post_?code|postal_?code"
    r"|date_of_birth|birth_?date|dob|user_?name|customer_(id|number)|user_id|account_(id|number))$",
    re.IGNORECASE,
)
_LEAST = 3
_MOST_FACTS = 20


def said(conversation: Conversation) -> dict[str, Json]:
    """Arguments of tool calls whose value the customer said word for word, by argument name."""
    words = [message.text.casefold() for message in conversation.messages if message.role is Role.USER]
    found: dict[str, Json] = {}
    for call in conversation.tool_calls:
        for path, value in leaves(call.arguments):
            name = _name(path)
            text = str(value).casefold()
            if name and not isinstance(value, bool) and len(text) >= _LEAST and any(text in line for line in words):
                found.setdefault(name, value)
    return dict(list(found.items())[:_MOST_FACTS])


def on_record(conversation: Conversation, known: Iterable[str]) -> dict[str, Json]:
    """The customer's own data in the results of the first calls that hold any, less what they said themselves."""
    told = set(known)
    found: dict[str, Json] = {}
    for call in conversation.tool_calls:
        if call.error is not None or not isinstance(call.result, dict):
            continue
        for path, value in leaves(call.result):
            name = _name(path)
            # A list holds several people or things; which of them is the customer cannot be told.
            if not name or name in told or any(part.isdigit() for part in path.split("/")):
                continue
            if _OWN.match(name) and isinstance(value, str | int) and not isinstance(value, bool) and str(value):
                found.setdefault(name, value)
        if len(found) >= _LEAST:
            break
    return dict(list(found.items())[:_MOST_FACTS])


def _name(path: str) -> str:
    parts = [part for part in path.split("/") if part and not part.isdigit()]
    return parts[-1] if parts else ""
