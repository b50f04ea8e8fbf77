"""Values that contradict what was confirmed: the details were listed, the customer said yes, and the write differs.

Nothing is left to guess then: the assistant's own listing holds what the field should carry. A value speaks against
itself where it stands neither in the listing nor in anything said since, while the listing holds another value of its
kind that no argument of the calls made on that yes uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from conversation.model import JSON, Role
from conversation.verdict import ArgumentLabel, Evidence
from scoring.arguments.arguments import Argument, field_words
from scoring.arguments.effects import effect_of
from scoring.arguments.finding import Finding
from scoring.arguments.index import ConversationIndex, Doc, Mention, before
from scoring.arguments.leaves import Path
from scoring.arguments.loose import abbreviated, joined, loose_match
from scoring.arguments.moment import Moment, Passage, passage
from scoring.arguments.normal import kind_of, plain, text_form
from scoring.arguments.rivals import Rival, Rivals

_ASKS = re.compile(
    r"\b(?:confirm|proceed|go ahead|shall i|should i|would you like|do you (?:want|agree)|"
    r"(?:is|are) (?:this|that|these|everything|it) (?:all )?(?:ok|okay|correct|right|fine))\b"
)
_YES = re.compile(
    r"\W*(?:oh|well|great|perfect|thanks|thank you)?\W*(?:yes|yeah|yep|yup|sure|ok|okay|correct|absolutely|definitely|"
    r"of course|certainly|please (?:do|proceed|go ahead)|go ahead|proceed|confirmed?|that'?s (?:right|correct|fine)|"
    r"(?:sounds|looks) (?:good|great|right|fine))\b"
)
_BUT = re.compile(
    r"\b(?:but|instead|rather|except|actually|however|no|not|don't|wait|change|different|other|another|old|"
    r"same|also|can you|could you)\b|\?"
)
_WORD = r"[A-Z][^\W\d]*(?:['.-][^\W\d]+)*"
_NAME = re.compile(rf"\b({_WORD}(?: {_WORD})*)\b")
_NAME_AND_NUMBER = re.compile(rf"\b(?=({_WORD}(?: (?:{_WORD}|[^\W\d]{{1,3}})){{0,4}} \d+[A-Za-z]?)\b)")
_DIGITS = re.compile(r"(?<![\w.,-])(\d{3,})(?![\w-]|[.,]\d)")
_OPERANDS = 12
_ANSWERS = frozenset({"yes", "no", "true", "false"})  # said to ask for the yes itself
_SENTENCE_START = re.compile(r"(?:^|[.!?:;\n*-])\W*$")
_COUNTS_UP_TO = 20  # smaller whole numbers are counts
_MOST_RIVALS = 3
_OF_FIELDS = frozenset({"id", "text", "enum", "number", "date", "time"})


@dataclass(frozen=True, slots=True)
class _Listing:
    """An offer, the customer's yes to it, and all that was said from the offer on."""

    offer: Doc
    yes: Doc
    passage: Passage
    since: Passage


