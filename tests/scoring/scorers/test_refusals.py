from __future__ import annotations

import pytest

from conversation.model import Conversation
from scoring.policy.examples import conversation_of
from scoring.policy.spec import ExampleSpec
from scoring.protocol import Context
from scoring.scorers.refusals import RefusalsParameters, RefusalsScorer

REFUSED = {"reply": "I cannot cancel it because it is not covered by our policy."}
CANCEL = {"call": "cancel_order", "args": {"id": "N-1"}, "result": {"ok": True}}
LOOK = {"call": "get_order", "args": {"id": "N-1"}, "result": {"ok": True}}


def talk(*events: dict[str, object]) -> Conversation:
    return conversation_of(
        ExampleSpec.model_validate({"name": "t", "expect": "pass", "events": [{"user": "Cancel N-1"}, *events]})
    )


def verdicts(conversation: Conversation) -> dict[str, str]:
    scores = RefusalsScorer(RefusalsParameters()).score(conversation, Context())
    return {score.name: score.verdict.value for score in scores}


def test_a_conversation_without_a_refusal_gets_no_score() -> None:
    assert verdicts(talk({"reply": "Done."})) == {}


@pytest.mark.parametrize(
    ("events", "explained", "kept"),
    [
        ((REFUSED, {"user": "Oh."}), "pass", "pass"),
        (({"reply": "I can't do that."},), "fail", "pass"),
        ((REFUSED, {"user": "But I insist!"}, CANCEL), "pass", "fail"),
        ((REFUSED, {"user": "Please check again."}, LOOK, CANCEL), "pass", "pass"),
        ((REFUSED, {"user": "Then cancel N-2."}, CANCEL), "pass", "pass"),
        ((REFUSED, {"user": "But!"}, {**CANCEL, "error": "refused"}), "pass", "pass"),
    ],
)
def test_a_refusal_is_explained_and_kept(events: tuple[dict[str, object], ...], explained: str, kept: str) -> None:
    assert verdicts(talk(*events)) == {"refusals.explained": explained, "refusals.kept": kept}
