"""Which stretch of an agent's traffic is tested next: blocks of conversations that never overlap.

A window that grows and is tested at every look alarms by chance sooner or later; each block is tested once, when it is
full. Blocks double (200, 200, 400, 800, ...), so that a new release is looked at early and the later looks see more,
up to a size from which a week of drift would hide in one.
"""

from __future__ import annotations

FIRST = 200
"""Conversations of the first block: what the category tests need at least."""
LARGEST = 5000
"""Conversations of a block at most."""


def last_full(conversations: int, first: int = FIRST, largest: int = LARGEST) -> tuple[int, int] | None:
    """The newest full block as (start, end), counted in conversations in the order they began; None before the first.

    Args:
        conversations: How many there are.
        first: Size of the first block.
        largest: Size of a block at most.
    """
    start, end = 0, first
    if conversations < end:
        return None
    while True:
        following = end + min(end, largest)
        if conversations < following:
            return start, end
        start, end = end, following


def next_at(conversations: int, first: int = FIRST, largest: int = LARGEST) -> int:
    """At how many conversations the next block is full."""
    block = last_full(conversations, first, largest)
    return first if block is None else block[1] + min(block[1], largest)