class Confirmed:
    """Finds values written otherwise than confirmed.

    Args:
        index: The conversation's index.
        rivals: Finds competing values that a field is known to hold.
    """

    def __init__(self, index: ConversationIndex, rivals: Rivals) -> None:
        self._index = index
        self._rivals = rivals
        self._listings: dict[int, _Listing | None] = {}

    def findings(self, group: list[Argument], moment: Moment) -> Iterator[tuple[Argument, Finding]]:
        """Findings against the arguments of one call, if it is a write made on a yes."""
        call = group[0].call
        if effect_of(call.name) != "write":
            return
        listing = self._listing(moment)
        if listing is None or not any(one.forms and listing.passage.says(one.forms) for one in group):
            return
        unsaid = [one for one in group if one.kind in _OF_FIELDS and one.forms and not self._said(one, listing)]
        found: dict[Path, Rival] = {}
        names: dict[Path, Rival] = {}
        for argument in unsaid:
            known, told = self._competing(argument, listing, moment), self._told_instead(argument, listing, moment)
            if 0 < len(known) <= _MOST_RIVALS:
                found[argument.path] = known[-1]
            elif told and len(told) <= _MOST_RIVALS:
                (names if _pattern(str(argument.value)) is _NAME else found)[argument.path] = told[-1]
        # A name alone may be anybody's; beside a neighbour written otherwise it is the rest of the same record.
        beside = {path[:-1] for path in found}
        found |= {path: rival for path, rival in names.items() if path[:-1] in beside}
        for argument in unsaid:
            if argument.path in found:
                yield argument, self._finding(argument, found[argument.path], listing)

    def _listing(self, moment: Moment) -> _Listing | None:
        at = moment.user_message
        if at not in self._listings:
            self._listings[at] = self._find(moment)
        return self._listings[at]

    def _find(self, moment: Moment) -> _Listing | None:
        offers = [doc for doc in moment.listed.docs if doc.message < moment.user_message]
        if not offers or not moment.asked.docs:
            return None
        offer, yes = offers[-1], moment.asked.docs[-1]
        said = plain(yes.text)
        agreed = _YES.match(said) and not _BUT.search(said) and _ASKS.search(plain(offer.text))
        if not agreed:
            return None
        return _Listing(offer, yes, passage(offers[-1:], self._index), moment.scope)

    def _said(self, argument: Argument, listing: _Listing) -> bool:
        """Whether the value, or something like it, stands in the listing or was said since."""
        if listing.since.says(argument.forms):
            return True
        if argument.kind == "number":
            return _reckoned(argument, listing.since)
        if argument.kind in {"text", "enum", "id"}:
            digits = [word for word in argument.forms[-1].split(" ") if word.isdigit()]
            if argument.kind == "text" and any(f" {word} " not in listing.since.text for word in digits):
                return False  # "Canal Road 88" is not "Station Road 37", whatever words they share
            matchers = (joined,) if argument.kind == "id" else (joined, abbreviated, loose_match)
            return any(matcher(argument.forms[-1], listing.since.docs) for matcher in matchers)
        return False

    def _competing(self, argument: Argument, listing: _Listing, moment: Moment) -> list[Rival]:
        known = self._rivals.among(argument, listing.passage, moment)
        if argument.kind == "number":
            return [rival for rival in known if self._alike(argument, rival)]
        return [rival for rival in known if self._of_field(argument, rival)]

    def _of_field(self, argument: Argument, rival: Rival) -> bool:
        """Whether a rival may stand in this field: it is not known under other names only.

        Days gone by are told, not agreed to; codes (`LHR`) are often listed by their names.
        """
        if rival.form in _ANSWERS or (argument.kind == "text" and str(argument.value).isupper()):
            return False
        today = self._index.today
        if argument.kind == "date" and today and rival.form[1:] < today.isoformat() <= argument.forms[0][1:]:
            return False
        names = {fact.name for fact in self._index.facts_of((rival.form,), argument.at)}
        own = set(field_words(argument.name))
        return not names or any(own & set(field_words(name)) for name in names)

    def _alike(self, argument: Argument, rival: Rival) -> bool:
        """Whether two numbers are two amounts of one result: both are leaves of it, and neither is a mere count."""
        homes = {fact.call for fact in self._index.facts_of(argument.forms, argument.at)}
        facts = [fact for fact in self._index.facts_of((rival.form,), argument.at) if fact.call in homes]
        return _amount(argument.value) and any(_amount(fact.value) for fact in facts)

    def _told_instead(self, argument: Argument, listing: _Listing, moment: Moment) -> list[Rival]:
        """Words of the value's make that the customer gave before and the listing repeats."""
        pattern = _pattern(str(argument.value))
        if pattern is None or argument.kind not in {"text", "id", "number"}:
            return []
        found: dict[int, Rival] = {}
        for match in pattern.finditer(listing.offer.text):
            form = text_form(match[1])
            used = any(f" {form} " in f" {other} " or f" {other} " in f" {form} " for other in moment.used_by)
            known = self._index.facts_of((form,), argument.at)
            chance = pattern is _NAME and self._by_chance(match, listing)
            # "Mill Lane 4" ends where "Lane 4" ends: the longest that the customer gave is meant.
            if match.end(1) not in found and not used and not known and not chance and self._given(form, listing):
                found[match.end(1)] = Rival(form, Mention(listing.offer, match.start(1), match.end(1)))
        return list(found.values())

    def _given(self, form: str, listing: _Listing) -> bool:
        """Whether the customer said every word before the listing, together or, corrected in part, apart."""
        words = form.split(" ")
        places = [[doc for doc, _ in self._index.word_positions(word)] for word in words]
        until = listing.offer.message
        return all(any(doc.role is Role.USER and doc.message < until for doc in docs) for docs in places)

    def _by_chance(self, match: re.Match[str], listing: _Listing) -> bool:
        """Whether a capital says nothing: a sentence begins there, or it is a month, a day or the speaker."""
        start = match.start()
        dated = any(mention.start <= start < mention.end for _, mention in listing.passage.typed)
        return dated or match[1] == "I" or bool(_SENTENCE_START.search(listing.offer.text[:start]))

    def _finding(self, argument: Argument, rival: Rival, listing: _Listing) -> Finding:
        given = before(self._index.mentions((rival.form,)), listing.offer.message)
        newer = max((one.order for one in given if one.doc.role is Role.USER), default=None)
        own = [one for one in before(self._index.mentions(argument.forms), argument.at) if one.doc.role is Role.USER]
        stale = newer is not None and bool(own) and own[-1].order < newer
        said = rival.mention.said
        text = f"{argument.value!r} was called, {said!r} was listed and confirmed"
        return Finding(
            ArgumentLabel.STALE if stale else ArgumentLabel.MISMATCH,
            f"confirmed_other_{argument.kind}",
            1.0,
            text,
            (
                Evidence("message", said, listing.offer.message),
                Evidence("message", listing.yes.text[:80], listing.yes.message),
            ),
        )


def _pattern(value: str) -> re.Pattern[str] | None:
    """What words of the same make look like: names, names with a number, bare digits; None for any other make."""
    for pattern in (_NAME_AND_NUMBER, _DIGITS, _NAME):
        match = pattern.match(value)
        if match and match[1] == value:
            return None if value.isupper() and pattern is _NAME else pattern
    return None


def _amount(value: JSON) -> bool:
    """Whether a number is an amount rather than a count or a choice."""
    return not isinstance(value, bool) and (
        isinstance(value, float) or (isinstance(value, int) and abs(value) > _COUNTS_UP_TO)
    )


def _reckoned(argument: Argument, said: Passage) -> bool:
    """Whether a number is a sum, difference or product of numbers in a passage."""
    numbers = sorted({float(readings[0][1:]) for readings, _ in said.typed if kind_of(readings[0]) == "number"})
    wanted = float(argument.forms[0][1:])
    if len(numbers) > _OPERANDS:
        numbers = numbers[-_OPERANDS:]
    results = {round(sum(numbers), 2)}
    for size in (2, 3):
        results |= {round(sum(chosen), 2) for chosen in combinations(numbers, size)}
    for one, two in combinations(numbers, 2):
        results |= {round(abs(one - two), 2), round(one * two, 2)}
    return round(abs(wanted), 2) in results or any(
        number and (wanted / number).is_integer() and 1 < wanted / number <= _OPERANDS for number in numbers
    )
