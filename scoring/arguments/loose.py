"""Approximate spellings, tried only where an exact match failed: split or joined words, abbreviations, parts, slips.

Each matcher takes a text form and the texts to look in, latest first, and returns a mention with a strength below 1.
They read every word, so they are kept for the few values that nothing else explains.
"""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import DamerauLevenshtein

from scoring.arguments.index import ConversationIndex, Doc, Mention

Found = tuple[Mention, float]
_SHORT = 4  # shorter strings match too much by accident
_COMMON = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "and",
        "for",
        "in",
        "at",
        "on",
        "to",
        "center",
        "centre",
        "street",
        "st",
        "road",
        "hotel",
        "city",
        "north",
        "south",
        "east",
        "west",
    ]
)


def dialogue(at: int, index: ConversationIndex) -> list[Doc]:
    """What was said before a position, latest first."""
    return [doc for doc in reversed(index.dialogue) if doc.message < at]


def _span(doc: Doc, first: int, last: int) -> Mention:
    return Mention(doc, doc.starts[first], doc.starts[last] + len(doc.words[last]))


def joined(form: str, docs: Sequence[Doc]) -> Found | None:
    """The same letters with other word borders: `sanfrancisco`, `order-12 34`, an id without its prefix."""
    squeezed = form.replace(" ", "")
    if len(squeezed) < _SHORT:
        return None
    for doc in docs:
        place = doc.squeezed.find(squeezed)
        if place >= 0:
            return _at_letter(doc, place, place + len(squeezed)), 0.9
    digits = "".join(sign for sign in squeezed if sign.isdigit())
    if len(digits) > _SHORT and squeezed.endswith(digits):
        for doc in docs:
            if digits in doc.words:
                position = doc.words.index(digits)
                return _span(doc, position, position), 0.8
    return None


def _at_letter(doc: Doc, start: int, end: int) -> Mention:
    """The words that cover letters start to end of the text without spaces."""
    first, last, seen = 0, len(doc.words) - 1, 0
    for position, word in enumerate(doc.words):
        if seen <= start < seen + len(word):
            first = position
        if seen < end <= seen + len(word):
            last = position
            break
        seen += len(word)
    return _span(doc, first, last)


def abbreviated(form: str, docs: Sequence[Doc]) -> Found | None:
    """Initials or a clipped name: `LA` or `SFO` for a name of these letters in this order, first letter first."""
    parts = form.split(" ")
    initials = "".join(part[0] for part in parts)
    whole = "".join(parts)
    letters = "".join(part for part in parts if len(part) == 1)
    for doc in docs:
        for position, word in doc.abbreviations:
            if word == whole or (word[0] != whole[0] and word != letters):
                continue
            shown = doc.text[doc.starts[position] : doc.starts[position] + len(word)]
            airport = len(word) == len(initials) + 1 and word.startswith(initials)
            fits = word in (initials, letters) or airport or (word.startswith(parts[0][0]) and _in_order(word, whole))
            clipped = len(parts) == 1 and len(word) > 2 and whole.startswith(word)  # noqa: PLR2004 - two letters begin many words
            if (fits and len(parts) > 1 and (shown.isupper() or len(word) > 2)) or (clipped and shown.isupper()):  # noqa: PLR2004 - as above
                return _span(doc, position, position), 0.7
    return None


def _in_order(letters: str, text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)


def loose_match(form: str, docs: Sequence[Doc]) -> Found | None:
    """A part of the name (more than half of its letters) or the name with a slip of the pen."""
    asked = [word for word in form.split(" ") if word not in _COMMON] or form.split(" ")
    letters = sum(len(word) for word in asked)
    best: Found | None = None
    firsts = {part[0] for part in asked}
    shares: dict[str, float] = {}
    for doc in docs:
        for position, word in enumerate(doc.words):
            if word[0] not in firsts:
                continue
            share = shares.get(word)
            if share is None:
                share = shares[word] = max(_alike(word, part) * len(part) / letters for part in asked)
            if share > 0 and (best is None or share > best[1]):
                best = _span(doc, position, position), share
    if best is None:
        return None
    together = sum(len(part) for part in asked if any(f" {part} " in doc.joined for doc in docs)) / letters
    strength = 0.7 * max(best[1], together)
    return (best[0], strength) if strength >= 0.3 else None  # noqa: PLR2004 - under half of the name is chance


def _alike(word: str, part: str) -> float:
    if word == part:
        return 1.0
    if len(part) < _SHORT or len(word) < _SHORT or abs(len(word) - len(part)) > 2 or word[0] != part[0]:  # noqa: PLR2004 - more is another word
        return 0.0
    if word[:_SHORT] == part[:_SHORT] and min(len(word), len(part)) <= _SHORT + 2:
        return 0.7
    distance = DamerauLevenshtein.distance(word, part, score_cutoff=2)
    return 0.8 if distance == 1 or (distance == 2 and len(part) > 7) else 0.0  # noqa: PLR2004 - two slips need a long word
