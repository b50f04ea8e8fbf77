"""What the customer asked for, mapped to the agent's own tools, and what became of it.

A request is a sentence in which the customer wishes for a deed that one of the agent's writing tools does: the verb
picks the tools, the thing asked about (words of the tool's name, then of its parameters and their choices) picks among
them. It is done when such a tool was called and accepted, refused when a later reply says no, handed over when the
customer was passed to a person, and open otherwise. A customer who calls it off closes it. Asked for again after it was
done, it is a request of its own: part of it was left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from conversation.model import Role, ToolDefinition
from conversation.wording import Wording
from scoring.arguments.arguments import field_words
from scoring.arguments.effects import effect_of
from scoring.arguments.index import ConversationIndex, Doc
from scoring.arguments.normal import plain

Outcome = Literal["done", "refused", "handed_over", "called_off", "open"]

_ALIKE = (
    "update modify change edit adjust switch upgrade downgrade move reschedule correct alter set amend",
    "cancel terminate drop void",
    "book reserve order buy purchase schedule make create place",
    "return refund",
    "exchange swap replace trade",
    "send issue give grant compensate",
    "add include attach",
    "remove delete clear",
    "pay charge settle",
    "enable activate turn",
    "suspend pause freeze block lock",
    "resume restore reactivate unsuspend unblock unlock unfreeze",
    "refuel recharge top",
    "transfer forward wire",
    "play watch listen",
    "share post",
    "open",
    "close",
    "disable deactivate",
    "dispute report",
    "apply redeem",
    "renew extend",
    "reset",
    "raise increase",
    "lower reduce decrease",
    "subscribe enroll register",
    "unsubscribe",
)
_GROUP = {word: number for number, words in enumerate(_ALIKE) for word in words.split()}
_WEAK = frozenset(
    """make create set give send issue correct move drop turn top return order charge place open close block play post
    share""".split()  # noqa: SIM905 - a word list reads better as words
)
"""Words with everyday meanings: they ask for a tool only together with the thing it is about."""
_MAKING = frozenset(("make", "create", "place"))
_CHANGING = frozenset(("change", "changes", "update", "updates", "modification", "modifications", "adjustments"))
_WISH = re.compile(
    r"\b(?:i(?:'d| would)?(?: also| just| really| still)? (?:like|want|need|wish)|"
    r"i(?:'m| am) (?:looking|calling|trying|hoping|writing)|"
    r"can (?:you|i|we)|could (?:you|i|we)|please|would it be possible|is it possible|help me|let's)\b"
)
_ASKS = re.compile(
    r"\b(?:let me know|tell me|explain|clarify|guide|walk me|show me|check|see if|wondering|"
    r"confirm (?:if|that|whether)|how (?:much|many|long|do|can|to)|what|why|when|which|whether)\b"
)
_NO = Wording(
    r"\b(?:unable|cannot|can't|can not|not (?:able|possible|allowed|eligible|permitted)|unfortunately|"
    r"isn't (?:possible|eligible)|ineligible|against (?:our|the) policy|policy (?:does not|doesn't)|"
    r"(?:does not|doesn't|do not|don't) (?:allow|permit|qualify|meet)|only (?:be|if|when)|must be)\b"
)
_OFF = Wording(
    r"\b(?:never ?mind|no longer|don't want|do not want|leave it|keep (?:it|my|the)|instead|forget (?:it|about)|"
    r"(?:decided|prefer) (?:not|to keep)|in that case|no,? thanks?|no,? thank you|i won't|hold off)\b"
)
_SENTENCE = re.compile(r"[^.!?\n;]+[.!?]?")
_WORD = re.compile(r"[a-z]+")
_STEM = 3  # letters that a thing and its longer name share: bag and baggages
_CHOICES = 40


@dataclass(frozen=True, slots=True)
class Request:
    """One thing the customer asked for."""

    tool: str
    said: str
    message: int
    outcome: Outcome = "open"
    settled: int | None = None


@dataclass(frozen=True, slots=True)
class _Writer:
    """A writing tool: the group of its verb, the words of its thing, and the words of its parameters and choices."""

    group: int
    things: frozenset[str]
    hints: frozenset[str]
    name: str


@dataclass(frozen=True, slots=True)
class _Wish:
    """A wish for a deed. `own` is set where the words point at this tool and at no other of its group."""

    writer: _Writer
    own: bool
    said: str
    message: int


def requests_of(index: ConversationIndex) -> list[Request]:
    """The customer's requests in order, one for each deed, with what became of each."""
    writers = writers_of(index.conversation.tools)
    if not writers:
        return []
    found: dict[tuple[int, str], list[Request]] = {}
    for doc in index.docs:
        if doc.role is not Role.USER:
            continue
        for wish in _wishes(doc, writers):
            earlier = found.setdefault(_key(wish, found), [])
            if not earlier:
                earlier.append(_settled(wish, index))
            elif earlier[-1].outcome == "done" and (earlier[-1].settled or 0) < wish.message:
                again = _settled(wish, index)
                # "Has it been cancelled?" asks for nothing new; what is handed over or done once more was asked for.
                if again.outcome in {"done", "handed_over"}:
                    earlier.append(again)
    return sorted((one for many in found.values() for one in many), key=lambda one: one.message)


