"""Dates and times of day as people write and say them, found in running text.

A small grammar instead of a general date parser: it must read every message of every conversation, and a general parser
takes milliseconds a phrase. Relative words ("tomorrow", "next Tuesday", "the 4th") are resolved against the
conversation's reference day. An ambiguous spelling gives every reading: a mention that may mean the value supports it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from conversation.wording import Wording
from scoring.arguments.normal import date_form, time_form

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday mon",
            "tuesday tues tue",
            "wednesday wed",
            "thursday thurs thu",
            "friday fri",
            "saturday sat",
            "sunday sun",
        )
    )
    for name in names.split()
}
ORDINALS = {
    word: number
    for number, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
        ],
        start=1,
    )
}
COUNTS = {
    word: number
    for number, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], start=1
    )
} | {"a": 1, "an": 1, "couple of": 2}

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_ORDINAL = "|".join(sorted(ORDINALS, key=len, reverse=True))
_HOUR = r"\d{1,2}|" + "|".join(word for word in COUNTS if " " not in word and len(word) > 2)  # noqa: PLR2004 - not the articles

_DATES = re.compile(
    rf"""\b(?:
      (?P<iso>\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}})(?!\d)
    | (?P<slash>\d{{1,2}}[/]\d{{1,2}}(?:[/](?:\d{{4}}|\d{{2}}))?)(?![\d/])
    | (?P<month>{_MONTH})\.?\s+(?:the\s+)?(?P<mday>{_DAY}|{_ORDINAL})\b(?!:)
      (?:\s*(?:-|to|and|through|until)\s*(?:the\s+)?(?P<mday2>{_DAY})\b(?!:|\s*[ap]\.?m))?(?:,?\s+(?P<myear>\d{{4}})\b)?
    | (?P<dday>{_DAY}|{_ORDINAL})\s+(?:day\s+)?(?:of\s+)?(?P<dmonth>{_MONTH})\b\.?(?:,?\s+(?P<dyear>\d{{4}})\b)?
    | (?:the\s+)?(?P<nth>\d{{1,2}}(?:st|nd|rd|th))\b(?!\s+(?:street|st\b|avenue|ave\b|floor|time))
    | the\s+(?P<nthword>{_ORDINAL})\s+(?:of|day)\b
    | (?P<rel>day\s+after\s+tomorrow|tomorrow|today|tonight|this\s+(?:morning|afternoon|evening)|yesterday
      |next\s+week|(?:a|one)\s+week\s+from\s+(?:now|today))
    | (?P<off>in\s+(?P<offn>\d{{1,2}}|a|{"|".join(w for w in COUNTS if len(w) > 2)})\s+(?P<offu>days?|weeks?))
    | (?P<week>{"|".join(sorted(WEEKDAYS, key=len, reverse=True))})
    )\b""",  # noqa: PLR2004 - not the articles
    re.VERBOSE,
)
_TIMES = re.compile(
    rf"""\b(?:
      (?P<past>half|quarter|(?:a\s+)quarter|five|ten|twenty|twenty[-\s]five|\d{{1,2}})\s+(?:minutes\s+)?
      (?P<dir>past|after|to|till|before|of)\s+(?P<phour>{_HOUR})\b
    | (?P<clock>\d{{1,2}}):(?P<min>\d{{2}})(?::\d{{2}})?
    | (?P<bare>{_HOUR})(?=\s*(?:[ap]\.?\s?m\b|o['"]?\s?clock|
      (?:thirty|fifteen|forty[-\s]five)\b|in\s+the\s+(?:morning|afternoon|evening)|at\s+night))
    | (?P<named>noon|midday|midnight)(?:time)?\b
    | (?P<lead>(?:morning|afternoon|evening|night)\s+(?:at\s+)?)(?P<lhour>{_HOUR})\b(?!:)
    )(?P<spoken>\s+(?:thirty|fifteen|forty[-\s]five))?\s*
      (?P<half>[ap]\.?\s?m\b\.?|(?:o['"]?\s?clock\s*)?(?:in\s+the\s+)?(?:morning|afternoon|evening)|at\s+night)?""",
    re.VERBOSE,
)
_TIME_HINT = Wording(
    r"\d:\d|\d\s*[ap]\.?\s?m\b|\b(?:past|noon|midday|midnight|clock|morning|afternoon|evening|night|quarter|half|[ap]\.?m)\b"
)
_LATE_HOUR = 5  # "one at night" is before dawn, "nine at night" is not
_BEFORE = re.compile(r"(morning|afternoon|evening|night)(?:\s+(?:at|by|around|of))?\s*\Z")
_MINUTES = {"half": 30, "quarter": 15, "a quarter": 15, "five": 5, "ten": 10, "twenty": 20}
_SPOKEN = {"thirty": 30, "fifteen": 15, "forty-five": 45, "forty five": 45}


class Spoken(NamedTuple):
    """A date, a time or a number found in a text: every form it may mean, and the span of characters."""

    readings: tuple[str, ...]
    start: int
    end: int


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _number(text: str) -> int:
    digits = re.match(r"\d+", text)
    return int(digits[0]) if digits else ORDINALS.get(text, 0) or COUNTS.get(text, 0)


def _in_year(month: int, day: int, year: str | None, today: date | None) -> list[date]:
    years = [int(year)] if year else ([today.year, today.year + 1, today.year - 1] if today else [])
    found = [one for one in (_day(each, month, day) for each in years) if one]
    if year or today is None:
        return found
    return found[:1] if found and found[0] >= today - timedelta(days=31) else found


def _slashed(text: str, today: date | None) -> list[date]:
    parts = text.split("/")
    year = parts[2] if len(parts) == 3 else None  # noqa: PLR2004 - day, month, year
    if year and len(year) == 2:  # noqa: PLR2004 - a two-digit year
        year = str(2000 + int(year))
    first, second = int(parts[0]), int(parts[1])
    return _in_year(first, second, year, today) + (_in_year(second, first, year, today) if first != second else [])


def _nth(day: int, today: date | None) -> list[date]:
    if today is None or not day:
        return []
    later = (today.year + today.month // 12, today.month % 12 + 1)
    found = [_day(today.year, today.month, day), _day(later[0], later[1], day)]
    return [one for one in found if one]


def _relative(text: str, today: date) -> list[date]:
    if text.startswith("day"):
        return [today + timedelta(days=2)]
    if "week" in text:
        return [today + timedelta(days=7)]
    return [today + timedelta(days={"tomorrow": 1, "yesterday": -1}.get(text, 0))]


def _weekday(name: str, today: date) -> list[date]:
    ahead = (WEEKDAYS[name] - today.weekday()) % 7
    return [today + timedelta(days=ahead), today + timedelta(days=ahead + 7)]


def _read_date(match: re.Match[str], today: date | None) -> list[date]:
    group = match.groupdict()
    if group["iso"]:
        year, month, day = (int(part) for part in re.split("[-/]", group["iso"]))
        one = _day(year, month, day)
        return [one] if one else []
    if group["slash"]:
        return _slashed(group["slash"], today)
    if group["month"]:
        days = [_number(group["mday"])] + ([_number(group["mday2"])] if group["mday2"] else [])
        return [one for each in days for one in _in_year(MONTHS[group["month"]], each, group["myear"], today)]
    if group["dmonth"]:
        return _in_year(MONTHS[group["dmonth"]], _number(group["dday"]), group["dyear"], today)
    if group["nth"] or group["nthword"]:
        return _nth(_number(group["nth"] or group["nthword"]), today)
    return _read_relative(group, today) if today else []


def _read_relative(group: dict[str, str | None], today: date) -> list[date]:
    if rel := group["rel"]:
        return _relative(rel, today)
    if group["off"]:
        step = 7 if (group["offu"] or "").startswith("week") else 1
        return [today + timedelta(days=step * _number(group["offn"] or ""))]
    return _weekday(group["week"] or "", today)


def matches(pattern: re.Pattern[str], text: str, at: Iterable[int] | None) -> Iterator[re.Match[str]]:
    """Matches that do not overlap: anywhere, or beginning at one of some offsets, which must be in order."""
    if at is None:
        yield from pattern.finditer(text)
        return
    end = 0
    for start in at:
        if start >= end and (match := pattern.match(text, start)):
            end = match.end()
            yield match


def dates(lowered: str, today: date | None, at: Iterable[int] | None = None) -> Iterator[Spoken]:
    """Dates in a lower-case text, beginning at the offsets `at` if given; relative ones only where `today` is known."""
    for match in matches(_DATES, lowered, at):
        readings = tuple(dict.fromkeys(date_form(one) for one in _read_date(match, today)))
        if readings:
            yield Spoken(readings, match.start(), match.end())


def _hours(hour: int, half: str | None) -> list[int]:
    if half:
        head = (
            half.replace(".", "")
            .replace(" ", "")
            .replace("inthe", "")
            .replace("oclock", "")
            .replace("o'clock", "")
            .replace('o"clock', "")
        )
        if (
            head.startswith(("p", "afternoon", "evening"))
            or (head.startswith("atnight") and hour >= _LATE_HOUR)
            or head == "night"
        ):
            return [hour % 12 + 12]
        return [hour % 12]
    return [hour % 24] if hour > 12 or hour == 0 else [hour % 24, (hour + 12) % 24]  # noqa: PLR2004 - the clock has 12 hours


def _read_time(match: re.Match[str], before: str) -> list[str]:
    group = match.groupdict()
    half = group["half"]
    if not half and (lead := _BEFORE.search(before)):
        half = lead[1]
    if group["named"]:
        return [time_form(0 if group["named"] == "midnight" else 12, 0)]
    if group["past"]:
        minutes = _MINUTES.get(group["past"]) or _number(group["past"]) or 25
        back = group["dir"] in {"to", "till", "before", "of"}
        hours = _hours(_number(group["phour"]), half)
        return [time_form((hour - back) % 24, (60 - minutes if back else minutes) % 60) for hour in hours]
    if group["clock"]:
        return [time_form(hour, int(group["min"])) for hour in _hours(int(group["clock"]), half)]
    minute = _SPOKEN.get((group["spoken"] or "").strip(), 0)
    if group["lead"]:
        return [time_form(hour, minute) for hour in _hours(_number(group["lhour"]), half or group["lead"].split()[0])]
    return [time_form(hour, minute) for hour in _hours(_number(group["bare"]), half)]


def times(lowered: str, at: Iterable[int] | None = None) -> Iterator[Spoken]:
    """Times of day in a lower-case text, as `dates`; without morning or afternoon both readings."""
    if not _TIME_HINT.occurs(lowered):
        return
    for match in matches(_TIMES, lowered, at):
        if match["clock"] and (int(match["clock"]) > 24 or int(match["min"]) > 59):  # noqa: PLR2004 - not a time of day
            continue
        readings = _read_time(match, lowered[max(0, match.start() - 20) : match.start()])
        yield Spoken(tuple(dict.fromkeys(readings)), match.start(), match.end())
