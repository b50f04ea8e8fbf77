"""What replies tell the customer: identifiers, amounts of money, days and counts that something must support."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache

import orjson

from conversation.model import Role
from conversation.wording import Wording
from scoring.arguments.claim import Claim
from scoring.arguments.counted_claims import counted_claims
from scoring.arguments.dated_claims import DatedClaims
from scoring.arguments.hidden import may_be_hidden
from scoring.arguments.index import ConversationIndex, Doc, before
from scoring.arguments.normal import number_form, text_form
from scoring.arguments.study import Study

_MONEY = Wording(r"[$€£¥]\s?(\d{1,3}(?:,\d{3})+|\d+)(\.\d{1,2})?")
_ID = re.compile(r"(?<![\w/.@-])#?(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9][\w-]{3,}\b(?![@.]\w)")
_NOT_AN_ID = re.compile(
    r"\d+(?:st|nd|rd|th|am|pm|gb|mb|kg|lb|lbs|oz|cm|mm|ml|hrs?|min|mins|x|k|g|ghz|mhz|inch|hour|hours|day|days|minute|minutes|"
    r"month|months|year|years|piece|pack|way|stop|star|bit|digit)s?\b|.*-(?:day|hour|minute|month|year|week|piece|pack|way|star|"
    r"digit|inch|bit|per|stop)s?\b|[345]g.*|\d+-\d+.*|\d+-[a-z]+|covid.*|utf.*|.*\d(?:am|pm)|\d{1,2}[a-z]{3}\d{2,4}|[a-z]+-only",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(r"(?:such as|e\.g\.?,?|like|example[:,]?|format|\bi\.e\.?,?)\W{0,4}\Z", re.IGNORECASE)
_CARD = re.compile(r"(?:ending|ends) (?:in|with)\W{1,4}\Z|(?:card|x|\*)\W{0,2}\Z", re.IGNORECASE)
_OPERANDS = 80


@lru_cache(maxsize=16)
def _numbers_of(text: str) -> frozenset[str]:
    return frozenset(number_form(found.replace(",", "")) for found in re.findall(r"\d[\d,]*(?:\.\d+)?", text))


@lru_cache(maxsize=16)
def _words_of(text: str) -> frozenset[str]:
    return frozenset(text_form(token) for token in re.findall(r"[\w#@.-]*\d[\w#@.-]*", text))


def claims_of(study: Study, policy_text: str = "") -> Iterator[Claim]:
    """All claims in replies: identifiers and amounts in order, then days, then counts."""
    index = study.index
    fixed = "\n".join(text for text in (index.conversation.system_instructions, policy_text) if text)
    yield from _ids_and_amounts(index, fixed)
    yield from DatedClaims(study, fixed).claims()
    yield from counted_claims(index)


def _ids_and_amounts(index: ConversationIndex, fixed: str) -> Iterator[Claim]:
    for doc in index.docs:
        if doc.role is not Role.ASSISTANT:
            continue
        for match in _ID.finditer(doc.text):
            example = _EXAMPLE.search(doc.text[max(0, match.start() - 16) : match.start()])
            hidden = (
                doc.text[match.end() : match.end() + 1] == ">" and doc.text[match.start() - 1 : match.start()] == ":"
            )
            if (
                not hidden
                and not example
                and not _made_name(match[0])
                and not _NOT_AN_ID.fullmatch(match[0].lstrip("#"))
            ):
                yield Claim("id", match[0], doc.message, _id_support(match[0], doc, index, fixed))
        for match in _MONEY.finditer(doc.text):
            amount = float(match[1].replace(",", "") + (match[2] or ""))
            yield Claim("amount", match[0], doc.message, _amount_support(amount, doc, index, fixed))


def _made_name(token: str) -> bool:
    """Whether a token reads as a made-up label (`option-1`, `within_24_hours`): words and a short number."""
    parts = re.split(r"[_-]", token)
    return len(parts) > 1 and all(part.isalpha() or (part.isdigit() and len(part) <= 2) for part in parts)  # noqa: PLR2004 - ordinals


def _id_support(said: str, doc: Doc, index: ConversationIndex, fixed: str) -> str:
    form = text_form(said)
    if index.facts_of((form,), doc.message):
        return "tool result"
    told = [one for one in before(index.mentions((form,)), doc.message) if one.doc.role is not Role.ASSISTANT]
    if told:
        return "customer" if told[-1].doc.role is Role.USER else "tool result"
    if form in _words_of(fixed) or form in _words_of(_tools_text(index)):
        return "instructions"
    for fact in index.facts:
        if fact.message < doc.message and isinstance(fact.value, str) and form in text_form(fact.value):
            return "tool result"
    return "redacted" if may_be_hidden(said, index, doc.message) else ""


def _tools_text(index: ConversationIndex) -> str:
    """Descriptions of the tools and their parameters: they carry examples of identifiers."""
    tools = index.conversation.tools
    return "\n".join(f"{tool.description}\n{orjson.dumps(tool.parameters).decode()}" for tool in tools)


def _amount_support(amount: float, doc: Doc, index: ConversationIndex, fixed: str) -> str:
    form = number_form(amount)
    if index.facts_of((form,), doc.message) or amount == 0:
        return "tool result"
    if any(one.doc.role is not Role.ASSISTANT for one in before(index.mentions((form,)), doc.message)):
        return "customer"
    if form in _numbers_of(fixed):
        return "instructions"
    known = _known(doc, index, fixed)
    return "arithmetic" if _computed(amount, known) else ""


def _known(doc: Doc, index: ConversationIndex, fixed: str) -> list[float]:
    """Distinct numbers known before a reply or told in it, at most `_OPERANDS` of the latest."""
    found: dict[float, None] = {}
    for readings, mention in index.typed_in.get(doc.message, ()):
        if readings[0].startswith("#") and not _CARD.search(
            mention.doc.text, max(0, mention.start - 16), mention.start
        ):
            found.setdefault(float(readings[0][1:]))
    for message, value in reversed(index.numeric):
        if len(found) >= _OPERANDS:
            break
        if message < doc.message:
            found[value] = None
    for form in sorted(_numbers_of(fixed))[:_OPERANDS] if len(fixed) < 40_000 else ():  # noqa: PLR2004 - a book of rules has any number
        found.setdefault(float(form[1:]))
    return list(found)


def _computed(amount: float, known: list[float]) -> bool:
    """Whether an amount is a sum, difference, multiple, share, or sum of multiples of two known numbers."""
    numbers = [one for one in known if one and one != amount]
    sums = {round(one, 2) for one in numbers}
    ordered = sorted(numbers)
    for one in numbers:
        ratio = amount / one
        # The range first: by a number close to 0 the ratio is infinite.
        if 1.5 < ratio < 12.5 and abs(ratio - round(ratio)) < 1e-9:  # noqa: PLR2004 - a handful of pieces
            return True
        if round(amount - one, 2) in sums or round(one - amount, 2) in sums or round(amount + one, 2) in sums:
            return True
        if any(round(amount - times * one, 2) in sums for times in range(2, 7)):
            return True
        if 1 <= one < 100 and _has_share(one, amount, ordered):  # noqa: PLR2004 - per cent
            return True
    return any(
        round(amount - one - two, 2) in sums for at, one in enumerate(numbers[:30]) for two in numbers[at + 1 : 30]
    )


def _has_share(per_cent: float, amount: float, ordered: list[float]) -> bool:
    """Whether an amount is so many per cent of some number, to half a cent."""
    whole, slack = amount * 100 / per_cent, 1 / per_cent
    near = ordered[bisect_left(ordered, whole - slack) : bisect_right(ordered, whole + slack)]
    return any(abs(other * per_cent / 100 - amount) < 0.006 for other in near)  # noqa: PLR2004 - half a cent of rounding
