"""Joins traces that name no conversation with the conversation they go on with, before either is graded alone.

Some agents send a trace for each turn and no conversation id. Such a trace is a conversation of its own, unless its
input begins with the whole exchange of an earlier one (`conversation.continuation`); then the store is told that the
trace belongs there, and the earlier conversation grows by a revision. Looked at are the last few hundred such traces
of this process: processes that share the work see only their own share, so agents of this kind want one process.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from conversation.continuation import Exchange, exchange_of, first_of
from conversation.errors import RetryableError
from scoring.ports import Content, TracePort
from store.activity import Activity

RULE = "message_history"
_TRACE_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class _Known:
    """A trace without a conversation id: what was said in it, when it began, the conversation it belongs to."""

    exchange: Exchange | None
    start_ns: int
    root: str


class Continuations:
    """Remembers recent traces without a conversation id.

    Args:
        traces: The store.
        most: Traces to remember for each project.
    """

    def __init__(self, traces: TracePort, most: int = 300) -> None:
        self._traces = traces
        self._most = most
        self._known: dict[str, OrderedDict[str, _Known]] = {}

    def join(self, due: Sequence[Activity], now_ns: int) -> list[Activity]:
        """Link the traces among `due` that go on with another one.

        Returns:
            What is left to grade now. The conversations that grew are due again by themselves.
        """
        fresh: dict[str, list[Activity]] = {}
        for item in due:
            if _TRACE_ID.fullmatch(item.conversation_id):
                fresh.setdefault(item.project, []).append(item)
        linked = {(project, name) for project, items in fresh.items() for name in self._linked(project, items, now_ns)}
        return [item for item in due if (item.project, item.conversation_id) not in linked]

    def _linked(self, project: str, items: Sequence[Activity], now_ns: int) -> set[str]:
        """Ids of those that were linked to another conversation."""
        known = self._known.setdefault(project, OrderedDict())
        added = []
        for name, (spans, logs) in self._contents(project, [item.conversation_id for item in items]).items():
            start_ns = min((span.start_ns for span in spans), default=0)
            known[name] = _Known(exchange_of(name, spans, logs), start_ns, name)
            known.move_to_end(name)
            added.append(name)
        if not added:
            return set()
        first = first_of(known, [entry.exchange for entry in known.values() if entry.exchange is not None])
        moved: dict[str, str] = {}
        for name in sorted(known, key=lambda each: known[each].start_ns):
            before = known[name].root
            # One that stood alone may go on with one that came later; what went on with it moves along.
            root = known[first[name]].root if before == name else moved.get(before, before)
            if root != before:
                self._traces.link(project, name, root, RULE, now_ns)
                known[name] = replace(known[name], root=root)
                moved[name] = root
        while len(known) > self._most:
            known.popitem(last=False)
        return set(moved)

    def _contents(self, project: str, names: Sequence[str]) -> dict[str, Content]:
        """What these traces hold, without those that are more than one trace (joined before) or cannot be read."""
        try:
            found = self._traces.read_many([(project, name) for name in names])
        except RetryableError:
            raise
        except Exception:  # noqa: BLE001 - the grader meets the same trace and records why it cannot be read
            half = len(names) // 2
            return {**self._contents(project, names[:half]), **self._contents(project, names[half:])} if half else {}
        return {name: content for (_, name), content in found.items() if {s.trace_id for s in content[0]} == {name}}
