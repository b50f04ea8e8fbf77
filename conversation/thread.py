"""The one thread of messages a conversation is, out of model calls that each repeat some of it.

What a call adds is what its input holds after the part already known. Four shapes are told apart, by content only:

- the whole history (Chat Completions): input begins like the thread; messages that a carrier leaves out or rewrites on
  the way do not break the match;
- a window or a compacted history: input does not begin like the thread, but its end overlaps the thread's end;
- only what is new (Responses API with a previous response id, stateless turns): nothing overlaps;
- nothing new at all: the call was repeated, its output replaces the earlier one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from conversation.model import Role
from conversation.said import Said, truncates

# An anchor further back than the last message must match this many messages in a row, or a repeated "yes" would count.
_MIN_RUN = 2
_LOOK_BACK = 4


@dataclass(slots=True)
class Entry:
    """A message of the thread: what was said, by which call it came (its number), and when."""

    said: Said
    call: int
    span_id: str = ""
    at_ns: int | None = None
    given: bool = True


@dataclass(frozen=True, slots=True)
class Overlap:
    """How an input lies on the thread: messages from `start` on are new.

    `known` counts the thread's messages that are matched or passed by; those after it are answered anew.
    """

    start: int
    known: int

    @property
    def is_any(self) -> bool:
        """Whether anything of the input was known."""
        return self.start > 0


@dataclass(slots=True)
class Thread:
    """The messages so far."""

    entries: list[Entry] = field(default_factory=list)

    def overlap(self, given: Sequence[Said]) -> Overlap:
        """Where the new part of an input begins."""
        keys = [said.key for said in given]
        known = [entry.said.key for entry in self.entries]
        if not known or not keys:
            return Overlap(0, len(known))
        if keys[: len(known)] == known:
            return Overlap(len(known), len(known))
        if keys[0] == known[0]:
            return self._from_beginning(given, keys, known)
        return _window(keys, known)

    def _from_beginning(
        self, given: Sequence[Said], keys: list[tuple[str, ...]], known: list[tuple[str, ...]]
    ) -> Overlap:
        """Input that begins like the thread: the last message that is found in order ends the known part."""
        where, start, at = 0, 0, 0
        for number, key in enumerate(keys):
            found = _find(key, known, at)
            if found is None:
                found = self._altered(given[number], at)
            if found is not None:
                at, start, where = found + 1, number + 1, found + 1
        return Overlap(start, where)

    def _altered(self, said: Said, at: int) -> int | None:
        """The next assistant message, if the input tells it cut short or reworded; the customer heard that form."""
        if said.role is not Role.ASSISTANT or at >= len(self.entries):
            return None
        entry = self.entries[at]
        if entry.said.role is not Role.ASSISTANT or entry.said.requests or said.requests or not entry.said.text:
            return None
        if truncates(said.text, entry.said.text):
            entry.said = replace(entry.said, interrupted=True)
        return at

    def add(self, said: Said, call: int, *, span_id: str = "", at_ns: int | None = None, given: bool = True) -> Entry:
        """Append a message."""
        entry = Entry(said, call, span_id, at_ns, given)
        self.entries.append(entry)
        return entry

    def take_back(self, known: int) -> bool:
        """Drop one assistant reply after the known part, if that is all there is: it was answered anew."""
        rest = self.entries[known:]
        if len(rest) == 1 and rest[0].said.role is Role.ASSISTANT and not rest[0].said.requests:
            del self.entries[known:]
            return True
        return False


def _find(key: tuple[str, ...], known: list[tuple[str, ...]], at: int) -> int | None:
    try:
        return known.index(key, at)
    except ValueError:
        return None


def _window(keys: list[tuple[str, ...]], known: list[tuple[str, ...]]) -> Overlap:
    """Input that overlaps only the thread's end: the longest run that ends near it."""
    best = Overlap(0, len(known))
    longest = 0
    for back in range(1, min(_LOOK_BACK, len(known)) + 1):
        anchor = known[-back]
        for number in range(len(keys) - 1, -1, -1):
            if keys[number] != anchor:
                continue
            run = _run(keys, known, number, len(known) - back)
            enough = run >= _MIN_RUN or back == 1
            if enough and run > longest:
                longest, best = run, Overlap(number + 1, len(known) - back + 1)
    return best


def _run(keys: list[tuple[str, ...]], known: list[tuple[str, ...]], number: int, position: int) -> int:
    run = 0
    while run <= min(number, position) and keys[number - run] == known[position - run]:
        run += 1
    return run
