"""The values a predicate sees at an event, worked out only where its expression uses them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from conversation.model import Conversation
from scoring.policy.events import Event, EventLog, Kind
from scoring.policy.expression import EvaluationError, Language, Predicate
from scoring.policy.facts import Facts, FactTable
from scoring.policy.functions import parse_time
from scoring.policy.hits import Sureness

EVENT_NAMES = ("args", "result", "error", "text", "tool", "turn", "batch", "customer_text", "agent_text")
_OF_EVENT = frozenset(EVENT_NAMES)
_KNOWN = re.compile(r"^\s*(\w+)\s*\[(.+)\]\s*$", re.DOTALL)


class UnknownFactError(LookupError):
    """A fact that the predicate needs was never seen in the conversation."""


@dataclass(frozen=True, slots=True)
class KnownFact:
    """`name: table[key]` of a rule."""

    name: str
    table: str
    key: Predicate

    @classmethod
    def parse(cls, name: str, text: str, tables: Mapping[str, FactTable], language: Language) -> KnownFact:
        """One line under `known`.

        Raises:
            ValueError: Not of the form `table[key]`, no such table, or a key that does not compile.
        """
        match = _KNOWN.match(text)
        if match is None:
            raise ValueError(f"{text!r} should read table[key], such as orders[args.order_id]")
        if match[1] not in tables:
            raise ValueError(f"there is no table {match[1]!r} under facts")
        return cls(name, match[1], language.compile(match[2], boolean=False))


@dataclass(slots=True)
class Scope:
    """What one conversation holds for the predicates of one policy."""

    log: EventLog
    facts: Facts
    tables: frozenset[str]
    now: datetime | None
    _cache: dict[tuple[int, str], object] = field(default_factory=dict)

    def values(
        self,
        names: frozenset[str],
        event: Event,
        known: Mapping[str, KnownFact],
        more: Mapping[str, object] | None = None,
    ) -> dict[str, object]:
        """The values of `names` at an event; `more` are given ones.

        Raises:
            UnknownFactError: A fact under `known`, or `now`, is not known.
            EvaluationError: The key of such a fact cannot be evaluated.
        """
        found: dict[str, object] = dict(more or {})
        for name in names - found.keys():
            found[name] = self._known(known[name], event, known) if name in known else self._plain(name, event)
        return found

    def _plain(self, name: str, event: Event) -> object:
        key = (event.index, name)
        if key not in self._cache:
            self._cache[key] = self._compute(name, event)
        return self._cache[key]

    def _compute(self, name: str, event: Event) -> object:
        if name in self.tables:
            return self.facts.table(name, event.index)
        if name == "now":
            if self.now is None:
                raise UnknownFactError("the conversation has no reference time")
            return self.now
        if name in {"customer_text", "agent_text"}:
            return self.log.said_before(event.index, Kind.USER if name == "customer_text" else Kind.REPLY)
        call = event.call
        by_name: dict[str, object] = {
            "args": call.arguments if call else {},
            "result": call.result if call else None,
            "error": (call.error or "") if call else "",
            "tool": call.name if call else "",
            "text": event.text,
            "turn": event.turn,
            "batch": event.batch,
        }
        return by_name[name]

    def _known(self, fact: KnownFact, event: Event, known: Mapping[str, KnownFact]) -> object:
        # Many rules look up the same entry at the same event; what stands under other names is not the same.
        place = (event.index, f"{fact.table}[{fact.key.source}]")
        if not fact.key.names_used() <= _OF_EVENT:
            return self._looked_up(fact, event, known)
        if place not in self._cache:
            self._cache[place] = self._looked_up(fact, event, known)
        return self._cache[place]

    def _looked_up(self, fact: KnownFact, event: Event, known: Mapping[str, KnownFact]) -> object:
        key = fact.key.eval_value(self.values(fact.key.names_used(), event, known))
        found, value = self.facts.lookup(fact.table, key, event.index)
        if not found:
            raise UnknownFactError(f"no {fact.table} entry for {key} was seen before")
        return value

    def shown(self, predicate: Predicate, event: Event, known: Mapping[str, KnownFact]) -> str:
        """The known facts a predicate read that are short enough to print, as ` with price = 89.0`."""
        values = self.values(predicate.names_used() & known.keys(), event, known)
        short = [f"{name} = {value}" for name, value in values.items() if isinstance(value, str | int | float)]
        return f" with {', '.join(short)}"[:120] if short else ""

    def judge(
        self,
        predicate: Predicate,
        event: Event,
        known: Mapping[str, KnownFact],
        more: Mapping[str, object] | None = None,
    ) -> tuple[bool, Sureness, str]:
        """Truth of a predicate at an event, how sure it is, and why it is not."""
        try:
            return predicate.eval_bool(self.values(predicate.names_used(), event, known, more)), Sureness.SURE, ""
        except UnknownFactError as error:
            return False, Sureness.UNKNOWN, str(error)
        except EvaluationError as error:
            return False, Sureness.ERROR, str(error)


def reference_time(conversation: Conversation, zone: tzinfo) -> datetime | None:
    """The "now" of a conversation: what the sender says, else its start; None if unknown or unreadable."""
    if conversation.reference_time:
        try:
            return parse_time(conversation.reference_time, zone)
        except ValueError:
            return None
    if conversation.started_ns is None:
        return None
    return datetime.fromtimestamp(conversation.started_ns / 1e9, UTC)
