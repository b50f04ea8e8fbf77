"""Values computed from known ones: sums, differences, products, counts, dates a few days on, names put together."""

from __future__ import annotations

from datetime import date, timedelta

from conversation.model import JSON, Role
from scoring.arguments.arguments import Argument
from scoring.arguments.index import ConversationIndex, before
from scoring.arguments.leaves import pointer
from scoring.arguments.normal import date_form, number_form
from scoring.arguments.source import Origin, Source

_OPERANDS = 60  # the latest known numbers; pairs of them stay cheap
_SMALL = 12  # counts and factors of everyday dealings
_NEAR_DAYS = 31
_STEP_WORDS = ("day", "days", "night", "nights", "next", "following", "later", "earlier", "tomorrow", "week")


def derivation(argument: Argument, index: ConversationIndex) -> Source | None:
    """How the value follows from values known before the call; None where no simple rule gives it."""
    if argument.kind == "number":
        return _from_numbers(argument, index)
    if argument.kind == "date":
        return _from_dates(argument, index)
    if argument.kind == "time":
        return _from_hour(argument, index)
    if argument.kind in {"text", "id"}:
        return _from_parts(argument, index)
    return None


def _value(form: str) -> float | None:
    try:
        return float(form[1:])
    except ValueError:
        return None


def known_numbers(argument: Argument, index: ConversationIndex) -> list[float]:
    """Distinct numbers of the dialogue and of results before the call, latest first, at most `_OPERANDS`."""
    found: dict[float, None] = {}
    for place, value in reversed(index.numeric):
        if place < argument.at:
            found[value] = None
            if len(found) >= _OPERANDS // 2:
                break
    for message in range(argument.at - 1, -1, -1):
        for readings, _ in index.typed_in.get(message, ()):
            number = _value(readings[0]) if readings[0].startswith("#") else None
            if number is not None:
                found.setdefault(number)
        if len(found) >= _OPERANDS:
            break
    return list(found)[:_OPERANDS]


def _from_numbers(argument: Argument, index: ConversationIndex) -> Source | None:
    wanted = _value(next((form for form in argument.forms if form.startswith("#")), "#"))
    if wanted is None:
        return None
    if counted := _count(argument, wanted):
        return counted
    if wanted in (0, 1):
        return Source(Origin.DERIVED, 0.5, "none" if wanted == 0 else "one")
    if abs(wanted) <= _SMALL:
        return None  # any two small numbers make a third: no evidence
    numbers = known_numbers(argument, index)
    text = _combination(wanted, numbers)
    return Source(Origin.DERIVED, 0.8, text) if text else None


def _combination(wanted: float, numbers: list[float]) -> str | None:
    known = set(numbers)
    for first in numbers:
        if not first:
            continue
        factor = wanted / first
        if factor.is_integer() and 2 <= factor <= _SMALL:  # noqa: PLR2004 - once is the number itself
            return f"{factor:g} x {first:g}"
        if wanted - first in known and wanted - first != 0:
            return f"{first:g} + {wanted - first:g}"
        if first - wanted in known and first != wanted:
            return f"{first:g} - {first - wanted:g}"
        for times in range(2, 6):
            rest = round(wanted - times * first, 2)
            if rest in known:
                return f"{times} x {first:g} + {rest:g}"
            if rest > 0 and any(round(rest / more, 6) == times for more in known if more):
                return f"{times} x ({first:g} + {rest / times:g})"
    return _percentage(wanted, numbers) or _triple(wanted, numbers[:24])


def _percentage(wanted: float, numbers: list[float]) -> str | None:
    for share in numbers:
        if not 1 <= share < 100:  # noqa: PLR2004 - per cent
            continue
        for base in numbers:
            for rate in (share / 100, 1 - share / 100, 1 + share / 100):
                if abs(base * rate - wanted) < 0.006:  # noqa: PLR2004 - half a cent of rounding
                    return f"{rate:.0%} of {base:g}"
    return None


def _triple(wanted: float, numbers: list[float]) -> str | None:
    known = set(numbers)
    for at, first in enumerate(numbers):
        for second in numbers[at + 1 :]:
            rest = round(wanted - first - second, 2)
            if rest > 0 and rest in known:
                return f"{first:g} + {second:g} + {rest:g}"
    return None


def _count(argument: Argument, wanted: float) -> Source | None:
    """The number of elements of a list in the same call."""
    for name, value in argument.call.arguments.items():
        if isinstance(value, list) and len(value) == wanted and wanted > 0:
            return Source(Origin.DERIVED, 0.7, f"the number of {name}", path=pointer((name,)))
    return None


def _from_dates(argument: Argument, index: ConversationIndex) -> Source | None:
    try:
        wanted = date.fromisoformat(next(form[1:] for form in argument.forms if form.startswith("@")))
    except (StopIteration, ValueError):
        return None
    nearest = _nearest_day(argument, index, wanted)
    if nearest is None:
        return None
    said, message, near = nearest
    step = (wanted - near).days
    stepwise = abs(step) <= 2 and any(index.has_word(word) for word in _STEP_WORDS)  # noqa: PLR2004 - the day after next
    if stepwise or _said_number(abs(step), argument.at, index):
        return Source(Origin.DERIVED, 0.7, f"{said!r} {step:+d} days", message)
    return None


def _nearest_day(argument: Argument, index: ConversationIndex, wanted: date) -> tuple[str, int, date] | None:
    best: tuple[str, int, date] | None = None
    for message in range(argument.at):
        for readings, mention in index.typed_in.get(message, ()):
            for form in readings:
                if not form.startswith("@"):
                    continue
                day = date.fromisoformat(form[1:])
                closer = best is None or abs(wanted - day) <= abs(wanted - best[2])
                if abs(wanted - day) <= timedelta(days=_NEAR_DAYS) and closer:
                    best = (mention.said, mention.message, day)
    for step in (-1, 1, -2, 2):
        day = wanted + timedelta(days=step)
        facts = index.facts_of((date_form(day),), argument.at)
        if facts and (best is None or abs(wanted - best[2]) > abs(wanted - day)):
            best = (f"{facts[-1].value}", facts[-1].message, day)
    return best


def _from_hour(argument: Argument, index: ConversationIndex) -> Source | None:
    """A full hour of which only the number was said ("around 5")."""
    hour, _, minute = argument.forms[0][1:].partition(":")
    if minute != "00":
        return None
    said = before(index.mentions((number_form(int(hour)), number_form((int(hour) + 12) % 24))), argument.at)
    return Source(Origin.DERIVED, 0.6, f"the hour {said[-1].said!r}", said[-1].message) if said else None


def _said_number(number: int, at: int, index: ConversationIndex) -> bool:
    return any(mention.message < at for mention in index.mentions((number_form(number),)))


def _from_parts(argument: Argument, index: ConversationIndex) -> Source | None:
    """A text put together from known parts (`first_last`), each of which was said or returned on its own."""
    parts = argument.forms[-1].split(" ") if argument.forms else []
    if len(parts) < 2:  # noqa: PLR2004 - one part is no composition
        return None
    places: list[JSON] = []
    for part in parts:
        fact = next(iter(index.facts_of((part,), argument.at)), None)
        said = next(
            (
                doc
                for doc, _ in index.word_positions(part)
                if doc.message < argument.at and doc.role is not Role.ASSISTANT
            ),
            None,
        )
        if fact is None and said is None:
            return None
        places.append(fact.message if fact else said.message if said else None)
    weight = 0.6 if argument.kind == "text" else 0.3
    return Source(Origin.DERIVED, weight, "put together from " + ", ".join(parts))
