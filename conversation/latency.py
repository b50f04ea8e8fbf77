"""Where a turn's wall time went: segments that add up to it exactly, also under parallel and clock-skewed spans.

A sweep line goes over the turn's window. At each instant the innermost model, tool, retrieval or guardrail span that is
active takes the time; of several in parallel a model before a tool before a retrieval before a guardrail, then the one
that started first. Where none is active the time is the agent's own code if any of its spans is, else a gap. Spans that
reach beyond the window are cut at it. All sums are in whole nanoseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from conversation.model import Segment, SegmentKind, Turn

_PRECEDENCE = {
    SegmentKind.MODEL: 0,
    SegmentKind.TOOL: 1,
    SegmentKind.RETRIEVAL: 2,
    SegmentKind.GUARDRAIL: 3,
    SegmentKind.OWN_CODE: 4,
    SegmentKind.GAP: 5,
}


class Activity(NamedTuple):
    """A stretch of work: when, what kind, whose, and how deep in the tree."""

    start_ns: int
    end_ns: int
    kind: SegmentKind
    name: str = ""
    span_id: str = ""
    within: frozenset[str] = frozenset()

    @property
    def _rank(self) -> tuple[int, int, str]:
        return (_PRECEDENCE[self.kind], self.start_ns, self.span_id)


_OWN_CODE = Activity(0, 0, SegmentKind.OWN_CODE)


def segments(start_ns: int, end_ns: int, activities: Iterable[Activity]) -> tuple[Segment, ...]:
    """The window cut into segments in the order of time; they add up to `end_ns - start_ns`.

    Args:
        start_ns: When the customer's message ended.
        end_ns: When the reply was complete. Before `start_ns` (skewed clocks) it counts as equal to it.
        activities: Spans of the turn, in any order. `within` names the span ids around each.
    """
    clamped = [_clamp(activity, start_ns, end_ns) for activity in activities]
    active_in = sorted((a for a in clamped if a.end_ns > a.start_ns), key=lambda a: (a.start_ns, a.end_ns, a.span_id))
    bounds = sorted({start_ns, max(start_ns, end_ns), *(t for a in active_in for t in (a.start_ns, a.end_ns))})
    pieces: list[tuple[SegmentKind, str, str, int]] = []
    active: list[Activity] = []
    following = 0
    for left, right in pairwise(bounds):
        active = [a for a in active if a.end_ns > left]
        while following < len(active_in) and active_in[following].start_ns <= left:
            active.append(active_in[following])
            following += 1
        chosen = _chosen(active)
        kind, name, span_id = (chosen.kind, chosen.name, chosen.span_id) if chosen else (SegmentKind.GAP, "", "")
        if pieces and pieces[-1][:3] == (kind, name, span_id):
            pieces[-1] = (kind, name, span_id, pieces[-1][3] + right - left)
        else:
            pieces.append((kind, name, span_id, right - left))
    return tuple(Segment(kind, name, nanoseconds / 1e9, span_id) for kind, name, span_id, nanoseconds in pieces)


def critical_path(turn: Turn) -> tuple[Segment, ...]:
    """What to shorten to make a turn faster: its segments by kind, name and span, longest first.

    The segments already are the chain the customer waited for: time hidden behind a parallel span is not in them.
    """
    total: dict[tuple[SegmentKind, str, str], float] = {}
    for segment in turn.segments:
        key = (segment.kind, segment.name, segment.span_id)
        total[key] = total.get(key, 0.0) + segment.seconds
    ordered = sorted(total.items(), key=lambda item: (-item[1], _PRECEDENCE[item[0][0]], item[0]))
    return tuple(Segment(kind, name, seconds, span_id) for (kind, name, span_id), seconds in ordered)


def by_kind(parts: Sequence[Segment]) -> dict[SegmentKind, float]:
    """Seconds per kind; only kinds that occur."""
    total: dict[SegmentKind, float] = {}
    for segment in parts:
        total[segment.kind] = total.get(segment.kind, 0.0) + segment.seconds
    return total


def _clamp(activity: Activity, start_ns: int, end_ns: int) -> Activity:
    if start_ns <= activity.start_ns <= activity.end_ns <= end_ns:
        return activity
    left = min(max(activity.start_ns, start_ns), max(start_ns, end_ns))
    right = min(max(activity.end_ns, left), max(start_ns, end_ns))
    return Activity(left, right, activity.kind, activity.name, activity.span_id, activity.within)


def _chosen(active: Sequence[Activity]) -> Activity | None:
    """The activity that takes the time; None where nothing is active."""
    candidates = active if len(active) == 1 else _innermost(active)
    if not candidates:
        return None
    best = min(candidates, key=lambda a: a._rank)  # noqa: SLF001 - own class
    # Own code of nested agents is one stretch: naming each wrapper would only cut it into pieces.
    return best if best.kind is not SegmentKind.OWN_CODE else _OWN_CODE


def _innermost(active: Sequence[Activity]) -> Sequence[Activity]:
    special = [a for a in active if a.kind is not SegmentKind.OWN_CODE]
    if len(special) <= 1:
        return special or active
    around = frozenset().union(*(a.within for a in special))
    return [a for a in special if a.span_id not in around] or special