def _key(wish: _Wish, found: dict[tuple[int, str], list[Request]]) -> tuple[int, str]:
    """What makes two wishes one request: the tool, or for words that point at none, the last one of the same verb."""
    group = wish.writer.group
    if wish.own:
        return group, wish.writer.name
    return next((key for key in reversed(found) if key[0] == group), (group, ""))


def writers_of(tools: tuple[ToolDefinition, ...]) -> list[_Writer]:
    """The tools that change something and have a verb."""
    found: list[_Writer] = []
    for tool in tools:
        parts = field_words(tool.name)
        verb = next((part for part in parts if part in _GROUP), None)
        if verb and effect_of(tool.name, tool.description) == "write":
            things = frozenset(_singular(part) for part in parts if part != verb and len(part) >= _STEM)
            found.append(_Writer(_GROUP[verb], things, _hints(tool) - things, tool.name))
    return found


def _hints(tool: ToolDefinition) -> frozenset[str]:
    """Words of a tool's parameters and of the choices they offer."""
    properties = (tool.parameters or {}).get("properties")
    if not isinstance(properties, dict):
        return frozenset()
    told: list[str] = list(properties)
    for schema in properties.values():
        choices = schema.get("enum") if isinstance(schema, dict) else None
        if isinstance(choices, list):
            told += [choice for choice in choices[:_CHOICES] if isinstance(choice, str)]
    return frozenset(_singular(word) for one in told for word in field_words(one) if len(word) > _STEM)


def _singular(word: str) -> str:
    return word.removesuffix("s")


def _wishes(doc: Doc, writers: list[_Writer]) -> Iterator[_Wish]:
    """The deeds that a message wishes for."""
    for sentence in _SENTENCE.finditer(plain(doc.text)):
        if _WISH.search(sentence[0]):
            said = doc.text[sentence.start() : sentence.end()].strip()[:160]
            for writer, own in _meant(sentence[0], writers):
                yield _Wish(writer, own, said, doc.message)


def _meant(sentence: str, writers: list[_Writer]) -> Iterator[tuple[_Writer, bool]]:
    """The tools a sentence asks for, one for each verb in it."""
    asks = _ASKS.search(sentence)
    said = _WORD.findall(sentence[: asks.start()] if asks else sentence)
    if _MAKING & set(said) and _CHANGING & set(said):
        said = [word for word in said if word not in _MAKING]
    stems = {_singular(word) for word in _WORD.findall(sentence)}
    verbs: dict[int, bool] = {}
    for word in said:
        if word in _GROUP:
            verbs[_GROUP[word]] = verbs.get(_GROUP[word], False) or word not in _WEAK
    for group in sorted(verbs):
        alike = [writer for writer in writers if writer.group == group]
        scored = [(_named(writer.things, stems), len(writer.hints & stems), writer) for writer in alike]
        best = max(((named, hinted) for named, hinted, _ in scored), default=(0, 0))
        chosen = [writer for named, hinted, writer in scored if (named, hinted) == best]
        if chosen and (verbs[group] or best[0]):
            yield chosen[0], len(chosen) == 1 and len(alike) > 1


def _named(things: frozenset[str], stems: set[str]) -> int:
    """How many words of a tool's thing a sentence names, in full or by their beginning."""
    return sum(
        thing in stems or any(len(stem) >= _STEM and thing.startswith(stem) for stem in stems) for thing in things
    )


def _settled(wish: _Wish, index: ConversationIndex) -> Request:
    """The request with what came of it, told from the calls and words after it."""
    request = Request(wish.writer.name, wish.said, wish.message)
    for call in index.calls:
        at = call.message or 0
        if at <= request.message or call.error is not None:
            continue
        if effect_of(call.name) == "handover":
            return replace(request, outcome="handed_over", settled=at)
        if call.name == request.tool or any(_GROUP.get(part) == wish.writer.group for part in field_words(call.name)):
            return replace(request, outcome="done", settled=at)
    for doc in index.docs:
        if doc.message <= request.message:
            continue
        if doc.role is Role.ASSISTANT and _NO.occurs(plain(doc.text)):
            return replace(request, outcome="refused", settled=doc.message)
        if doc.role is Role.USER and _OFF.occurs(plain(doc.text)):
            return replace(request, outcome="called_off", settled=doc.message)
    return request
