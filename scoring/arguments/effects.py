"""What a tool does to the world, told from its name and description: read, write, or hand the customer over."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from scoring.arguments.arguments import field_words

Effect = Literal["read", "write", "handover"]

_READS = frozenset(
    """get list search find lookup look check fetch read query show view retrieve calculate compute think describe count
    estimate compare suggest recommend browse see verify validate inspect load is has identify authenticate returns
    track status available availability quote preview""".split()  # noqa: SIM905 - a word list reads better as words
)
_PEOPLE = frozenset(
    """human humans agent agents person operator representative supervisor specialist staff
    support""".split()  # noqa: SIM905 - as above
)
_HANDS = frozenset(("transfer", "escalate", "handoff", "handover", "hand", "forward", "connect", "route"))


@lru_cache(maxsize=4096)
def effect_of(name: str, description: str = "") -> Effect:
    """The effect of a tool: its name's first telling word decides, then its description's first word."""
    parts = field_words(name)
    if set(parts) & _HANDS and set(parts) & _PEOPLE:
        return "handover"
    if any(part in _READS for part in parts[:3]):
        return "read"
    first = field_words(description)[:1]
    return "read" if first and first[0].removesuffix("s") in _READS else "write"
