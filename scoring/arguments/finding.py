"""What a check says of one argument: the kind of fault, how strongly, and what it saw."""

from __future__ import annotations

from typing import NamedTuple

from conversation.verdict import ArgumentLabel, Evidence


class Finding(NamedTuple):
    """One reason to suspect one argument.

    Attributes:
        label: The kind of fault.
        signal: The check that found it; its weight is looked up under this name.
        strength: How far the check is met, 0 to 1.
        text: The reason in one line, for people.
        evidence: Where it can be seen.
    """

    label: ArgumentLabel
    signal: str
    strength: float
    text: str
    evidence: tuple[Evidence, ...] = ()
