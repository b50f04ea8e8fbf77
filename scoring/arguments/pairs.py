"""Swapped arguments: a value that belongs to its neighbour's place.

Three signs. Order: of a pair whose names say which comes first (start and end, minimum and maximum) the first is the
greater. Place: elsewhere each value stands under the other's field name, and never under its own. Words: the words just
before the mention name the other field ("from", "to").
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from itertools import groupby, permutations

from conversation.verdict import ArgumentLabel, Evidence
from scoring.arguments.arguments import Argument, field_words
from scoring.arguments.effects import effect_of
from scoring.arguments.finding import Finding
from scoring.arguments.index import ConversationIndex, Mention
from scoring.arguments.leaves import Path
from scoring.arguments.moment import Moment

_EARLY = frozenset(
    """from start begin beginning first min minimum lower low origin source departure depart outbound in pickup old
    since after leaving leave""".split()  # noqa: SIM905 - a word list reads better as words
)
_LATE = frozenset(
    """to end finish last max maximum upper high destination dest target arrival arrive return inbound out dropoff new
    until before going""".split()  # noqa: SIM905 - as above
)
_FROM_WORDS = frozenset(["from", "leaving", "departing"])
_TO_WORDS = frozenset(["to", "into", "towards", "arriving"])
_WHOLE = frozenset(["total", "all", "overall", "full", "sum", "gross"])


@lru_cache(maxsize=4096)
def _side(name: str) -> int:
    """-1 for the first of an ordered pair, 1 for the second, 0 where the name does not say."""
    parts = field_words(name)
    early = any(part in _EARLY for part in parts)
    late = any(part in _LATE for part in parts)
    return 0 if early == late else (-1 if early else 1)


@lru_cache(maxsize=4096)
def _direction(name: str) -> int:
    """As `_side` for places only: origin against destination."""
    parts = field_words(name)
    return (-1 if {"from", "origin", "source"} & set(parts) else 0) + (
        1 if {"to", "destination", "dest", "target"} & set(parts) else 0
    )


class Pairs:
    """Finds swapped neighbours.

    Args:
        index: The conversation's index.
        arguments: All its arguments.
    """

    def __init__(self, index: ConversationIndex, arguments: list[Argument]) -> None:
        self._index = index
        self._orders = {
            (one.forms[-1], two.forms[-1], one.name)
            for _, members in groupby(arguments, key=lambda argument: argument.call_number)
            for one, two in permutations([each for each in members if each.forms and _direction(each.name)], 2)
        }
        self._names: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        for form in {form for argument in arguments for form in argument.forms}:
            for number in index.facts_by_form.get(form, ()):
                fact = index.facts[number]
                self._names[form][fact.name].add(fact.call)
        for argument in arguments:
            for form in argument.forms:
                self._names[form][argument.name].add(argument.call_number)

    def findings(self, group: list[Argument], moment: Moment) -> dict[Path, Finding]:
        """Findings among the arguments of one call, by path."""
        found: dict[Path, Finding] = {}
        for at, first in enumerate(group):
            for second in group[at + 1 :]:
                if first.path[:-1] != second.path[:-1] or first.kind != second.kind or first.forms == second.forms:
                    continue
                finding = self._pair(first, second, moment)
                if finding:
                    for one in (first, second):
                        if one.path not in found or found[one.path].strength < finding.strength:
                            found[one.path] = finding
        return found

    def _pair(self, first: Argument, second: Argument, moment: Moment) -> Finding | None:
        if not first.forms or not second.forms or first.name == second.name:
            return None
        text = _out_of_order(first, second)
        if text:
            return Finding(ArgumentLabel.SWAPPED, "order_broken", 1.0, text)
        if first.kind in {"text", "id", "enum"} and not self._both_ways(first, second):
            if proof := self._misdirected(first, second, moment):
                return Finding(ArgumentLabel.SWAPPED, "misdirected", 1.0, *proof)
            if proof := _reversed(first, second, moment):
                return Finding(ArgumentLabel.SWAPPED, "reversed_words", 1.0, *proof)
            if proof := self._misplaced(first, second):
                there_and_back = _direction(first.name) and _direction(second.name)
                return Finding(ArgumentLabel.SWAPPED, "misplaced", 0.4 if there_and_back else 1.0, *proof)
        return None

    def _both_ways(self, first: Argument, second: Argument) -> bool:
        """Whether a question was asked in both directions: there and back, nothing is swapped."""
        back = (second.forms[-1], first.forms[-1], first.name)
        return effect_of(first.call.name) == "read" and back in self._orders

    def _misplaced(self, first: Argument, second: Argument) -> tuple[str, tuple[Evidence, ...]] | None:
        """Each value is known under the other's name from another call, and not under its own."""
        one, two = self._elsewhere(first), self._elsewhere(second)
        crossed = second.name in one and first.name in two
        right = first.name in one or second.name in two
        if crossed and not right:
            text = f"elsewhere {first.value!r} is {second.name} and {second.value!r} is {first.name}"
            return text, (Evidence("tool_result", text),)
        return None

    def _elsewhere(self, argument: Argument) -> set[str]:
        """Names under which the value stands in other calls and their results."""
        names = self._names.get(argument.forms[-1], {})
        return {name for name, calls in names.items() if calls - {argument.call_number}}

    def _misdirected(
        self, first: Argument, second: Argument, moment: Moment
    ) -> tuple[str, tuple[Evidence, ...]] | None:
        """The last words before the mentions say where from and where to, and the call has it the other way round."""
        directions = _direction(first.name), _direction(second.name)
        if sorted(directions) != [-1, 1]:
            return None
        votes = 0
        proof: Mention | None = None
        for argument, own in zip((first, second), directions, strict=True):
            for mention in self._index.mentions(argument.forms[-1:]):
                if mention.doc not in moment.scope.docs and mention.doc not in moment.reply.docs:
                    continue
                said = _direction_words(mention)
                votes += said * own
                if said and said != own:
                    proof = mention
        if votes < 0 and proof:
            words = proof.doc.text[max(0, proof.start - 12) : proof.end]
            return f"said {words!r}, called as {first.name}={first.value!r}, {second.name}={second.value!r}", (
                Evidence("message", words, proof.message),
            )
        return None


