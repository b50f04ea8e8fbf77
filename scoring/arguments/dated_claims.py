"""Days that replies tell the customer: returned by a tool, said by the customer, asked for in a call, or reckoned.

Only days that are spelled out count (`May 20`, `2024-05-20`): "tomorrow" and "Friday" are ways to speak. Days close to
a known day, or a usual term away from one, are reckoned. What is left has no support; it has something against it where
the line states it of a known id and promises nothing for the future. A day that a result does hold has it as well where
the line states it of one id, and that id's own record holds other days of that year instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cached_property, lru_cache

from conversation.model import Role
from scoring.arguments.claim import Claim
from scoring.arguments.clock_words import dates
from scoring.arguments.index import Doc, Mention, before
from scoring.arguments.normal import forms, plain, text_form
from scoring.arguments.study import Study

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_SPELLED_OUT = re.compile(
    rf"\d{{4}}-\d{{1,2}}-\d{{1,2}}|\b{_MONTH}\.? \d{{1,2}}|"
    rf"\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}|\d+[/.]\d+[/.]\d+",
    re.IGNORECASE,
)
_ID = re.compile(r"(?<![\w.-])#?(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{4,}", re.IGNORECASE)
_PROMISE = re.compile(
    r"\b(?:will|would|could|should|can|may|if|until|by|before|within|refund\w*|arriv\w*|expect\w*|expir\w*|due|deliver\w*|"
    r"deadline|estimated|business|option\w*|e\.?g|example|like)\b|\?"
)
_CLOSE = 2  # days: "the day before", an arrival after midnight
_YEAR = 366  # days: what is further away is a date of another matter, such as a birthday
_SHOWN = 4
_TERMS = frozenset((7, 10, 14, 21, 28, 30, 31, 45, 60, 90, 180, 365, 366))


class DatedClaims:
    """Finds the days that a conversation's replies state.

    Args:
        study: The conversation.
        fixed: Policy and instructions: days in them are known.
    """

    def __init__(self, study: Study, fixed: str = "") -> None:
        self._index = study.index
        self._arguments = study.arguments
        self._fixed = fixed

    def claims(self) -> Iterator[Claim]:
        """All days in replies, in order."""
        for doc in self._index.docs:
            if doc.role is not Role.ASSISTANT:
                continue
            for readings, mention in self._index.typed_in.get(doc.message, ()):
                if mention.doc is doc and readings[0][:1] == "@" and _SPELLED_OUT.search(mention.said):
                    yield self._claim(readings, mention)

    def _claim(self, readings: tuple[str, ...], mention: Mention) -> Claim:
        support = self._support(readings, mention.doc)
        against = ""
        if support in {"", "tool result"} and (subject := self._subject(mention)):
            if not support:
                against = f"stated of {subject}, of which no result says so"
            elif others := self._instead(readings, subject, mention.message):
                support, against = "", f"of {subject} results say {', '.join(others)}"
        return Claim("date", mention.said, mention.message, support, against)

    def _support(self, readings: tuple[str, ...], doc: Doc) -> str:
        if self._index.facts_of(readings, doc.message + 1):
            return "tool result"
        said = before(self._index.mentions(readings), doc.message)
        told = next((one.doc.role for one in said if one.doc.role is not Role.ASSISTANT), None)
        if told is not None:
            return "customer" if told is Role.USER else "tool result"
        if any(self._asked.get(form, doc.message + 1) <= doc.message for form in readings):
            return "call"
        days = [day for form in readings if (day := _day(form))]
        if self._index.today in days:
            return "today"
        known = self._known(doc)
        if any(
            abs((one - other).days) <= _CLOSE or abs((one - other).days) in _TERMS for one in days for other in known
        ):
            return "reckoned"
        return "instructions" if self._fixed and set(days) & _days_in(self._fixed, self._index.today) else ""

    @cached_property
    def _asked(self) -> dict[str, int]:
        """Day forms in the arguments of calls, with the first message of each."""
        found: dict[str, int] = {}
        for argument in self._arguments:
            for form in argument.forms:
                if form[:1] == "@":
                    found[form] = min(found.get(form, argument.at), argument.at)
        return found

    @cached_property
    def _dated(self) -> list[tuple[int, date]]:
        """Every day that is known, and since which message."""
        found = [(at, form) for form, at in self._asked.items()]
        found += [(fact.message, form) for fact in self._index.facts for form in fact.forms if form[:1] == "@"]
        for message, typed in self._index.typed_in.items():
            for readings, mention in typed:
                if readings[0][:1] == "@" and mention.doc.role is not Role.ASSISTANT:
                    found += [(message, form) for form in readings]
        days = [(at, day) for at, form in found if (day := _day(form))]
        return [*days, (-1, self._index.today)] if self._index.today else days

    def _known(self, doc: Doc) -> set[date]:
        return {day for at, day in self._dated if at <= doc.message}

    def _subject(self, mention: Mention) -> str:
        """The one known id that the line of a day speaks of; empty where there are more or none, or it is a promise."""
        text = mention.doc.text
        start = max(text.rfind("\n", 0, mention.start), text.rfind(". ", 0, mention.start)) + 1
        ends = [at for sign in ("\n", ". ") if (at := text.find(sign, mention.end)) >= 0]
        line = text[start : min(ends, default=len(text))]
        tokens = _ID.findall(line)
        if not tokens or _PROMISE.search(plain(line)):
            return ""
        known = {
            form for token in tokens if (form := text_form(token)) and self._index.facts_of((form,), mention.message)
        }
        return known.pop() if len(known) == 1 else ""

    def _instead(self, readings: tuple[str, ...], subject: str, at: int) -> list[str]:
        """The days of that year in the records of an id, where none of them is the day stated, nor close to it."""
        stated = [day for form in readings if (day := _day(form))]
        held: set[date] = set()
        for fact in self._index.facts_of((subject,), at + 1):
            if not fact.path or isinstance(fact.path[-1], int):
                return []  # it stands in a list: its own record was not looked at
            record = self._index.records[fact.record]
            around = [fact.record, *record.children]
            while record.parent is not None:
                around.append(record.parent)
                record = self._index.records[record.parent]
            held |= {day for number in around for day in self._days_of(number)}
            asked = self._index.calls[fact.call].arguments.values()
            held |= {day for value in asked for form in forms(value) if (day := _day(form))}
        year = {day for day in held if any(abs((day - one).days) <= _YEAR for one in stated)}
        if not year or any(abs((day - one).days) <= _CLOSE for day in year for one in stated):
            return []
        return sorted(day.isoformat() for day in year)[:_SHOWN]

    def _days_of(self, record: int) -> set[date]:
        facts = (self._index.facts[at] for at in self._index.records[record].facts)
        return {day for fact in facts for form in fact.forms if (day := _day(form))}


def _day(form: str) -> date | None:
    if form[:1] != "@":
        return None
    try:
        return date.fromisoformat(form[1:])
    except ValueError:
        return None


@lru_cache(maxsize=16)
def _days_in(text: str, today: date | None) -> frozenset[date]:
    found = (_day(form) for spoken in dates(plain(text), today) for form in spoken.readings)
    return frozenset(day for day in found if day)
