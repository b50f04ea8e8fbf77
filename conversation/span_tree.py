"""Spans of one conversation as trees, each with its facts; the same whatever order they arrived in.

Duplicates of a span (same trace and span id) are one: the one that ended last, then the one that says most. Parents
may be missing; their children are roots then. A parent that is its own descendant is cut off.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from conversation.facts import Facts, Source, SpanRole
from conversation.model import LogRecord, Span
from conversation.parsing import as_int, canonical, parse_plain
from conversation.reader import read
from conversation.recall import remembering


@dataclass(slots=True, eq=False)
class Node:
    """A span in its tree."""

    span: Span
    facts: Facts
    families: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)

    @property
    def order(self) -> tuple[int, str, str]:
        """By time, then by ids, so that the order of arrival never matters."""
        return (self.span.start_ns, self.span.trace_id, self.span.span_id)

    def unlink(self) -> None:
        """Let go of parent and children: a cycle would keep all spans in memory until Python looks for cycles."""
        self.parent, self.children = None, []

    def ancestors(self) -> Iterator[Node]:
        """Parents, nearest first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def walk(self) -> Iterator[Node]:
        """The node and all below it, parents before children."""
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(reversed(node.children))

    def is_role(self, *roles: SpanRole) -> bool:
        """Whether the span is of one of these roles."""
        return self.facts.role in roles

    @property
    def ended_ns(self) -> int:
        """End, never before the start."""
        return max(self.span.start_ns, self.span.end_ns)


def tree(spans: Iterable[Span], logs: Iterable[LogRecord] = ()) -> list[Node]:
    """All spans as nodes in the order of their start, linked to parents and children."""
    unique = _unique(spans)
    attached = _attached(logs)
    nodes: dict[tuple[str, str], Node] = {}
    with remembering():
        for key, span in sorted(unique.items(), key=lambda item: (item[1].start_ns, item[0])):
            reading = read(Source(span, tuple(attached.get(key, ()))))
            nodes[key] = Node(span, reading.facts, reading.families, reading.notes)
    for (trace_id, _), node in nodes.items():
        parent = nodes.get((trace_id, node.span.parent_span_id))
        if parent is not None and parent is not node and node not in parent.ancestors():
            node.parent = parent
            parent.children.append(node)
    return list(nodes.values())


def _unique(spans: Iterable[Span]) -> dict[tuple[str, str], Span]:
    unique: dict[tuple[str, str], Span] = {}
    for span in spans:
        key = (span.trace_id, span.span_id)
        known = unique.get(key)
        if known is None or (known != span and _weight(span) > _weight(known)):
            unique[key] = span
    return unique


def _weight(span: Span) -> tuple[int, int, int, str]:
    """Later end, then more said, then any fixed order."""
    return (span.end_ns, len(span.attributes), len(span.events), repr(sorted(span.attributes.items(), key=str)))


def _attached(logs: Iterable[LogRecord]) -> dict[tuple[str, str], list[LogRecord]]:
    """Log records by the span they point at, each once, by time, then by message index where they carry one."""
    unique: dict[str, LogRecord] = {}
    for record in logs:
        unique.setdefault(_log_key(record), record)
    attached: dict[tuple[str, str], list[LogRecord]] = defaultdict(list)
    for record in sorted(unique.values(), key=_log_order):
        attached[record.trace_id, record.span_id].append(record)
    return attached


def _log_order(record: LogRecord) -> tuple[int, int, str]:
    return (record.time_ns, as_int(record.attributes.get("gen_ai.message.index")) or 0, _log_key(record))


def _log_key(record: LogRecord) -> str:
    attributes = {key: parse_plain(value) for key, value in record.attributes.items()}
    where = f"{record.trace_id} {record.span_id} {record.time_ns:020d} {record.event_name}"
    return f"{where} {canonical(record.body)} {canonical(attributes)}"
