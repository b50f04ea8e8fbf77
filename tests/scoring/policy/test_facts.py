from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conversation.model import Conversation
from conversation.verdict import Verdict
from scoring.policy.examples import conversation_of
from scoring.policy.policy import Policy
from scoring.policy.spec import ExampleSpec

MakePolicy = Callable[..., Policy]
ORDERS = {"orders": {"tools": ["look", "change"], "key": "result.id"}}
FIRST = {"orders": {"tools": "look", "key": "result.id", "keep": "first"}}
RULE = {"known": {"order": "orders[args.id]"}, "each": {"event": "pay", "must": "args.amount <= order.price"}}


def talk(*calls: dict[str, Any], now: str | None = None) -> Conversation:
    events = [{"user": "hi"}, *calls]
    return conversation_of(ExampleSpec.model_validate({"name": "t", "expect": "pass", "now": now, "events": events}))


def look(price: float, name: str = "look", **more: Any) -> dict[str, Any]:
    return {"call": name, "result": {"id": "A", "price": price, **more}}


PAY = {"call": "pay", "args": {"id": "A", "amount": 10}}


@pytest.mark.parametrize(
    ("facts", "calls", "verdict"),
    [
        (ORDERS, (look(12), PAY), "pass"),
        (ORDERS, (look(9), PAY), "fail"),
        (ORDERS, (PAY, look(12)), "inconclusive"),
        (ORDERS, (look(9), look(12, "change"), PAY), "pass"),
        (ORDERS, (look(12), look(9, "change"), PAY), "fail"),
        (FIRST, (look(12), look(9), PAY), "pass"),
        (ORDERS, ({**look(12), "error": "refused"}, PAY), "inconclusive"),
        (ORDERS, ({"call": "look", "result": "A"}, PAY), "inconclusive"),
        (ORDERS, ({"call": "look", "result": {"id": "A"}}, PAY), "error"),
    ],
)
def test_a_rule_sees_the_facts_as_they_were_known_at_the_event(
    facts: dict[str, Any], calls: tuple[dict[str, Any], ...], verdict: str, make_policy: MakePolicy
) -> None:
    assert make_policy(RULE, facts=facts).evaluate(talk(*calls))[0].verdict == verdict


@pytest.mark.parametrize(("if_unknown", "verdict"), [("fail", "fail"), ("not_applicable", "not_applicable")])
def test_the_rule_says_what_an_unseen_fact_means(if_unknown: str, verdict: str, make_policy: MakePolicy) -> None:
    policy = make_policy({**RULE, "if_unknown": if_unknown}, facts=ORDERS)
    assert policy.evaluate(talk(PAY))[0].verdict == verdict


def test_members_of_a_list_become_entries_under_a_joined_key(make_policy: MakePolicy) -> None:
    facts = {
        "prices": {"tools": "look", "each": "result.items", "key": ["result.id", "item.sku"], "value": "item.price"}
    }
    rule = {
        "known": {"price": "prices[args.id + '|' + args.sku]"},
        "each": {"event": "pay", "must": "args.amount == price"},
    }
    found = look(0, items=[{"sku": "x", "price": 5}, {"sku": "y", "price": 7}])
    pay: dict[str, Any] = {"call": "pay", "args": {"id": "A", "sku": "y", "amount": 7}}
    policy = make_policy(rule, facts=facts)
    assert policy.evaluate(talk(found, pay))[0].verdict is Verdict.PASS
    (broken,) = policy.evaluate(talk(found, {**pay, "args": {**pay["args"], "amount": 8}}))
    assert broken.explanation.endswith("`args.amount == price` is not true with price = 7")


@pytest.mark.parametrize(
    ("created", "now", "verdict"),
    [
        ("2024-05-14T15:00:01", "2024-05-15 15:00:00 EST", "pass"),
        ("2024-05-14T14:59:59", "2024-05-15 15:00:00 EST", "fail"),
        ("2024-05-14T20:00:01Z", "2024-05-15 15:00:00 EST", "pass"),
        ("2024-05-14", "2024-05-15T00:00:00-05:00", "pass"),
        ("yesterday", "2024-05-15 15:00:00 EST", "error"),
        ("2024-05-14T15:00:01", "some day", "inconclusive"),
    ],
)
def test_dates_are_reckoned_from_the_reference_time_in_the_policys_zone(
    created: str, now: str, verdict: str, make_policy: MakePolicy
) -> None:
    rule = {"each": {"event": "pay", "must": "now - time(args.created) <= duration('24h')"}}
    policy = make_policy(rule, timezone="EST")
    conversation = talk({"call": "pay", "args": {"created": created}}, now=now)
    assert policy.evaluate(conversation)[0].verdict == verdict


@pytest.mark.parametrize(
    ("must", "verdict"),
    [
        ("number('$1,200.50') == 1200.5", "pass"),
        ("number(args.n) * 2.0 == 20.0", "pass"),
        ("sum(args.l) == 6.5", "pass"),
        ("sum(args.l.map(x, number(x) * 2.0)) == 13", "pass"),
        ("lower('ÄB') == 'äb'", "pass"),
        ("day(now) == '2024-05-14'", "pass"),
        ("number('none') > 0", "error"),
        ("sum(args.bad) > 0", "error"),
    ],
)
def test_functions_work_in_predicates_and_fail_as_errors(must: str, verdict: str, make_policy: MakePolicy) -> None:
    policy = make_policy({"each": {"event": "pay", "must": must}}, timezone="-05:00")
    args = {"n": 10, "l": [1, 2.5, 3], "bad": [True]}
    conversation = talk({"call": "pay", "args": args}, now="2024-05-15T04:00:00Z")
    assert policy.evaluate(conversation)[0].verdict == verdict
