"""Yardsticks that customers choose by, and what an option is worth by each: its price, the time it takes.

An option is an element of a list that a tool returned; it may be a list itself, such as the legs of a journey.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from conversation.model import JSON
from scoring.arguments.leaves import Path, leaves
from scoring.arguments.normal import forms

_STOCK = re.compile(r"avail|stock|remaining|left|seats|vacan", re.IGNORECASE)
_PRICED = re.compile(r"price|cost|fare|fee|rate|amount", re.IGNORECASE)
_BEGINS = re.compile(r"depart|start|begin|leav|pickup", re.IGNORECASE)
_ENDS = re.compile(r"arriv|end|finish|dropoff|return", re.IGNORECASE)
_TAKES = re.compile(r"duration|minutes|hours|travel_time|eta|delivery_days|lead_time", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d{4}-\d{2}-\d{2})[T ])?(\d{1,2}):(\d{2})(?::\d{2})?(?:\s?\+(\d))?\Z")
_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Yardstick:
    """One way to choose: the words that ask for it, and a measure of which less is better.

    `measure` takes an option and the words of the call (a class, a size); None where it cannot tell or the option is
    not to be had under these words. `unit` says what the measure is in.
    """

    name: str
    words: re.Pattern[str]
    measure: Callable[[JSON, set[str]], float | None]
    unit: str


def price(option: JSON, words: set[str]) -> float | None:
    """What an option costs; None where no price is told or the option is not to be had under these words."""
    total: float | None = None
    by_word: dict[Path, list[tuple[str, float]]] = {}
    for path, value in leaves(option):
        if _unavailable(path, value, words):
            return None
        priced = any(isinstance(step, str) and _PRICED.search(step) for step in path)
        if not priced or not isinstance(value, int | float) or isinstance(value, bool):
            continue
        last = path[-1]
        if isinstance(last, str) and not _PRICED.search(last):
            by_word.setdefault(path[:-1], []).append((last, float(value)))
        else:
            total = (total or 0.0) + float(value)
    for options in by_word.values():
        found = [value for name, value in options if set(forms(name)) & words]
        if len(found) != 1:
            return None
        total = (total or 0.0) + found[0]
    return total


def _unavailable(path: Path, value: JSON, words: set[str]) -> bool:
    """Whether a leaf says that the option, under these words, is not to be had."""
    names = [step for step in path if isinstance(step, str)]
    stocked = any(_STOCK.search(name) for name in names)
    if not stocked or value not in (0, False, "sold out", "unavailable"):
        return False
    return _STOCK.search(names[-1]) is not None or bool(set(forms(names[-1])) & words)


def minutes(option: JSON, words: set[str]) -> float | None:
    """How long an option takes: as it says itself, or from its first begin to its last end; None where untold."""
    begins: list[int] = []
    ends: list[int] = []
    told = 0.0
    day = 0
    for path, value in leaves(option):
        if _unavailable(path, value, words):
            return None
        name = next((step for step in reversed(path) if isinstance(step, str)), "")
        if isinstance(value, int | float) and not isinstance(value, bool):
            told += value if _TAKES.search(name) else 0
        elif isinstance(value, str) and (clock := _CLOCK.match(value)):
            at = int(clock[2]) * 60 + int(clock[3]) + _DAY * int(clock[4] or 0)
            if _BEGINS.search(name):
                day += _DAY if ends and at + day < ends[-1] else 0
                begins.append(at + day)
            elif _ENDS.search(name):
                ends.append(at + day)
    if told:
        return told
    if not begins or len(begins) != len(ends):
        return None
    return float(ends[-1] - begins[0]) if ends[-1] > begins[0] else None


YARDSTICKS = (
    Yardstick(
        "price",
        re.compile(
            r"cheapest|least expensive|lowest[- ](?:price|cost|fare|rate)|most affordable|lowest possible price"
        ),
        price,
        "",
    ),
    Yardstick(
        "time",
        re.compile(
            r"fastest|quickest|shortest (?:\w+ )?(?:time|duration|flight|trip|journey|route|way|option|delivery)"
        ),
        minutes,
        " minutes",
    ),
)
