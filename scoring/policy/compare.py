"""Whether values of two calls agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scoring.policy.count_templates import Judgement
from scoring.policy.events import Event
from scoring.policy.hits import Sureness
from scoring.policy.paths import MissingPathError, Path, key_of


def agreement(pairs: Sequence[tuple[Path, Path]]) -> Callable[[Event, Event], Judgement]:
    """A judge of two events: the value at each left path of the first equals that at the right path of the second.

    Texts are compared without case and outer space, numbers by value. A path that an event lacks is an error.
    """

    def judge(first: Event, then: Event) -> Judgement:
        for left, right in pairs:
            try:
                one, other = left.of(_roots(first)), right.of(_roots(then))
            except MissingPathError as error:
                return False, Sureness.ERROR, str(error)
            if key_of(one).casefold() != key_of(other).casefold():
                return False, Sureness.SURE, f"{right.text} is {key_of(other)!r}, {left.text} was {key_of(one)!r}"
        return True, Sureness.SURE, ""

    return judge


def _roots(event: Event) -> dict[str, object]:
    call = event.call
    return {"text": event.text} | ({"args": call.arguments, "result": call.result} if call else {})
