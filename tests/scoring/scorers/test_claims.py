from __future__ import annotations

import pytest

from conversation.verdict import Verdict
from scoring.protocol import Context
from scoring.scorers.claims import ClaimsParameters, ClaimsScorer
from tests.scoring.arguments.conversations import Script

STAY = (
    '{"stay_id": "ST-204", "created": "2024-05-02", "nights": [{"night_id": "N-77", "date": "2024-06-11"}],'
    ' "guests": [{"name": "Ada", "birth_date": "1985-03-02"}, {"name": "Bo", "birth_date": "1990-03-02"}]}'
)
PRICES = '{"order_id": "W4211", "items": [{"price": 20}, {"price": 14.5}]}'


def verdicts(reply: str, *, policy: str = "", strict: bool = False) -> dict[str, Verdict]:
    script = Script().ask("What does my order cost?").call("get_user", {"user_id": "ada_42"}, PRICES).say(reply)
    scorer = ClaimsScorer(ClaimsParameters(amounts_fail=strict))
    return {score.name: score.verdict for score in scorer.score(script.conversation, Context(policy_text=policy))}


def test_an_identifier_that_nothing_supports_fails() -> None:
    assert verdicts("Your order is W9999.") == {"claims.id": Verdict.FAIL}


@pytest.mark.parametrize("reply", ["Your order is #W4211.", "Please give an id such as W9999.", "Take option-1."])
def test_a_known_identifier_and_an_example_are_no_false_claims(reply: str) -> None:
    assert Verdict.FAIL not in verdicts(reply).values()


@pytest.mark.parametrize("reply", ["That is $20.", "Together $34.50.", "Two of them are $40."])
def test_amounts_that_were_returned_or_follow_from_them_are_supported(reply: str) -> None:
    assert verdicts(reply) == {"claims.amount": Verdict.PASS}


def test_an_amount_from_nowhere_is_unsure_and_fails_where_asked_to() -> None:
    assert verdicts("That is $777.") == {"claims.amount": Verdict.INCONCLUSIVE}
    assert verdicts("That is $777.", strict=True) == {"claims.amount": Verdict.FAIL}


def test_an_amount_of_the_policy_is_supported() -> None:
    assert verdicts("The fee is $777.", policy="Late changes cost 777 dollars.") == {"claims.amount": Verdict.PASS}


def test_a_tool_result_next_to_zero_is_no_divisor() -> None:
    script = Script().ask("What is it?").call("get_rate", {"user_id": "ada_42"}, '{"rate": 1e-320}').say("That is $4.")
    [score] = ClaimsScorer(ClaimsParameters()).score(script.conversation, Context())
    assert score.verdict is Verdict.INCONCLUSIVE


def told(reply: str, *, policy: str = "", ask: str = "When is my stay ST-204?") -> dict[str, Verdict]:
    script = Script().ask(ask).call("get_stay", {"stay_id": "ST-204"}, STAY).say(reply)
    scorer = ClaimsScorer(ClaimsParameters())
    return {score.name: score.verdict for score in scorer.score(script.conversation, Context(policy_text=policy))}


@pytest.mark.parametrize(
    "reply",
    [
        "Your stay ST-204 is on June 11.",
        "ST-204 was booked on 2024-05-02.",
        "You leave on June 12th, 2024.",
        "It is May 15 today.",
        "You can cancel until July 11, 2024.",
    ],
)
def test_days_that_were_returned_or_follow_from_them_are_supported(reply: str) -> None:
    assert told(reply)["claims.date"] is Verdict.PASS


def test_a_day_from_nowhere_stated_of_a_known_id_fails() -> None:
    assert told("ST-204 is on August 3, 2024.")["claims.date"] is Verdict.FAIL


def test_a_day_that_belongs_to_another_matter_of_the_record_is_no_proof() -> None:
    assert told("Night N-77 was booked on 2024-05-02.")["claims.date"] is Verdict.PASS


def test_a_day_from_nowhere_that_is_promised_or_of_nothing_known_is_unsure() -> None:
    assert told("ST-204 could be moved to August 3, 2024?")["claims.date"] is Verdict.INCONCLUSIVE
    assert told("We open on August 3, 2024.")["claims.date"] is Verdict.INCONCLUSIVE


def test_a_day_of_another_record_contradicts_the_one_it_is_stated_of() -> None:
    other = '{"stay_id": "ST-300", "created": "2024-05-01", "nights": [{"night_id": "N-90", "date": "2024-06-25"}]}'
    script = Script().ask("My stays?").call("get_stay", {"stay_id": "ST-204"}, STAY)
    script.call("get_stay", {"stay_id": "ST-300"}, other).say("ST-204 is on June 25.")
    found = {score.name: score for score in ClaimsScorer(ClaimsParameters()).score(script.conversation, Context())}
    assert found["claims.date"].verdict is Verdict.FAIL
    assert "2024-06-11" in found["claims.date"].explanation


def test_a_day_of_the_policy_or_of_the_customer_is_supported() -> None:
    assert (
        told("The season ends on August 3, 2024.", policy="Open until August 3, 2024.")["claims.date"] is Verdict.PASS
    )
    assert told("Noted: August 3.", ask="Move ST-204 to August 3.")["claims.date"] is Verdict.PASS


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("You have 2 guests.", Verdict.PASS),
        ("I found one of two guests.", Verdict.PASS),
        ("You have 5 registered guests.", Verdict.INCONCLUSIVE),
        ("You have 5 cats.", None),
    ],
)
def test_counts_are_held_against_the_lists_of_that_name(reply: str, verdict: Verdict | None) -> None:
    assert told(reply).get("claims.count") is verdict


def test_a_redacted_address_in_a_reply_is_no_identifier() -> None:
    assert "claims.id" not in told("I have written to <email:80aa267845453390>.")
