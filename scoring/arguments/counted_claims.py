"""How many there are of something, as replies tell the customer, against the lists that tools returned.

"You have 3 reservations" speaks of a list: a field named after the same thing, or the result of a tool that is. As many
as some list has, or fewer (only some may be meant), is fine. More than all lists together hold speaks against it; a
result may have been cut short, so that is no proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from conversation.model import JSON, Role
from conversation.wording import Wording
from scoring.arguments.arguments import field_words
from scoring.arguments.claim import Claim
from scoring.arguments.index import ConversationIndex
from scoring.arguments.normal import plain

_WORDS = {
    word: number
    for number, word in enumerate(
        ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), start=2
    )
}
_COUNT = Wording(
    rf"\b(?:you(?: currently)? have|there (?:are|were)|i(?:'ve| have)? (?:found|see|located)|in total|a total of) "
    rf"(?:\w+ ){{0,2}}?(?P<number>\d{{1,3}}|{'|'.join(_WORDS)}) "
    rf"(?:[a-z-]+ ){{0,2}}?(?P<noun>[a-z]{{3,}}s)\b"
)


def counted_claims(index: ConversationIndex) -> Iterator[Claim]:
    """All numbers of listed things in replies, in order; those of things that no list is named after are left out."""
    sizes: list[tuple[int, str, int]] | None = None
    for doc in index.docs:
        if doc.role is not Role.ASSISTANT:
            continue
        for match in _COUNT.finditer(plain(doc.text)):
            if sizes is None:
                sizes = list(_lists(index))
            noun = match["noun"].removesuffix("s")
            known = [size for at, name, size in sizes if at < doc.message and noun in _stems(name)]
            if not known:
                continue
            number = int(match["number"]) if match["number"].isdigit() else _WORDS[match["number"]]
            said = doc.text[match.start() : match.end()]
            if number <= sum(known):
                yield Claim("count", said, doc.message, "tool result")
            else:
                yield Claim("count", said, doc.message, "", f"tools returned {sum(known)}")


def _lists(index: ConversationIndex) -> Iterator[tuple[int, str, int]]:
    """Message, name and length of every list in a result; a result that is a list is named after its tool."""
    for call in index.calls:
        at = call.result_message if call.result_message is not None else (call.message or 0)
        pending: list[tuple[str, JSON]] = [(call.name, call.result)]
        while pending:
            name, value = pending.pop()
            if isinstance(value, dict):
                pending.extend(value.items())
            elif isinstance(value, list):
                yield at, name, len(value)
                pending.extend((name, one) for one in value if isinstance(one, dict))


@lru_cache(maxsize=4096)
def _stems(name: str) -> frozenset[str]:
    return frozenset(word.removesuffix("s") for word in field_words(name))
