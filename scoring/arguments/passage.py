"""A few messages as one text: what was said around a call, or everything that was said up to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from itertools import chain

from scoring.arguments.doc import Doc
from scoring.arguments.index import ConversationIndex, Mention

Typed = list[tuple[tuple[str, ...], Mention]]
_TYPED = "#@~"


class Passage:
    """A few messages as one text. Its parts are worked out when first asked for.

    Args:
        docs: The messages, in order.
        index: The index they are from.
    """

    def __init__(self, docs: Sequence[Doc], index: ConversationIndex) -> None:
        self._docs = tuple(docs)
        self._index = index

    @property
    def docs(self) -> tuple[Doc, ...]:
        """The messages."""
        return self._docs

    @cached_property
    def text(self) -> str:
        """Their words between single spaces, messages set apart by a bar."""
        return "|".join([doc.joined for doc in self.docs])

    @cached_property
    def words(self) -> Collection[str]:
        """The words that occur in them."""
        return set(chain.from_iterable([doc.words for doc in self.docs]))

    @cached_property
    def typed(self) -> Typed:
        """The typed values in them."""
        return [pair for doc in self.docs for pair in self._index.typed_in.get(doc.message, ()) if pair[1].doc is doc]

    @cached_property
    def forms(self) -> frozenset[str]:
        """All forms of the typed values."""
        return frozenset(form for readings, _ in self.typed for form in readings)

    def says(self, forms: tuple[str, ...]) -> bool:
        """Whether any of the forms stands in the passage."""
        return not self.forms.isdisjoint(forms) or any(map(self.holds, forms))

    def holds(self, form: str) -> bool:
        """Whether the words of a text form stand in the passage, one after the other."""
        return f" {form} " in self.text

    def where(self, form: str) -> Mention | None:
        """The last mention of a form in the passage."""
        if form[:1] in _TYPED:
            return next((mention for readings, mention in reversed(self.typed) if form in readings), None)
        asked = form.split(" ")
        for doc in reversed(self.docs):
            first = doc.last_place(asked)
            if first is not None:
                return Mention(doc, *doc.span(first, first + len(asked) - 1))
        return None


class Beginning(Passage):
    """The whole dialogue up to a message; its typed values are left out.

    Nothing is copied: it asks the index, so that a call late in a long conversation costs no more than an early one.

    Args:
        index: The conversation's index.
        until: Position of the last message.
    """

    def __init__(self, index: ConversationIndex, until: int) -> None:
        super().__init__((), index)
        self.until = until

    @property
    def docs(self) -> tuple[Doc, ...]:
        """The messages."""
        return tuple(doc for doc in self._index.dialogue if doc.message <= self.until)

    @cached_property
    def words(self) -> Collection[str]:
        """The words of the whole conversation: more than the passage has, never less."""
        return self._index.vocabulary

    @cached_property
    def typed(self) -> Typed:
        """None."""
        return []

    def holds(self, form: str) -> bool:
        """Whether the words of a text form stand in the passage, one after the other."""
        return self._index.said(form, self.until)

    def where(self, form: str) -> Mention | None:
        """The last mention of a form in the passage."""
        return None if form[:1] in _TYPED else self._index.last_said(form, self.until)


def passage(docs: Sequence[Doc], index: ConversationIndex) -> Passage:
    """The passage made of some documents, in order."""
    return Passage(docs, index)
