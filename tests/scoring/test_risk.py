from __future__ import annotations

import math

from conversation.verdict import Score, Verdict
from scoring.risk import risk, risk_weights, signals
from tests.scoring.arguments.conversations import Script

CONVERSATION = Script().ask("Hello.").say("Hello.").conversation
WRONG = Score("tool_arguments", Verdict.FAIL, 0.97, label="ungrounded", argument_path="/user_id")
BROKEN = Score("policy.identity", Verdict.FAIL, 0.0)


def test_contributions_add_up_to_the_risk_in_log_odds() -> None:
    value, factors = risk(CONVERSATION, [WRONG, BROKEN])
    assert math.isclose(math.log(value / (1 - value)), sum(part for _, part in factors))


def test_a_finding_never_lowers_the_risk() -> None:
    assert all(weight >= 0 for weight in risk_weights().weights.values())
    assert risk(CONVERSATION, []) < risk(CONVERSATION, [BROKEN]) < risk(CONVERSATION, [BROKEN, WRONG])


def test_a_rule_on_trial_and_a_human_verdict_are_no_signals() -> None:
    trial = Score("policy.identity", Verdict.FAIL, 0.0, label="shadow")
    human = Score("policy.identity", Verdict.FAIL, 0.0, human=True)
    assert signals(CONVERSATION, [trial, human]) == {}


def test_length_and_number_of_writes_are_no_signals() -> None:
    scores = [Score("writes.accepted", Verdict.PASS, 1.0), Score("writes.agreed", Verdict.PASS, 1.0)]
    assert signals(CONVERSATION, scores * 20) == {}
