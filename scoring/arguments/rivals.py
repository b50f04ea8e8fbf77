"""Values that compete with an argument's: of its kind, known before the call, and used by no other argument.

A wrong choice among known values looks sound on its own. It shows where the conversation talks about another value of
the same kind that the call should have carried: in the exchange before the call, in the reply after it, or in the
same field of a later call.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from scoring.arguments.arguments import Argument
from scoring.arguments.index import ConversationIndex, Doc, Mention
from scoring.arguments.moment import Moment, Passage
from scoring.arguments.normal import forms, kind_of, text_form

_TOKEN = re.compile(r"[\w#@.+-]*\d[\w#@.+-]*")
_SMALL = 20  # counts of everyday dealings
_MOST = 250  # known values of one field that are looked for; more come from long listings
_SHAPE = (re.compile(r"[^\W\d_]+"), re.compile(r"\d+"))


@dataclass(frozen=True, slots=True)
class Rival:
    """A competing value: its form, and where it was said."""

    form: str
    mention: Mention


def shape(value: str) -> str:
    """The shape of an identifier: runs of letters and digits, `a_a_9` for `sara_doe_496`."""
    return _SHAPE[1].sub("9", _SHAPE[0].sub("a", value.strip("#.,;:!?")))


class Rivals:
    """Finds rivals in passages.

    Args:
        index: The conversation's index.
        arguments: All its arguments.
    """

    def __init__(self, index: ConversationIndex, arguments: list[Argument]) -> None:
        self._index = index
        self._tokens: dict[int, list[tuple[str, str]]] = {}
        self._known: dict[str, dict[str, None]] = defaultdict(dict)
        self._names_of: dict[str, set[str]] = defaultdict(set)
        for fact in index.facts:
            if isinstance(fact.value, str) and len(fact.value) <= 80:  # noqa: PLR2004 - longer values are prose
                self._learn(fact.name, forms(fact.value))
        for argument in arguments:
            if argument.kind in {"text", "id", "enum"}:
                self._learn(argument.name, argument.forms)

    def _learn(self, name: str, value_forms: tuple[str, ...]) -> None:
        if value_forms:
            self._known[name].setdefault(value_forms[-1])
            self._names_of[value_forms[-1]].add(name)

    def family(self, argument: Argument) -> list[str]:
        """Known values that the argument's field could have held instead."""
        own = argument.forms[-1] if argument.forms else ""
        names = {argument.name, *self._names_of.get(own, ())} if argument.kind == "id" else {argument.name}
        found = {form: None for name in sorted(names) for form in list(self._known.get(name, ()))[:_MOST]}
        if argument.kind == "enum" or argument.schema.enum:
            found |= {text_form(str(option)): None for option in argument.schema.enum}
        found.pop(own, None)
        return [form for form in found if form]

    def namesakes(self, argument: Argument) -> list[str]:
        """Other known values of the argument's very field."""
        own = argument.forms[-1] if argument.forms else ""
        return [form for form in list(self._known.get(argument.name, ()))[:_MOST] if form and form != own]

    def kin(self, argument: Argument) -> list[str]:
        """The family's identifiers of the same make: the same letters around other digits."""
        own = _SHAPE[1].sub("9", argument.forms[-1])
        return [form for form in self.family(argument) if _SHAPE[1].sub("9", form) == own]

    def among(self, argument: Argument, passage: Passage, moment: Moment) -> list[Rival]:
        """Rivals of an argument that stand in a passage, last said last."""
        if argument.kind in {"number", "date", "time"}:
            return self._typed(argument, passage, moment)
        if argument.kind not in {"id", "text", "enum"}:
            return []
        found = [form for form in self.family(argument) if f" {form} " in passage.text]
        if argument.kind == "id":
            found += self._same_shape(argument, passage)
        rivals = [
            Rival(form, mention)
            for form in dict.fromkeys(found)
            if form not in moment.used_by and not _part_of(form, argument, moment) and (mention := passage.where(form))
        ]
        return sorted(rivals, key=lambda rival: rival.mention.order)

    def _typed(self, argument: Argument, passage: Passage, moment: Moment) -> list[Rival]:
        kind = argument.kind
        return [
            Rival(readings[0], mention)
            for readings, mention in passage.typed
            if kind_of(readings[0]) == kind
            and not any(form in moment.used_by or form in argument.forms for form in readings)
            and _comparable(readings[0], argument.forms[0], mention)
        ]

    def _same_shape(self, argument: Argument, passage: Passage) -> list[str]:
        wanted = shape(str(argument.value))
        own = argument.forms[-1]
        return [form for doc in passage.docs for made, form in self._tokens_of(doc) if made == wanted and form != own]

    def _tokens_of(self, doc: Doc) -> list[tuple[str, str]]:
        """Shape and form of every token with a digit."""
        found = self._tokens.get(doc.number)
        if found is None:
            tokens = [(shape(token), text_form(token)) for token in _TOKEN.findall(doc.text)]
            found = self._tokens[doc.number] = [(made, form) for made, form in tokens if form]
        return found


def _part_of(form: str, argument: Argument, moment: Moment) -> bool:
    """Whether a rival is only a piece of a value in use, or the value a piece of it: the same thing said shorter."""
    own = argument.forms[-1]
    if f" {form} " in f" {own} " or f" {own} " in f" {form} ":
        return True
    return any(f" {form} " in f" {used} " for used in moment.used_by)


def _comparable(rival: str, own: str, mention: Mention) -> bool:
    """Whether a typed rival could stand in the value's place: days of one year, amounts of one order of magnitude."""
    if rival[:1] == "@":
        said = mention.said.lower()
        return said != "today" and abs(int(rival[1:5]) - int(own[1:5])) <= 1
    if rival[:1] == "#":
        try:
            one, two = abs(float(rival[1:])), abs(float(own[1:]))
        except ValueError:
            return False
        money = mention.said[:1] in "$€£¥"
        return (one <= _SMALL and two <= _SMALL and not money) or (min(one, two) > 0 and 0.1 <= one / two <= 10)  # noqa: PLR2004 - one order of magnitude
    return True
