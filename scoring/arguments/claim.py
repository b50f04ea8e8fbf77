"""One thing that a reply states and that something must support."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """Something a reply states.

    Attributes:
        kind: `id`, `amount`, `date` or `count`.
        said: The words.
        message: Position of the reply.
        support: What backs it, empty where nothing does.
        against: What speaks against it where nothing backs it, empty where nothing does.
    """

    kind: str
    said: str
    message: int
    support: str
    against: str = ""
