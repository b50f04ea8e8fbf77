from __future__ import annotations

import pytest

from scoring.policy.examples import conversation_of
from scoring.policy.spec import ExampleSpec
from scoring.protocol import Context
from scoring.scorers.degradation import DegradationParameters, DegradationScorer

LOOK = {"call": "get_order", "args": {"id": "N-1"}, "result": {}}
CHANGE = {"call": "update_order", "args": {"id": "N-1"}, "result": {}}
LONG = {"reply": "I have looked at your order and it will be sent to you early next week."}
NEXT = {"user": "And?"}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((LOOK, LONG), "p"),
        ((LOOK, NEXT, LOOK), "pf"),
        ((LOOK, CHANGE, NEXT, LOOK), "pp"),
        (({**LOOK, "error": "no such order"},), "f"),
        ((LONG, NEXT, LONG), "pf"),
        (({"reply": "You're welcome!"}, NEXT, {"reply": "You're welcome!"}), "pp"),
    ],
)
def test_a_turn_fails_where_the_agent_runs_in_circles(events: tuple[dict[str, object], ...], expected: str) -> None:
    spec = ExampleSpec.model_validate({"name": "t", "expect": "pass", "events": [{"user": "Hi"}, *events]})
    scores = list(DegradationScorer(DegradationParameters()).score(conversation_of(spec), Context()))
    assert "".join(score.verdict.value[0] for score in scores) == expected
    assert [score.turn for score in scores] == list(range(len(expected)))
