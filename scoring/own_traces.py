"""Floorline's own traces: they are seen, and left alone. Grading them would make more of them, for ever."""

from __future__ import annotations

from collections.abc import Sequence

from conversation.model import Span
from conversation.verdict import Grade, LedgerEntry, LedgerState, Verdict
from scoring.scorecard import Scorecard

OWN_SERVICE = "floorline"


def is_own(spans: Sequence[Span]) -> bool:
    """Whether every span is Floorline's own."""
    return bool(spans) and all(span.resource.get("service.name") == OWN_SERVICE for span in spans)


def left_alone(scorecard: Scorecard) -> Grade:
    """Their grade: no scorer applies."""
    cause = "Floorline's own trace"
    entries = tuple(
        LedgerEntry(bound.name, LedgerState.NOT_APPLICABLE, cause, bound.version) for bound in scorecard.scorers
    )
    return Grade(Verdict.INCONCLUSIVE, 0.0, (), entries, scorecard.version)
