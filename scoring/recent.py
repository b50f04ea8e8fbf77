"""What was made of the last few conversations, for those who look at the same one after the other."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from conversation.model import Conversation

T = TypeVar("T")


class Recent(Generic[T]):
    """Keeps what is made of conversations, by object identity; safe to use from several threads.

    Args:
        make: Makes it.
        kept: Of how many conversations.
    """

    def __init__(self, make: Callable[[Conversation], T], kept: int = 8) -> None:
        self._make = make
        self._most = kept
        self._kept: OrderedDict[int, tuple[Conversation, T]] = OrderedDict()
        self._lock = Lock()

    def of(self, conversation: Conversation) -> T:
        """What was made of a conversation, or is made now. It is shared: do not change it."""
        with self._lock:
            kept = self._kept.get(id(conversation))
            if kept is not None and kept[0] is conversation:
                self._kept.move_to_end(id(conversation))
                return kept[1]
        made = self._make(conversation)
        with self._lock:
            self._kept[id(conversation)] = (conversation, made)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made
