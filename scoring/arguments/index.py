"""Everything a conversation says, indexed once: words of messages, typed values in them, and leaves of tool results.

Building takes one pass over the text and the results; a lookup costs the mentions of the rarest word asked for, so the
whole stays near linear in the length of the conversation.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from conversation.model import JSON, Conversation, Role, ToolCall
from scoring.arguments.clock_words import dates, times
from scoring.arguments.leaves import Path, field_of
from scoring.arguments.normal import WORDS, forms, plain
from scoring.arguments.number_words import numbers

_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_LONG_TEXT_WORDS = 6  # a longer string in a result is prose: its words are indexed, not only the whole


@dataclass(frozen=True, slots=True)
class Doc:
    """One indexed text: a message, or prose inside a tool result. `starts` are character offsets of `words`."""

    number: int
    message: int
    role: Role
    text: str
    words: list[str]
    starts: list[int]
    call: int | None = None
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Mention:
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


@dataclass(frozen=True, slots=True)
class Fact:
    """One leaf of a tool result. `record` numbers the object that holds it."""

    call: int
    message: int
    path: Path
    name: str
    value: JSON
    record: int


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
        self._words: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._typed: dict[str, list[Mention]] = defaultdict(list)
        self.typed_in: dict[int, list[tuple[tuple[str, ...], Mention]]] = defaultdict(list)
        self.docs_at: dict[int, list[Doc]] = defaultdict(list)
        self._build()

    def _build(self) -> None:
        for message in self.conversation.messages:
            if message.role in (Role.USER, Role.ASSISTANT) and message.text:
                self._add_text(message.position, message.role, message.text)
        for number, call in enumerate(self.calls):
            at = call.result_message if call.result_message is not None else (call.message or 0)
            if isinstance(call.result, dict | list):
                self._add_result(number, at, call.result)
            elif isinstance(call.result, str):
                self._add_text(at, Role.TOOL, call.result, call=number)
                self._add_fact(Fact(number, at, (), "", call.result, self._new_record(number, (), None)))
            elif call.result is not None:
                self._add_fact(Fact(number, at, (), "", call.result, self._new_record(number, (), None)))
        for mentions in self._typed.values():
            mentions.sort(key=lambda mention: mention.order)

    def _add_text(self, message: int, role: Role, text: str, *, call: int | None = None, path: Path = ()) -> None:
        lowered = plain(text)
        found = [(match[0], match.start()) for match in WORDS.finditer(lowered)]
        doc = Doc(len(self.docs), message, role, text, [one for one, _ in found], [at for _, at in found], call, path)
        self.docs.append(doc)
        self.docs_at[message].append(doc)
        for position, word in enumerate(doc.words):
            self._words[word].append((doc.number, position))
        taken: list[tuple[int, int]] = []
        for finder in (dates(lowered, self.today), times(lowered), numbers(lowered)):
            for spoken in finder:
                if any(start < spoken.end and spoken.start < end for start, end in taken):
                    continue
                taken.append((spoken.start, spoken.end))
                mention = Mention(doc, spoken.start, spoken.end)
                self.typed_in[message].append((spoken.readings, mention))
                for form in spoken.readings:
                    self._typed[form].append(mention)

    def _new_record(self, call: int, path: Path, parent: int | None) -> int:
        record = Record(len(self.records), call, path, parent)
        self.records.append(record)
        if parent is not None:
            self.records[parent].children.append(record.number)
        return record.number

    def _add_result(self, call: int, message: int, result: JSON) -> None:
        stack: list[tuple[JSON, Path, int | None]] = [(result, (), None)]
        while stack:
            value, path, record = stack.pop()
            if isinstance(value, dict):
                number = self._new_record(call, path, record)
                if path and isinstance(path[-1], str) and any(sign.isdigit() for sign in path[-1]):
                    # An object filed under an id: the id belongs to the object.
                    self._add_fact(Fact(call, message, path, field_of(path[:-1]), path[-1], number))
                stack.extend((child, (*path, key), number) for key, child in reversed(value.items()))
            elif isinstance(value, list):
                stack.extend((child, (*path, at), record) for at, child in reversed(list(enumerate(value))))
            elif value is not None:
                owner = record if record is not None else self._new_record(call, path, None)
                self._add_fact(Fact(call, message, path, field_of(path), value, owner))
                if isinstance(value, str) and value.count(" ") >= _LONG_TEXT_WORDS:
                    self._add_text(message, Role.TOOL, value, call=call, path=path)

    def _add_fact(self, fact: Fact) -> None:
        number = len(self.facts)
        self.facts.append(fact)
        self.records[fact.record].facts.append(number)
        for form in forms(fact.value):
            self.facts_by_form[form].append(number)

    def phrase(self, text_form: str) -> Iterator[Mention]:
        """Mentions of consecutive words, in the order of the index (dialogue first, then results)."""
        asked = text_form.split(" ")
        hits = [self._words.get(word) for word in asked]
        if not all(hits):
            return
        rarest = min(range(len(asked)), key=lambda at: len(hits[at] or ()))
        for number, position in hits[rarest] or ():
            doc = self.docs[number]
            first = position - rarest
            if first >= 0 and doc.words[first : first + len(asked)] == asked:
                last = first + len(asked) - 1
                yield Mention(doc, doc.starts[first], doc.starts[last] + len(asked[-1]))

    def mentions(self, value_forms: Iterable[str]) -> list[Mention]:
        """Mentions in texts of a value by any of its forms, in time order."""
        found: dict[tuple[int, int], Mention] = {}
        for form in value_forms:
            typed = form[:1] in "#@~"
            for mention in self._typed.get(form, ()) if typed else self.phrase(form):
                found.setdefault((mention.doc.number, mention.start), mention)
        return sorted(found.values(), key=lambda mention: mention.order)

    def has_word(self, word: str) -> bool:
        """Whether a lower-case word occurs in any text."""
        return word in self._words

    def word_positions(self, word: str) -> list[tuple[Doc, int]]:
        """Every place of one word."""
        return [(self.docs[number], position) for number, position in self._words.get(word, ())]

    def facts_of(self, value_forms: Iterable[str], before: int | None = None) -> list[Fact]:
        """Result leaves equal to a value, in time order; only those of messages before `before` if given."""
        lists = [at for form in value_forms if (at := self.facts_by_form.get(form))]
        numbers_found = lists[0] if len(lists) == 1 else sorted({number for at in lists for number in at})
        found = [self.facts[number] for number in numbers_found]
        return found if before is None else [fact for fact in found if fact.message < before]


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
