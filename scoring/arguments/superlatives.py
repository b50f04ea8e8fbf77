"""A choice against the customer's own yardstick: the cheapest was asked for, and a cheaper option was on the table.

An option is an element of a list that a tool returned (`yardsticks.py` says what it is worth). Where the customer asks
by two yardsticks, an option is only worse where it is by one of them and no better by the other.
"""

from __future__ import annotations

from collections.abc import Iterator

from conversation.model import JSON, Role
from conversation.verdict import ArgumentLabel, Evidence
from scoring.arguments.arguments import Argument
from scoring.arguments.effects import effect_of
from scoring.arguments.finding import Finding
from scoring.arguments.index import ConversationIndex, Mention
from scoring.arguments.leaves import Path
from scoring.arguments.normal import plain
from scoring.arguments.yardsticks import YARDSTICKS, Yardstick

_SIGNAL = {"price": "dearer_option", "time": "slower_option"}
Worth = tuple[float, ...]


class Superlatives:
    """Finds choices that a better option on the table contradicts.

    Args:
        index: The conversation's index.
    """

    def __init__(self, index: ConversationIndex) -> None:
        self._index = index
        self._wishes = dict(self._wished())
        self._worths: dict[tuple[int, frozenset[str]], list[Worth | None]] = {}

    def _wished(self) -> Iterator[tuple[Yardstick, Mention]]:
        texts = [(doc, plain(doc.text)) for doc in self._index.docs if doc.role is Role.USER]
        for yardstick in YARDSTICKS:
            for doc, text in texts:
                if "est" in text and (found := yardstick.words.search(text)):
                    yield yardstick, Mention(doc, found.start(), found.end())
                    break

    def findings(self, group: list[Argument]) -> Iterator[tuple[Path, Finding]]:
        """Findings against the arguments of one call that name the chosen option."""
        wishes = {yardstick: wish for yardstick, wish in self._wishes.items() if wish.message <= group[0].at}
        if not wishes or effect_of(group[0].call.name) != "write":
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
                found = self._worse(call, option, words, wishes)
                if found:
                    finding, better = found
                    yield from ((one.path, finding) for one in members if (call, better) not in self._options(one))

    def _options(self, argument: Argument) -> set[tuple[int, int]]:
        """Elements of returned lists that hold a value: call and position in the list."""
        return {
            (fact.call, fact.path[0])
            for fact in self._index.facts_of(argument.forms, argument.at)
            if fact.name == argument.name and len(fact.path) > 1 and isinstance(fact.path[0], int)
        }

    def _worse(
        self, call: int, option: int, words: set[str], wishes: dict[Yardstick, Mention]
    ) -> tuple[Finding, int] | None:
        """The finding against a choice, and the place of the better option."""
        result = self._index.calls[call].result
        if not isinstance(result, list) or option >= len(result):
            return None
        worths = self._worths.setdefault((call, frozenset(words)), [])
        if not worths:
            worths += (_worth(one, words, wishes) for one in result)
        own = worths[option]
        better = [(worth, at) for at, worth in enumerate(worths) if own and worth and _beats(worth, own)]
        if own is None or not better:
            return None
        best, at = min(better)
        for (yardstick, wish), mine, other in zip(wishes.items(), own, best, strict=True):
            if other < mine:
                unit = yardstick.unit
                text = (
                    f"{wish.said!r} was asked for; an option of {other:g}{unit} was returned, "
                    f"the one called has {mine:g}{unit}"
                )
                asked = Evidence("message", wish.said, wish.message)
                seen = Evidence(
                    "tool_result", f"{other:g}{unit}", tool_call_id=self._index.calls[call].id, path=f"/{at}"
                )
                return Finding(ArgumentLabel.MISMATCH, _SIGNAL[yardstick.name], 1.0, text, (asked, seen)), at
        return None


def _worth(option: JSON, words: set[str], wishes: dict[Yardstick, Mention]) -> Worth | None:
    """What an option is worth by each yardstick; None where one cannot tell."""
    found = tuple(yardstick.measure(option, words) for yardstick in wishes)
    worth = tuple(one for one in found if one)
    return worth if len(worth) == len(found) else None


def _beats(one: Worth, other: Worth) -> bool:
    return one != other and all(mine <= theirs for mine, theirs in zip(one, other, strict=True))
