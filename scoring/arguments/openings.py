"""Where dates, times and numbers can begin in a text: at a digit, or at a few words with the right word after them.

The grammars of `clock_words` and `number_words` have a hundred alternatives; tried at every character they were a
third of the cost of reading a message. Every match begins at the start of a word, so they are tried at these only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from scoring.arguments.clock_words import COUNTS, MONTHS, ORDINALS, WEEKDAYS, Spoken, dates, times
from scoring.arguments.normal import Tokens
from scoring.arguments.number_words import NUMBER_WORDS, numbers

_DIGITS = "#"
_END = "~"
_Followers = frozenset[str] | None
"""Words that may come next, `#` for any number; None for anything."""

_HOURS = frozenset(word for word in COUNTS if " " not in word and len(word) > 2)  # noqa: PLR2004 - not the articles
_HALVES = ("am", "pm", "a", "p", "o", "oclock", "thirty", "fifteen", "forty", "in", "at")
_PAST = frozenset(("minutes", "past", "after", "to", "till", "before", "of"))
_AFTER_A_DAY = frozenset({_DIGITS, "day", "of", *MONTHS})
_AFTER_AN_HOUR = frozenset({*_HALVES, "clock", *_PAST})
_CLOCK_DIGITS = 2
_SUFFIXES = ("st", "nd", "rd", "th")
_DATE_HEADS: Mapping[str, _Followers] = {
    **dict.fromkeys(MONTHS, frozenset({_DIGITS, "the", *ORDINALS})),
    **dict.fromkeys(ORDINALS, frozenset({"day", "of", *MONTHS})),
    **dict.fromkeys(WEEKDAYS),
    **dict.fromkeys(("tomorrow", "today", "tonight", "yesterday")),
    "the": frozenset({_DIGITS, *ORDINALS}),
    "day": frozenset({"after"}),
    "this": frozenset({"morning", "afternoon", "evening"}),
    "next": frozenset({"week"}),
    "a": frozenset({"week"}),
    "one": frozenset({"week"}),
    "in": frozenset({_DIGITS, "a", "couple", *_HOURS}),
}
_TIME_HEADS: Mapping[str, _Followers] = {
    **dict.fromkeys(_HOURS, _AFTER_AN_HOUR),
    **dict.fromkeys(("half", "quarter"), _PAST),
    "twenty": _PAST | {"five"},
    "a": frozenset({"quarter"}),
    **dict.fromkeys(("noon", "midday", "midnight", "noontime")),
    **dict.fromkeys(("morning", "afternoon", "evening", "night"), frozenset({_DIGITS, "at", *_HOURS})),
    **{hour + half: None for hour in _HOURS for half in _HALVES},  # "fivepm"
}
_NONE: frozenset[str] = frozenset()
_HEADS: Mapping[str, tuple[_Followers, _Followers, bool]] = {
    word: (_DATE_HEADS.get(word, _NONE), _TIME_HEADS.get(word, _NONE), word in NUMBER_WORDS)
    for word in {*_DATE_HEADS, *_TIME_HEADS, *NUMBER_WORDS}
}


@dataclass(slots=True)
class Openings:
    """Character offsets at which a date, a time or a number may begin, each list in order."""

    dates: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)


def openings(text: Tokens) -> Openings:
    """Where typed values may begin in a text."""
    words, spaced, lowered = text.words, text.spaced, text.lowered
    found = Openings()
    if spaced.isascii():  # of what words are made of then, only digits sort before the colon
        heads = [at for at, word in enumerate(words) if word < ":" or word in _HEADS]
    else:
        heads = [at for at, word in enumerate(words) if word in _HEADS or word[0].isdecimal()]
    last, place = len(words) - 1, 0
    for at in heads:
        word = words[at]
        after = words[at + 1] if at < last else _END
        if after[0].isdecimal():
            after = _DIGITS
        # Every earlier place of this word was a candidate too, so the first one from here on is its own.
        place = spaced.find(f" {word} ", place)
        dated, timed, counted = _HEADS.get(word) or _of_digits(word)
        if dated is None or after in dated:
            found.dates.append(place)
        if timed is None or after in timed or lowered.startswith(":", place + len(word)):
            found.times.append(place)
        if counted:
            found.numbers.append(place)
        place += 1
    return found


def _of_digits(word: str) -> tuple[_Followers, _Followers, bool]:
    """As `_HEADS`, of a word that begins with a digit."""
    if word.isdecimal():
        return _AFTER_A_DAY, _AFTER_AN_HOUR if len(word) <= _CLOCK_DIGITS else _NONE, True
    if word.endswith(_SUFFIXES):
        return None, _NONE, True
    return _NONE, _NONE if word[: _CLOCK_DIGITS + 1].isdecimal() else None, True


def typed_values(text: Tokens, today: date | None) -> list[Spoken]:
    """Dates, then times, then numbers of a text; none overlaps one before it in the list."""
    lowered, places = text.lowered, openings(text)
    found = list(dates(lowered, today, places.dates)) if places.dates else []
    for grammar, at in ((times, places.times), (numbers, places.numbers)):
        if at:
            taken = found.copy()
            found += [one for one in grammar(lowered, at) if not (taken and _overlaps(one, taken))]
    return found


def _overlaps(spoken: Spoken, taken: Sequence[Spoken]) -> bool:
    return any(one.start < spoken.end and spoken.start < one.end for one in taken)
