"""Compares the arguments of two calls: equal, equal in another spelling, or different and where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from scenarios.spec import Json

_SPACES = re.compile(r"\s+")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
_MONEY = re.compile(r"^[$€£]\s*(?=[\d-])|(?<=\d),(?=\d{3}\b)")
_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_ABSENT = "(absent)"


def canonical(value: Json) -> str:
    """One text for equal JSON values: keys sorted, 2 and 2.0 the same number."""
    return json.dumps(_numbers(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


def _numbers(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): _numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_numbers(item) for item in value]
    return value


def normalized(value: Json) -> Json:
    """The value with case, spaces, number, money and ISO date spellings and `#` prefixes evened out."""
    if isinstance(value, Mapping):
        return {str(key): normalized(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [normalized(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    text = _SPACES.sub(" ", str(value)).strip().casefold().removeprefix("#")
    text = _MONEY.sub("", text)
    if day := _DAY.fullmatch(text):
        year, month, date = day.groups()
        return f"{year}-{int(month):02}-{int(date):02}"
    # An id such as "007" is no number: only what a number prints as is one.
    if _NUMBER.fullmatch(text) and not re.match(r"[-+]?0\d", text):
        return f"{float(text):.12g}"
    return text


def leaves(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every scalar below a value with its JSON pointer; empty lists and objects count as scalars."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            name = str(key).replace("~", "~0").replace("/", "~1")
            yield from leaves(item, f"{path}/{name}")
    elif isinstance(value, list | tuple) and value:
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}/{index}")
    else:
        yield path, value


def difference(expected: Mapping[str, Json], actual: Mapping[str, Json]) -> list[str]:
    """One line for each argument that differs; an omitted or an extra argument is a difference."""
    wanted, got = dict(leaves(expected)), dict(leaves(actual))
    wanted.pop("", None)
    got.pop("", None)
    lines = []
    for path in sorted(wanted.keys() | got.keys()):
        left, right = wanted.get(path, _ABSENT), got.get(path, _ABSENT)
        if canonical(left) != canonical(right):
            lines.append(f"{path}: {_shown(left)} recorded, {_shown(right)} now")
    return lines


def _shown(value: Any) -> str:
    return value if value is _ABSENT else json.dumps(value, ensure_ascii=False, default=str)


def similarity(left: Mapping[str, Json], right: Mapping[str, Json]) -> float:
    """The share of argument leaves that are equal but for spelling, 0-1."""
    first = {path: canonical(normalized(value)) for path, value in leaves(left)}
    second = {path: canonical(normalized(value)) for path, value in leaves(right)}
    paths = first.keys() | second.keys()
    return sum(first.get(path) == second.get(path, "") for path in paths) / len(paths) if paths else 1.0
