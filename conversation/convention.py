"""The contract of an attribute convention: one module in `conventions/` for each family, all of this shape.

A convention reads one span (and the log records that point at it) and returns what its own keys say; fields it does
not know stay None. `reader` asks every family that recognises the span, in order, and takes each field from the first
that yields it. Conventions do not import each other; what they share lives beside the folder.
"""

from __future__ import annotations

from typing import Protocol

from conversation.facts import Facts, Source


class Convention(Protocol):
    """One family of attributes."""

    @property
    def name(self) -> str:
        """The family's name, as notes and `Conversation.convention` show it."""
        ...

    def recognises(self, source: Source) -> bool:
        """Whether the span carries this family's marks."""
        ...

    def read(self, source: Source) -> Facts:
        """What the family's keys say. Never raises: odd values are left out."""
        ...
