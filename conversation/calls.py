"""The model calls of a conversation, each once, in the order of the conversation.

Frameworks tell one call several times: a wrapper span around the client's span, a request span and a log-like span with
its output, two instrumentations of the same client. The innermost span counts; what it does not say is filled from the
outer ones, and token counts are never added up across them. Calls below a tool, a guardrail or a retrieval, and calls
with a prompt of their own, are `inner`: their tokens and seconds count, their messages are not the conversation's.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from conversation.facts import Facts, SpanRole, first_of
from conversation.model import Role
from conversation.said import Said, joined
from conversation.span_tree import Node

_SHELTERED = (SpanRole.TOOL, SpanRole.GUARDRAIL, SpanRole.RETRIEVAL)


class _Told(NamedTuple):
    facts: Facts
    given: tuple[Said, ...]
    made: tuple[Said, ...]
    instructions: str | None


@dataclass(slots=True, eq=False)
class Call:
    """A model call, or (`is_model` false) an agent span that is the only one to tell a turn's messages."""

    node: Node
    facts: Facts
    started_ns: int
    ended_ns: int
    is_model: bool = True
    inner: bool = False
    spans: list[Node] = field(default_factory=list)
    _told: _Told | None = field(default=None, init=False, repr=False)

    @property
    def given(self) -> tuple[Said, ...]:
        """Messages the model was given, without system messages."""
        return self._telling().given

    @property
    def made(self) -> tuple[Said, ...]:
        """Messages it gave back."""
        return self._telling().made

    def _telling(self) -> _Told:
        """The messages of the present facts, which others may fill in."""
        facts = self.facts
        if self._told is None or self._told.facts is not facts:
            given, made = (
                joined([said for said in messages or () if said.role is not Role.SYSTEM])
                for messages in (facts.input, facts.output)
            )
            said_first = (said.text for said in facts.input or () if said.role is Role.SYSTEM and said.text)
            self._told = _Told(facts, given, made, facts.instructions or next(said_first, None))
        return self._told

    @property
    def instructions(self) -> str | None:
        """System instructions: the field of their own, else the first system message."""
        return self._telling().instructions


def model_calls(nodes: Sequence[Node]) -> list[Call]:
    """The model calls among a conversation's spans, by start."""
    calls = [_call(node) for node in nodes if node.is_role(SpanRole.MODEL) and not _wraps_model(node)]
    calls = _completed(calls)
    calls = _told_once(calls)
    for call in calls:
        call.inner = any(outer.is_role(*_SHELTERED) for outer in call.node.ancestors())
    return calls


def _wraps_model(node: Node) -> bool:
    """Whether a model span holds another one (not by way of a tool or a sub-agent): then it only wraps that."""
    pending = list(node.children)
    while pending:
        below = pending.pop()
        if below.is_role(SpanRole.MODEL) and not below.facts.completes:
            return True
        if not below.is_role(SpanRole.TOOL, SpanRole.AGENT):
            pending.extend(below.children)
    return False


def _call(node: Node) -> Call:
    """A model span with what its wrappers know and it does not; a wrapper of several calls knows of none of them."""
    told = [node.facts]
    for outer in node.ancestors():
        if outer.is_role(SpanRole.AGENT, SpanRole.TOOL):
            break
        if (
            outer.is_role(SpanRole.MODEL)
            and sum(below.is_role(SpanRole.MODEL) for below in outer.walk()) == len(told) + 1
        ):
            told.append(outer.facts)
    return Call(node, first_of(told), node.span.start_ns, node.ended_ns, spans=[node])


def _completed(calls: list[Call]) -> list[Call]:
    """Request spans joined with the later span that holds their output."""
    whole: list[Call] = []
    for call in calls:
        first = next((earlier for earlier in reversed(whole) if call.facts.completes and _goes_on(earlier, call)), None)
        if first is None:
            whole.append(call)
        else:
            first.facts = first_of((call.facts._replace(completes=None), first.facts))
            first.ended_ns = max(first.ended_ns, call.ended_ns)
            first.spans.append(call.node)
    return whole


def _goes_on(first: Call, second: Call) -> bool:
    return (
        not first.facts.output
        and first.node.span.trace_id == second.node.span.trace_id
        and [said.key for said in first.given] == [said.key for said in second.given]
    )


def _told_once(calls: list[Call]) -> list[Call]:
    """Calls without those that another instrumentation tells at the same time with the same words."""
    kept: list[Call] = []
    for call in calls:
        twin = next((other for other in reversed(kept[-8:]) if _same(other, call)), None)
        if twin is None:
            kept.append(call)
        else:
            twin.facts = first_of((twin.facts, call.facts))
            twin.spans.append(call.node)
    return kept


def _same(one: Call, other: Call) -> bool:
    return (
        one.node.span.trace_id == other.node.span.trace_id
        and one.node.span.scope_name != other.node.span.scope_name
        and min(one.ended_ns, other.ended_ns) > max(one.started_ns, other.started_ns)
        and bool(one.made)
        and [said.key for said in one.given] == [said.key for said in other.given]
        and [said.key for said in one.made] == [said.key for said in other.made]
    )


def in_order(calls: Iterable[Call]) -> list[Call]:
    """Calls by start, except that a call whose input holds another's whole exchange comes after it (skewed clocks)."""
    ordered = sorted(calls, key=_start)
    ends: dict[int, Call] = {}
    beginnings: dict[int, list[int]] = {}
    for call in ordered:
        prefixes = _prefixes((*call.given, *call.made))
        beginnings[id(call)] = prefixes[: len(call.given)]
        if call.made and not call.inner:
            ends.setdefault(prefixes[-1], call)
    place = {id(call): number for number, call in enumerate(ordered)}
    before: dict[int, Call] = {}
    for call in ordered:
        earlier = _longest_known(call, beginnings[id(call)], ends)
        if earlier is not None and earlier is not call:
            before[id(call)] = earlier
    if all(place[id(earlier)] < place[key] for key, earlier in before.items()):
        return ordered
    return _after(ordered, before)


def _start(call: Call) -> tuple[int, str, str]:
    return (call.started_ns, call.node.span.trace_id, call.node.span.span_id)


def _longest_known(call: Call, beginnings: Sequence[int], ends: dict[int, Call]) -> Call | None:
    for prefix in reversed(beginnings[1:]):
        found = ends.get(prefix)
        if found is not None and found is not call:
            return found
    return None


def _prefixes(messages: Sequence[Said]) -> list[int]:
    """A hash of each beginning of a message list, the shortest first."""
    hashes: list[int] = []
    last = 0
    for said in messages:
        last = hash((last, said.key))
        hashes.append(last)
    return hashes


def _after(ordered: list[Call], before: dict[int, Call]) -> list[Call]:
    """Topological order, earliest start first among those whose predecessor is done."""
    waiting: dict[int, list[Call]] = {}
    ready: list[tuple[tuple[int, str, str], int]] = []
    for number, call in enumerate(ordered):
        earlier = before.get(id(call))
        if earlier is None:
            heapq.heappush(ready, (_start(call), number))
        else:
            waiting.setdefault(id(earlier), []).append(call)
    numbers = {id(call): number for number, call in enumerate(ordered)}
    done: list[Call] = []
    while ready:
        _, number = heapq.heappop(ready)
        done.append(ordered[number])
        for call in waiting.pop(id(ordered[number]), ()):
            heapq.heappush(ready, (_start(call), numbers[id(call)]))
    return done
