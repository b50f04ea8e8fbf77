from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conversation.model import Conversation
from conversation.verdict import Verdict
from scoring.policy.policy import Policy
from scoring.policy.template_specs import TEMPLATE_FIELDS, EventPattern, TemplateFields

EXTRA: dict[str, dict[str, Any]] = {
    "each": {"must": "true"},
    "existence": {"min": 0},
    "within": {"seconds": 9},
    "same_argument": {"compare": ["/k"]},
    "at_most": {"times": 5},
}
BROKEN = {"missing key": "args.missing == 1", "wrong type": "args.k > 1", "not a truth value": "args.k"}


def slots(template: str) -> list[str]:
    model = TemplateFields.model_fields[template].annotation.__args__[0]  # type: ignore[union-attr]  # Optional[Model]
    return [name for name, field in model.model_fields.items() if "EventPattern" in str(field.annotation)]


CASES = [(template, slot, kind) for template in TEMPLATE_FIELDS for slot in slots(template) for kind in BROKEN]


def rule(template: str, broken_slot: str, where: str) -> dict[str, Any]:
    events: dict[str, Any] = {slot: {"tool": "a"} for slot in slots(template)}
    events[broken_slot] = {"tool": "a", "where": where}
    return {template: {**events, **EXTRA.get(template, {})}}


def test_every_template_has_a_case() -> None:
    assert {template for template, _, _ in CASES} == set(TEMPLATE_FIELDS)
    assert EventPattern(tool=("a",)).tool == ("a",)


@pytest.mark.parametrize(("template", "slot", "kind"), CASES)
def test_a_broken_predicate_is_an_error_and_never_a_pass(
    template: str, slot: str, kind: str, make_policy: Callable[..., Policy], trace: Callable[..., Conversation]
) -> None:
    policy = make_policy(rule(template, slot, BROKEN[kind]))
    (lone,) = policy.evaluate(trace("U hello", "a:x"))
    assert lone.verdict in {Verdict.ERROR, Verdict.FAIL}
    (result,) = policy.evaluate(trace("U cancel", "R shall I? a x", "U yes", "a:x", "R I cannot do it", "a:x"))
    # A violation that the broken part cannot excuse stays a violation; nothing else may hide the error.
    assert result.verdict in {Verdict.ERROR, Verdict.FAIL}
    if len(slots(template)) == 1:
        assert result.verdict is Verdict.ERROR
        assert BROKEN[kind] in result.explanation


@pytest.mark.parametrize("must", list(BROKEN.values()))
def test_a_broken_must_is_an_error(
    must: str, make_policy: Callable[..., Policy], trace: Callable[..., Conversation]
) -> None:
    (result,) = make_policy({"each": {"event": "a", "must": must}}).evaluate(trace("U x", "a:x"))
    assert result.verdict is Verdict.ERROR


def test_a_missing_key_to_bind_by_is_an_error(
    make_policy: Callable[..., Policy], trace: Callable[..., Conversation]
) -> None:
    policy = make_policy({"by": "/nowhere", "at_most": {"event": "a", "times": 1}})
    assert policy.evaluate(trace("U x", "a:x"))[0].verdict is Verdict.ERROR
