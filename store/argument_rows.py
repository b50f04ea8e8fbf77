"""Tool arguments flattened to one row a value: type, value, number and the shape of strings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conversation.model import JSON, ToolCall
from store.documents import dumps

_LONGEST_VALUE = 200
_LONGEST_SHAPE = 40
_MOST_VALUES = 200
_RUNS = re.compile(r"(.)\1+")


def argument_rows(call: ToolCall) -> Iterator[dict[str, object]]:
    """One row for every leaf of a call's arguments, a few hundred at most; elements of a list share a path."""
    for count, (path, value) in enumerate(_leaves(call.arguments, "")):
        if count >= _MOST_VALUES:
            return
        text = value if isinstance(value, str) else dumps(value)
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        yield {
            "path": path,
            "leaf": count,
            "type": _kind(value),
            "value": text[:_LONGEST_VALUE],
            "number": number,
            "shape": shape(value) if isinstance(value, str) else "",
        }


def shape(text: str) -> str:
    """The pattern of a string: letters to `a` or `A`, digits to `9`, repeats to `+`: `#W123` is `#A9+`."""
    classes = "".join(_character(char) for char in text[: 4 * _LONGEST_SHAPE])
    return _RUNS.sub(r"\1+", classes)[:_LONGEST_SHAPE]


def _leaves(value: JSON, path: str) -> Iterator[tuple[str, JSON]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list) and value:
        for inner in value:
            yield from _leaves(inner, f"{path}/*")
    else:
        yield path, value


def _kind(value: JSON) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _character(char: str) -> str:
    if char.isdigit():
        return "9"
    if char.isalpha():
        return "A" if char.isupper() else "a"
    return char
