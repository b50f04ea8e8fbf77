"""Which segments of a turn decide how long it took."""

from __future__ import annotations

from conversation.latency import critical_path
from conversation.model import Segment, SegmentKind, Turn

SHARE = 0.8
"""The critical segments together make up at least so much of the turn: shortening any other hardly shortens it."""

Key = tuple[SegmentKind, str, str]


def key_of(segment: Segment) -> Key:
    """What makes several stretches of one span's work the same segment."""
    return (segment.kind, segment.name, segment.span_id)


def critical(turn: Turn, share: float = SHARE) -> frozenset[Key]:
    """The fewest segments that make up this share of a turn's time, the longest of its critical path."""
    whole = sum(segment.seconds for segment in turn.segments)
    chosen, seconds = set[Key](), 0.0
    for part in critical_path(turn):
        if seconds >= share * whole:
            break
        chosen.add(key_of(part))
        seconds += part.seconds
    return frozenset(chosen)
