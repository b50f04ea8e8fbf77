"""A stable hash of what a conversation holds: equal content gives equal digests, whatever the order of arrival.

The revision, the project and the id rule are left out: they say how the content got here, not what it is.
"""

from __future__ import annotations

import dataclasses
import hashlib
from functools import cache
from typing import Any

import orjson

from conversation.model import Conversation

_LEFT_OUT = ("revision", "project", "id_rule", "notes", "turn_rules", "prices", "intent")
# Fields added later belong here with their default: they count only where they say something, so that old digests stay.
_LATER: dict[str, object] = {"written": 0, "cost_source": "", "reasoning_usd": None}
_FORM = b"floorline-conversation-2\n"


def digest(conversation: Conversation) -> str:
    """64 hex digits; the same content gives the same digits on every machine and in every later version."""
    content = {
        field.name: getattr(conversation, field.name)
        for field in dataclasses.fields(conversation)
        if field.name not in _LEFT_OUT
    }
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS
    try:
        written = orjson.dumps(content, default=_fields, option=options)
    except TypeError:
        # Numbers beyond 64 bits, which orjson refuses; they come from a sender's arguments.
        written = orjson.dumps(_small({name: _plain(value) for name, value in content.items()}), option=options)
    return hashlib.sha256(_FORM + written).hexdigest()


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _fields(value: Any) -> dict[str, Any]:
    """A dataclass as a dict of what it says."""
    if not dataclasses.is_dataclass(value):
        raise TypeError(type(value).__name__)
    said = ((name, getattr(value, name)) for name in _names(value.__class__))
    return {name: given for name, given in said if not (name in _LATER and given == _LATER[name])}


def _plain(value: Any) -> Any:
    """Dataclasses as dicts."""
    if dataclasses.is_dataclass(value):
        return _plain(_fields(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _small(value: Any) -> Any:
    """Numbers beyond 64 bits as text."""
    if isinstance(value, dict):
        return {key: _small(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_small(item) for item in value]
    is_huge = isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64
    return str(value) if is_huge else value
