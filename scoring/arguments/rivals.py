"""Values that compete with an argument's: of its kind, known before the call, and used by no other argument.

A wrong choice among known values looks sound on its own. It shows where the conversation talks about another value of
the same kind that the call should have carried: in the exchange before the call, in the reply after it, or in the
same field of a later call.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property, lru_cache
from itertools import islice
from typing import NamedTuple

from scoring.arguments.arguments import Argument
from scoring.arguments.index import ConversationIndex, Doc, Mention
from scoring.arguments.moment import Moment
from scoring.arguments.normal import text_form
from scoring.arguments.passage import Beginning, Passage

_TOKEN = re.compile(r"(?<![\w#@.+-])[\w#@.+-]*\d[\w#@.+-]*")  # tried at the start of a token only
_SMALL = 20  # counts of everyday dealings
_MOST = 250  # known values of one field that are looked for; more come from long listings
_SIGILS = {"number": "#", "date": "@", "time": "~"}
_SHAPE = (re.compile(r"[^\W\d_]+"), re.compile(r"\d+"))


class Rival(NamedTuple):
    """A competing value: its form, and where it was said."""

    form: str
    mention: Mention


def shape(value: str) -> str:
    """The shape of an identifier: runs of letters and digits, `a_a_9` for `sara_doe_496`."""
    return _SHAPE[1].sub("9", _SHAPE[0].sub("a", value.strip("#.,;:!?")))


@lru_cache(maxsize=16384)
def _shaped(token: str) -> tuple[str, str]:
    return shape(token), text_form(token)


class _Family:
    """Values that one field may hold, looked up by their first words.

    Args:
        forms: Their text forms, in order.
    """

    def __init__(self, forms: Iterable[str]) -> None:
        self.forms = tuple(form for form in forms if form)
        self._by_head: dict[str, list[int]] = {}
        for number, form in enumerate(self.forms):
            self._by_head.setdefault(form.partition(" ")[0], []).append(number)

    def within(self, passage: Passage) -> list[str]:
        """Those that stand in a passage, in order."""
        words, heads = passage.words, self._by_head
        known = [head for head in heads if head in words] if len(heads) < len(words) else heads.keys() & words
        numbers = sorted(number for head in known for number in heads[head])
        return [form for number in numbers if passage.holds(form := self.forms[number])]


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
        self._families: dict[tuple[tuple[str, ...], tuple[str, ...]], _Family] = {}
        learnt = [
            (fact.name, fact.forms[-1])
            for fact in index.facts
            if isinstance(fact.value, str) and fact.forms and len(fact.value) <= 80  # noqa: PLR2004 - longer values are prose
        ]
        learnt += [(one.name, one.forms[-1]) for one in arguments if one.forms and one.kind in {"text", "id", "enum"}]
        for name, form in dict.fromkeys(learnt):
            self._known[name][form] = None
            self._names_of[form].add(name)

    def _family(self, argument: Argument) -> _Family:
        """Known values of the argument's field, its own among them."""
        own = argument.forms[-1] if argument.forms else ""
        names = {argument.name, *self._names_of.get(own, ())} if argument.kind == "id" else {argument.name}
        key = (tuple(sorted(names)), tuple(text_form(str(option)) for option in argument.schema.enum))
        found = self._families.get(key)
        if found is None:
            values = {form: None for name in key[0] for form in islice(self._known.get(name, ()), _MOST)}
            found = self._families[key] = _Family(values | dict.fromkeys(key[1]))
        return found

    def family(self, argument: Argument) -> list[str]:
        """Known values that the argument's field could have held instead."""
        own = argument.forms[-1] if argument.forms else ""
        return [form for form in self._family(argument).forms if form != own]

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
        own = argument.forms[-1] if argument.forms else ""
        found = [form for form in self._family(argument).within(passage) if form != own]
        if argument.kind == "id":
            found += self._same_shape(argument, passage)
        rivals = [
            Rival(form, mention)
            for form in dict.fromkeys(found)
            if form not in moment.used_by and not _part_of(form, argument, moment) and (mention := passage.where(form))
        ]
        return sorted(rivals, key=lambda rival: rival.mention.order)

    def _typed(self, argument: Argument, passage: Passage, moment: Moment) -> list[Rival]:
        sigil, used, own = _SIGILS[argument.kind], moment.used_by, argument.forms
        return [
            Rival(readings[0], mention)
            for readings, mention in passage.typed
            if readings[0][0] == sigil
            and not any(form in used or form in own for form in readings)
            and _comparable(readings[0], own[0], mention)
        ]

    def _same_shape(self, argument: Argument, passage: Passage) -> Iterable[str]:
        wanted = shape(str(argument.value))
        own = argument.forms[-1]
        if isinstance(passage, Beginning):
            firsts = self._first_said.get(wanted, {})
            return [form for form, message in firsts.items() if message <= passage.until and form != own]
        return [form for doc in passage.docs for made, form in self._tokens_of(doc) if made == wanted and form != own]

    @cached_property
    def _first_said(self) -> dict[str, dict[str, int]]:
        """By shape, the form of every token of the dialogue and the message in which it was said first."""
        found: dict[str, dict[str, int]] = {}
        for doc in self._index.dialogue:
            for made, form in self._tokens_of(doc):
                found.setdefault(made, {}).setdefault(form, doc.message)
        return found

    def _tokens_of(self, doc: Doc) -> list[tuple[str, str]]:
        """Shape and form of every token with a digit."""
        found = self._tokens.get(doc.number)
        if found is None:
            tokens = [_shaped(token) for token in _TOKEN.findall(doc.text)]
            found = self._tokens[doc.number] = [(made, form) for made, form in tokens if form]
        return found


def _part_of(form: str, argument: Argument, moment: Moment) -> bool:
    """Whether a rival is only a piece of a value in use, or the value a piece of it: the same thing said shorter."""
    own = argument.forms[-1]
    if f" {form} " in f" {own} " or f" {own} " in f" {form} ":
        return True
    return f" {form} " in moment.used_text


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
