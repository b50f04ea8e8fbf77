"""Bounded label values: whatever senders put into names, the number of series stays finite.

The first values of a label are admitted, the rest become `__other__`, and every capped value is counted, so that the
truncation is visible. Release versions are different: the newest matter, so the oldest gives way (`Recent`).
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping

OTHER = "__other__"
UNKNOWN = "unknown"
LONGEST = 120
"""Characters of a label value; a longer one is capped like one too many."""

LIMITS: Mapping[str, int] = {
    "agent": 50,
    "turn_type": 20,
    "tool": 100,
    "policy": 200,
    "scorer": 50,
    "argument": 500,
    "model": 50,
    "provider": 50,
    "suite": 100,
}
"""Most values of a label; `tool` and `argument` count for each agent by itself."""


def printable(value: str) -> str:
    """The text as UTF-8 can carry it: a lone surrogate in one name must not break the whole exposition."""
    return value.encode("utf-8", "replace").decode("utf-8")


class LabelCap:
    """Admits label values up to a limit for each label and scope.

    Args:
        on_capped: Called with the label's name each time a value is replaced by `__other__`.
        limits: Most values by label name; a label not named here is admitted as it is.
    """

    def __init__(self, on_capped: Callable[[str], None], limits: Mapping[str, int] = LIMITS) -> None:
        self._on_capped = on_capped
        self._limits = limits
        self._seen: dict[tuple[str, str], set[str]] = defaultdict(set)

    def admit(self, label: str, value: str, scope: str = "") -> str:
        """The value to put on the series: `value`, `unknown` where it is empty, or `__other__`."""
        value = printable(value)
        if not value:
            return UNKNOWN
        limit = self._limits.get(label)
        if limit is None:
            return value
        seen = self._seen[label, scope]
        if value in seen:
            return value
        if len(value) > LONGEST or len(seen) >= limit:
            self._on_capped(label)
            return OTHER
        seen.add(value)
        return value


class Recent:
    """The most recently used values of a scope; the one not used for longest leaves when a new one comes.

    Args:
        limit: Most values of a scope.
        on_evicted: Called with scope and value when a value leaves: drop its series.
    """

    def __init__(self, limit: int, on_evicted: Callable[[str, str], None]) -> None:
        self._limit = limit
        self._on_evicted = on_evicted
        self._used: dict[str, OrderedDict[str, None]] = defaultdict(OrderedDict)

    def admit(self, scope: str, value: str) -> str:
        """The value to put on the series, cut to the longest allowed; `unknown` where it is empty."""
        value = printable(value)[:LONGEST] or UNKNOWN
        used = self._used[scope]
        used[value] = None
        used.move_to_end(value)
        if len(used) > self._limit:
            oldest, _ = used.popitem(last=False)
            self._on_evicted(scope, oldest)
        return value
