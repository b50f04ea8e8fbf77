from __future__ import annotations

import pytest

from scoring.policy.examples import conversation_of
from scoring.policy.spec import ExampleSpec
from scoring.protocol import Context
from scoring.scorers.recovery import RecoveryParameters, RecoveryScorer


def call(number: str) -> dict[str, object]:
    return {"call": "get_order", "args": {"id": number}, "result": {}}


FIX = {"user": "No, I meant N-2."}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((call("N-1"), {"user": "Thanks."}), []),
        ((call("N-1"), FIX, call("N-2")), ["pass"]),
        ((call("N-1"), FIX, call("N-1")), ["fail"]),
        ((call("N-1"), FIX, {"reply": "Let me think."}), ["inconclusive"]),
        ((call("N-1"), FIX, {"reply": "Sorry, N-2 then."}), ["pass"]),
        (
            (call("N-1"), FIX, {"reply": "Hm."}, {"user": "That's not right."}, {"reply": "Hm."}),
            ["fail", "inconclusive"],
        ),
    ],
)
def test_a_correction_is_taken_over_or_not(events: tuple[dict[str, object], ...], expected: list[str]) -> None:
    spec = ExampleSpec.model_validate({"name": "t", "expect": "pass", "events": [{"user": "My order is N-1"}, *events]})
    scores = list(RecoveryScorer(RecoveryParameters()).score(conversation_of(spec), Context()))
    assert [score.verdict.value for score in scores] == expected
    assert all(score.turn for score in scores)
