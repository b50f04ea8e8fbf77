"""Canonical forms of values, so that one value spelled in two ways compares equal.

A form is a short string with a sigil for typed values: `#348` a number, `@2024-05-26` a date, `~16:30` a time of day;
anything else is text as lower-case words joined by single spaces. A value may have several forms: `"2"` is the text
`2` and the number `#2`. Punctuation, case, accents' composition and spacing do not survive normalisation.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import NamedTuple

WORDS = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"[-+]?[$€£¥]?\s?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s?%?\Z")
_DATE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|[-+]\d{2}:?\d{2})?)?\Z"
)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?\s*([ap])?\.?m?\.?\Z")
_NUMBERS = (int, float)
_KEPT = 200  # longer strings are prose and come once: not worth their memory
_NEWEST_DIGITS = 15  # beyond this a run of digits is an identifier, not a quantity


_TYPOGRAPHY = (
    ("\u2019", "'"),
    ("\u2018", "'"),
    ("\u201c", '"'),
    ("\u201d", '"'),
    ("\u2013", "-"),
    ("\u2014", "-"),
    ("\u00a0", " "),
    ("\u0130", "I"),  # the one letter that is two in lower case
)


def plain(text: str) -> str:
    """Lower case with typewriter quotes, dashes and spaces; every character keeps its place."""
    if text.isascii():
        return text.lower()
    for sign, typed in _TYPOGRAPHY:  # str.translate takes ten times as long
        text = text.replace(sign, typed)
    return text.lower()


# A space for every ASCII character that is no letter and no digit; the bytes of other characters stay.
_SPACED = bytes(code if code > 127 or chr(code).isalnum() else 32 for code in range(256))  # noqa: PLR2004 - ASCII


class Tokens(NamedTuple):
    """A text taken apart.

    Attributes:
        lowered: As `plain` gives it.
        spaced: The same with a space for everything that is no letter and no digit, and one more at either end: a word
            stands at the offset in the text at which it is found here with the space before it.
        words: Its words.
    """

    lowered: str
    spaced: str
    words: list[str]


def tokens(text: str) -> Tokens:
    """The words of a text and where they are."""
    lowered = letters = plain(text)
    if not lowered.isascii():
        for sign in {sign for sign in set(lowered) if sign > "\x7f" and not sign.isalnum()}:
            letters = letters.replace(sign, " ")
    # A third of the time of a regular expression.
    spaced = f" {letters.encode('utf-8', 'surrogatepass').translate(_SPACED).decode('utf-8', 'surrogatepass')} "
    return Tokens(lowered, spaced, spaced.split())


def words(text: str) -> list[str]:
    """Lower-case words and numbers of a text, underscores and punctuation dropped."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return WORDS.findall(text.lower())


def text_form(text: str) -> str:
    """The text form: lower-case words joined by single spaces."""
    return " ".join(words(text))


def number_form(value: float | str | Decimal) -> str:
    """The number form: shortest decimal spelling, `#2` for 2, 2.0 and "2.00"."""
    if isinstance(value, int):
        return f"#{value}"
    if isinstance(value, float) and value.is_integer():
        return f"#{int(value)}"
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return f"#{value}"
    if not number.is_finite():
        return f"#{value}"
    text = format(number, "f")
    return "#" + (text.rstrip("0").rstrip(".") if "." in text else text)


def date_form(day: date) -> str:
    """The date form, `@2024-05-26`."""
    return f"@{day.isoformat()}"


def time_form(hour: int, minute: int) -> str:
    """The form of a time of day, `~16:30`."""
    return f"~{hour:02d}:{minute:02d}"


def _typed_forms(text: str) -> list[str]:
    found: list[str] = []
    if match := _NUMBER.match(text):
        digits = match[1].replace(",", "")
        if len(digits) <= _NEWEST_DIGITS:
            sign = "-" if text.startswith("-") else ""
            found.append(number_form(sign + digits + (match[2] or "")))
    elif match := _DATE.match(text):
        try:
            found.append(date_form(date(int(match[1]), int(match[2]), int(match[3]))))
        except ValueError:
            return found
        if match[4]:
            found.append(time_form(int(match[4]), int(match[5])))
    elif match := _TIME.match(text.lower()):
        hour = int(match[1])
        if match[3]:
            hour = hour % 12 + (12 if match[3] == "p" else 0)
        found.append(time_form(hour % 24, int(match[2])))
    return found


def string_forms(text: str) -> tuple[str, ...]:
    """All forms of a string, typed ones first, its text form last (left out where it is empty)."""
    return _kept_forms(text) if len(text) <= _KEPT else _forms_of(text)


def _forms_of(text: str) -> tuple[str, ...]:
    stripped = text.strip()
    found = _typed_forms(stripped) if stripped[:1] in "0123456789+-$€£¥" and len(stripped) <= 40 else []  # noqa: PLR2004 - no typed spelling is longer
    plain = text_form(text)
    if plain:
        found.append(plain)
    return tuple(found)


_kept_forms = lru_cache(maxsize=32768)(_forms_of)


def forms(value: object) -> tuple[str, ...]:
    """All forms of a JSON scalar, the most specific first; empty for None, lists and objects."""
    if isinstance(value, str):
        return string_forms(value)
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, _NUMBERS):
        return (number_form(value),)
    return ()


def kind_of(form: str) -> str:
    """`number`, `date`, `time` or `text` by the sigil."""
    return {"#": "number", "@": "date", "~": "time"}.get(form[:1], "text")
