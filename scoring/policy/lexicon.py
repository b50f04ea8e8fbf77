"""What a customer says to agree, and what an agent says to refuse, to ask for a yes, or to name a value. English.

A yes is explicit: it stands at the start of a sentence or asks to go ahead, and no no, doubt or change goes with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from conversation.wording import Wording


def _any(*parts: str, before: str = "", after: str = "") -> str:
    return f"{before}(?:{'|'.join(parts)}){after}"


_OPENER = _any("oh", "ok", "okay", "great", "perfect", "thanks", "thank you", "and", "well", "so", "absolutely")
_GOOD = _any("correct", "right", "good", "great", "fine", "perfect", "ok", "okay")
_DO_VERBS = _any(
    *("do", "confirm", "process", "cancel", "book", "change", "update", "refund", "upgrade", "make", "add", "send"),
    *("apply", "submit", "complete", r"finali[sz]e"),
)
_YES_WORDS = _any(
    *("yes", "yeah", "yep", "yup", "sure", "certainly", "definitely", "absolutely", "of course", "correct"),
    *("confirmed?", "agreed", "ok", "okay", "that works", "works for me"),
    r"i (?:do )?(?:confirm|agree|accept|approve|authori[sz]e|would like to (?:proceed|go ahead|confirm))",
    r"i'?m (?:happy|ready) to (?:proceed|go ahead)",
    rf"(?:that|this|it|everything|all)(?:'?s| is| looks| sounds| looks all) (?:all )?{_GOOD}",
    rf"(?:sounds|looks) {_GOOD}",
    r"(?:please )?(?:go ahead|proceed|do it|do so|do that|make it so)",
    rf"please {_DO_VERBS}",
    after=r"\b",
)
_PROCEED = _any(
    r"\b(?:please|you can|let'?s|to) (?:go ahead|proceed)\b", r"\bgo ahead (?:and|with)\b", r"\bplease proceed\b"
)
_SENTENCE = rf"(?:^|[.!?,;:\n]\s*|\b{_OPENER}[,!.]?\s+)"
YES = Wording(_any(_SENTENCE + _YES_WORDS, _PROCEED), re.IGNORECASE)

_HARMLESS_NO = _any("problem", "worries", "other", "further", "more", "additional", "need", "changes", "that'?s")
_NO_WORDS = _any(
    rf"no\b(?! {_HARMLESS_NO})",
    *(r"nope\b", r"not yet\b", r"wait\b", r"hold on\b", r"stop\b", r"never ?mind\b", r"don'?t\b", r"do not\b"),
)
_NOT_PROCEED = (
    r"\b(?:do not|don'?t|not to|rather not|prefer not to) (?:want to |wish to |like to )?"
    r"(?:proceed|go ahead|confirm|cancel it|book it|do (?:it|that))\b"
)
_DOUBT = _any(r"\bi(?: have|'?ve) changed my mind\b", r"\bbefore (?:i|we|you) (?:proceed|confirm|go ahead|decide)\b")
NO = Wording(_any(rf"(?:^|[.!?\n]\s*){_NO_WORDS}", _NOT_PROCEED, _DOUBT), re.IGNORECASE)

ASK = Wording(
    _any(
        *("confirm", "proceed", "go ahead", "shall i", "should i", r"reply (?:with )?yes"),
        r"is (?:this|that|everything) (?:correct|right|ok|okay)",
        r"are (?:these|you) (?:details )?(?:correct|sure|ok|okay)",
        r"do you (?:want|wish|agree|approve|consent)",
        r"would you like(?: me)?(?: to)?",
        before=r"\b",
    ),
    re.IGNORECASE,
)

# "I cannot find your order" asks for help; it refuses nothing.
_SEARCHING = r"(?:find|locate|see|verify|access|hear|tell|proceed without|continue without)\b"
_CANNOT = _any(
    *(r"can(?:not|'t| not)", "unable to", "not able to", r"won'?t be able to", "not possible to"),
    r"don'?t have the ability to",
)
REFUSAL = Wording(
    _any(
        rf"{_CANNOT} (?:directly |currently |simply )?(?!{_SEARCHING})\w+",
        r"(?:is|are|was|were)(?: not|n't) (?:currently |directly )?(?:eligible|allowed|permitted|possible|refundable)",
        r"(?:not |in)eligible",
        r"do(?:es)?(?: not|n't) (?:allow|permit|qualify|meet)",
        *(r"against (?:our|the) policy", "non-?refundable", r"(?:must|have to) (?:decline|refuse|deny)"),
        before=r"\b",
        after=r"\b",
    ),
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
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
    return YES.occurs(plain) and not NO.occurs(plain)


def asks(text: str) -> bool:
    """Whether an agent's message asks for a yes."""
    return ASK.occurs(text.replace("\u2019", "'"))


def refuses(text: str) -> bool:
    """Whether an agent's message says no to something."""
    return REFUSAL.occurs(text.replace("\u2019", "'"))


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
    """Whether some text names every scalar of a value: words in any case, numbers as numbers, dates in words too.

    Texts are read as far as need be: give the likeliest first.
    """
    pending, read = iter(texts), list[str]()
    return all(any(_names_scalar(text, scalar) for text in _folded(read, pending)) for scalar in scalars(value))


def _folded(read: list[str], pending: Iterator[str]) -> Iterator[str]:
    """Texts without case: those read before, then one after the other those that are not."""
    yield from tuple(read)
    for text in pending:
        read.append(text.casefold())
        yield read[-1]


def _names_scalar(text: str, scalar: object) -> bool:
    if isinstance(scalar, int | float):
        return any(float(found.replace(",", "")) == float(scalar) for found in _NUMBER.findall(text))
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
