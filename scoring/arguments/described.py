"""The entity that the customer described: by a phone number, a place, a name that its record holds and others do not.

People seldom name ids. They say what they know, and the agent looks up which record that is. A write on one entity is
suspect where nothing of what the customer said stands in its record, and something does in the record of another one
of its kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from conversation.model import Role
from conversation.verdict import ArgumentLabel, Evidence
from scoring.arguments.arguments import Argument, names_subject
from scoring.arguments.effects import effect_of
from scoring.arguments.finding import Finding
from scoring.arguments.index import ConversationIndex, Fact, Mention, before
from scoring.arguments.leaves import Path
from scoring.arguments.moment import Moment
from scoring.arguments.rivals import Rivals

_KINDS_AT_MOST = 12  # more entities of a kind are a catalogue, not the customer's own
_FACTS_AT_MOST = 80
_TELLING = re.compile(
    r"(?!(?:yes|no|not|none|null|true|false|any|all|new|old|open|active|available)\Z)[^\W\d_]{3,}", re.IGNORECASE
)
_NUMBERED = re.compile(r"\d\D*\d\D*\d\D*\d")


class Described:
    """Finds writes on another entity than the customer described.

    Args:
        index: The conversation's index.
        rivals: Knows the values of each field.
    """

    def __init__(self, index: ConversationIndex, rivals: Rivals) -> None:
        self._index = index
        self._rivals = rivals

    def findings(self, group: list[Argument], moment: Moment) -> Iterator[tuple[Path, Finding]]:
        """Findings against the subject of one call."""
        if effect_of(group[0].call.name) != "write":
            return
        for argument in group:
            if names_subject(argument) and not moment.scope.says(argument.forms) and not self._named(argument):
                finding = self._finding(argument, {form for one in group for form in one.forms})
                if finding:
                    yield argument.path, finding

    def _named(self, argument: Argument) -> bool:
        """Whether the customer said the id itself."""
        said = before(self._index.mentions(argument.forms), argument.at)
        return any(one.doc.role is Role.USER for one in said)

    def _finding(self, argument: Argument, used: set[str]) -> Finding | None:
        """The finding against an argument; `used` is what the call carries: it is no description."""
        others = self._rivals.namesakes(argument)
        if not others or len(others) > _KINDS_AT_MOST:
            return None
        own = self._record(argument.forms, argument)
        known = {form for fact in own for form in fact.forms} | used
        for other in others:
            theirs = self._record((other,), argument)
            elsewhere = {form for fact in theirs for form in fact.forms}
            told = self._told(theirs, known, argument.at)
            if told and not self._told(own, elsewhere, argument.at):
                return _described(argument, other, *told)
        return None

    def _record(self, value_forms: tuple[str, ...], argument: Argument) -> list[Fact]:
        """What the records hold that an id stands in under its own name, in itself and directly inside."""
        found: list[Fact] = []
        for fact in self._index.facts_of(value_forms, argument.at):
            if fact.name != argument.name or not fact.path or isinstance(fact.path[-1], int):
                continue
            record = self._index.records[fact.record]
            for number in (fact.record, *record.children):
                found += (self._index.facts[at] for at in self._index.records[number].facts)
            if len(found) > _FACTS_AT_MOST:
                break
        return found[:_FACTS_AT_MOST]

    def _told(self, facts: list[Fact], elsewhere: set[str], at: int) -> tuple[Fact, Mention] | None:
        """The most telling value of a record that the customer said and the other record does not hold."""
        found: tuple[Fact, Mention] | None = None
        for fact in facts:
            if not _telling(fact) or elsewhere.intersection(fact.forms):
                continue
            said = [one for one in before(self._index.mentions(fact.forms), at) if _alone(one)]
            if said and (found is None or _NUMBERED.search(str(fact.value))):
                found = fact, said[-1]
        return found


def _alone(mention: Mention) -> bool:
    """Whether the customer said a value by itself, not as a piece of an id (`ada_byron_42`)."""
    text, start, end = mention.doc.text, mention.start, mention.end
    return mention.doc.role is Role.USER and "_" not in (text[start - 1 : start], text[end : end + 1])


def _telling(fact: Fact) -> bool:
    """Whether a value tells entities apart: words and long numbers do, counts, flags and states do not."""
    value = fact.value
    if not isinstance(value, str) or not fact.forms or fact.forms[0][:1] in "@~":
        return False  # a day in another record may be the day that this one is to be moved to
    return _NUMBERED.search(value) is not None or _TELLING.match(value) is not None


def _described(argument: Argument, other: str, fact: Fact, said: Mention) -> Finding:
    text = f"{argument.value!r} was called, {said.said!r} stands in the record of {other!r} and not in its own"
    return Finding(
        ArgumentLabel.OTHER_ENTITY,
        "described_other_id",
        1.0 if _NUMBERED.search(str(fact.value)) else 0.6,
        text,
        (Evidence("message", said.said, said.message),),
    )
