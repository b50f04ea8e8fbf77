"""Small lenient readers for what telemetry carries: JSON in strings, quoted strings, numbers as text, indexed keys.

Nothing here raises: a value that cannot be read is None, or stays the text it was. Shared by all conventions.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Mapping
from functools import partial

import orjson

from conversation import recall
from conversation.model import JSON, Attributes

# Words senders write where there is nothing to say; Logfire replaces values under suspicious keys by "[Scrubbed ...".
_ABSENT = frozenset({"", "none", "null", "undefined", "not_given", "nan", "<elided>"})
_SCRUBBED = re.compile(r"^\[?scrubbed due to", re.IGNORECASE)
_MAX_LITERAL = 200_000
# Made once: a union written where it is used is put together anew at each call.
_JSON_TYPES = (str, bool, int, float, list, dict)
_NUMBERS = (int, float)
_NO_TEXT = (bool, dict, list, bytes)


def parse_json(value: object) -> JSON:
    """The parsed value of a JSON text; anything that is not text or does not parse comes back as it is."""
    if value is None:
        return None
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        text = value.strip()
        if not text or text[0] not in '{["-0123456789tfn':
            return value
        memory = recall.current() if len(text) >= recall.LEAST_LENGTH else None
        try:
            parsed: JSON = orjson.loads(text) if memory is None else memory.parsed(text)
        except ValueError:
            return value
        return parsed
    return parse_plain(value)


def parse_structure(value: object) -> JSON:
    """As `parse_json`, but only objects and lists are unfolded, also where written as a Python literal."""
    if value is None:
        return None
    parsed = parse_json(value)
    if isinstance(parsed, str):
        inner = parse_json(parsed)
        if isinstance(inner, dict | list):
            return inner
        return python_literal(parsed)
    if isinstance(value, str) and not isinstance(parsed, dict | list):
        return value
    return parsed


def python_literal(text: str) -> JSON:
    """The value of a Python `repr` of plain data; the text itself where it is none."""
    stripped = text.strip()
    if not stripped or stripped[0] not in "{[" or len(stripped) > _MAX_LITERAL:
        return text
    try:
        value = ast.literal_eval(stripped)
        clean: JSON = orjson.loads(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, orjson.JSONEncodeError):
        return text
    return clean


def unquoted(value: object) -> str | None:
    """An id or a name as text: JSON quotes removed, numbers as written; None for absent or scrubbed values."""
    if value is None or isinstance(value, _NO_TEXT):
        return None
    text = str(value).strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        inner = parse_json(text)
        text = inner.strip() if isinstance(inner, str) else text
    if text.lower() in _ABSENT or (text[0] in "[sS" and _SCRUBBED.match(text)):
        return None
    return text


def as_int(value: object) -> int | None:
    """A whole number, also written as text or float; None otherwise or where negative."""
    number = as_float(value)
    return None if number is None or number < 0 else int(number)


def as_float(value: object) -> float | None:
    """A finite number, also written as text; None otherwise."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value.strip().strip('"'))
        except ValueError:
            return None
    if isinstance(value, _NUMBERS) and math.isfinite(value):
        return float(value)
    return None


def as_bool(value: object) -> bool | None:
    """A truth value, also written as text in any case; None otherwise."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().strip('"').lower())
    return None


def as_dict(value: object) -> dict[str, JSON]:
    """The object a value holds, parsed if it is text; empty where it holds none."""
    parsed = parse_structure(value)
    return parsed if isinstance(parsed, dict) else {}


def as_list(value: object) -> list[JSON]:
    """The list a value holds, parsed if it is text; empty where it holds none."""
    parsed = parse_structure(value)
    return parsed if isinstance(parsed, list) else []


def first_text(attributes: Attributes, keys: Iterable[str]) -> str | None:
    """The first of some attributes that says something, as text."""
    for key in keys:
        value = attributes.get(key)
        found = None if value is None else unquoted(value)
        if found is not None:
            return found
    return None


def first_int(attributes: Mapping[str, object], keys: Iterable[str]) -> int | None:
    """The first of some values that is a count."""
    for key in keys:
        value = attributes.get(key)
        found = None if value is None else as_int(value)
        if found is not None:
            return found
    return None


def indexed(attributes: Attributes, prefix: str) -> list[JSON]:
    """Flattened attributes (`prefix.0.role`, `prefix.10.tool_calls.0.id`) as a list of nested objects.

    Ordered by number, not by key text. Numbers on deeper levels become lists too.
    """
    start = prefix + "."
    size = len(start)
    groups: dict[str, list[tuple[str | None, JSON | bytes]]] = {}
    for key, value in attributes.items():
        if key.startswith(start):
            number, dot, rest = key[size:].partition(".")
            groups.setdefault(number, []).append((rest if dot else None, value))
    if not all(number.isdigit() for number in groups):
        return []
    memory = recall.current()
    items: list[JSON] = []
    for number in sorted(groups, key=int):
        group = groups[number]
        if memory is None:
            items.append(_unflattened(group))
        else:
            items.append(memory.equal("unflattened", group, partial(_unflattened, group)))
    return items


def _unflattened(group: list[tuple[str | None, JSON | bytes]]) -> JSON:
    """One item out of what stood behind its number; a value without a path of its own is the item."""
    tree: dict[str, object] = {}
    for key, value in group:
        node = tree
        *path, last = ["item"] if key is None else ["item", *key.split(".")]
        for step in path:
            inner = node.setdefault(step, {})
            if not isinstance(inner, dict):
                break
            node = inner
        else:
            node.setdefault(last, value)
    return _fold(tree["item"])


def _fold(node: object) -> JSON:
    if isinstance(node, dict):
        if node and all(key.isdigit() for key in node):
            return [_fold(node[key]) for key in sorted(node, key=int)]
        return {key: _fold(value) for key, value in node.items()}
    return node.hex() if isinstance(node, bytes) else parse_plain(node)


def parse_plain(value: object) -> JSON:
    """A value as JSON without parsing texts."""
    if value is None or isinstance(value, _JSON_TYPES):
        return value
    return str(value)


def canonical(value: JSON) -> str:
    """A text that is equal for equal values: keys sorted, whole floats as integers."""
    return orjson.dumps(_whole(value), option=orjson.OPT_SORT_KEYS).decode()


def _whole(value: JSON) -> JSON:
    if isinstance(value, dict):
        return {key: item if type(item) is str else _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [item if type(item) is str else _whole(item) for item in value]
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= 2**53 else value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return str(value)
    return parse_plain(value)


def squeezed(text: str) -> str:
    """Text with runs of white space as one space: what is compared when two carriers tell the same message."""
    return " ".join(text.split())
