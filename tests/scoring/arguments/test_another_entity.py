"""A real value of another entity than the one spoken of, named, or held by the record in hand."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from scoring.arguments.check import Checked
from tests.scoring.arguments.conversations import Script

HOLDER = {"holder_id": "ann_lee_12", "policies": ["PX41TQ", "MB77RD"]}
HOME = {"policy_id": "PX41TQ", "holder_id": "ann_lee_12", "covers": [{"cover_id": "CV-118", "from": "2024-06-01"}]}
COVERS = [
    {"cover_id": "CV-203", "from": "2024-06-10"},
    {"cover_id": "CV-204", "from": "2024-06-12"},
    {"cover_id": "CV-205", "from": "2024-06-14"},
]
CAR = {"policy_id": "MB77RD", "holder_id": "ann_lee_12", "covers": COVERS}


def looked_up(ask: str) -> Script:
    script = Script(tools=[]).ask(ask).call("get_holder", {"holder_id": "ann_lee_12"}, orjson.dumps(HOLDER).decode())
    for record in (HOME, CAR):
        script.call("get_policy", {"policy_id": record["policy_id"]}, orjson.dumps(record).decode())
    return script


def signals(checked: dict[str, Checked], pointer: str) -> set[str]:
    return {finding.signal for finding in checked[pointer].findings}


def first(checked: dict[str, Checked]) -> str:
    return max(checked, key=lambda pointer: checked[pointer].suspicion)


def test_a_write_on_an_entity_while_another_one_is_the_only_one_spoken_of() -> None:
    script = looked_up("I am ann_lee_12, end my car policy.").say("That is MB77RD. Shall I end it?").ask("Yes.")
    checked = script.call("end_policy", {"policy_id": "PX41TQ"}).checked()
    assert "other_listed_id" in signals(checked, "/policy_id")
    assert first(checked) == "/policy_id"


def test_it_is_found_after_a_right_write_on_the_same_yes() -> None:
    script = looked_up("I am ann_lee_12, my car policy please.").say("MB77RD: add a driver and end it. Proceed?")
    script.ask("Yes.").call("update_policy_drivers", {"policy_id": "MB77RD", "drivers": 2})
    assert "other_listed_id" in signals(script.call("end_policy", {"policy_id": "PX41TQ"}).checked(), "/policy_id")


def test_a_write_on_another_entity_than_the_customer_named_at_last() -> None:
    script = looked_up("I am ann_lee_12.").say("You have PX41TQ and MB77RD.").ask("It is about MB77RD.")
    script.say("What shall I do?").ask("End it please.").say("It ends today. Proceed?").ask("Yes.")
    checked = script.call("end_policy", {"policy_id": "PX41TQ"}).checked()
    assert "last_named_id" in signals(checked, "/policy_id")


@pytest.mark.parametrize("spoken", ["Both PX41TQ and MB77RD end today. Proceed?", "PX41TQ ends today. Proceed?"])
def test_an_entity_that_was_spoken_of_is_fine(spoken: str) -> None:
    checked = (
        looked_up("I am ann_lee_12.").say(spoken).ask("Yes.").call("end_policy", {"policy_id": "PX41TQ"}).checked()
    )
    assert not {"other_listed_id", "last_named_id"} & signals(checked, "/policy_id")


def rewritten(covers: list[dict[str, Any]]) -> dict[str, Checked]:
    script = looked_up("I am ann_lee_12, pay for MB77RD by card.").say("MB77RD by card. Proceed?").ask("Yes.")
    return script.call("update_policy_covers", {"policy_id": "MB77RD", "covers": covers}).checked()


def test_the_named_record_says_otherwise() -> None:
    checked = rewritten([COVERS[0], {"cover_id": "CV-204", "from": "2024-06-01"}])
    assert "own_record_date" in signals(checked, "/covers/1/from")
    assert first(checked) == "/covers/1/from"


def test_one_element_of_another_record_is_odd() -> None:
    checked = rewritten([*COVERS[:2], {"cover_id": "CV-118", "from": "2024-06-14"}])
    assert {"odd_one_out", "other_owner"} & signals(checked, "/covers/2/cover_id")


def test_the_record_written_as_it_is_raises_no_suspicion() -> None:
    checked = rewritten(COVERS)
    assert not [one.pointer for one in checked.values() if one.suspicion >= 0.2]


def test_following_up_a_record_needs_no_words_of_the_customer() -> None:
    leg = {"legs": [{"origin": "Bergen", "destination": "Oslo"}, {"origin": "Oslo", "destination": "Rome"}]}
    script = Script(tools=[]).ask("My trip to Rome please.").call("get_trip", {}, orjson.dumps(leg).decode())
    script.say("From Bergen to Rome. What shall I change?").ask("What does Bergen to Rome cost?")
    checked = script.call("search_seats", {"origin": "Oslo", "destination": "Rome"}).checked()
    assert checked["/origin"].suspicion == 0


@pytest.mark.parametrize(
    "answer",
    ["Yes, leave MB77RD as it is.", "Both of them please, as to MB77RD I am sure.", "End it, but keep MB77RD."],
)
def test_an_entity_spoken_of_to_leave_it_alone_or_as_one_of_many_is_no_rival(answer: str) -> None:
    script = looked_up("I am ann_lee_12.").say("Which one?").ask(answer)
    checked = script.call("end_policy", {"policy_id": "PX41TQ"}).checked()
    assert "other_listed_id" not in signals(checked, "/policy_id")


FIRST_CARD = {"card_id": "C7001", "holder": "Ann Lee", "phone": "555-0141-22", "shop": "Harbour Grill"}
SECOND_CARD = {"card_id": "C7002", "holder": "Ann Lee", "phone": "555-0199-35", "shop": "Night Cinema"}


def two_cards(ask: str, blocked: str) -> dict[str, Checked]:
    script = Script(tools=[]).ask(ask)
    for record in (FIRST_CARD, SECOND_CARD):
        script.call("get_card", {"card_id": record["card_id"]}, orjson.dumps(record).decode())
    return script.say("Shall I block it?").ask("Yes.").call("block_card", {"card_id": blocked}).checked()


@pytest.mark.parametrize("known", ["555-0141-22", "Harbour Grill"])
def test_a_write_on_another_entity_than_the_customer_described(known: str) -> None:
    ask = f"Ann Lee here, block my card please, the one with {known}."
    assert "described_other_id" in signals(two_cards(ask, "C7002"), "/card_id")
    assert "described_other_id" not in signals(two_cards(ask, "C7001"), "/card_id")


def test_what_both_records_hold_describes_neither() -> None:
    assert "described_other_id" not in signals(two_cards("Ann Lee here, block my card.", "C7002"), "/card_id")


def test_a_customer_who_names_the_id_needs_no_description() -> None:
    ask = "Harbour Grill was fine, but block C7002 please."
    assert "described_other_id" not in signals(two_cards(ask, "C7002"), "/card_id")
