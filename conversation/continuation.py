"""Joins traces that name no conversation: one goes on with another if its input begins with the other's whole exchange.

A trace has one predecessor and one successor. Among several predecessors with the same words (two customers who both
began with "hi") the one that ended last before the trace begins is taken, so a mix-up needs two such conversations
interleaved. An exchange counts from one customer message and one answer on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conversation.calls import Call, in_order, model_calls
from conversation.model import LogRecord, Span
from conversation.said import Said
from conversation.span_tree import tree
from conversation.spoken import with_turn_spans


@dataclass(frozen=True, slots=True)
class Exchange:
    """What of a trace tells whether another goes on with it: its beginning and end, hashed message by message.

    Attributes:
        id: The trace.
        start_ns: When its first model call began.
        end_ns: When its last one ended.
        beginnings: A hash of each beginning of the first call's input, the shortest first.
        whole: The hash of everything said in it.
    """

    id: str
    start_ns: int
    end_ns: int
    beginnings: tuple[int, ...]
    whole: int


def first_traces(traces: Mapping[str, tuple[Sequence[Span], Sequence[LogRecord]]]) -> dict[str, str]:
    """For each trace id the id of the first trace of its conversation; itself where it goes on with none."""
    known = (exchange_of(trace_id, *content) for trace_id, content in traces.items())
    return first_of(traces, [found for found in known if found is not None])


def first_of(trace_ids: Iterable[str], known: Sequence[Exchange]) -> dict[str, str]:
    """The same of traces whose exchanges are known; those without one go on with none."""
    ended: dict[int, list[Exchange]] = defaultdict(list)
    for trace in known:
        ended[trace.whole].append(trace)
    first = {trace_id: trace_id for trace_id in trace_ids}
    taken: set[str] = set()
    for trace in sorted(known, key=lambda trace: (trace.start_ns, trace.id)):
        before = _before(trace, ended, taken)
        if before is not None:
            taken.add(before.id)
            first[trace.id] = first[before.id]
    return first


def _before(trace: Exchange, ended: Mapping[int, Sequence[Exchange]], taken: set[str]) -> Exchange | None:
    for prefix in reversed(trace.beginnings):
        fitting = [
            other
            for other in ended.get(prefix, ())
            if other.id != trace.id and other.id not in taken and other.start_ns <= trace.start_ns
        ]
        if fitting:
            return max(fitting, key=lambda other: (other.end_ns, other.id))
    return None


def exchange_of(trace_id: str, spans: Sequence[Span], logs: Sequence[LogRecord]) -> Exchange | None:
    """What was said in a trace; None where no model call was given a message. Hashes hold for this process only."""
    nodes = tree(spans, logs)
    calls = [call for call in in_order(with_turn_spans(nodes, model_calls(nodes))) if not call.inner and call.given]
    if not calls:
        return None
    first, last = calls[0], calls[-1]
    exchange = _hashes((*last.given, *last.made))
    return Exchange(
        trace_id, _start(first), max(call.ended_ns for call in calls), tuple(_hashes(first.given)[1:]), exchange[-1]
    )


def _start(call: Call) -> int:
    return call.started_ns


def _hashes(messages: Sequence[Said]) -> list[int]:
    hashes: list[int] = []
    last = 0
    for said in messages:
        last = hash((last, said.key))
        hashes.append(last)
    return hashes
