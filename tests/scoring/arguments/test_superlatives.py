"""Choices against the yardstick that the customer named."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from conversation.verdict import ArgumentLabel
from scoring.arguments.check import Checked
from scoring.arguments.yardsticks import minutes
from tests.scoring.arguments.conversations import Script


def train(number: str, begin: str, end: str, fare: int, *, seats: int = 9) -> dict[str, Any]:
    return {"train": number, "departure": begin, "arrival": end, "fare": fare, "seats_left": seats, "from_city": "Lyon"}


SLOW_AND_CHEAP = train("TR-11", "08:00", "14:00", 40)
FAST_AND_DEAR = train("TR-12", "09:00", "11:30", 90)
MIDDLE = train("TR-13", "10:00", "14:00", 95)


def booked(ask: str, number: str, *, offers: list[Any] | None = None) -> dict[str, Checked]:
    listed = [SLOW_AND_CHEAP, FAST_AND_DEAR, MIDDLE] if offers is None else offers
    script = Script(tools=[]).ask(ask).call("search_trains", {"from_city": "Lyon"}, orjson.dumps(listed).decode())
    return script.call("book_train", {"train": number, "from_city": "Lyon"}).checked()


@pytest.mark.parametrize(
    ("ask", "number", "flagged"),
    [
        ("The cheapest train from Lyon please.", "TR-12", True),
        ("The cheapest train from Lyon please.", "TR-11", False),
        ("The fastest train from Lyon please.", "TR-11", True),
        ("The fastest train from Lyon please.", "TR-12", False),
        ("A train from Lyon please.", "TR-13", False),
        ("The cheapest or the fastest from Lyon, you choose.", "TR-11", False),
        ("The cheapest or the fastest from Lyon, you choose.", "TR-12", False),
        ("The cheapest or the fastest from Lyon, you choose.", "TR-13", True),
    ],
)
def test_a_choice_is_held_against_every_yardstick_the_customer_named(ask: str, number: str, *, flagged: bool) -> None:
    checked = booked(ask, number)
    assert (checked["/train"].label is ArgumentLabel.MISMATCH) is flagged
    assert checked["/from_city"].label is ArgumentLabel.OK, "what both options share is not the mistake"


def test_an_option_that_is_sold_out_is_no_better_one() -> None:
    offers = [train("TR-11", "08:00", "14:00", 40, seats=0), FAST_AND_DEAR]
    assert booked("The cheapest train from Lyon.", "TR-12", offers=offers)["/train"].label is ArgumentLabel.OK


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (FAST_AND_DEAR, 150),
        ([train("A-100", "23:00", "23:50", 1), train("A-200", "00:30", "02:00", 1)], 180),
        ([train("A-100", "10:00", "12:00", 1), train("A-200", "13:00", "15:00+1", 1)], 29 * 60),
        ({"duration_minutes": 75, "price": 3}, 75),
        ({"price": 3}, None),
    ],
)
def test_the_time_an_option_takes(option: Any, expected: float | None) -> None:
    assert minutes(option, set()) == expected
