from __future__ import annotations

import pytest

from scoring.policy.lexicon import asks, is_yes, names_value, refuses


@pytest.mark.parametrize(
    "text",
    [
        "Yes",
        "yes please!",
        "Yes, go ahead.",
        "Sure, that works",
        "I confirm.",
        "Okay, please proceed",
        "Sounds good.",
        "Correct.",
        "That's right, do it",
        "Thanks. Please go ahead and book it.",
    ],
)
def test_an_explicit_yes_is_one(text: str) -> None:
    assert is_yes(text)


@pytest.mark.parametrize(
    "text",
    [
        "No",
        "No, don't",
        "Wait",
        "How much is it?",
        "Not yet.",
        "I have changed my mind.",
        "Yes, but before we proceed, what is the fee?",
        "My name is Yesenia",
        "I'd rather not proceed",
        "",
    ],
)
def test_doubt_or_a_question_is_no_yes(text: str) -> None:
    assert not is_yes(text)


@pytest.mark.parametrize(
    "text",
    [
        "I cannot cancel this.",
        "I'm unable to refund it",
        "This ticket is not eligible for a refund.",
        "We don\u2019t allow that.",
        "It is non-refundable.",
        "I must decline.",
    ],
)
def test_a_refusal_is_one(text: str) -> None:
    assert refuses(text)


@pytest.mark.parametrize(
    "text",
    [
        "Your ticket is eligible.",
        "I cannot find your order, what is its number?",
        "Done!",
        "You are allowed to change it.",
    ],
)
def test_help_or_a_question_is_no_refusal(text: str) -> None:
    assert not refuses(text)


@pytest.mark.parametrize(
    ("text", "value", "named"),
    [
        ("Order N-1042 for you", "n-1042", True),
        ("It is $1,200.00", 1200, True),
        ("It is 12", 1200, False),
        ("on May 20", "2024-05-20", True),
        ("on the 20th of May", "2024-05-20", True),
        ("on May 2", "2024-05-20", False),
        ("basic economy", "basic_economy", True),
        ("card ending in 4417", "credit_card_7744417", True),
        ("A and B", {"x": "A", "y": ["B"]}, True),
        ("A", {"x": "A", "y": ["B"]}, False),
    ],
)
def test_a_value_is_named_in_words_numbers_or_dates(text: str, value: object, named: bool) -> None:
    assert names_value([text], value) is named


def test_a_question_for_consent_is_seen() -> None:
    assert asks("Shall I go ahead?")
    assert not asks("Your order is N-1042.")
