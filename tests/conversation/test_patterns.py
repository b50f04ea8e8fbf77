"""Patterns find in lowered text what they find in any case."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.patterns import Pattern, Text, means_the_same_lowered

PATTERNS = [
    r"\b(?:fee|charge)s?\b",
    r"[$€]\s?\d",
    r"^(?:ok|sure)\W",
    r"\bI am\b",
    r"\bkiss\b(?! me)",
    r"\w+n't\b",
    r"ä",
    r"[^a-z ]{2}",
]
WORDS = st.sampled_from(
    [
        "FEE",
        "fee",
        "Charges",
        "€ 5",
        "OK ",
        "i am",
        "I AM",
        "KI\u017fS",
        "\u212aiss",
        "kiss me",
        "DON'T",
        "Ä",
        "\u017f",
        "İ",
        "!!",
        " ",
    ]
)


@given(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=4, unique=True), st.lists(WORDS | st.text(max_size=4)))
def test_the_answer_is_that_of_a_search_without_regard_to_case(patterns: list[str], words: list[str]) -> None:
    text = "".join(words)
    wanted = any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns)
    assert Pattern(patterns).search(Text(text)) is wanted


@pytest.mark.parametrize("pattern", [r"\bA", r"a\x41", r"(?i)a", r"(?-i:a)", "ä", r"\1", r"(?P<n>a)", r"[a-z]\u0041"])
def test_patterns_that_lowering_could_change_are_told(pattern: str) -> None:
    assert not means_the_same_lowered(pattern)


@pytest.mark.parametrize("pattern", [r"\bfee\b", r"\W{2}", r"(?:a|b)(?!c)(?=d)(?<=e)", r"[$€£]\d", r"\.\(\S"])
def test_plain_small_patterns_may_be_searched_in_lowered_text(pattern: str) -> None:
    assert means_the_same_lowered(pattern)


def test_a_text_is_not_made_before_it_is_looked_at() -> None:
    made = []

    def make() -> str:
        made.append(1)
        return "Text"

    text = Text(make)
    assert not made
    assert Pattern(["text"]).search(text)
    assert Pattern(["EXT"]).search(text)
    assert made == [1]
