"""Everything a conversation says, indexed once: words of messages, typed values in them, and leaves of tool results.

Building takes one pass over the text and the results; a lookup costs the texts that hold the rarest word asked for, so
the whole stays near linear in the length of the conversation.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from typing import NamedTuple

from conversation.model import JSON, Conversation, Role, ToolCall
from scoring.arguments.doc import Doc
from scoring.arguments.leaves import Path
from scoring.arguments.normal import forms, string_forms, tokens
from scoring.arguments.openings import typed_values

__all__ = ["ConversationIndex", "Doc", "Fact", "Mention", "Record", "before", "reference_day"]

_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
# Made once: a union written where it is used is put together anew each time.
_CONTAINERS = (dict, list)
_NUMBERS = (int, float)
_LONG_TEXT_WORDS = 6  # a longer string in a result is prose: its words are indexed, not only the whole


class Mention(NamedTuple):
    """A value found in a text, by the characters it covers."""

    doc: Doc
    start: int
    end: int

    @property
    def message(self) -> int:
        """Position of the message."""
        return self.doc.message

    @property
    def said(self) -> str:
        """The words themselves."""
        return self.doc.text[self.start : self.end]

    @property
    def order(self) -> tuple[int, int]:
        """Where in the conversation: sorts mentions by time."""
        return (self.doc.message, self.start)


class Fact(NamedTuple):
    """One leaf of a tool result. `record` numbers the object that holds it; `forms` are those of the value."""

    call: int
    message: int
    path: Path
    name: str
    value: JSON
    record: int
    forms: tuple[str, ...]


class _Home(NamedTuple):
    """Number of the call whose result is read, and position of the message with it."""

    call: int
    message: int


@dataclass(slots=True)
class Record:
    """One JSON object of a result: the entity graph's node. `parent` is the object around it."""

    number: int
    call: int
    path: Path
    parent: int | None
    facts: list[int] = field(default_factory=list)
    children: list[int] = field(default_factory=list)


