from __future__ import annotations

import pytest

from conversation.verdict import Verdict
from scoring.protocol import Context
from scoring.scorers.claims import ClaimsParameters, ClaimsScorer
from tests.scoring.arguments.conversations import Script

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
