from __future__ import annotations

from typing import Any

from scoring.protocol import Context
from scoring.scorers.requests import RequestsParameters, RequestsScorer
from tests.scoring.arguments.conversations import Script


def _tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}


TOOLS = [_tool("cancel_order"), _tool("modify_order_address"), _tool("get_order"), _tool("transfer_to_human_agents")]


def outcomes(script: Script) -> list[str]:
    return [score.label for score in RequestsScorer(RequestsParameters()).score(script.conversation, Context())]


def test_each_half_of_a_compound_request_gets_its_own_outcome() -> None:
    script = Script(tools=TOOLS).ask("I want to cancel my order. I also need to change the address of the other one.")
    assert outcomes(script.call("cancel_order", {}).say("Done. Anything else?")) == ["done", "open"]


def test_a_refusal_with_words_closes_a_request() -> None:
    script = Script(tools=TOOLS).ask("Please cancel my order.").say("Unfortunately I am unable to, it has shipped.")
    assert outcomes(script) == ["refused"]


def test_handing_over_closes_a_request() -> None:
    script = Script(tools=TOOLS).ask("Can you cancel my order?").call("transfer_to_human_agents", {})
    assert outcomes(script) == ["handed_over"]


def test_a_customer_may_call_it_off() -> None:
    script = Script(tools=TOOLS).ask("I want to cancel my order.").say("That costs 5 dollars.").ask("Never mind then.")
    assert outcomes(script) == ["called_off"]


def test_a_question_asks_for_no_deed() -> None:
    assert outcomes(Script(tools=TOOLS).ask("Where is my parcel?").call("get_order", {})) == []
