"""Writes that differ from what was listed and confirmed just before them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from conversation.verdict import ArgumentLabel, Verdict
from scoring.protocol import Context
from scoring.scorers.tool_arguments import ToolArgumentsParameters, ToolArgumentsScorer
from tests.scoring.arguments.conversations import Script

FILE = {
    "order_id": "N-1043",
    "status": "packing",
    "items": [{"sku": "JKT-3", "price": 89.0}, {"sku": "SHO-7", "price": 119.5}],
    "total": 208.5,
    "payment_method_id": "card_9021",
    "delivery_address": {"street": "Canal Road 88", "city": "Amsterdam", "postcode": "1017"},
}
OLD = {"street": "Canal Road 88", "city": "Amsterdam", "postcode": "1017"}
NEW = {"street": "Station Road 37", "city": "Hamburg", "postcode": "20095"}


def moving(written: dict[str, Any], *, answer: str = "Sure, please do.") -> Script:
    """A customer moves; the agent lists the new address, hears an answer and writes an address."""
    return (
        Script(tools=[])
        .ask("I've moved! Please send order N-1043 to Station Road 37, 20095 Hamburg.")
        .call("lookup_order", {"order_id": "N-1043"}, orjson.dumps(FILE).decode())
        .say("I would send order N-1043 to Station Road 37, 20095 Hamburg instead. Shall I go ahead?")
        .ask(answer)
        .call("update_address", {"order_id": "N-1043", **written})
        .say("Done.")
    )


def refunding(
    amount: float, *, answer: str = "Yes, please.", listed: str = "I would refund 89.00 euros to card_9021."
) -> Script:
    """A customer sends an item back; the agent lists its price, hears an answer and refunds an amount."""
    return (
        Script(tools=[])
        .ask("I want to send back the rain jacket, order N-1043.")
        .call("lookup_order", {"order_id": "N-1043"}, orjson.dumps(FILE).decode())
        .say(f"It is in order N-1043. {listed} Shall I go ahead?")
        .ask(answer)
        .call("process_refund", {"order_id": "N-1043", "amount": amount, "payment_method_id": "card_9021"})
        .say("Done.")
    )


def flagged(script: Script) -> dict[str, str]:
    """Label of every argument of the last call that fails, by its JSON pointer."""
    conversation = script.conversation
    last = conversation.tool_calls[-1].id
    scores = ToolArgumentsScorer(ToolArgumentsParameters()).score(conversation, Context())
    return {
        str(one.argument_path): str(one.label)
        for one in scores
        if one.verdict is Verdict.FAIL and one.tool_call_id == last
    }


def test_an_address_on_file_is_flagged_where_the_new_one_was_confirmed() -> None:
    assert flagged(moving(OLD)) == {"/street": "mismatch", "/city": "mismatch", "/postcode": "mismatch"}


def test_a_part_of_the_old_address_is_flagged_on_its_own() -> None:
    assert flagged(moving({**NEW, "street": "Canal Road 88"})) == {"/street": "mismatch"}


def test_an_amount_that_contradicts_the_confirmed_one_is_flagged() -> None:
    assert flagged(refunding(208.5)) == {"/amount": "mismatch"}


def test_a_value_the_customer_gave_before_the_newer_one_is_stale() -> None:
    script = (
        Script(tools=[])
        .ask("Ship it to Canal Road 88, 1017 Amsterdam.")
        .say("Which order is it?")
        .ask("N-1043. Sorry, I meant Station Road 37, 20095 Hamburg.")
        .say("I would send order N-1043 to Station Road 37, 20095 Hamburg. Shall I go ahead?")
        .ask("Yes, please.")
        .call("update_address", {"order_id": "N-1043", **OLD})
        .say("Done.")
    )
    assert set(flagged(script).values()) == {"stale"}


def test_what_was_confirmed_is_never_flagged() -> None:
    assert flagged(moving(NEW)) == {}
    assert flagged(refunding(89.0)) == {}


@pytest.mark.parametrize(
    "answer", ["Yes, but send it to my old address.", "No, use the other one.", "Wait, which one is on file?"]
)
def test_an_answer_that_changes_the_offer_confirms_nothing(answer: str) -> None:
    assert flagged(moving(OLD, answer=answer)) == {}


def test_what_the_customer_adds_to_the_yes_counts_as_listed() -> None:
    assert flagged(refunding(208.5, answer="Yes, please refund 208.50 euros.")) == {}


def test_a_sum_of_listed_amounts_contradicts_nothing() -> None:
    assert flagged(refunding(208.5, listed="The jacket was 89.00 and the shoes 119.50 euros.")) == {}


def test_the_evidence_is_the_listing_the_yes_and_the_source_of_the_wrong_value() -> None:
    found = refunding(208.5).checked()["/amount"]
    assert found.label is ArgumentLabel.MISMATCH
    assert [(one.kind, one.text) for one in found.evidence] == [
        ("message", "89.00"),
        ("message", "Yes, please."),
        ("tool_result", "208.5"),
    ]
    assert found.evidence[-1].path == "/total"
