"""A choice against the customer's own yardstick: the cheapest was asked for, and a cheaper option was on the table.

An option is an element of a list that a tool returned; what it costs is the sum of its price-like numbers, read where a
price depends on another argument of the call (a class, a size) under that argument's value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from conversation.model import JSON, Role
from conversation.verdict import ArgumentLabel, Evidence
from scoring.arguments.arguments import Argument
from scoring.arguments.effects import effect_of
from scoring.arguments.finding import Finding
from scoring.arguments.index import ConversationIndex, Mention
from scoring.arguments.leaves import Path, leaves
from scoring.arguments.normal import forms, plain

_CHEAPEST = re.compile(
    r"cheapest|least expensive|lowest[- ](?:price|cost|fare|rate)|most affordable|lowest possible price"
)
_STOCK = re.compile(r"avail|stock|remaining|left|seats|vacan", re.IGNORECASE)
_PRICED = re.compile(r"price|cost|fare|fee|rate|amount", re.IGNORECASE)


class Superlatives:
    """Finds choices that a cheaper option on the table contradicts.

    Args:
        index: The conversation's index.
    """

    def __init__(self, index: ConversationIndex) -> None:
        self._index = index
        self._wish = self._wished()
        self._prices: dict[tuple[int, frozenset[str]], list[float | None]] = {}

    def _wished(self) -> Mention | None:
        for doc in self._index.docs:
            found = _CHEAPEST.search(plain(doc.text)) if doc.role is Role.USER else None
            if found:
                return Mention(doc, found.start(), found.end())
        return None

    def findings(self, group: list[Argument]) -> Iterator[tuple[Path, Finding]]:
        """Findings against the arguments of one call that name the chosen option."""
        wish = self._wish
        if wish is None or wish.message > group[0].at or effect_of(group[0].call.name) != "write":
            return
        chosen = [one for one in group if one.kind in {"id", "text"} and one.forms]
        words = {form for one in group if one.kind in {"enum", "text"} for form in one.forms}
        told: dict[tuple[int, int], list[Argument]] = {}
        for argument in chosen:
            for place in self._options(argument):
                told.setdefault(place, []).append(argument)
        if not told:
            return
        most = max(len(members) for members in told.values())
        for (call, option), members in told.items():
            if len(members) == most and most * 2 >= len({one.path[:-1] for one in chosen if len(one.path) > 1}):
                yield from self._cheaper(call, option, members, words, wish)

    def _options(self, argument: Argument) -> set[tuple[int, int]]:
        """Elements of returned lists that hold a value: call and position in the list."""
        return {
            (fact.call, fact.path[0])
            for fact in self._index.facts_of(argument.forms, argument.at)
            if fact.name == argument.name and len(fact.path) > 1 and isinstance(fact.path[0], int)
        }

    def _cheaper(
        self, call: int, option: int, members: list[Argument], words: set[str], wish: Mention
    ) -> Iterator[tuple[Path, Finding]]:
        result = self._index.calls[call].result
        if not isinstance(result, list) or option >= len(result):
            return
        key = (call, frozenset(words))
        prices = self._prices.get(key)
        if prices is None:
            prices = self._prices[key] = [price(one, words) for one in result]
        own = prices[option]
        best = min((one for one in prices if one), default=None)
        if own and best and best < own:
            text = f"{wish.said!r} was asked for; an option at {best:g} was returned, the one called costs {own:g}"
            asked = Evidence("message", wish.said, wish.message)
            seen = Evidence(
                "tool_result", f"{best:g}", tool_call_id=self._index.calls[call].id, path=f"/{prices.index(best)}"
            )
            for one in members:
                yield one.path, Finding(ArgumentLabel.MISMATCH, "dearer_option", 1.0, text, (asked, seen))


def price(option: JSON, words: set[str]) -> float | None:
    """What an option costs; None where no price is told or the option is not to be had under these words."""
    total: float | None = None
    by_word: dict[Path, list[tuple[str, float]]] = {}
    for path, value in leaves(option):
        if _unavailable(path, value, words):
            return None
        priced = any(isinstance(step, str) and _PRICED.search(step) for step in path)
        if not priced or not isinstance(value, int | float) or isinstance(value, bool):
            continue
        last = path[-1]
        if isinstance(last, str) and not _PRICED.search(last):
            by_word.setdefault(path[:-1], []).append((last, float(value)))
        else:
            total = (total or 0.0) + float(value)
    for options in by_word.values():
        found = [value for name, value in options if set(forms(name)) & words]
        if len(found) != 1:
            return None
        total = (total or 0.0) + found[0]
    return total


def _unavailable(path: Path, value: JSON, words: set[str]) -> bool:
    """Whether a leaf says that the option, under these words, is not to be had."""
    names = [step for step in path if isinstance(step, str)]
    stocked = any(_STOCK.search(name) for name in names)
    if not stocked or value not in (0, False, "sold out", "unavailable"):
        return False
    return _STOCK.search(names[-1]) is not None or bool(set(forms(names[-1])) & words)
