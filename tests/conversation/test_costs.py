from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.costs import Price, PriceTable, tools_asked, with_costs
from conversation.model import Conversation, CostSource, Message, ModelCall, Role, Tokens, ToolCall, Turn

TABLE = PriceTable(
    {
        "gpt-4o": Price(2.5e-6, 1e-5, cached=1.25e-6),
        "gpt-4o-mini": Price(1.5e-7, 6e-7),
        "azure/gpt-4o": Price(3e-6, 1.2e-5),
        "thinker": Price(1e-6, 2e-6, written=4e-6, reasoning=5e-6, above=((1000, Price(2e-6, 4e-6)),)),
        "groq/llama-70b": Price(1e-6, 1e-6),
        "together_ai/meta/llama-70b": Price(2e-6, 2e-6),
        "together_ai/meta/Qwen-7B": Price(3e-6, 3e-6),
    },
    "v1",
)
CALL = ModelCall("s", 0, 1, model="gpt-4o", tokens=Tokens(input=1000, output=100, reasoning=40, cached=400))
COUNTS = st.integers(0, 10**7)


def test_cached_tokens_have_their_own_price_and_reasoning_ones_that_of_output() -> None:
    charge = TABLE.charge(CALL)
    assert charge.usd == pytest.approx(600 * 2.5e-6 + 400 * 1.25e-6 + 100 * 1e-5)
    assert charge.reasoning_usd == pytest.approx(40 * 1e-5)
    assert charge.source is CostSource.TABLE


def test_cache_writes_and_reasoning_cost_what_the_table_says_and_long_calls_their_own_rate() -> None:
    call = replace(CALL, model="thinker", tokens=Tokens(1000, 100, reasoning=30, written=200))
    assert TABLE.charge(call).usd == pytest.approx(800e-6 + 200 * 4e-6 + 70 * 2e-6 + 30 * 5e-6)
    assert TABLE.charge(replace(call, tokens=Tokens(1001, 100))).usd == pytest.approx(1001 * 2e-6 + 100 * 4e-6)


def test_what_the_trace_states_wins_and_its_part_for_reasoning_is_that_of_the_table() -> None:
    stated = TABLE.charge(replace(CALL, cost_usd=0.6))
    assert (stated.usd, stated.source) == (0.6, CostSource.TRACE)
    by_table = TABLE.charge(CALL)
    assert stated.reasoning_usd == pytest.approx(0.6 * (by_table.reasoning_usd or 0) / (by_table.usd or 1))
    assert TABLE.charge(replace(CALL, model="homemade", cost_usd=0.6)).reasoning_usd is None


def test_a_stated_zero_means_that_the_sender_had_no_price() -> None:
    assert TABLE.charge(replace(CALL, cost_usd=0.0)) == TABLE.charge(CALL)
    assert TABLE.charge(replace(CALL, model="homemade", cost_usd=0.0)).usd is None


def test_a_call_without_price_or_without_tokens_costs_nothing_known_and_says_why() -> None:
    assert TABLE.charge(replace(CALL, model="homemade")).source is CostSource.NO_PRICE
    assert TABLE.charge(replace(CALL, tokens=Tokens())).source is CostSource.NO_USAGE
    assert TABLE.charge(replace(CALL, tokens=Tokens())).usd is None


def test_a_dated_model_costs_what_its_undated_name_costs_and_another_model_does_not() -> None:
    assert TABLE.price("gpt-4o-mini-2024-07-18") == Price(1.5e-7, 6e-7)
    assert TABLE.price("GPT-4o-2024-11-20") == TABLE.price("gpt-4o-latest") == TABLE.price("gpt-4o")
    assert TABLE.price("gpt-4o-audio") is None
    assert TABLE.price("thinker-7b") is None
    assert TABLE.price("thinker-2") is None


