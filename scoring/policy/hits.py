"""Hits of event patterns, and what a template says of them.

A hit may be unsure: its predicate failed (ERROR) or needs a fact that was never seen (UNKNOWN). Templates read unsure
hits in the agent's favour: one that would create a duty does not, one that would fulfil a duty does. So a failure
stands whatever the unsure hits really were; a rule without failures but with unsure hits is never a pass.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from conversation.verdict import Verdict
from scoring.policy.events import Event

T = TypeVar("T")


class Anything:
    """The key of an event that belongs to every key, such as a message where calls are tied by order."""

    def __repr__(self) -> str:
        return "ANYTHING"


ANYTHING = Anything()


class Sureness(StrEnum):
    """Whether a hit really is one."""

    SURE = "sure"
    UNKNOWN = "unknown"
    ERROR = "error"


@dataclass(slots=True)
class Hit:
    """An event that a pattern matched, or may have matched. Not to be changed, as `Event`."""

    event: Event
    key: Hashable = None
    sureness: Sureness = Sureness.SURE
    note: str = ""

    @property
    def index(self) -> int:
        """Where the event stands."""
        return self.event.index

    @property
    def sure(self) -> bool:
        """Whether the match is certain."""
        return self.sureness is Sureness.SURE


@dataclass(frozen=True, slots=True)
class Failure:
    """One violation: the events that show it, the deciding one first."""

    text: str
    events: tuple[Event, ...] = ()


@dataclass(slots=True)
class Finding:
    """What a template found.

    Attributes:
        failures: Violations.
        duties: Events (sure or not) that the rule had something to say about.
        unknown: What could not be decided, and why.
        errors: Predicates that could not be evaluated.
    """

    failures: list[Failure] = field(default_factory=list)
    duties: int = 0
    unknown: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def fail(self, text: str, *events: Event) -> None:
        """Add a violation."""
        self.failures.append(Failure(text, events))

    def note(self, *groups: Iterable[Hit]) -> None:
        """Take over what the unsure hits say."""
        for hit in (hit for group in groups for hit in group if not hit.sure):
            (self.errors if hit.sureness is Sureness.ERROR else self.unknown).append(hit.note)

    @property
    def verdict(self) -> Verdict:
        """FAIL, else ERROR, else NOT_APPLICABLE without duties, else INCONCLUSIVE if anything is unknown, else PASS."""
        if self.failures:
            return Verdict.FAIL
        if self.errors:
            return Verdict.ERROR
        if not self.duties:
            return Verdict.NOT_APPLICABLE
        return Verdict.INCONCLUSIVE if self.unknown else Verdict.PASS


def merged(*groups: Sequence[Hit]) -> Iterator[tuple[Event, list[Hit | None]]]:
    """The events of several sorted hit lists in order, each with its hit of every list."""
    rows: dict[int, list[Hit | None]] = {}
    for place, group in enumerate(groups):
        for hit in group:
            index = hit.event.index
            if index not in rows:
                rows[index] = [None] * len(groups)
            rows[index][place] = hit
    # Sorted runs one after the other: Python's sort merges them in one pass.
    for index in sorted(rows):
        row = rows[index]
        yield next(hit.event for hit in row if hit is not None), row


class Keyed(Generic[T]):
    """Values by key, where ANYTHING goes with every key."""

    def __init__(self) -> None:
        self._values: dict[Hashable, T] = {}

    def put(self, key: Hashable, value: T) -> None:
        """Set the value of a key."""
        self._values[key] = value

    def at(self, key: Hashable) -> T | None:
        """The value under the key itself."""
        return self._values.get(key)

    def matching(self, key: Hashable) -> Iterator[T]:
        """The values of every key that goes with this one."""
        if key is ANYTHING:
            yield from self._values.values()
            return
        if key in self._values:
            yield self._values[key]
        if ANYTHING in self._values:
            yield self._values[ANYTHING]

    def drop(self, key: Hashable) -> None:
        """Forget every key that goes with this one."""
        if key is ANYTHING:
            self._values.clear()
            return
        self._values.pop(key, None)
        self._values.pop(ANYTHING, None)

    def all(self) -> Iterator[T]:
        """Every value."""
        return iter(self._values.values())
