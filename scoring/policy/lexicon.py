"""What a customer says to agree, and what an agent says to refuse, to ask for a yes, or to name a value. English.

A yes is explicit: it stands at the start of a sentence or asks to go ahead, and no no, doubt or change goes with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

YES = re.compile(
    r"(?:^|[.!?,;:\n]\s*|\b(?:oh|ok|okay|great|perfect|thanks|thank you|and|well|so|absolutely)[,!.]?\s+)"
    r"(?:yes|yeah|yep|yup|sure|certainly|definitely|absolutely|of course|correct|confirmed?|agreed|ok|okay|"
    r"i (?:do )?(?:confirm|agree|accept|approve|authori[sz]e|would like to (?:proceed|go ahead|confirm))|i'?m (?:happy|ready) to (?:proceed|go ahead)|"
    r"(?:that|this|it|everything|all)(?:'?s| is| looks| sounds| looks all) (?:all )?(?:correct|right|good|great|fine|perfect|ok|okay)|"
    r"(?:sounds|looks) (?:good|great|fine|perfect|correct|right)|that works|works for me|"
    r"(?:please )?(?:go ahead|proceed|do it|do so|do that|make it so)|please (?:do|confirm|process|cancel|book|change|update|refund|upgrade|"
    r"make|add|send|apply|submit|complete|finali[sz]e))\b"
    r"|\b(?:please|you can|let'?s|to) (?:go ahead|proceed)\b|\bgo ahead (?:and|with)\b|\bplease proceed\b",
    re.IGNORECASE,
)
NO = re.compile(
    r"(?:^|[.!?\n]\s*)(?:no\b(?! (?:problem|worries|other|further|more|additional|need|changes|that'?s))|nope\b|not yet\b|"
    r"wait\b|hold on\b|stop\b|never ?mind\b|don'?t\b|do not\b)"
    r"|\b(?:do not|don'?t|not to|rather not|prefer not to) (?:want to |wish to |like to )?(?:proceed|go ahead|confirm|cancel it|book it|do (?:it|that))\b"
    r"|\bi(?: have|'?ve) changed my mind\b|\bbefore (?:i|we|you) (?:proceed|confirm|go ahead|decide)\b",
    re.IGNORECASE,
)
ASK = re.compile(
    r"\b(?:confirm|proceed|go ahead|is (?:this|that|everything) (?:correct|right|ok|okay)|are (?:these|you) (?:details )?(?:correct|sure|ok|okay)|"
    r"shall i|should i|do you (?:want|wish|agree|approve|consent)|would you like(?: me)?(?: to)?|reply (?:with )?yes|\(yes)",
    re.IGNORECASE,
)
REFUSAL = re.compile(
    r"\b(?:(?:can(?:not|'t| not)|unable to|not able to|won'?t be able to|not possible to|don'?t have the ability to) "
    r"(?:directly |currently |simply )?(?!(?:find|locate|see|verify|access|hear|tell|proceed without|continue without)\b)\w+"
    r"|(?:is|are|was|were)(?: not|n't) (?:currently |directly )?(?:eligible|allowed|permitted|possible|refundable|available as)"
    r"|(?:not|in)eligible\b|do(?:es)?(?: not|n't) (?:allow|permit|qualify|meet)|against (?:our|the) policy|non-?refundable"
    r"|(?:must|have to) (?:decline|refuse|deny))\b",
    re.IGNORECASE,
)
_LOOKUP_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)


def is_yes(text: str) -> bool:
    """Whether a customer's message is an explicit yes."""
    plain = text.replace("\u2019", "'")
    return bool(YES.search(plain)) and not NO.search(plain)


def asks(text: str) -> bool:
    """Whether an agent's message asks for a yes."""
    return bool(ASK.search(text.replace("\u2019", "'")))


def refuses(text: str) -> bool:
    """Whether an agent's message says no to something."""
    return bool(REFUSAL.search(text.replace("\u2019", "'")))


def scalars(value: object) -> Iterator[object]:
    """The texts and numbers inside a value."""
    if isinstance(value, dict):
        for member in value.values():
            yield from scalars(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from scalars(member)
    elif isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
        yield value


def names_value(texts: Iterable[str], value: object) -> bool:
    """Whether some text names every scalar of a value: words in any case, numbers as numbers, dates in words too."""
    spoken = [text.casefold() for text in texts]
    return all(any(_names_scalar(text, scalar) for text in spoken) for scalar in scalars(value))


def _names_scalar(text: str, scalar: object) -> bool:
    if isinstance(scalar, int | float):
        return any(float(found.replace(",", "")) == float(scalar) for found in _LOOKUP_NUMBER.findall(text))
    word = str(scalar).casefold().strip()
    if word in text or word.replace("_", " ") in text:
        return True
    digits = re.search(r"_(\d{4,})$", word)
    if digits is not None and (digits[1] in text or re.search(rf"\b{digits[1][-4:]}\b", text)):
        return True
    date = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", word)
    if date is None:
        return False
    month, day = _MONTHS[(int(date[2]) - 1) % 12], int(date[3])
    return (
        re.search(
            rf"\b(?:{month}|{month[:3]})\.? {day}\b|\b{day}(?:st|nd|rd|th)? (?:of )?(?:{month}|{month[:3]})\b", text
        )
        is not None
    )