def test_the_provider_decides_between_prices_of_one_model() -> None:
    assert TABLE.price("gpt-4o", "azure.ai.openai") == Price(3e-6, 1.2e-5)
    assert TABLE.price("llama-70b", "together") == Price(2e-6, 2e-6)
    assert TABLE.price("llama-70b", "groq") == Price(1e-6, 1e-6)
    assert TABLE.price("llama-70b") is None, "two providers ask different prices"
    assert TABLE.price("qwen-7b") == Price(3e-6, 3e-6)
    assert TABLE.price("qwen-7b", "openai") is None, "someone else serves it"


def test_a_table_asks_its_fallback_for_what_it_does_not_list() -> None:
    own = PriceTable({"gpt-4o": Price(1, 1)}, "own", TABLE)
    assert own.price("gpt-4o", "azure.ai.openai") == Price(1, 1)
    assert own.price("gpt-4o-mini") == TABLE.price("gpt-4o-mini")
    assert own.version == "own v1"


def test_a_conversation_gets_a_cost_on_each_call_whose_price_is_known() -> None:
    unknown = replace(CALL, span_id="t", model="homemade")
    turn = Turn(0, "small_talk", "q", "a", 0, 1, model_calls=(CALL, unknown))
    priced = with_costs(Conversation("c", turns=(turn,)), TABLE)
    assert [call.cost_source for call in priced.model_calls] == ["table", "no_price"]
    assert priced.cost_usd == TABLE.charge(CALL).usd
    assert priced.prices == "v1"


def test_what_was_priced_once_keeps_its_cost_under_another_table() -> None:
    dearer = PriceTable({"gpt-4o": Price(1, 1)}, "v2")
    turn = Turn(0, "small_talk", "q", "a", 0, 1, model_calls=(CALL,))
    first = with_costs(Conversation("c", turns=(turn,)), TABLE)
    assert with_costs(first, dearer) == first
    again = with_costs(Conversation("c", turns=(turn,)), dearer, first)
    assert again == first
    late = replace(turn, model_calls=(CALL, replace(CALL, span_id="late")))
    both = with_costs(Conversation("c", turns=(late,)), dearer, first)
    assert [call.cost_usd for call in both.model_calls] == [first.cost_usd, dearer.charge(CALL).usd]
    assert both.prices == "v1, v2"


def test_a_call_that_had_no_price_gets_one_once_its_model_is_listed() -> None:
    turn = Turn(0, "small_talk", "q", "a", 0, 1, model_calls=(CALL, replace(CALL, span_id="t", model="homemade")))
    first = with_costs(Conversation("c", turns=(turn,)), TABLE)
    later = PriceTable({"homemade": Price(1, 1), "gpt-4o": Price(9, 9)}, "v2")
    for again in (with_costs(first, later), with_costs(Conversation("c", turns=(turn,)), later, first)):
        assert [call.cost_usd for call in again.model_calls] == [first.model_calls[0].cost_usd, 1100]
        assert again.prices == "v1, v2"


def test_a_model_call_is_for_the_tools_its_message_asked_for_else_for_those_run_next() -> None:
    messages = (Message(0, Role.USER, "q"), Message(1, Role.ASSISTANT, "", ("a", "b"), span_id="s"))
    tools = (
        ToolCall("a", "find", {}, message=1),
        ToolCall("b", "find", {}, message=1),
        ToolCall("c", "refund", {}, started_ns=25),
    )
    calls = (CALL, replace(CALL, span_id="t", started_ns=20), replace(CALL, span_id="u", started_ns=30))
    turn = Turn(0, "tool_call", "q", "a", 0, 1, tool_calls=tools, model_calls=calls)
    assert tools_asked(Conversation("c", messages=messages, turns=(turn,))) == {
        (0, "s"): ("find", "find"),
        (0, "t"): ("refund",),
    }


@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
def test_no_counts_a_sender_may_write_make_money_negative_or_more_for_thinking_than_in_all(
    given_: int, made: int, thought: int, cached: int, written: int
) -> None:
    for model in ("gpt-4o", "thinker"):
        charge = TABLE.charge(replace(CALL, model=model, tokens=Tokens(given_, made, thought, cached, written)))
        if charge.usd is not None and charge.reasoning_usd is not None:
            assert 0 <= charge.reasoning_usd <= charge.usd * (1 + 1e-12)
