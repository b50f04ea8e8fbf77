from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conversation.model import Conversation
from scoring.policy.policy import Policy

Table = tuple[dict[str, Any], list[tuple[str, str]]]

ASKED = "U cancel it | R I will cancel booking k1. Shall I go ahead? | "
TABLES: dict[str, Table] = {
    "each": (
        {"each": {"event": "a", "must": "args.k == '1'"}},
        [
            ("U x", "not_applicable"),
            ("a:1", "pass"),
            ("a:1 | a:2", "fail"),
            ("a:2!", "not_applicable"),
            ("b:2", "not_applicable"),
        ],
    ),
    "absence": ({"absence": {"event": "a"}}, [("U x", "pass"), ("b", "pass"), ("b | a", "fail"), ("a!", "pass")]),
    "existence": (
        {"existence": {"event": "a", "min": 1, "max": 2}},
        [("b", "fail"), ("a", "pass"), ("a | a", "pass"), ("a | a | a", "fail")],
    ),
    "precedence": (
        {"precedence": {"require": "a", "before": "b"}},
        [("a", "not_applicable"), ("a | b", "pass"), ("b | a", "fail"), ("a! | b", "fail"), ("b", "fail")],
    ),
    "precedence by key": (
        {"by": "/k", "precedence": {"require": "a", "before": "b"}},
        [("a:1 | b:1", "pass"), ("a:2 | b:1", "fail"), ("a:1 | b:1 | b:2", "fail"), ("a:1 | a:2 | b:2 | b:1", "pass")],
    ),
    "response": (
        {"response": {"after": "a", "require": "b"}},
        [("b", "not_applicable"), ("a | b", "pass"), ("b | a", "fail"), ("a | b | a", "fail")],
    ),
    "response by key with a message for every key": (
        {"by": "/k", "response": {"after": "a", "require": {"reply": "done"}}},
        [("a:1 | a:2 | R all done", "pass"), ("a:1 | R done | a:2", "fail")],
    ),
    "not_after": (
        {"not_after": {"forbid": "b", "after": "a"}},
        [("b", "not_applicable"), ("b | a", "pass"), ("a | b", "fail"), ("a | c", "pass")],
    ),
    "not_between": (
        {"not_between": {"forbid": "x", "start": "a", "end": "b"}},
        [
            ("x", "not_applicable"),
            ("a | x", "fail"),
            ("a | b | x", "pass"),
            ("x | a", "pass"),
            ("a | b | a | x", "fail"),
        ],
    ),
    "within seconds": (
        {"within": {"after": "a", "require": "b", "seconds": 2}},
        [
            ("b", "not_applicable"),
            ("a | b", "pass"),
            ("a | c | c | b", "fail"),
            ("a | c", "fail"),
            ("a | c | b", "pass"),
        ],
    ),
    "within turns": (
        {"within": {"after": "a", "require": "b", "turns": 1}},
        [("U x | a | U y | b", "pass"), ("U x | a | U y | U z | b", "fail"), ("U x | a", "fail")],
    ),
    "same_argument": (
        {"same_argument": {"first": "a", "then": "b", "compare": ["/k"]}},
        [
            ("b:1", "not_applicable"),
            ("a:1 | b:1", "pass"),
            ("a:1 | b:2", "fail"),
            ("a:1 | a:2 | b:2", "pass"),
            ("a:x | b:X", "pass"),
        ],
    ),
    "at_most": (
        {"at_most": {"event": "a", "times": 2}},
        [("b", "not_applicable"), ("a | a", "pass"), ("a | a | a", "fail"), ("a | a | a!", "pass")],
    ),
    "at_most by key": (
        {"by": "/k", "at_most": {"event": "a", "times": 1}},
        [("a:1 | a:2", "pass"), ("a:1 | a:2 | a:1", "fail")],
    ),
    "first": (
        {"first": {"event": "a"}},
        [("U x", "not_applicable"), ("U x | a | b", "pass"), ("b | a", "fail"), ("a! | b", "fail")],
    ),
    "last": (
        {"last": {"event": "a"}},
        [("U x", "not_applicable"), ("b | a", "pass"), ("a | b", "fail"), ("b | a | R x", "pass")],
    ),
    "confirmed_before": (
        {"confirmed_before": {"event": "w", "details": "/k"}},
        [
            ("U x", "not_applicable"),
            (ASKED + "U yes please | w:k1", "pass"),
            (ASKED + "U yes | w:k2", "fail"),
            (ASKED + "U no | w:k1", "fail"),
            (ASKED + "U Wait, what does it cost? | w:k1", "fail"),
            ("U yes | w:k1", "fail"),
            (ASKED + "U yes | w:k1 | w:k1", "pass"),
            ("U x | R Booking k1 exists. | U yes | w:k1", "inconclusive"),
        ],
    ),
    "refusal_required": (
        {"refusal_required": {"request": {"user": "free upgrade"}, "forbid": "up"}},
        [
            ("U hello", "not_applicable"),
            ("U a free upgrade | R I cannot upgrade you for free.", "pass"),
            ("U a free upgrade | up", "fail"),
            ("up | U a free upgrade | R Sorry, that is not allowed.", "pass"),
            ("U a free upgrade | R Let me see.", "inconclusive"),
        ],
    ),
    "refusal_wrong": (
        {
            "refusal_wrong": {
                "request": {"user": "cancel"},
                "allowed": {"tool": "look", "where": "args.k == 'business'"},
                "done": "do",
            }
        },
        [
            ("U cancel | look:economy | R I cannot cancel it.", "not_applicable"),
            ("U cancel | look:business | do", "pass"),
            ("U cancel | look:business | R I cannot cancel it.", "fail"),
            ("U cancel | look:business | R I cannot cancel it. | do", "pass"),
            ("U cancel | look:business | R Let me think.", "inconclusive"),
        ],
    ),
    "forbidden statement": (
        {"absence": {"event": {"reply": ["guaranteed refund", "/\\bpromise\\b/"]}}},
        [("R Hello.", "pass"), ("R A Guaranteed  refund!", "fail"), ("R I promise.", "fail"), ("U I promise.", "pass")],
    ),
    "required statement": (
        {"response": {"after": "pay", "require": {"reply": "5 to 7 business days", "unless": "not"}}},
        [
            ("pay | R It takes 5 to 7 business days.", "pass"),
            ("pay | R Bye.", "fail"),
            ("pay | R not 5 to 7 business days", "fail"),
        ],
    ),
    "transfer is announced and final": (
        {"not_after": {"forbid": {"tool": "*"}, "after": "transfer"}},
        [("transfer | R Please hold on.", "pass"), ("transfer | a", "fail")],
    ),
    "a guard": (
        {"when": "b", "absence": {"event": "a"}},
        [("a", "not_applicable"), ("a | b", "fail"), ("b", "pass")],
    ),
}
CASES = [
    pytest.param(rule, words, verdict, id=f"{name}: {words}")
    for name, (rule, rows) in TABLES.items()
    for words, verdict in rows
]


@pytest.mark.parametrize(("rule", "words", "verdict"), CASES)
def test_the_template_gives_the_verdict_of_its_truth_table(
    rule: dict[str, Any],
    words: str,
    verdict: str,
    make_policy: Callable[..., Policy],
    trace: Callable[..., Conversation],
) -> None:
    (result,) = make_policy(rule).evaluate(trace(*words.split(" | ")))
    assert result.verdict == verdict, result.explanation


def test_a_failure_shows_the_events_that_prove_it(
    make_policy: Callable[..., Policy], trace: Callable[..., Conversation]
) -> None:
    (result,) = make_policy({"not_after": {"forbid": "b", "after": "a"}}).evaluate(trace("U x", "a", "R y", "b"))
    assert [(item.tool_call_id, item.message) for item in result.evidence] == [("call_4", 4), ("call_1", 1)]
    assert (result.turn, result.tool_call_id, result.failures) == (0, "call_4", 1)
