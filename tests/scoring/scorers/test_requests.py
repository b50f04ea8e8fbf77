from __future__ import annotations

from typing import Any

import pytest

from conversation.verdict import Verdict
from scoring.protocol import Context
from scoring.scorers.requests import RequestsParameters, RequestsScorer
from tests.scoring.arguments.conversations import Script


def _tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}


TOOLS = [_tool("cancel_order"), _tool("modify_order_address"), _tool("get_order"), _tool("transfer_to_human_agents")]


def outcomes(script: Script) -> list[str]:
    return [score.label for score in RequestsScorer(RequestsParameters()).score(script.conversation, Context())]


def verdicts(script: Script, *, loose_ends_fail: bool = True) -> dict[str, Verdict]:
    scorer = RequestsScorer(RequestsParameters(loose_ends_fail=loose_ends_fail))
    return {score.name: score.verdict for score in scorer.score(script.conversation, Context())}


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


def test_the_thing_asked_about_picks_among_tools_of_one_verb() -> None:
    tools = [_tool("update_order_items"), _tool("update_order_address"), _tool("update_order_payment")]
    script = Script(tools=tools).ask("Please change the payment of my order.").call("update_order_payment", {})
    found = RequestsScorer(RequestsParameters()).score(script.conversation, Context())
    assert [(score.label, "(update_order_payment)" in score.explanation) for score in found] == [("done", True)]


def test_choices_of_a_parameter_tell_which_tool_is_meant() -> None:
    plan = _tool("change_line_plan")
    plan["function"]["parameters"]["properties"] = {"plan": {"type": "string", "enum": ["basic", "premium"]}}
    script = Script(tools=[_tool("change_line_number"), plan]).ask("I'd like to switch to premium.")
    found = list(RequestsScorer(RequestsParameters()).score(script.conversation, Context()))
    assert "(change_line_plan)" in found[0].explanation


@pytest.mark.parametrize(
    "said",
    ["Could you let me know why you cancel orders?", "I want to make sure it is right.", "Please give me a moment."],
)
def test_everyday_words_ask_for_no_deed(said: str) -> None:
    assert outcomes(Script(tools=[*TOOLS, _tool("create_order"), _tool("give_voucher")]).ask(said)) == []


def test_asking_again_for_a_detail_the_customer_lacks_and_trying_no_tool_is_stalled() -> None:
    script = Script(tools=TOOLS).ask("I want to cancel my order.").say("I need the order number.")
    script.ask("I don't have it with me, my name is Ada Byron.").say("Please provide the order number.").ask("Thanks.")
    assert verdicts(script)["requests.stalled"] is Verdict.FAIL
    assert verdicts(script, loose_ends_fail=False)["requests.stalled"] is Verdict.INCONCLUSIVE


def test_looking_it_up_is_not_stalled() -> None:
    script = Script(tools=TOOLS).ask("I want to cancel my order, I don't have the number.")
    script.call("get_order", {"name": "Ada"}).say("Please give me the last four digits of your card.")
    assert "requests.stalled" not in verdicts(script)


def test_a_change_and_then_a_hand_over_is_partly_done() -> None:
    script = Script(tools=TOOLS).ask("Please cancel both orders.").call("cancel_order", {"order_id": "W1001"})
    assert verdicts(script.call("transfer_to_human_agents", {}))["requests.partly_done"] is Verdict.FAIL


def test_a_hand_over_without_a_change_is_not_partly_done() -> None:
    script = Script(tools=TOOLS).ask("Please cancel both orders.").call("transfer_to_human_agents", {})
    assert "requests.partly_done" not in verdicts(script)


def _two_orders() -> Script:
    found = '{"orders": [{"order_id": "W1001"}, {"order_id": "W1002"}]}'
    return Script(tools=TOOLS).ask("Cancel my orders, please.").call("get_order", {"name": "Ada"}, found)


def test_one_of_two_listed_and_agreed_to_is_left_out() -> None:
    script = _two_orders().say("I will cancel:\n- W1001\n- W1002\nShall I proceed?").ask("Yes.")
    one = script.call("cancel_order", {"order_id": "W1001"})
    assert verdicts(one)["requests.left_out"] is Verdict.FAIL
    assert "requests.left_out" not in verdicts(one.call("cancel_order", {"order_id": "W1002"}))


@pytest.mark.parametrize(
    "offer", ["- W1001\n- W1002 cannot be cancelled\nProceed?", "- W1001\nNot eligible:\n- W1002\nProceed?"]
)
def test_what_the_offer_excludes_is_not_left_out(offer: str) -> None:
    script = _two_orders().say(offer).ask("Yes.").call("cancel_order", {"order_id": "W1001"})
    assert "requests.left_out" not in verdicts(script)


def test_a_yes_to_one_of_them_leaves_nothing_out() -> None:
    script = _two_orders().say("W1001 and W1002: which shall I cancel? Please confirm.").ask("Yes, W1001.")
    assert "requests.left_out" not in verdicts(script.call("cancel_order", {"order_id": "W1001"}))


def test_announcing_a_hand_over_without_making_it_fails() -> None:
    script = Script(tools=TOOLS).ask("This is bad.").say("You are being transferred to a human agent.")
    assert verdicts(script)["requests.not_handed_over"] is Verdict.FAIL
    assert "requests.not_handed_over" not in verdicts(script.call("transfer_to_human_agents", {}))


def test_offering_a_hand_over_is_not_announcing_it() -> None:
    script = Script(tools=TOOLS).ask("This is bad.").say("If you like, I will transfer you to a human agent.")
    assert "requests.not_handed_over" not in verdicts(script)


def test_an_error_of_the_software_shown_to_the_customer_fails() -> None:
    script = Script(tools=TOOLS).ask("Hello.").say("TypeError: 'NoneType' object is not subscriptable")
    assert verdicts(script)["requests.broken_reply"] is Verdict.FAIL
