"""What the customer asked for, mapped to the agent's own tools, and what became of it.

A request is a sentence in which the customer wishes for a deed that one of the agent's writing tools does. It is done
when such a tool was called and accepted, refused when a later reply says no, handed over when the customer was passed
to a person, and open otherwise. A customer who calls it off closes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from conversation.model import Role
from scoring.arguments.arguments import field_words
from scoring.arguments.effects import effect_of
from scoring.arguments.index import ConversationIndex
from scoring.arguments.normal import plain

Outcome = Literal["done", "refused", "handed_over", "called_off", "open"]

_ALIKE = (
    "update modify change edit adjust switch upgrade downgrade move reschedule correct alter set",
    "cancel terminate drop void",
    "book reserve order buy purchase schedule make create place",
    "return refund",
    "exchange swap replace trade",
    "send issue give grant compensate",
    "add include attach",
    "remove delete clear",
    "pay charge",
    "enable activate turn",
    "suspend pause freeze",
    "resume restore reactivate unsuspend",
    "refuel recharge top",
    "transfer forward",
    "play watch listen",
    "share post",
)
_GROUP = {word: number for number, words in enumerate(_ALIKE) for word in words.split()}
_WISH = re.compile(
    r"\b(?:i(?:'d| would)?(?: also| just| really)? (?:like|want|need|wish)|"
    r"i(?:'m| am) (?:looking|calling|trying|hoping|writing)|"
    r"can (?:you|i|we)|could (?:you|i|we)|please|would it be possible|is it possible|help me|let's)\b"
)
_NO = re.compile(
    r"\b(?:unable|cannot|can't|can not|not (?:able|possible|allowed|eligible|permitted)|unfortunately|"
    r"isn't (?:possible|eligible)|ineligible|against (?:our|the) policy|policy (?:does not|doesn't)|"
    r"(?:does not|doesn't|do not|don't) (?:allow|permit|qualify|meet)|only (?:be|if|when)|must be)\b"
)
_OFF = re.compile(
    r"\b(?:never ?mind|no longer|don't want|do not want|leave it|keep (?:it|my|the)|instead|forget (?:it|about)|"
    r"(?:decided|prefer) (?:not|to keep)|in that case|no,? thanks?|no,? thank you|i won't|hold off)\b"
)
_SENTENCE = re.compile(r"[^.!?\n;]+[.!?]?")


@dataclass(frozen=True, slots=True)
class Request:
    """One thing the customer asked for."""

    tool: str
    said: str
    message: int
    outcome: Outcome = "open"
    settled: int | None = None


def requests_of(index: ConversationIndex) -> list[Request]:
    """The customer's requests in order, one for each group of alike tools, with what became of each."""
    tools = _writing_tools(index)
    asked: dict[tuple[int, str], Request] = {}
    for doc in index.docs:
        if doc.role is not Role.USER:
            continue
        for sentence in _SENTENCE.finditer(plain(doc.text)):
            if not _WISH.search(sentence[0]):
                continue
            for group, thing, tool in _meant(sentence[0], tools):
                said = doc.text[sentence.start() : sentence.end()].strip()
                asked.setdefault((group, thing), Request(tool, said[:160], doc.message))
    return [_settled(request, index) for request in asked.values()]


def _writing_tools(index: ConversationIndex) -> list[tuple[int, frozenset[str], str]]:
    """Group of the verb, words of the thing, and name of each writing tool."""
    found: list[tuple[int, frozenset[str], str]] = []
    for tool in index.conversation.tools:
        parts = field_words(tool.name)
        verb = next((part for part in parts if part in _GROUP), None)
        if verb and effect_of(tool.name, tool.description) == "write":
            things = frozenset(part.removesuffix("s") for part in parts if part != verb and len(part) > 2)  # noqa: PLR2004 - articles
            found.append((_GROUP[verb], things, tool.name))
    return found


def _meant(sentence: str, tools: list[tuple[int, frozenset[str], str]]) -> list[tuple[int, str, str]]:
    said = re.findall(r"[a-z]+", sentence)
    groups = {_GROUP[word] for word in said if word in _GROUP}
    stems = {word.removesuffix("s") for word in said}
    found: list[tuple[int, str, str]] = []
    for group in sorted(groups):
        alike = [(things & stems, name) for number, things, name in tools if number == group]
        best = max((len(shared) for shared, _ in alike), default=0)
        chosen = [(shared, name) for shared, name in alike if len(shared) == best]
        if chosen:
            found.append((group, chosen[0][1] if best and len(chosen) == 1 else "", chosen[0][1]))
    return found


def _settled(request: Request, index: ConversationIndex) -> Request:
    verb = next((part for part in field_words(request.tool) if part in _GROUP), "")
    group = _GROUP.get(verb)
    for call in index.calls:
        at = call.message or 0
        if at <= request.message or call.error is not None:
            continue
        if effect_of(call.name) == "handover":
            return replace(request, outcome="handed_over", settled=at)
        if any(_GROUP.get(part) == group for part in field_words(call.name)):
            return replace(request, outcome="done", settled=at)
    for doc in index.docs:
        if doc.message <= request.message:
            continue
        if doc.role is Role.ASSISTANT and _NO.search(plain(doc.text)):
            return replace(request, outcome="refused", settled=doc.message)
        if doc.role is Role.USER and _OFF.search(plain(doc.text)):
            return replace(request, outcome="called_off", settled=doc.message)
    return request
