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
from dataclasses import dataclass

from conversation.continuation import first_traces
from conversation.errors import RetryableError
from conversation.model import LogRecord, Span
from scoring.ports import TracePort
from store.activity import Activity

RULE = "message_history"
_TRACE_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class _Known:
    """A trace without a conversation id, and the conversation it was found to belong to."""

    content: tuple[list[Span], list[LogRecord]]
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
        for item in items:
            content = self._content(project, item.conversation_id)
            if content is None:
                continue
            known[item.conversation_id] = _Known(content, item.conversation_id)
            known.move_to_end(item.conversation_id)
            added.append(item.conversation_id)
        if not added:
            return set()
        first = first_traces({name: entry.content for name, entry in known.items()})
        linked: set[str] = set()
        for name in sorted(added, key=lambda each: _start(known[each])):
            root = known[first[name]].root
            if root != name:
                self._traces.link(project, name, root, RULE, now_ns)
                known[name] = _Known(known[name].content, root)
                linked.add(name)
        while len(known) > self._most:
            known.popitem(last=False)
        return linked

    def _content(self, project: str, name: str) -> tuple[list[Span], list[LogRecord]] | None:
        """A trace's content; None where it is more than one trace (it was joined) or cannot be read."""
        try:
            spans, logs = self._traces.read(project, name)
        except RetryableError:
            raise
        except Exception:  # noqa: BLE001 - the grader meets the same trace and records why it cannot be read
            return None
        return (spans, logs) if {span.trace_id for span in spans} == {name} else None


def _start(entry: _Known) -> int:
    return min((span.start_ns for span in entry.content[0]), default=0)
