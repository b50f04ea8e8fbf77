"""The entity graph: which record of the results a value belongs to, and whether a call mixes two of them.

Nodes are the JSON objects of results. A value belongs to every record around the leaf it stands in. A call that names
an entity by its id and carries a value that only another entity of the same kind has, mixes the two.
"""

from __future__ import annotations

from collections.abc import Iterator

from conversation.verdict import ArgumentLabel, Evidence
from scoring.arguments.arguments import Argument, names_subject
from scoring.arguments.finding import Finding
from scoring.arguments.index import ConversationIndex, Fact
from scoring.arguments.leaves import Path, pointer
from scoring.arguments.moment import Moment
from scoring.arguments.normal import forms

_PAIRED = frozenset({"id", "text"})
_BESIDE = 2  # elements that must belong to the named entity before another one is odd
_FACTS = 40  # a value that stands in more places belongs to none of them


def _inner_id(argument: Argument) -> bool:
    return argument.kind == "id" and len(argument.path) > 1


class Entities:
    """Finds values of another entity than the one the call names.

    Args:
        index: The conversation's index.
    """

    def __init__(self, index: ConversationIndex) -> None:
        self._index = index
        self._near: dict[int, set[int]] = {}
        self._by_name: dict[str, dict[int, list[Fact]]] = {}

    def findings(self, group: list[Argument]) -> dict[Path, Finding]:
        """Findings among the arguments of one call, by path."""
        found: dict[Path, Finding] = {}
        for owner in group:
            if owner.kind != "id" or len(owner.path) > 1:
                continue
            roots = self._roots(owner)
            for argument in group if roots else ():
                if argument.kind == "id" and argument.name != owner.name and argument.forms != owner.forms:
                    finding = self._foreign(argument, owner, roots) or self._odd_one_out(argument, owner, roots, group)
                    if finding:
                        found[argument.path] = finding
        return found

    def unpaired(self, group: list[Argument], moment: Moment) -> Iterator[tuple[Path, Finding]]:
        """Neighbours that no result holds together: the record of the one says otherwise of the other.

        A record says what its own fields say, and what the call that returned it was asked for.
        """
        named = {record for one in group if names_subject(one) for record in self._roots(one)}
        for key in group:
            if key.kind not in _PAIRED or not key.forms:
                continue
            facts = [fact for fact in self._known(key) if fact.name == key.name]
            if not facts or len(facts) > _FACTS or not all(self._listed(fact) for fact in facts):
                continue
            owned = [fact for fact in facts if named & self._around(fact.record)] if _inner_id(key) else []
            for argument in group:
                near = argument is not key and argument.path[:-1] == key.path[:-1] and argument.forms
                if not near or argument.kind in {"prose", "empty", "bool"} or moment.scope.says(argument.forms):
                    continue
                told = self._told(facts, argument.name)
                if told and not told & set(argument.forms):
                    # A price may well change with the order; where and when something is, it says itself.
                    ours = self._told(owned, argument.name) if argument.kind != "number" else set()
                    suspects = [argument] if ours or moment.scope.says(key.forms) else [argument, key]
                    home, known = (owned, ours) if ours else (facts, told)
                    signal = "own_record" if ours else "unpaired"
                    yield from self._both((key, argument), home[-1], min(known), suspects, signal)

    def _listed(self, fact: Fact) -> bool:
        """Whether a value stands in one of several records of a list: an option to choose, not a thing to change."""
        return any(isinstance(step, int) for step in fact.path) and fact.call < len(self._index.calls)

    def _told(self, facts: list[Fact], name: str) -> set[str]:
        """What the records of some facts, and the calls that returned them, say of a field."""
        told: set[str] = set()
        for fact in facts:
            record = self._index.records[fact.record]
            own = {form for at in record.facts if (other := self._index.facts[at]).name == name for form in other.forms}
            asked = self._index.calls[fact.call].arguments.get(name)
            told |= own or set(forms(asked))
        return told

    def _both(
        self, pair: tuple[Argument, Argument], fact: Fact, told: str, suspects: list[Argument], signal: str
    ) -> Iterator[tuple[Path, Finding]]:
        key, argument = pair
        text = f"{key.name} {key.value!r} came with {argument.name} {told.lstrip('#@~')!r}, not {argument.value!r}"
        proof = Evidence("tool_result", text, fact.message, "", self._index.calls[fact.call].id, pointer(fact.path))
        for one in suspects:
            strength = 1.0 if one is argument else 0.6
            yield one.path, Finding(ArgumentLabel.OTHER_ENTITY, f"{signal}_{one.kind}", strength, text, (proof,))

    def _known(self, argument: Argument) -> list[Fact]:
        return self._index.facts_of(argument.forms, argument.at)

    def _roots(self, owner: Argument) -> set[int]:
        """Records that the id names: those that hold it under its own name, or are filed under it."""
        return {fact.record for fact in self._known(owner) if fact.name == owner.name}

    def _foreign(self, argument: Argument, owner: Argument, roots: set[int]) -> Finding | None:
        homes = self._known(argument)
        if not homes:
            return None
        around = [(fact, self._around(fact.record)) for fact in homes]
        if any(roots & records for _, records in around):
            return None
        others = [(fact, self._other_owner(records, owner)) for fact, records in around]
        if not all(other for _, other in others):
            return None
        for fact, other in others:
            if other and self._has_field(roots, fact.name):
                return self._of_other(argument, owner, fact, other, "other_owner")
        return None

    def _odd_one_out(
        self, argument: Argument, owner: Argument, roots: set[int], group: list[Argument]
    ) -> Finding | None:
        """In a list, the one element that another entity of this kind has, among elements that the named one has.

        It may be an option as well that a search returned; what is new in the list belongs to nobody as a rule.
        """
        if not any(isinstance(step, int) for step in argument.path):
            return None
        beside = [one for one in group if one is not argument and one.name == argument.name and one.forms]
        if len(beside) < _BESIDE or not all(self._belongs(one, roots) for one in beside):
            return None
        if self._belongs(argument, roots):
            return None
        for fact in self._known(argument):
            other = self._other_owner(self._around(fact.record), owner)
            if other:
                return self._of_other(argument, owner, fact, other, "odd_one_out")
        return None

    def _belongs(self, argument: Argument, roots: set[int]) -> bool:
        return any(roots & self._around(fact.record) for fact in self._known(argument))

    def _of_other(self, argument: Argument, owner: Argument, fact: Fact, other: Fact, signal: str) -> Finding:
        text = f"{argument.value!r} belongs to {owner.name} {other.value!r}, the call is for {owner.value!r}"
        call = self._index.calls[fact.call]
        proof = Evidence("tool_result", str(fact.value), fact.message, "", call.id, pointer(fact.path))
        return Finding(ArgumentLabel.OTHER_ENTITY, signal, 1.0, text, (proof,))

    def _around(self, record: int) -> set[int]:
        """A record, those around it, and those directly inside it."""
        found = self._near.get(record)
        if found is None:
            found = self._near[record] = {record, *self._index.records[record].children}
            parent = self._index.records[record].parent
            while parent is not None:
                found.add(parent)
                parent = self._index.records[parent].parent
        return found

    def _other_owner(self, records: set[int], owner: Argument) -> Fact | None:
        """The id of the same name that one of the records carries instead."""
        named = self._named(owner.name)
        for number in sorted(records & named.keys()):
            for fact in named[number]:
                if not set(fact.forms) & set(owner.forms):
                    return fact
        return None

    def _named(self, name: str) -> dict[int, list[Fact]]:
        """The facts of a name by their record."""
        found = self._by_name.get(name)
        if found is None:
            found = self._by_name[name] = {}
            for fact in self._index.facts:
                if fact.name == name:
                    found.setdefault(fact.record, []).append(fact)
        return found

    def _has_field(self, roots: set[int], name: str) -> bool:
        """Whether the named entity has values of this field too: else the field is not its own."""
        pending, seen = list(roots), set(roots)
        while pending:
            record = self._index.records[pending.pop()]
            if any(self._index.facts[at].name == name for at in record.facts):
                return True
            fresh = [child for child in record.children if child not in seen]
            seen.update(fresh)
            pending.extend(fresh)
        return False
