"""Things that were listed and agreed to together, of which only some were done.

An offer lists several ids of one field, the customer says yes to it, and calls that take this field follow for some of
the ids and for none of the others until the end. Ids on a line, or under a heading, that says what is not done
(`cannot be cancelled`, `stays as it is`) are no part of the offer; where the customer's yes names ids, only those are.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from conversation.model import Role, ToolCall
from scoring.arguments.arguments import field_words
from scoring.arguments.effects import effect_of
from scoring.arguments.index import ConversationIndex, Doc
from scoring.arguments.loose_end import LooseEnd
from scoring.arguments.normal import plain

_ASKS = re.compile(r"\b(?:confirm|proceed|go ahead|shall i|should i|would you like|do you want)\b")
_YES = re.compile(
    r"\b(?:yes|yeah|yep|sure|ok|okay|correct|go ahead|proceed|please do|confirm(?:ed)?|sounds good|oui|absolutely)\b"
)
_BUT = re.compile(r"\b(?:except|only|but|instead|not|don't|just|rather|without)\b")
_NOT_DONE = re.compile(
    r"\b(?:cannot|can't|can not|unable|not|isn't|aren't|won't|ineligible|past|already|remain\w*|stays?|excluded|except|"
    r"skip\w*|unchanged|keep)\b"
)
_SHORTEST = 4


def left_out(index: ConversationIndex, dialogue: Sequence[Doc]) -> LooseEnd | None:
    """The first list that was agreed to and done in part.

    Args:
        index: The conversation's index.
        dialogue: What customer and agent said, in order.
    """
    writes = list(_writes(index))
    if not writes:
        return None
    users = [doc for doc in dialogue if doc.role is Role.USER]
    last = writes[-1][1]
    for number, yes in enumerate(users):
        if yes.message > last:
            break
        until = users[number + 1].message if number + 1 < len(users) else None
        batch = [call for call, at in writes if at > yes.message and (until is None or at < until)]
        offer = _offer(yes, dialogue) if batch else None
        if offer is None:
            continue
        later = {str(value) for call, at in writes if at > yes.message for value in call.arguments.values()}
        for field, done in _ids(batch).items():
            missing = sorted(_agreed(index, field, done, offer, yes) - later)
            if missing:
                text = f"{', '.join(sorted(done))} done; {', '.join(missing)} agreed to in the same list and never done"
                return LooseEnd("left_out", ", ".join(missing), offer.message, text)
    return None


def _writes(index: ConversationIndex) -> Iterator[tuple[ToolCall, int]]:
    descriptions = {tool.name: tool.description for tool in index.conversation.tools}
    for call in index.calls:
        if call.error is None and effect_of(call.name, descriptions.get(call.name, "")) == "write":
            yield call, call.message or 0


def _offer(yes: Doc, dialogue: Sequence[Doc]) -> Doc | None:
    """The offer that a message agrees to without a but."""
    said = plain(yes.text)
    if not _YES.search(said) or _BUT.search(said):
        return None
    offers = [doc for doc in dialogue if doc.role is Role.ASSISTANT and doc.message < yes.message]
    return offers[-1] if offers and _ASKS.search(plain(offers[-1].text)) else None


def _ids(batch: Sequence[ToolCall]) -> dict[str, set[str]]:
    """The things written to, by field: ids whose field the tool is named after, not what they were paid with."""
    found: dict[str, set[str]] = defaultdict(set)
    for call in batch:
        about = set(field_words(call.name))
        for field, value in call.arguments.items():
            if isinstance(value, str) and len(value) >= _SHORTEST and about & set(field_words(field)):
                found[field].add(value)
    return found


def _agreed(index: ConversationIndex, field: str, done: set[str], offer: Doc, yes: Doc) -> set[str]:
    """The ids of a field that an offer puts forward, if those that were done are among them."""
    known = {
        fact.value
        for fact in index.facts
        if fact.name == field and fact.message < yes.message and isinstance(fact.value, str)
    }
    heading, listed = "", set[str]()
    for line in offer.text.split("\n"):
        here = {one for one in known if one in line}
        if not here and line.strip():
            heading = line
        elif not _NOT_DONE.search(plain(line)) and not _NOT_DONE.search(plain(heading)):
            listed |= here
    named = {one for one in known if one in yes.text}
    return (listed & named if named else listed) if done <= listed else set()
