"""A conversation's messages, model calls and tool calls cut into turns.

A turn starts with a customer's message and ends before the next one. Messages sent in a row, answered together, are one
turn; if a model call came between, the first one got no answer and is a turn of its own. What comes before the first
customer message (a greeting) is context. Where the trace carries no messages at all each top span is a turn.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from conversation.calls import Call
from conversation.model import Role
from conversation.span_tree import Node
from conversation.thread import Entry
from conversation.tool_ledger import Draft


@dataclass(slots=True, eq=False)
class TurnDraft:
    """A turn being put together; positions are inclusive."""

    first: int
    last: int
    calls: list[Call] = field(default_factory=list)
    tools: list[Draft] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)


def starts_of(entries: Sequence[Entry]) -> list[int]:
    """Positions at which a turn begins."""
    starts: list[int] = []
    for position, entry in enumerate(entries):
        if entry.said.role is not Role.USER:
            continue
        before = entries[position - 1] if position else None
        in_a_row = before is not None and before.said.role is Role.USER and before.call == entry.call
        if not in_a_row:
            starts.append(position)
    return starts


def cut(
    entries: Sequence[Entry], calls: Sequence[Call], places: Sequence[int | None], drafts: Sequence[Draft]
) -> list[TurnDraft]:
    """The turns with their calls and tool calls.

    Args:
        entries: Messages of the conversation.
        calls: Model calls, in order.
        places: Position of the message each call answers, None for calls whose messages are not the conversation's.
        drafts: Tool calls.
    """
    starts = starts_of(entries)
    if not starts:
        return _by_top_span(entries, calls, drafts)
    turns = [TurnDraft(first, last - 1) for first, last in pairwise([*starts, len(entries)])]
    where = _Where(turns, starts)
    for call, place in zip(calls, places, strict=True):
        if place is not None:
            where.put_call(call, where.at(place))
    loose: list[Draft] = []
    for draft in drafts:
        place = draft.message if draft.message is not None else draft.result_message
        if place is None:
            loose.append(draft)
        else:
            where.put_tool(draft, where.at(place))
    for call, place in zip(calls, places, strict=True):
        if place is None:
            where.put_call(call, where.around(call.node))
    for draft in loose:
        if draft.node is not None:
            where.put_tool(draft, where.around(draft.node))
    return turns


class _Where:
    """Finds the turn a message or a span belongs to."""

    def __init__(self, turns: list[TurnDraft], starts: list[int]) -> None:
        self._turns = turns
        self._starts = starts
        self._below: dict[int, set[int]] = defaultdict(set)

    def at(self, position: int) -> int:
        """The turn of a message; a greeting's calls go with the first turn."""
        return max(0, bisect_right(self._starts, position) - 1)

    def put_call(self, call: Call, number: int) -> None:
        self._turns[number].calls.append(call)
        for node in call.spans:
            self._mark(node, number)

    def put_tool(self, draft: Draft, number: int) -> None:
        self._turns[number].tools.append(draft)
        if draft.node is not None:
            self._mark(draft.node, number)

    def _mark(self, node: Node, number: int) -> None:
        self._turns[number].nodes.append(node)
        self._below[id(node)].add(number)
        for outer in node.ancestors():
            self._below[id(outer)].add(number)

    def around(self, node: Node) -> int:
        """The turn whose spans are nearest in the tree; among several, or without any, the last one begun before."""
        for outer in node.ancestors():
            turns = self._below.get(id(outer))
            if turns:
                return self._latest(sorted(turns), node)
        return self._latest(range(len(self._turns)), node)

    def _latest(self, numbers: Iterable[int], node: Node) -> int:
        chosen: int | None = None
        first = 0
        for at, number in enumerate(numbers):
            first = number if at == 0 else first
            begun = min((inside.span.start_ns for inside in self._turns[number].nodes), default=None)
            if begun is not None and begun <= node.span.start_ns:
                chosen = number
        return first if chosen is None else chosen


def _by_top_span(entries: Sequence[Entry], calls: Sequence[Call], drafts: Sequence[Draft]) -> list[TurnDraft]:
    """Without customer messages: a turn for each top span that did something; a mere greeting makes no turn."""
    if entries and not drafts:
        return []
    turns: dict[int, TurnDraft] = {}
    done = [(call.node, call, None) for call in calls] + [(d.node, None, d) for d in drafts if d.node is not None]
    for node, call, draft in sorted(done, key=lambda item: item[0].order):
        top = next((outer for outer in reversed(list(node.ancestors()))), node)
        turn = turns.setdefault(id(top), TurnDraft(0, -1))
        turn.nodes.append(node)
        if call is not None:
            turn.calls.append(call)
        if draft is not None:
            turn.tools.append(draft)
    found = list(turns.values())
    if found and entries:
        found[0].last = len(entries) - 1
        for turn in found[1:]:
            turn.first, turn.last = len(entries), len(entries) - 1
    return found


def window(turns: Sequence[TurnDraft]) -> list[tuple[int, int, list[Node]] | None]:
    """For each turn its start, its end and its top spans, in nanoseconds; None where nothing of it was traced.

    A turn's top spans are the outermost ones that hold nothing of another turn: the request the customer waited for.
    """
    below: dict[int, set[int]] = defaultdict(set)
    for number, turn in enumerate(turns):
        for node in turn.nodes:
            below[id(node)].add(number)
            for outer in node.ancestors():
                below[id(outer)].add(number)
    found: list[tuple[int, int, list[Node]] | None] = []
    for number, turn in enumerate(turns):
        tops = {id(top): top for top in (_top(node, below, number) for node in turn.nodes)}
        ordered = sorted(tops.values(), key=lambda node: node.order)
        if ordered:
            start = min(top.span.start_ns for top in ordered)
            end = max(top.ended_ns for top in ordered)
            found.append((start, end, ordered))
        else:
            found.append(None)
    return found


def _top(node: Node, below: dict[int, set[int]], number: int) -> Node:
    top = node
    for outer in node.ancestors():
        if below[id(outer)] != {number} or outer.facts.whole_conversation:
            break
        top = outer
    return top
