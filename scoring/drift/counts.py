"""What drift is computed from: counts of one window, for one agent and release. SQL makes them, this holds them.

A window is a baseline ("reference") or a stretch of traffic ("current"); both have the same shape.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

START = "^"  # stands for "no tool before" in the order of calls

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ArgumentCounts:
    """How one argument of one tool was filled.

    Attributes:
        present: Calls that had it.
        types: Calls by JSON type.
        values: Calls by value, as text. May stop at the commonest ones; `unlisted` holds the rest.
        unlisted: Calls whose value is not in `values`.
        numbers: Calls by numeric value.
        shapes: Calls by string shape, such as `#A9+`.
    """

    present: int = 0
    types: Counts = field(default_factory=dict)
    values: Counts = field(default_factory=dict)
    unlisted: int = 0
    numbers: Mapping[float, int] = field(default_factory=dict)
    shapes: Counts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolCounts:
    """How one tool was called.

    Attributes:
        calls: Calls.
        conversations: Conversations with at least one call.
        before: Calls by the tool called just before in the conversation, `START` where it was the first.
        arguments: By JSON pointer.
    """

    calls: int = 0
    conversations: int = 0
    before: Counts = field(default_factory=dict)
    arguments: Mapping[str, ArgumentCounts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Window:
    """All tools of an agent in a stretch of time; `conversations` also counts those without calls."""

    conversations: int = 0
    tools: Mapping[str, ToolCounts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ArgumentValue:
    """One argument of one call, as stored; `value` is its text."""

    path: str
    type: str
    value: str
    number: float | None = None
    shape: str = ""


def from_json(document: Mapping[str, Any]) -> Window:
    """The window in a document of `store.arguments`, fresh or read back from a baseline (where keys are text)."""
    tools = {
        tool: ToolCounts(
            int(counts["calls"]),
            int(counts["conversations"]),
            counts["before"],
            {path: _argument(argument) for path, argument in counts["arguments"].items()},
        )
        for tool, counts in document["tools"].items()
    }
    return Window(int(document["conversations"]), tools)


def _argument(counts: Mapping[str, Any]) -> ArgumentCounts:
    return ArgumentCounts(
        present=int(counts["present"]),
        types=counts["types"],
        values=counts["values"],
        unlisted=int(counts["unlisted"]),
        numbers={float(number): int(calls) for number, calls in counts["numbers"].items()},
        shapes=counts["shapes"],
    )


def window(conversations: Iterable[Sequence[tuple[str, Sequence[ArgumentValue]]]]) -> Window:
    """Count conversations given as ordered calls `(tool, arguments)`: for files; stored ones are counted in SQL."""
    total = 0
    calls: Counter[str] = Counter()
    in_conversations: Counter[str] = Counter()
    before: dict[str, Counter[str]] = {}
    arguments: dict[str, dict[str, _Tally]] = {}
    for conversation in conversations:
        total += 1
        previous = START
        for tool, values in conversation:
            calls[tool] += 1
            before.setdefault(tool, Counter())[previous] += 1
            previous = tool
            tallies = arguments.setdefault(tool, {})
            for path in {value.path for value in values}:
                tallies.setdefault(path, _Tally()).present += 1
            for value in values:
                tallies[value.path].add(value)
        in_conversations.update({tool for tool, _ in conversation})
    tools = {
        tool: ToolCounts(
            calls[tool],
            in_conversations[tool],
            before[tool],
            {path: tally.counts() for path, tally in arguments[tool].items()},
        )
        for tool in calls
    }
    return Window(total, tools)


class _Tally:
    """Counters of one argument."""

    def __init__(self) -> None:
        self.present = 0
        self._types: Counter[str] = Counter()
        self._values: Counter[str] = Counter()
        self._numbers: Counter[float] = Counter()
        self._shapes: Counter[str] = Counter()

    def add(self, value: ArgumentValue) -> None:
        self._types[value.type] += 1
        self._values[value.value] += 1
        if value.number is not None:
            self._numbers[value.number] += 1
        if value.shape:
            self._shapes[value.shape] += 1

    def counts(self) -> ArgumentCounts:
        return ArgumentCounts(self.present, self._types, self._values, 0, self._numbers, self._shapes)
