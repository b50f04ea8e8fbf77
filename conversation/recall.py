"""What one reading of a conversation has understood already.

A model call carries the whole history, so a conversation of n messages arrives as n²/2 of them: parsing each telling
anew took two thirds of assembly. Inside `remembering()` a text is parsed once, a list that goes on with an earlier one
is parsed from where it goes on, and a message told again is the same object. Outside of it nothing is kept.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import orjson

from conversation.model import JSON

T = TypeVar("T")
# Shorter texts are parsed in the time a look-up takes.
LEAST_LENGTH = 64
# Histories that grow side by side: planner, workers, the customer's own thread.
_MOST_LISTS = 8
_SPACE = " \t\r\n"  # what JSON allows between items


class Recall:
    """The memory of one reading. What it gives out is shared: change nothing in it."""

    def __init__(self) -> None:
        self._parsed: dict[str, JSON] = {}
        self._lists: list[tuple[str, list[JSON]]] = []
        self._kept: list[list[JSON]] = []  # so that no id below is given to another list
        self._grown: dict[int, list[JSON]] = {}
        self._by_object: dict[tuple[Hashable, int], tuple[object, object]] = {}
        self._by_content: dict[tuple[Hashable, object], object] = {}
        self._last: dict[Hashable, tuple[object, object]] = {}

    def parsed(self, text: str) -> JSON:
        """The value of a JSON text without space around it.

        Raises:
            ValueError: It is no JSON.
        """
        if text[0] == "[":
            return self._list(text)
        if text not in self._parsed:
            self._parsed[text] = orjson.loads(text)
        return self._parsed[text]

    def of_items(self, kind: Hashable, items: list[JSON], make: Callable[[JSON], tuple[T, ...]]) -> tuple[T, ...]:
        """What `make` makes of each item of a list, one after the other; see `once`."""
        known = self._by_object.get((kind, id(items)))
        if known is None:
            base = self._grown.get(id(items), [])
            begun = self._by_object.get((kind, id(base)), (base, ())) if base else (base, ())
            start = len(base) if begun[1] else 0
            made = [one for item in items[start:] for one in make(item)]
            known = (items, (*begun[1], *made))  # type: ignore[misc]  # made by an equal call
            self._by_object[kind, id(items)] = known
        return known[1]  # type: ignore[return-value]  # as above

    def _list(self, text: str) -> list[JSON]:
        """The list a text holds, parsed from where it goes on with a list that was seen before."""
        whole: list[JSON] = []
        for stem, items in self._lists:
            if text.startswith(stem):
                rest = text[len(stem) :].lstrip(_SPACE)
                if rest == "]":
                    return items
                more = orjson.loads(f"[{rest[1:]}") if rest.startswith(",") else []
                if more:
                    whole = [*items, *more]
                    self._grown[id(whole)] = items
                    break
        if not whole:
            whole = orjson.loads(text)
        if whole:
            self._kept.append(whole)
            self._lists.insert(0, (text[:-1].rstrip(_SPACE), whole))
            del self._lists[_MOST_LISTS:]
        return whole

    def once(self, kind: Hashable, value: object, make: Callable[[], T]) -> T:
        """What `make` made of an equal text, list or object before, else what it makes now.

        Args:
            kind: What is made of it.
            value: What it is made of.
            make: Makes it; must depend on the kind and the value only.
        """
        known = self._by_object.get((kind, id(value)))
        if known is None:
            last = self._last.get(kind)
            # A long text is compared faster than hashed, and most often it is the last one.
            known = (value, last[1] if last and last[0] == value else self.equal(kind, value, make))
            self._by_object[kind, id(value)] = known  # the value is kept, so that its id stays its own
            if isinstance(value, str):
                self._last[kind] = known
        return known[1]  # type: ignore[return-value]  # made by an equal call

    def equal(self, kind: Hashable, value: object, make: Callable[[], T]) -> T:
        """As `once`, for a value that is not kept by anybody."""
        try:
            key = (kind, value if isinstance(value, str) else marshal.dumps(value, 2))  # type: ignore[arg-type]  # else raises
        except ValueError:  # nested too deep, or no plain data
            return make()
        if key not in self._by_content:
            self._by_content[key] = make()
        return self._by_content[key]  # type: ignore[return-value]  # made by an equal call


_CURRENT: ContextVar[Recall | None] = ContextVar("recall", default=None)


def current() -> Recall | None:
    """The memory of the reading under way in this thread or task; None outside of one."""
    return _CURRENT.get()


@contextmanager
def remembering() -> Iterator[Recall]:
    """Remember what is understood until the block ends; a block inside a block goes on with its memory."""
    recall = _CURRENT.get() or Recall()
    token = _CURRENT.set(recall)
    try:
        yield recall
    finally:
        _CURRENT.reset(token)
