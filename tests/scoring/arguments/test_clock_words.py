from __future__ import annotations

from datetime import date

import pytest

from scoring.arguments.clock_words import dates, times
from scoring.arguments.number_words import numbers

TODAY = date(2019, 3, 1)  # a Friday


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("on march 3rd please", "@2019-03-03"),
        ("the 4th of this month", "@2019-03-04"),
        ("4th of march", "@2019-03-04"),
        ("next tuesday", "@2019-03-05"),
        ("tomorrow", "@2019-03-02"),
        ("day after tomorrow", "@2019-03-03"),
        ("in 3 days", "@2019-03-04"),
        ("2019-03-09", "@2019-03-09"),
        ("03/09/2019", "@2019-03-09"),
        ("may 20-23", "@2019-05-23"),
        ("born on october 5, 1957", "@1957-10-05"),
        ("a week from today", "@2019-03-08"),
    ],
)
def test_spoken_dates_are_read_against_the_reference_day(text: str, form: str) -> None:
    assert form in {reading for spoken in dates(text, TODAY) for reading in spoken.readings}


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("half past 11 in the morning", "~11:30"),
        ("a quarter to 1 in the afternoon", "~12:45"),
        ("quarter past five in the evening", "~17:15"),
        ("4:30 pm", "~16:30"),
        ("at 4 pm", "~16:00"),
        ("12 am", "~00:00"),
        ("noon", "~12:00"),
        ("5 o'clock in the evening", "~17:00"),
        ('3 o"clock in the afternoon', "~15:00"),
        ("evening 6:30", "~18:30"),
        ("ten to 8 in the morning", "~07:50"),
        ("16:40", "~16:40"),
    ],
)
def test_spoken_times_are_read(text: str, form: str) -> None:
    assert form in {reading for spoken in times(text) for reading in spoken.readings}


def test_a_time_without_a_half_of_the_day_has_both_readings() -> None:
    assert [spoken.readings for spoken in times("at 4:30")] == [("~04:30", "~16:30")]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("$1,200.50", "#1200.5"),
        ("twenty-five", "#25"),
        ("a couple", "#2"),
        ("20k", "#20000"),
        ("three hundred", "#300"),
    ],
)
def test_numbers_are_read_in_digits_and_words(text: str, form: str) -> None:
    assert form in {spoken.readings[0] for spoken in numbers(text)}
