"""Functions that predicates may call beside CEL's own: times, days, numbers and sums.

Times without a zone are read in the policy's `timezone`, those with one as they say; so a booking time of a database
without zones and a reference time such as `2024-05-15 15:00:00 EST` compare.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_OFFSET = re.compile(r"^([+-])(\d{2}):?(\d{2})$")
_NAMED_ZONE = re.compile(r"^(.*\d)\s*([A-Za-z][A-Za-z_/]*)$")


@dataclass(frozen=True, slots=True)
class Function:
    """One overload: its parameter types and result by CEL's names, and what runs."""

    name: str
    parameters: tuple[str, ...]
    returns: str
    run: Callable[..., object]


def zone(text: str) -> tzinfo:
    """A time zone from `UTC`, `EST`, `Europe/Berlin` or `+01:00`.

    Raises:
        ValueError: Nothing of the kind.
    """
    match = _OFFSET.match(text)
    if match:
        sign = -1 if match[1] == "-" else 1
        return timezone(sign * timedelta(hours=int(match[2]), minutes=int(match[3])))
    if text.upper() in {"UTC", "GMT", "Z"}:
        return UTC
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{text!r} is no time zone (write UTC, Europe/Berlin or +01:00)") from error


def parse_time(text: str, default: tzinfo) -> datetime:
    """A moment from ISO 8601 text, with `T` or a space, with or without zone; a bare date is its midnight.

    Raises:
        ValueError: Not a time.
    """
    named = _NAMED_ZONE.match(text.strip())
    if named and named[2] not in {"Z", "z"}:
        text, default = named[1], zone(named[2])
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=default)).astimezone(UTC)


def number(value: object) -> float:
    """A number from a number or from text such as `2.0`, `$1,200` or `15 GB`.

    Raises:
        ValueError: No number in it.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is no number")  # noqa: TRY004 - the engine turns values out of range into errors
    if isinstance(value, str):
        match = re.search(r"-?\d+(?:\.\d+)?", value.replace(",", ""))
        if match is None:
            raise ValueError(f"{value!r} is no number")
        return float(match[0])
    return float(value)


def total(values: list[object]) -> float:
    """The sum of a list of numbers."""
    return sum(number(value) for value in values)


def standard(default: tzinfo) -> tuple[Function, ...]:
    """All functions, for policies whose times without zone are in `default`."""

    def time(text: str) -> datetime:
        return parse_time(text, default)

    def day(moment: datetime) -> str:
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(default).date().isoformat()

    def lower(text: str) -> str:
        return text.casefold()

    return (
        Function("time", ("string",), "timestamp", time),
        Function("day", ("timestamp",), "string", day),
        Function("number", ("int",), "dyn", number),
        Function("number", ("double",), "dyn", number),
        Function("number", ("string",), "dyn", number),
        Function("sum", ("list",), "dyn", total),
        Function("lower", ("string",), "string", lower),
    )
