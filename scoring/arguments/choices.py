"""A known value in the wrong place: what the exchange around a call says against an argument."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice

from conversation.model import Role
from conversation.verdict import ArgumentLabel, Evidence
from scoring.arguments.arguments import Argument, names_subject
from scoring.arguments.effects import effect_of
from scoring.arguments.finding import Finding
from scoring.arguments.index import ConversationIndex, Mention, before
from scoring.arguments.loose import abbreviated, joined, loose_match
from scoring.arguments.moment import Moment, Passage
from scoring.arguments.normal import plain
from scoring.arguments.rivals import Rival, Rivals

_COMPARED = frozenset({"id", "text", "enum", "number", "date", "time"})
_ASIDE = re.compile(r"\b(?:not|no|can't|cannot|don't|won't|isn't|leave|keep|except|already|instead of|rather than)\b")
_MANY = re.compile(r"\b(?:all|both|each|every|others|remaining|the rest|(?:two|three|four|five|six) \w+s)\b")
_LISTED_AT_LEAST = 2  # details before a message counts as a listing


class Choices:
    """Findings of stale, foreign and contradicted values.

    Args:
        index: The conversation's index.
        arguments: All its arguments.
        rivals: Finds competing values.
    """

    def __init__(self, index: ConversationIndex, arguments: list[Argument], rivals: Rivals) -> None:
        self._index = index
        self._rivals = rivals
        self._earlier = arguments
        self._by_field: dict[str, list[Argument]] = defaultdict(list)
        for argument in arguments:
            self._by_field[argument.name].append(argument)

    def findings(self, argument: Argument, moment: Moment, group: list[Argument]) -> Iterator[Finding]:
        """All findings against one argument; `group` is all arguments of its call."""
        if argument.kind not in _COMPARED or not argument.forms:
            return
        in_scope = moment.scope.says(argument.forms)
        loosely = not in_scope and self._loosely(argument, moment)
        if in_scope:
            yield from self._corrected(argument, moment)
        elif not self._follows_up(argument, group):
            named = [] if loosely else list(self._other_named(argument, moment, group))
            yield from named or self._passed_over(argument, moment, 0.5 if loosely else 1.0)
            if not loosely:
                yield from self._not_listed(argument, moment, group)
                yield from self._never_said(argument, moment)
                yield from self._not_in_play(argument)
        yield from self._contradicted(argument, moment, in_scope=in_scope)
        yield from self._replaced_later(argument, moment, in_scope=in_scope)

    def _follows_up(self, argument: Argument, group: list[Argument]) -> bool:
        """Whether a call that only looks follows up a record, all of it: nobody need have spoken of that."""
        if effect_of(argument.call.name) != "read" or len(group) == 1:
            return False
        homes = {fact.record for fact in self._index.facts_of(argument.forms, argument.at)}
        for one in group if homes else ():
            homes &= {fact.record for fact in self._index.facts_of(one.forms, one.at)}
        return bool(homes)

    def _loosely(self, argument: Argument, moment: Moment) -> bool:
        if argument.kind not in {"text", "enum"}:
            return False
        return any(matcher(argument.forms[-1], moment.scope.docs) for matcher in (joined, abbreviated, loose_match))

    def _label(self, argument: Argument, rival: Rival) -> ArgumentLabel:
        """Stale where the value stood here before the rival did; else it is another entity's, or a wrong amount."""
        earlier = [other for other in self._by_field[argument.name] if other.call_number < argument.call_number]
        if any(other.forms == argument.forms for other in earlier):
            return ArgumentLabel.STALE
        said = before(self._index.mentions(argument.forms), argument.at)
        if any(one.doc.role is Role.USER and one.order < rival.mention.order for one in said):
            return ArgumentLabel.STALE
        return ArgumentLabel.MISMATCH if argument.kind == "number" else ArgumentLabel.OTHER_ENTITY

    def _corrected(self, argument: Argument, moment: Moment) -> Iterator[Finding]:
        """The customer's last message names a rival after the value was listed, and nothing since names the value."""
        listed = max((m.order for form in argument.forms if (m := moment.listed.where(form))), default=None)
        if listed is None or listed[0] > moment.user_message or moment.asked.says(argument.forms):
            return
        rivals = self._rivals.among(argument, moment.asked, moment)
        if len(rivals) == 1:
            yield self._finding(f"corrected_{argument.kind}", 1.0, argument, rivals[0], "said since")

    def _passed_over(self, argument: Argument, moment: Moment, weight: float) -> Iterator[Finding]:
        """The exchange before the call speaks of a rival, and not of the value."""
        for name, passage in (("asked", moment.asked), ("listed", moment.listed)):
            rivals = self._rivals.among(argument, passage, moment)
            if rivals and len(rivals) <= 3:  # noqa: PLR2004 - a longer list is a choice on offer
                yield self._finding(
                    f"rival_{name}_{argument.kind}", weight / len(rivals), argument, rivals[-1], "said just before"
                )

    def _not_listed(self, argument: Argument, moment: Moment, group: list[Argument]) -> Iterator[Finding]:
        """The details were listed before the call: most other arguments are there, this one is not."""
        others = [one for one in group if one is not argument and one.kind in _COMPARED and one.forms]
        listed = sum(moment.listed.says(one.forms) for one in others)
        if listed >= _LISTED_AT_LEAST and listed * 2 > len(others) and self._had_choice(argument):
            text = f"{argument.value!r} is not among the details listed before the call"
            proof = Evidence("message", "details listed", moment.listed.docs[-1].message)
            yield Finding(ArgumentLabel.MISMATCH, f"not_listed_{argument.kind}", listed / len(others), text, (proof,))

    def _never_said(self, argument: Argument, moment: Moment) -> Iterator[Finding]:
        """An option that only a result holds and nobody ever named, where other options of the field were named."""
        if argument.kind == "id" and effect_of(argument.call.name) != "write":
            return
        if argument.kind not in {"id", "text"} or moment.so_far.says(argument.forms):
            return
        facts = self._index.facts_of(argument.forms, argument.at)
        if not facts:
            return
        rivals = [
            rival
            for rival in self._rivals.among(argument, moment.so_far, moment)
            if rival.mention.message > facts[0].message
        ]
        if rivals:
            signal = f"never_said_{argument.kind}"
            yield self._finding(signal, 1.0, argument, rivals[-1], "named instead")

    def _not_in_play(self, argument: Argument) -> Iterator[Finding]:
        """A write on one entity while the calls before were about another of its kind."""
        if argument.kind != "id" or len(argument.path) > 1 or effect_of(argument.call.name) != "write":
            return
        family = set(self._rivals.kin(argument))
        used = [one for one in self._earlier if one.call_number < argument.call_number and one.kind == "id"]
        own = [one.call_number for one in used if one.forms == argument.forms]
        kin = [one for one in used if one.forms[-1] in family]
        if kin and (not own or kin[-1].call_number > own[-1]):
            other = kin[-1]
            text = f"the calls before were about {other.value!r}, not {argument.value!r}"
            proof = Evidence("tool_call", str(other.value), other.at, tool_call_id=other.call.id, path=other.pointer)
            signal = "not_in_play_new" if not own else "not_in_play_left"
            yield Finding(ArgumentLabel.OTHER_ENTITY, signal, 1.0, text, (proof,))

    def _other_named(self, argument: Argument, moment: Moment, group: list[Argument]) -> Iterator[Finding]:
        """The entity a write names is not the one spoken of: in the exchange before it, or by the customer at last."""
        if not names_subject(argument) or effect_of(argument.call.name) != "write":
            return
        used = {form for one in group for form in one.forms}
        family = [form for form in self._rivals.namesakes(argument) if form not in used]
        here = [Rival(form, mention) for form in family if (mention := moment.scope.where(form))]
        if len(here) == 1 and not self._set_aside(here[0].form, moment):
            yield self._finding("other_listed_id", 1.0, argument, here[0], "the only one spoken of before the call")
        if here:
            return
        said = [
            Rival(form, mention)
            for form in family
            if self._index.has_word(form.split(" ", 1)[0])
            for mention in before(self._index.mentions((form,)), argument.at)
            if mention.doc.role is Role.USER
        ]
        last = max(said, key=lambda rival: rival.mention.order, default=None)
        own = before(self._index.mentions(argument.forms), argument.at)
        spoken = max((one.order for one in own if one.doc.role is not Role.TOOL), default=None)
        if last and (spoken is None or spoken < last.mention.order):
            yield self._finding("last_named_id", 1.0, argument, last, "named by the customer at last")

    def _set_aside(self, form: str, moment: Moment) -> bool:
        """Whether the exchange names an entity to leave it alone, or speaks of more than it names."""
        if any(_MANY.search(plain(doc.text)) for doc in moment.asked.docs):
            return True
        here = {doc.number for doc in moment.scope.docs}
        for mention in self._index.mentions((form,)):
            if mention.doc.number in here:
                text = plain(mention.doc.text)
                start = max(text.rfind(sign, 0, mention.start) for sign in ".!?\n") + 1
                ends = [at for sign in ".!?\n" if (at := text.find(sign, mention.end)) >= 0]
                if _ASIDE.search(text, start, min(ends, default=len(text))):
                    return True
        return False

    def _had_choice(self, argument: Argument) -> bool:
        """Whether the field could have held another known value: a customer's only id needs no listing."""
        return argument.kind != "id" or bool(self._rivals.family(argument))

    def _contradicted(self, argument: Argument, moment: Moment, *, in_scope: bool) -> Iterator[Finding]:
        """The reply after the call speaks of a rival that was known before, and not of the value."""
        if moment.reply.says(argument.forms):
            return
        rivals = [
            rival for rival in self._rivals.among(argument, moment.reply, moment) if self._known_before(rival, argument)
        ]
        if rivals and len(rivals) <= 2:  # noqa: PLR2004 - a longer list is another matter
            weight = (0.5 if in_scope else 1.0) / len(rivals)
            yield self._finding(
                f"rival_replied_{argument.kind}", weight, argument, rivals[-1], "said right after the call"
            )

    def _known_before(self, rival: Rival, argument: Argument) -> bool:
        """Whether a rival was known before the call and is not in the call's own result."""
        facts = self._index.facts_of((rival.form,))
        if any(fact.call == argument.call_number for fact in facts):
            return False
        said = self._index.mentions((rival.form,))
        return bool(before(said, argument.at)) or any(fact.message < argument.at for fact in facts)

    def _replaced_later(self, argument: Argument, moment: Moment, *, in_scope: bool) -> Iterator[Finding]:
        """The same field of a later call holds a rival that was already said before this call."""
        same = self._by_field[argument.name]
        start = bisect_right(same, argument.call_number, key=lambda one: one.call_number)
        later = next((one for one in islice(same, start, None) if _after(one, argument)), None)
        if later is None or later.forms == argument.forms or any(form in moment.used_by for form in later.forms):
            return
        said = before(self._index.mentions(later.forms), argument.at)
        last = said[-1] if said else None
        own = before(self._index.mentions(argument.forms), argument.at)
        if last and last.doc.role is not Role.TOOL and (not own or own[-1].order < last.order):
            rival = Rival(later.forms[-1], last)
            yield self._finding(
                f"replaced_later_{argument.kind}", 0.5 if in_scope else 1.0, argument, rival, "used by the next call"
            )

    def _finding(self, signal: str, strength: float, argument: Argument, rival: Rival, when: str) -> Finding:
        said = rival.mention.said
        text = f"{argument.value!r} was called, {said!r} was {when}"
        proof = Evidence("message", said, rival.mention.message)
        return Finding(self._label(argument, rival), signal, strength, text, (proof,))


def _after(later: Argument, argument: Argument) -> bool:
    """Whether an argument of a later call stands in the same place: the same path where it is the same tool."""
    if later.call_number <= argument.call_number or not later.forms:
        return False
    return later.call.name != argument.call.name or later.path == argument.path


def said_in(passage: Passage, forms: tuple[str, ...]) -> Mention | None:
    """The mention of a value in a passage, by any of its forms."""
    return next((mention for form in forms if (mention := passage.where(form))), None)