def _reversed(first: Argument, second: Argument, moment: Moment) -> tuple[str, tuple[Evidence, ...]] | None:
    """Said next to each other in the one order ("Ada Byron", "Oslo to Rome"), called in the other."""
    if sorted((_side(first.name), _side(second.name))) != [-1, 1]:
        return None
    early, late = (first, second) if _side(first.name) < 0 else (second, first)
    votes = 0
    for passage in (moment.scope, moment.reply):
        votes += _followed(passage.text, early, late) - _followed(passage.text, late, early)
    if votes >= 0:
        return None
    text = f"said as {late.value!r} before {early.value!r}, called as {early.name}={early.value!r}"
    return text, (Evidence("message", text, moment.scope.docs[-1].message if moment.scope.docs else None),)


def _followed(text: str, one: Argument, two: Argument) -> int:
    """How often the second value follows the first, with nothing but a "to" in between."""
    first, second = f" {one.forms[-1]} ", f"{two.forms[-1]} "
    found = 0
    at = text.find(first)
    while at >= 0:
        after = at + len(first)
        follows = text.startswith((second, f"to {second}"), after)
        found += follows
        at = text.find(first, after if follows else at + 1)
    return found


def _direction_words(mention: Mention) -> int:
    before = mention.doc.text[max(0, mention.start - 14) : mention.start].lower().replace(":", " ").split()
    if not before:
        return 0
    last = before[-1].strip("*(\"'")
    return -1 if last in _FROM_WORDS else 1 if last in _TO_WORDS else 0


def _out_of_order(first: Argument, second: Argument) -> str | None:
    if first.kind == "date" and sorted((_side(first.name), _side(second.name))) == [-1, 1]:
        early, late = (first, second) if _side(first.name) < 0 else (second, first)
        if early.forms[0] > late.forms[0]:  # ISO dates sort as text
            return f"{early.name} {early.value} is after {late.name} {late.value}"
    if first.kind == "number":
        return _part_exceeds_whole(first, second)
    return None


def _part_exceeds_whole(first: Argument, second: Argument) -> str | None:
    """Of `total_x` and `y_x` the total is the greater: the names share a word, one says it is the whole."""
    names = field_words(first.name), field_words(second.name)
    if not set(names[0]) & set(names[1]) or names[0] == names[1]:
        return None
    wholes = bool(_WHOLE & set(names[0])), bool(_WHOLE & set(names[1]))
    if wholes[0] == wholes[1]:
        return None
    whole, part = (first, second) if wholes[0] else (second, first)
    numbers = _number(whole), _number(part)
    if numbers[0] is not None and numbers[1] is not None and numbers[1] > numbers[0]:
        return f"{whole.name} {whole.value} is less than its part {part.name} {part.value}"
    return None


def _number(argument: Argument) -> float | None:
    try:
        return float(argument.forms[0][1:])
    except ValueError:
        return None
