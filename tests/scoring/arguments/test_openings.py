from __future__ import annotations

from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from conversation.model import Role
from scoring.arguments.clock_words import COUNTS, MONTHS, ORDINALS, WEEKDAYS, dates, times
from scoring.arguments.doc import Doc
from scoring.arguments.normal import WORDS, plain, tokens
from scoring.arguments.number_words import NUMBER_WORDS, numbers
from scoring.arguments.openings import openings, typed_values

TODAY = date(2024, 5, 15)
SPOKEN = """
the day after tomorrow today tonight this next
week from now in of to till before past minutes half quarter noon midnight
morning afternoon evening night at am pm a.m. o'clock order id_5 x5 hundred thousand k 2024-05-26 5/6 05/26/24 3rd 21st
16:30 5pm 5 12 30 2024 1,200.50 $ $5 US$7 9.99 ٣ é → _7 fivepm
"""
VOCABULARY = sorted({*MONTHS, *ORDINALS, *WEEKDAYS, *COUNTS, *NUMBER_WORDS, *SPOKEN.split()})
GAPS = (" ", " ", " ", ", ", "-", ".", ":", "/", "", "\n", " - ")
texts = st.lists(st.tuples(st.sampled_from(VOCABULARY), st.sampled_from(GAPS)), max_size=14).map(
    lambda parts: "".join(word + gap for word, gap in parts)
)


@given(texts)
def test_looking_at_openings_only_finds_what_looking_everywhere_finds(text: str) -> None:
    read = tokens(text)
    places = openings(read)
    assert list(dates(read.lowered, TODAY, places.dates)) == list(dates(read.lowered, TODAY))
    assert list(times(read.lowered, places.times)) == list(times(read.lowered))
    assert list(numbers(read.lowered, places.numbers)) == list(numbers(read.lowered))


@given(texts)
def test_typed_values_do_not_overlap(text: str) -> None:
    found = sorted(typed_values(tokens(text), TODAY), key=lambda spoken: spoken.start)
    assert all(one.end <= two.start for one, two in pairwise(found))


@given(st.text(max_size=60))
def test_words_are_runs_of_letters_and_digits_and_keep_their_places(text: str) -> None:
    read = tokens(text)
    found = [(match[0], match.start()) for match in WORDS.finditer(plain(text))]
    doc = Doc(0, 0, Role.USER, text, read.words, read.spaced)
    assert list(zip(read.words, doc.starts, strict=True)) == found
    assert len(plain(text)) == len(text)


def test_words_that_follow_each_other_are_found_at_every_place() -> None:
    text = "new york, New York or York"
    doc = Doc(0, 0, Role.USER, text, tokens(text).words, tokens(text).spaced)
    assert list(doc.places(["new", "york"])) == [0, 2]
    assert [doc.text[slice(*doc.span(first, first + 1))] for first in doc.places(["new", "york"])] == [
        "new york",
        "New York",
    ]
    assert list(doc.places(["york"])) == [1, 3, 5]
