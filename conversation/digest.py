"""A stable hash of what a conversation holds: equal content gives equal digests, whatever the order of arrival.

The revision, the project and the id rule are left out: they say how the content got here, not what it is.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import orjson

from conversation.model import Conversation

_LEFT_OUT = ("revision", "project", "id_rule", "notes")
_FORM = b"floorline-conversation-1\n"


def digest(conversation: Conversation) -> str:
    """64 hex digits; the same content gives the same digits on every machine and in every later version."""
    content = {
        field.name: getattr(conversation, field.name)
        for field in dataclasses.fields(conversation)
        if field.name not in _LEFT_OUT
    }
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    return hashlib.sha256(_FORM + orjson.dumps(content, default=_plain, option=options)).hexdigest()


def _plain(value: object) -> Any:
    """Numbers beyond 64 bits as text; orjson writes dataclasses, enums and tuples itself."""
    if isinstance(value, int):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a conversation")
