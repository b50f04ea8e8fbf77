"""Quantities and amounts of money in running text, in digits and in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scoring.arguments.clock_words import Spoken
from scoring.arguments.normal import number_form

_UNITS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: 10 * number
    for number, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_OTHER = {
    "single": 1,
    "couple": 2,
    "pair": 2,
    "both": 2,
    "dozen": 12,
    "once": 1,
    "twice": 2,
    "none": 0,
    "myself": 1,
    "solo": 1,
    "alone": 1,
}
NUMBER_WORDS = frozenset((*_UNITS, *_TENS, *_OTHER))
_WORD = "|".join(sorted(NUMBER_WORDS, key=lambda word: (-len(word), word)))
_NUMBERS = re.compile(
    rf"(?<![\w.])[$€£¥]?(?P<digits>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<scale>k\b|\s+thousand\b|\s+million\b)?(?![\w])"
    rf"|\b(?P<word>{_WORD})(?:[-\s](?P<unit>one|two|three|four|five|six|seven|eight|nine)\b)?(?P<wscale>\s+hundred|\s+thousand)?\b"
)
_SIGNS = "$€£¥"
_SCALES = {"k": 1_000, "thousand": 1_000, "million": 1_000_000, "hundred": 100}


def _value(match: re.Match[str]) -> float:
    scale = _SCALES.get((match["scale"] or match["wscale"] or "").strip(), 1)
    if match["digits"]:
        return float(match["digits"].replace(",", "")) * scale
    word = match["word"]
    base = _UNITS.get(word, _TENS.get(word, _OTHER.get(word, 0)))
    unit = _UNITS[match["unit"]] if match["unit"] and word in _TENS else 0
    return float(base + unit) * scale


def numbers(lowered: str, at: Iterable[int] | None = None) -> Iterator[Spoken]:
    """Numbers in a lower-case text: `$1,200.50`, `20k`, `twenty-five`, `a couple`.

    Args:
        lowered: The text.
        at: Offsets of the words they may begin with, in order; a currency sign before belongs to the number.
    """
    for match in _NUMBERS.finditer(lowered) if at is None else _matches(lowered, at):
        digits = match["digits"]
        if digits and len(digits) > 15:  # noqa: PLR2004 - a longer run of digits is an identifier
            continue
        yield Spoken((number_form(_value(match)),), match.start(), match.end())


def _matches(lowered: str, at: Iterable[int]) -> Iterator[re.Match[str]]:
    end = 0
    for start in at:
        if start < end:
            continue
        signed = start > end and lowered[start - 1] in _SIGNS
        match = (_NUMBERS.match(lowered, start - 1) if signed else None) or _NUMBERS.match(lowered, start)
        if match:
            end = match.end()
            yield match
