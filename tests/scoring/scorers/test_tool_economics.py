from __future__ import annotations

from dataclasses import replace

import pytest

from conversation.model import Conversation
from scoring.aggregates.economics import Usage, per_resolved, usage_of, usual
from scoring.policy.examples import conversation_of
from scoring.policy.spec import ExampleSpec
from scoring.protocol import Context
from scoring.scorers.tool_economics import ToolEconomicsParameters, ToolEconomicsScorer


def talk(calls: int, last: str = "get_order") -> Conversation:
    made = [{"call": "get_order", "args": {"id": index}, "result": {}} for index in range(calls - 1)]
    events = [{"user": "Hi"}, *made, {"call": last, "args": {}, "result": "ok"}]
    return conversation_of(ExampleSpec.model_validate({"name": "t", "expect": "pass", "events": events}))


def calls_score(conversation: Conversation, baseline: dict[str, object]) -> tuple[str, float | None]:
    scorer = ToolEconomicsScorer(ToolEconomicsParameters())
    context = Context(baselines={"tool_economics": {"default": baseline}})
    scores = {score.name: score for score in scorer.score(conversation, context)}
    score = scores["tool_economics.calls"]
    return score.verdict.value, score.value


def test_calls_are_held_against_the_agents_own_range() -> None:
    baseline: dict[str, object] = {"*": usual([Usage(calls, None, None, resolved=True) for calls in [3, 4, 4, 5] * 10])}
    assert calls_score(talk(5), baseline) == ("pass", 1.0)
    verdict, value = calls_score(talk(20), baseline)
    assert verdict == "fail"
    assert value is not None
    assert value < 0.5


def test_figures_of_another_project_are_not_used() -> None:
    baseline: dict[str, object] = {"*": usual([Usage(4, None, None, resolved=True)] * 40)}
    assert calls_score(replace(talk(20), project="other"), baseline) == ("not_applicable", None)


@pytest.mark.parametrize(
    ("conversation", "baseline"), [(talk(5), {}), (talk(5, "transfer_to_human_agents"), {"*": {}})]
)
def test_without_a_baseline_or_a_resolution_the_figure_is_only_recorded(
    conversation: Conversation, baseline: dict[str, object]
) -> None:
    assert calls_score(conversation, baseline) == ("not_applicable", None)


def test_a_baseline_needs_enough_conversations_and_known_figures() -> None:
    assert usual([Usage(3, 0.1, 2.0, resolved=True)] * 19) == {}
    found = usual([Usage(3, None, 2.0, resolved=True)] * 20 + [Usage(90, 1.0, 900.0, resolved=False)] * 50)
    assert {name: (item.median, item.limit, item.n) for name, item in found.items()} == {
        "calls": (3, 4.5, 20),
        "seconds": (2.0, 3.0, 20),
    }


def test_unresolved_conversations_make_the_resolved_ones_dearer() -> None:
    usages = [Usage(4, 0.10, None, resolved=True), Usage(8, 0.30, None, resolved=False)]
    assert per_resolved(usages) == {"calls": 12, "cost_usd": pytest.approx(0.40), "seconds": None}
    assert per_resolved(usages[1:])["calls"] is None


def test_a_conversation_handed_over_is_not_resolved() -> None:
    assert usage_of(talk(2)).resolved
    assert not usage_of(talk(2, "transfer_to_human_agents")).resolved
