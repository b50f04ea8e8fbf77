"""Money by agent, model, tool and outcome, from the newest revisions only."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conversation.costs import Price, PriceTable, with_costs
from conversation.errors import UsageError
from conversation.model import Conversation, Message, ModelCall, Role, Tokens, ToolCall
from conversation.verdict import Verdict
from store.client import Client
from store.conversations import ConversationStore
from store.costs import REPLY, CostStore
from store.grades import GradedRevision, GradeStore
from store.verdicts import VerdictStore
from tests.store.revisions import START, revision

TABLE = PriceTable({"planner": Price(1e-3, 2e-3), "worker": Price(1e-4, 1e-4)}, "v1")
PLAN = ModelCall("p", START, START + 2 * 10**9, model="planner", tokens=Tokens(100, 50, reasoning=20))
WORK = ModelCall("w", START, START + 10**9, model="worker", tokens=Tokens(200, 100))
OTHER = ModelCall("o", START, START + 10**9, model="homemade", tokens=Tokens(7, 3))


def _graded(name: str, *calls: ModelCall, verdict: Verdict = Verdict.PASS, number: int = 1) -> GradedRevision:
    """A conversation of one turn: the planner asked for two tools, the others spoke."""
    made = revision(name, verdict=verdict, number=number, seconds=(1.0,), digest="+".join(c.span_id for c in calls))
    messages = (Message(0, Role.USER, "q"), Message(1, Role.ASSISTANT, "", ("a", "b", "c"), span_id="p"))
    tools = tuple(
        ToolCall(letter, name, {}, message=1) for letter, name in (("a", "find"), ("b", "find"), ("c", "pay"))
    )
    turn = replace(made.conversation.turns[0], model_calls=calls, tool_calls=tools)
    conversation: Conversation = replace(made.conversation, messages=messages, turns=(turn,), intent="refund")
    return replace(made, conversation=with_costs(conversation, TABLE))


def _by(client: Client, by: str) -> dict[str, dict[str, object]]:
    return {str(row[by]): row for row in CostStore(client).spent("default", by)}  # type: ignore[arg-type] # its names


def test_money_adds_up_by_model_and_is_spread_over_the_conversations_that_passed(engine: Client) -> None:
    GradeStore(engine).write([_graded("a", PLAN, WORK), _graded("b", PLAN, WORK, verdict=Verdict.FAIL)])
    plan, work = 2 * (0.1 + 0.1), 2 * 0.03
    models = _by(engine, "model")
    assert models["planner"]["cost_usd"] == pytest.approx(plan)
    assert models["planner"]["reasoning_usd"] == pytest.approx(2 * 20 * 2e-3)
    assert models["worker"]["cost_usd"] == pytest.approx(work)
    [whole] = CostStore(engine).spent("default", "all")
    assert whole["cost_usd"] == pytest.approx(plan + work)
    assert whole["per_conversation_usd"] == pytest.approx((plan + work) / 2)
    assert whole["per_resolved_usd"] == pytest.approx(plan + work)
    assert whole["tokens"] == {"input": 600, "output": 300, "reasoning": 40, "cached": 0, "written": 0}
    assert whole["prices"] == ["v1"]
    assert (whole["conversations"], whole["resolved"], whole["turns"], whole["calls"]) == (2, 1, 2, 4)


def test_a_call_is_shared_by_the_tools_it_asked_for_and_the_rows_add_up(engine: Client) -> None:
    GradeStore(engine).write([_graded("a", PLAN, WORK)])
    tools = _by(engine, "tool")
    assert tools["find"]["cost_usd"] == pytest.approx(0.2 * 2 / 3)
    assert tools["pay"]["cost_usd"] == pytest.approx(0.2 / 3)
    assert tools[REPLY]["cost_usd"] == pytest.approx(0.03)


def test_a_call_without_a_price_is_counted_and_never_free(engine: Client) -> None:
    GradeStore(engine).write([_graded("a", PLAN, OTHER), _graded("b", OTHER)])
    models = _by(engine, "model")
    assert (models["homemade"]["cost_usd"], models["homemade"]["unpriced_calls"]) == (None, 2)
    assert models["homemade"]["per_conversation_usd"] is None
    [whole] = CostStore(engine).spent("default", "all")
    assert (whole["unpriced_calls"], whole["cost_usd"]) == (2, pytest.approx(0.2))
    shown = ConversationStore(engine).get("default", "a")
    assert shown is not None
    assert [row["model"] for row in shown["cost"]["by_model"]] == ["homemade", "planner"]
    assert shown["cost"]["unpriced_calls"] == 1
    assert [call["cost_source"] for call in shown["turns"][0]["model_calls"]] == ["table", "no_price"]
    assert shown["turns"][0]["model_calls"][0]["tools"] == ["find", "find", "pay"]


def test_only_the_newest_revision_counts_and_filters_narrow(engine: Client) -> None:
    GradeStore(engine).write([_graded("a", PLAN), _graded("b", PLAN)])
    GradeStore(engine).write([_graded("a", PLAN, WORK, number=2)])
    store = CostStore(engine)
    assert store.spent("default", "all")[0]["calls"] == 3
    assert store.spent("default", "all", model="worker")[0]["conversations"] == 1
    assert store.spent("default", "all", intent="refund", agent="shop", turn_type="tool_call")[0]["calls"] == 3
    assert store.spent("default", "intent")[0]["intent"] == "refund"
    assert store.spent("default", "all", START + 1) == []
    listed = ConversationStore(engine).page("default", model="worker", intent="refund").items
    assert [(item["conversation_id"], item["models"]) for item in listed] == [("a", ["planner", "worker"])]


def test_a_release_shows_what_a_resolved_conversation_costs(engine: Client) -> None:
    GradeStore(engine).write([_graded("a", PLAN, OTHER), _graded("b", PLAN, verdict=Verdict.FAIL), _graded("c", WORK)])
    [row] = VerdictStore(engine).rates("default")
    assert row["cost_usd"] == pytest.approx(0.2 + 0.2 + 0.03)
    assert row["per_resolved_usd"] == pytest.approx(0.43 / 2)
    assert row["unpriced_calls"] == 1


def test_an_unknown_group_is_a_usage_error(engine: Client) -> None:
    with pytest.raises(UsageError, match="choose one of"):
        CostStore(engine).spent("default", "colour")  # type: ignore[arg-type] # what is refused
