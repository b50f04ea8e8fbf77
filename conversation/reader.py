"""Reads a span by every convention that recognises it, field by field: the first family that yields a field gives it.

The order is that of specificity: families with marks of their own before plain `gen_ai.*`, which also reads whatever
no family recognises.
"""

from __future__ import annotations

from dataclasses import dataclass

from conversation.convention import Convention
from conversation.conventions.gen_ai import GenAi
from conversation.conventions.openinference import OpenInference
from conversation.facts import Facts, Source, first_of

FALLBACK: Convention = GenAi()
CONVENTIONS: tuple[Convention, ...] = (
    OpenInference(),
    FALLBACK,
)
# What a convention may trip over in malformed content; anything else is a fault of ours and must be seen.
_ODD_CONTENT = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Reading:
    """The facts of a span, the families that recognised it (best first) and remarks on what could not be read."""

    facts: Facts
    families: tuple[str, ...]
    notes: tuple[str, ...] = ()


def read(source: Source) -> Reading:
    """The facts of one span; never raises on odd content."""
    recognised = [convention for convention in CONVENTIONS if convention.recognises(source)]
    notes: list[str] = []
    readings: list[Facts] = []
    for convention in recognised or [FALLBACK]:
        try:
            readings.append(convention.read(source))
        except _ODD_CONTENT as error:
            notes.append(f"span {source.span.span_id}: {convention.name} content could not be read ({error})")
    return Reading(first_of(readings), tuple(convention.name for convention in recognised), tuple(notes))
