from __future__ import annotations

import json

import pytest

from conversation.verdict import ArgumentLabel
from scoring.arguments.source import Origin
from tests.scoring.arguments.conversations import Script

USER = json.dumps({"user_id": "ada_byron_42", "name": "Ada Byron", "stays": [{"city": "Oslo", "guests": 2}]})
GOOD = {
    "user_id": "ada_byron_42",
    "city": "Oslo",
    "start_date": "2024-05-20",
    "end_date": "2024-05-23",
    "guests": 2,
    "room": "double",
}


def script() -> Script:
    return (
        Script()
        .ask("I am ada_byron_42 and need a double room in Oslo from May 20 to May 23 for two.")
        .call("get_user", {"user_id": "ada_byron_42"}, USER)
        .say("A double room in Oslo, May 20 to May 23, 2 guests. Shall I book it?")
        .ask("Yes, please.")
    )


def test_every_argument_of_a_sound_call_is_ok_and_shows_its_source() -> None:
    checked = script().call("book_room", GOOD).checked()
    assert {one.label for one in checked.values()} <= {ArgumentLabel.OK}
    origins = {pointer: one.source.origin for pointer, one in checked.items() if one.source}
    assert origins == {
        "/user_id": Origin.USER,
        "/city": Origin.USER,
        "/start_date": Origin.USER,
        "/end_date": Origin.USER,
        "/guests": Origin.USER,
        "/room": Origin.USER,
    }


@pytest.mark.parametrize(
    ("change", "pointer", "label"),
    [
        pytest.param({"user_id": "ada_byron_77"}, "/user_id", ArgumentLabel.UNGROUNDED, id="an invented id"),
        pytest.param({"room": "castle"}, "/room", ArgumentLabel.SCHEMA, id="a value outside the enum"),
        pytest.param({"guests": "2"}, "/guests", ArgumentLabel.SCHEMA, id="a wrong type"),
        pytest.param({"pets": True}, "/pets", ArgumentLabel.SCHEMA, id="an argument the tool does not have"),
        pytest.param(
            {"start_date": "2024-05-23", "end_date": "2024-05-20"},
            "/start_date",
            ArgumentLabel.SWAPPED,
            id="a swapped pair of dates",
        ),
    ],
)
def test_a_fault_is_named_and_ranked_first(change: dict[str, object], pointer: str, label: ArgumentLabel) -> None:
    checked = script().call("book_room", GOOD | change).checked()
    assert checked[pointer].label is label
    assert checked[pointer].suspicion == max(one.suspicion for one in checked.values())
    assert checked[pointer].suspicion >= 0.8
    assert checked[pointer].evidence


def test_a_missing_required_argument_is_a_row_of_its_own() -> None:
    arguments = {name: value for name, value in GOOD.items() if name != "city"}
    checked = script().call("book_room", arguments).checked()
    assert checked["/city"].label is ArgumentLabel.SCHEMA
    assert checked["/city"].source is None


def test_a_corrected_value_is_stale() -> None:
    talk = (
        Script()
        .ask("I am ada_byron_42, a single room in Oslo from May 20 to May 23 please.")
        .say("A single room in Oslo, May 20 to May 23. Shall I book it?")
        .ask("Make it a suite in Bergen.")
        .say("A suite in Bergen, May 20 to May 23. Shall I book it?")
        .ask("Yes.")
    )
    checked = talk.call("book_room", GOOD | {"room": "single", "city": "Bergen", "guests": 1}).checked()
    assert checked["/room"].label is ArgumentLabel.STALE
    assert checked["/room"].suspicion == max(one.suspicion for one in checked.values())


def test_the_cheapest_was_asked_for_and_a_dearer_one_called() -> None:
    offers = json.dumps([{"offer_id": "OF-11", "price": 90}, {"offer_id": "OF-12", "price": 120}])
    take = {"type": "object", "properties": {"offer_id": {"type": "string"}}, "required": ["offer_id"]}
    tools = [
        {"type": "function", "function": {"name": "find_offers", "parameters": {"type": "object", "properties": {}}}},
        {"type": "function", "function": {"name": "accept_offer", "parameters": take}},
    ]
    talk = Script(tools=tools).ask("The cheapest one please.").call("find_offers", {}, offers)
    assert talk.call("accept_offer", {"offer_id": "OF-12"}).checked()["/offer_id"].label is ArgumentLabel.MISMATCH


def test_a_summary_is_the_agents_own_words_and_never_flagged() -> None:
    parameters = {"type": "object", "properties": {"summary": {"type": "string"}}}
    tools = [{"type": "function", "function": {"name": "transfer_to_human_agents", "parameters": parameters}}]
    talk = Script(tools=tools).ask("A person please.")
    one = talk.call("transfer_to_human_agents", {"summary": "Customer wishes to speak to somebody."}).checked()
    assert one["/summary"].source is not None
    assert one["/summary"].source.origin is Origin.OWN_TEXT
    assert one["/summary"].suspicion == 0


def test_a_sum_of_known_amounts_is_derived() -> None:
    parameters = {"type": "object", "properties": {"amount": {"type": "number"}}}
    tools = [{"type": "function", "function": {"name": "refund_payment", "parameters": parameters}}]
    talk = Script(tools=tools).ask("Refund the mug for $14.50 and the plate for $20.")
    source = talk.call("refund_payment", {"amount": 34.5}).checked()["/amount"].source
    assert source is not None
    assert (source.origin, source.text) == (Origin.DERIVED, "14.5 + 20")


def test_a_handle_that_may_stand_in_a_redacted_address_is_not_called_invented() -> None:
    hidden = Script().ask("My address is <email:80aa267845453390>.").call("get_user", {"user_id": "ada_byron_42"})
    source = hidden.checked()["/user_id"].source
    assert source is not None
    assert source.origin is Origin.USER
    other = Script().ask("My address is <email:80aa267845453390>.").call("get_user", {"user_id": "U8127731"})
    assert other.checked()["/user_id"].label is ArgumentLabel.UNGROUNDED
    assert other.checked()["/user_id"].suspicion >= 0.8
