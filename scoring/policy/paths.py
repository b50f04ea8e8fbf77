"""Paths to a value of an event: `/order_id` (into the arguments), `args.order_id`, `result.user.id`, `item.sku`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

_DOTTED = re.compile(r"^(args|result|item|text)((?:\.\w+)*)$")


class MissingPathError(LookupError):
    """The event has nothing at the path."""


@dataclass(frozen=True, slots=True)
class Path:
    """A root and the steps from it."""

    text: str
    root: str
    steps: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Path:
        """A path from its text.

        Raises:
            ValueError: Neither a JSON pointer nor a dotted path from args, result, item or text.
        """
        if text.startswith("/"):
            steps = tuple(part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/"))
            return cls(text, "args", steps)
        match = _DOTTED.match(text)
        if match is None:
            raise ValueError(f"{text!r} is no path (write /order_id, args.order_id or result.order_id)")
        return cls(text, match[1], tuple(match[2].split(".")[1:]))

    @property
    def pointer(self) -> str:
        """The steps as a JSON pointer."""
        return "".join(f"/{step}" for step in self.steps)

    def of(self, roots: Mapping[str, object]) -> object:
        """The value.

        Raises:
            MissingPathError: There is none.
        """
        value = roots.get(self.root)
        for step in self.steps:
            if isinstance(value, Mapping) and step in value:
                value = value[step]
            elif isinstance(value, list | tuple) and step.isdigit() and int(step) < len(value):
                value = value[int(step)]
            else:
                raise MissingPathError(f"no value at {self.text}")
        return value


def key_of(value: object) -> str:
    """A value as a key: texts by their words, numbers by their value, all else by canonical JSON."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str).decode()
