from __future__ import annotations

from dataclasses import replace

import pytest

from conversation.costs import Price, PriceTable, with_costs
from conversation.model import Conversation, ModelCall, Tokens, Turn

TABLE = PriceTable(
    {
        "gpt-4o": Price(2.5e-6, 1e-5, cached=1.25e-6),
        "gpt-4o-mini": Price(1.5e-7, 6e-7),
        "azure/gpt-4o": Price(3e-6, 1.2e-5),
    }
)
CALL = ModelCall("s", 0, 1, model="gpt-4o", tokens=Tokens(input=1000, output=100, reasoning=40, cached=400))


def test_cached_tokens_have_their_own_price_and_reasoning_ones_that_of_output() -> None:
    assert TABLE.cost(CALL) == pytest.approx(600 * 2.5e-6 + 400 * 1.25e-6 + 100 * 1e-5)


def test_what_the_trace_states_is_kept() -> None:
    assert TABLE.cost(replace(CALL, cost_usd=0.5)) == 0.5


def test_a_dated_model_costs_what_its_undated_name_costs_and_another_model_does_not() -> None:
    assert TABLE.price("gpt-4o-mini-2024-07-18") == Price(1.5e-7, 6e-7)
    assert TABLE.price("gpt-4o-2024-11-20") == TABLE.price("gpt-4o")
    assert TABLE.price("gpt-4o-audio") is None
    assert TABLE.price("gpt-4o", "azure") == Price(3e-6, 1.2e-5)


def test_a_conversation_gets_a_cost_on_each_call_whose_price_is_known() -> None:
    unknown = replace(CALL, model="homemade")
    turn = Turn(0, "small_talk", "q", "a", 0, 1, model_calls=(CALL, unknown))
    priced = with_costs(Conversation("c", turns=(turn,)), TABLE)
    assert [call.cost_usd is None for call in priced.model_calls] == [False, True]
    assert priced.cost_usd == TABLE.cost(CALL)
