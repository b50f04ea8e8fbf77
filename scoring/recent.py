"""What was made of the conversation at hand, for scorers that look at the same one, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from conversation.model import Conversation

T = TypeVar("T")


class Recent(Generic[T]):
    """Keeps what was made of the last conversation, by object identity, for each thread its own.

    Only the last: what is made of the next one takes the memory of the one before, which the processor still has at
    hand. Keeping eight made grading a twentieth slower.

    Args:
        make: Makes it.
    """

    def __init__(self, make: Callable[[Conversation], T]) -> None:
        self._make = make
        self._local = threading.local()

    def of(self, conversation: Conversation) -> T:
        """What was made of a conversation, or is made now. It is shared: do not change it."""
        last: tuple[Conversation, T] | None = getattr(self._local, "last", None)
        if last is None or last[0] is not conversation:
            last = self._local.last = None
            last = self._local.last = (conversation, self._make(conversation))
        return last[1]
