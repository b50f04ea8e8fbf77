"""How long 50 rules take over 10,000 conversations of 30 events on one core."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from conversation.model import Conversation
from conversation.verdict import Verdict
from scoring.policy.examples import conversation_of
from scoring.policy.load import load
from scoring.policy.policy import Policy
from scoring.policy.spec import ExampleSpec

CONVERSATIONS = 10_000
EVENTS = 30
TOOLS = ("lookup_order", "verify_identity", "process_refund", "update_address", "check_return_policy", "send_parcel")
SAID = (
    "I would like to return the jacket of order N-{n}, it does not fit.",
    "Yes, please go ahead.",
    "How long does that take, and what about the other item?",
)
REPLIED = (
    "I can refund 89.00 euros for order N-{n} to card_1. Shall I go ahead?",
    "I am sorry, this item cannot be returned because it was worn.",
    "Your refund has been processed and arrives within 5 to 7 business days.",
)


def rules() -> list[dict[str, Any]]:
    """Fifty rules: every template, with and without keys, predicates, facts and phrases."""
    kinds: list[dict[str, Any]] = [
        {"each": {"event": "process_refund", "must": "number(args.amount) <= number(order.total)"}},
        {"absence": {"event": {"tool": "send_parcel", "where": "args.amount > 900"}}},
        {"existence": {"event": "lookup_order", "min": 1}},
        {"by": "/order_id", "precedence": {"require": "lookup_order", "before": "process_refund"}},
        {"by": "/order_id", "response": {"after": "process_refund", "require": {"reply": "business days"}}},
        {"not_after": {"forbid": "process_refund", "after": "send_parcel"}},
        {"not_between": {"forbid": "update_address", "start": "lookup_order", "end": "verify_identity"}},
        {"within": {"after": "lookup_order", "require": {"reply": "*"}, "turns": 2}},
        {"same_argument": {"first": "lookup_order", "then": "process_refund", "compare": ["/order_id"]}},
        {"by": "/order_id", "at_most": {"event": "process_refund", "times": 1}},
        {"first": {"event": "verify_identity"}},
        {"confirmed_before": {"event": "process_refund", "details": "/amount"}},
        {"refusal_required": {"request": {"user": "worn"}, "forbid": "process_refund"}},
        {"absence": {"event": {"reply": ["guaranteed", "/\\bpromise\\b/"]}}},
    ]
    known = {"order": "orders[args.order_id]"}
    chosen = [kinds[index % len(kinds)] for index in range(50)]
    return [
        {
            "id": f"rule_{index}",
            "says": "s",
            "source": {"file": "f"},
            **({"known": known} if "each" in rule else {}),
            **rule,
        }
        for index, rule in enumerate(chosen)
    ]


def policy() -> Policy:
    """The compiled rules."""
    facts = {"orders": {"tools": "lookup_order", "key": "result.order_id"}}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.policy.yaml"
        path.write_text(yaml.safe_dump({"policy": "bench", "facts": facts, "rules": rules()}))
        return load(path)


def conversation(generator: random.Random) -> Conversation:
    """Thirty events: five turns of a message, four calls and a reply."""
    events: list[dict[str, Any]] = []
    for _ in range(EVENTS // 6):
        number = generator.randint(1000, 1004)
        events.append({"user": generator.choice(SAID).format(n=number)})
        for tool in generator.choices(TOOLS, k=4):
            arguments = {"order_id": f"N-{number}", "amount": generator.choice((20, 89, 300)), "sku": "JKT-3"}
            result = {"order_id": f"N-{number}", "total": 208.5, "items": [{"sku": "JKT-3", "price": 89.0}] * 3}
            events.append({"call": tool, "args": arguments, "result": result})
        events.append({"reply": generator.choice(REPLIED).format(n=number)})
    return conversation_of(ExampleSpec.model_validate({"name": "bench", "events": events, "expect": "pass"}))


def main() -> None:
    """Print seconds and verdicts."""
    generator = random.Random(7)  # noqa: S311 - traffic, not a secret
    made = [conversation(generator) for _ in range(CONVERSATIONS)]
    compiled = policy()
    counts = dict.fromkeys(Verdict, 0)
    started, used = time.perf_counter(), time.process_time()
    for each in made:
        for result in compiled.evaluate(each):
            counts[result.verdict] += 1
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    told = ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items())
    sys.stdout.write(
        f"{CONVERSATIONS} conversations x {EVENTS} events x {len(compiled.rules)} rules: {seconds:.1f} s, "
        f"{cpu:.1f} s of CPU, {CONVERSATIONS * len(compiled.rules) / cpu:,.0f} rules/s ({told})\n"
    )


if __name__ == "__main__":
    main()
