"""What the tools have answered so far: tables that rules look things up in, as they were known at any event."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scoring.policy.events import Event, EventLog
from scoring.policy.paths import MissingPathError, Path, key_of
from scoring.policy.spec import FactSpec


@dataclass(frozen=True, slots=True)
class FactTable:
    """How one table is filled."""

    tools: tuple[str, ...]
    key: tuple[Path, ...]
    each: Path | None
    value: Path
    keep_first: bool

    @classmethod
    def of(cls, spec: FactSpec) -> FactTable:
        """A table from the file.

        Raises:
            ValueError: A path that is none.
        """
        default = "item" if spec.each else "result"
        return cls(
            spec.tools,
            tuple(Path.parse(path) for path in spec.key),
            Path.parse(spec.each) if spec.each else None,
            Path.parse(spec.value or default),
            spec.keep == "first",
        )

    def entries(self, event: Event) -> Iterator[tuple[str, object]]:
        """What one answer adds. Answers of another shape add nothing, so a rule that needs them is inconclusive."""
        if event.call is None:
            return
        roots: dict[str, object] = {"args": event.call.arguments, "result": event.call.result}
        for item in self._items(roots):
            try:
                key = "|".join(key_of(path.of({**roots, "item": item})) for path in self.key)
                yield key, self.value.of({**roots, "item": item})
            except MissingPathError:
                continue

    def _items(self, roots: Mapping[str, object]) -> Iterator[object]:
        if self.each is None:
            yield None
            return
        try:
            members = self.each.of(roots)
        except MissingPathError:
            return
        if isinstance(members, Mapping):
            yield from members.values()
        elif isinstance(members, list | tuple):
            yield from members


class Facts:
    """The tables of one conversation, filled as needed.

    Args:
        tables: Tables by name.
        log: The conversation.
    """

    def __init__(self, tables: Mapping[str, FactTable], log: EventLog) -> None:
        self._tables = tables
        self._log = log
        self._filled: dict[str, dict[str, tuple[list[int], list[object]]]] = {}

    def lookup(self, table: str, key: object, index: int) -> tuple[bool, object]:
        """Whether something is known under a key before the event `index`, and what."""
        indexes, values = self._history(table).get(key_of(key), ([], []))
        place = bisect_left(indexes, index)
        if not place:
            return False, None
        return True, values[0 if self._tables[table].keep_first else place - 1]

    def table(self, name: str, index: int) -> dict[str, object]:
        """The whole table as known before the event `index`."""
        known = {key: self.lookup(name, key, index) for key in self._history(name)}
        return {key: value for key, (found, value) in known.items() if found}

    def _history(self, name: str) -> dict[str, tuple[list[int], list[object]]]:
        if name not in self._filled:
            table = self._tables[name]
            history: dict[str, tuple[list[int], list[object]]] = {}
            events = [event for tool in table.tools for event in self._log.by_tool.get(tool, ()) if event.accepted]
            for event in sorted(events, key=lambda event: event.index):
                for key, value in table.entries(event):
                    indexes, values = history.setdefault(key, ([], []))
                    indexes.append(event.index)
                    values.append(value)
            self._filled[name] = history
        return self._filled[name]