class ConversationIndex:
    """The index of one conversation.

    Args:
        conversation: The conversation.
    """

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.calls: tuple[ToolCall, ...] = tuple(
            sorted(conversation.tool_calls, key=lambda call: -1 if call.message is None else call.message)
        )
        self.today = reference_day(conversation)
        self.docs: list[Doc] = []
        self.facts: list[Fact] = []
        self.records: list[Record] = []
        self.facts_by_form: dict[str, list[int]] = defaultdict(list)
        self._words: dict[str, list[int]] = defaultdict(list)
        self._typed: dict[str, list[Mention]] = defaultdict(list)
        self.typed_in: dict[int, list[tuple[tuple[str, ...], Mention]]] = defaultdict(list)
        self._mentions: dict[tuple[str, ...], list[Mention]] = {}
        self._facts_of: dict[tuple[str, ...], tuple[list[Fact], list[int]]] = {}
        self._build()
        messages = [fact.message for fact in self.facts]
        self._in_time_order = messages == sorted(messages)

    def _build(self) -> None:
        for message in self.conversation.messages:
            if message.role in (Role.USER, Role.ASSISTANT) and message.text:
                self._add_text(message.position, message.role, message.text)
        for number, call in enumerate(self.calls):
            at = call.result_message if call.result_message is not None else (call.message or 0)
            home = _Home(number, at)
            if isinstance(call.result, _CONTAINERS):
                self._add_result(home, call.result)
            elif call.result is not None:
                if isinstance(call.result, str):
                    self._add_text(at, Role.TOOL, call.result, call=number)
                self._add_fact(home, (), "", call.result, self._new_record(number, (), None))

    def _add_text(self, message: int, role: Role, text: str, *, call: int | None = None, path: Path = ()) -> None:
        read = tokens(text)
        number = len(self.docs)
        doc = Doc(number, message, role, text, read.words, read.spaced, call, path)
        self.docs.append(doc)
        for word in set(read.words):
            self._words[word].append(number)
        typed_here = self.typed_in[message]
        for readings, start, end in typed_values(read, self.today):
            mention = Mention(doc, start, end)
            typed_here.append((readings, mention))
            for form in readings:
                self._typed[form].append(mention)

    def _new_record(self, call: int, path: Path, parent: int | None) -> int:
        number = len(self.records)
        self.records.append(Record(number, call, path, parent))
        if parent is not None:
            self.records[parent].children.append(number)
        return number

    def _add_result(self, home: _Home, result: JSON) -> None:
        stack = [self._opened(home, result, (), "", None)]
        while stack:
            children, path, name, record = stack[-1]
            for step, child in children:
                own = step if isinstance(step, str) else name
                if isinstance(child, _CONTAINERS):
                    stack.append(self._opened(home, child, (*path, step), own, record))
                    break
                if child is not None:
                    here = (*path, step)
                    owner = record if record is not None else self._new_record(home.call, here, None)
                    self._add_fact(home, here, own, child, owner)
                    if isinstance(child, str) and child.count(" ") >= _LONG_TEXT_WORDS:
                        self._add_text(home.message, Role.TOOL, child, call=home.call, path=here)
            else:
                stack.pop()

    def _opened(
        self, home: _Home, value: JSON, path: Path, name: str, record: int | None
    ) -> tuple[Iterator[tuple[str | int, JSON]], Path, str, int | None]:
        """The members of an object or list that are still to be read, their path, name and record."""
        if isinstance(value, list):
            return iter(enumerate(value)), path, name, record
        number = self._new_record(home.call, path, record)
        if path and isinstance(path[-1], str) and _numbered(path[-1]):
            # An object filed under an id: the id belongs to the object.
            outer = next((step for step in reversed(path[:-1]) if isinstance(step, str)), "")
            self._add_fact(home, path, outer, path[-1], number)
        return iter(value.items() if isinstance(value, dict) else ()), path, name, number

    def _add_fact(self, home: _Home, path: Path, name: str, value: JSON, record: int) -> None:
        number = len(self.facts)
        value_forms = string_forms(value) if isinstance(value, str) else forms(value)
        self.facts.append(Fact(home.call, home.message, path, name, value, record, value_forms))
        self.records[record].facts.append(number)
        for form in value_forms:
            self.facts_by_form[form].append(number)

    def phrase(self, text_form: str) -> Iterator[Mention]:
        """Mentions of consecutive words, in the order of the index (dialogue first, then results)."""
        asked = text_form.split(" ")
        for doc, first in self._found(asked):
            yield Mention(doc, *doc.span(first, first + len(asked) - 1))

    def _found(self, asked: list[str], *, latest_first: bool = False) -> Iterator[tuple[Doc, int]]:
        """Texts and word positions at which these words follow each other."""
        rarest: list[int] | None = None
        for word in asked:
            hits = self._words.get(word)
            if not hits:
                return
            if rarest is None or len(hits) < len(rarest):
                rarest = hits
        for number in reversed(rarest or ()) if latest_first else rarest or ():
            doc = self.docs[number]
            places = doc.places(asked)
            for first in reversed(list(places)) if latest_first else places:
                yield doc, first

    def mentions(self, value_forms: Iterable[str]) -> list[Mention]:
        """Mentions in texts of a value by any of its forms, in time order. The list is shared: do not change it."""
        key = tuple(value_forms)
        known = self._mentions.get(key)
        if known is None:
            found: dict[tuple[int, int], Mention] = {}
            for form in key:
                typed = form[:1] in "#@~"
                for mention in self._typed.get(form, ()) if typed else self.phrase(form):
                    found.setdefault((mention.doc.number, mention.start), mention)
            known = self._mentions[key] = sorted(found.values(), key=lambda mention: mention.order)
        return known

    @cached_property
    def dialogue(self) -> list[Doc]:
        """What the customer and the assistant said, in order."""
        return [doc for doc in self.docs if doc.role is not Role.TOOL]

    @cached_property
    def numeric(self) -> list[tuple[int, float]]:
        """Message and value of every number among the result leaves, in the order of `facts`."""
        return [
            (fact.message, float(fact.value))
            for fact in self.facts
            if isinstance(fact.value, _NUMBERS) and not isinstance(fact.value, bool)
        ]

    @property
    def vocabulary(self) -> Collection[str]:
        """All words of all texts."""
        return self._words.keys()

    def said(self, text_form: str, until: int) -> bool:
        """Whether the customer or the assistant said these words up to a message, the message included."""
        return any(doc.message <= until and doc.role is not Role.TOOL for doc, _ in self._found(text_form.split(" ")))

    def last_said(self, text_form: str, until: int) -> Mention | None:
        """Where the customer or the assistant last said these words up to a message, the message included."""
        asked = text_form.split(" ")
        for doc, first in self._found(asked, latest_first=True):
            if doc.message <= until and doc.role is not Role.TOOL:
                return Mention(doc, *doc.span(first, first + len(asked) - 1))
        return None

    def has_word(self, word: str) -> bool:
        """Whether a lower-case word occurs in any text."""
        return word in self._words

    def word_positions(self, word: str) -> list[tuple[Doc, int]]:
        """Every place of one word."""
        return list(self._found([word]))

    def facts_of(self, value_forms: Iterable[str], before: int | None = None) -> list[Fact]:
        """Result leaves equal to a value, in time order; only those of messages before `before` if given.

        The list is shared: do not change it.
        """
        key = tuple(value_forms)
        known = self._facts_of.get(key)
        if known is None:
            lists = [at for form in key if (at := self.facts_by_form.get(form))]
            numbers = lists[0] if len(lists) == 1 else sorted({number for at in lists for number in at})
            facts = [self.facts[number] for number in numbers]
            known = self._facts_of[key] = facts, [fact.message for fact in facts]
        found, messages = known
        if before is None or not found or (self._in_time_order and messages[-1] < before):
            return found
        if self._in_time_order:
            return found[: bisect_left(messages, before)]
        return [fact for fact in found if fact.message < before]


@lru_cache(maxsize=4096)
def _numbered(key: str) -> bool:
    return any(sign.isdigit() for sign in key)


def reference_day(conversation: Conversation) -> date | None:
    """The customer's "today": what the sender says, else the day the conversation started (UTC)."""
    if conversation.reference_time and (match := _ISO_DAY.search(conversation.reference_time)):
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            return None
    if conversation.started_ns:
        return datetime.fromtimestamp(conversation.started_ns / 1e9, UTC).date()
    return None


def before(mentions: list[Mention], message: int) -> list[Mention]:
    """The mentions in messages before a position; the list must be in time order."""
    return mentions[: bisect_left(mentions, message, key=lambda mention: mention.message)]
