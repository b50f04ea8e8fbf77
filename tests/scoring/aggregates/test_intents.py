from __future__ import annotations

import pytest

from scoring.aggregates.intents import intent_of
from scoring.policy.examples import conversation_of
from scoring.policy.spec import ExampleSpec


def intent(*said: str, calls: int = 0) -> str:
    events: list[dict[str, object]] = [{"user": text} for text in said]
    events += [{"call": "cancel_order", "args": {}, "result": {}}] * calls
    return intent_of(conversation_of(ExampleSpec.model_validate({"name": "t", "expect": "pass", "events": events})))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Please cancel my order N-1042.", "cancel/A-9"),
        ("Cancel order N-1, refund me at a.b@example.com", "cancel+refund/A-9,email"),
        ("Hello!", "none"),
        ("Change reservation 8JX2WO please", "change/code"),
    ],
)
def test_the_intent_is_what_the_customer_wants_and_the_kinds_of_things_named(said: str, expected: str) -> None:
    assert intent(said) == expected


def test_what_the_agent_did_does_not_change_the_intent() -> None:
    assert intent("Cancel N-1042.", calls=1) == intent("I want to cancel N-2000.")


def test_other_orders_of_one_kind_share_an_intent() -> None:
    assert intent("Cancel ABC123") == intent("Cancel X9Y8Z7") == "cancel/code"
