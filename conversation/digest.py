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
    try:
        written = orjson.dumps(content, option=options)
    except TypeError:
        # Numbers beyond 64 bits, which orjson refuses; they come from a sender's arguments.
        written = orjson.dumps(_small({name: _plain(value) for name, value in content.items()}), option=options)
    return hashlib.sha256(_FORM + written).hexdigest()


def _plain(value: Any) -> Any:
    """Dataclasses as dicts."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _small(value: Any) -> Any:
    """Numbers beyond 64 bits as text."""
    if isinstance(value, dict):
        return {key: _small(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_small(item) for item in value]
    is_huge = isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64
    return str(value) if is_huge else value
