"""Thirty days of traffic that does not change, and traffic that does: how often each is called drift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from scoring.drift.blocks import FIRST, next_at
from scoring.drift.compare import Finding, compare
from scoring.drift.counts import START, ArgumentCounts, ToolCounts, Window

TOOLS = 50
REFERENCE, DAY = 3000, 400
Random = np.random.Generator
Draw = Callable[[Random, int], list[object]]


def _pick(size: int, decay: float) -> Draw:
    """A category out of `size`, the next one `decay` times as likely."""
    weights = decay ** np.arange(size)
    return lambda random, n: [f"word{i}" for i in random.choice(size, n, p=weights / weights.sum())]


def _zipf(size: int) -> Draw:
    weights = 1 / np.arange(1, size + 1)
    return lambda random, n: [f"Name {i}" for i in random.choice(size, n, p=weights / weights.sum())]


# Ten arguments of the kinds that real tools take: closed lists even and skewed, ids, counts, amounts, flags, names.
ARGUMENTS: dict[str, Draw] = {
    "/status": _pick(5, 1.0),
    "/reason": _pick(20, 0.8),
    "/rare": _pick(3, 0.02),
    "/order_id": lambda random, n: [f"#W{i:07d}" for i in random.integers(0, 10**7, n)],
    "/quantity": lambda random, n: [int(i) for i in random.poisson(1.0, n) + 1],
    "/amount": lambda random, n: [round(float(i), 2) for i in random.lognormal(4, 1, n)],
    "/days": lambda random, n: [int(i) for i in random.integers(0, 365, n)],
    "/urgent": lambda random, n: [bool(i) for i in random.random(n) < 0.1],
    "/name": _zipf(4000),
    "/currency": _pick(1, 1.0),
}


def _counts(values: list[object]) -> ArgumentCounts:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return ArgumentCounts(
        present=len(values),
        types=Counter(kinds[type(value)] for value in values),
        values=Counter(map(str, values)),
        numbers=Counter(
            float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)
        ),
        shapes=Counter("A9+" if "W" in value else "a+" for value in values if isinstance(value, str)),
    )


def _tool(random: Random, conversations: int, rate: float, draws: Mapping[str, Draw] = ARGUMENTS) -> ToolCounts:
    calls = int(random.binomial(conversations, rate))
    return ToolCounts(
        calls=calls,
        conversations=calls,
        before=Counter({START: calls // 3, "find_user": calls - calls // 3}),
        arguments={
            path: _counts(draw(random, int(random.binomial(calls, 0.7)) if path == "/reason" else calls))
            for path, draw in draws.items()
        },
    )


def _window(random: Random, conversations: int, tools: int = TOOLS) -> Window:
    rates = np.linspace(0.3, 0.95, tools)
    return Window(conversations, {f"tool{i}": _tool(random, conversations, float(rates[i])) for i in range(tools)})


def _drifting(found: list[Finding]) -> list[Finding]:
    return [item for item in found if item.state == "drift"]


def test_thirty_days_of_fifty_tools_without_drift_raise_at_most_one_percent_false_alarms() -> None:
    random = np.random.default_rng(7)
    reference = _window(random, REFERENCE)
    days = [_drifting(compare(reference, _window(random, DAY))) for _ in range(30)]
    alarms = [item for day in days for item in day]
    assert len(alarms) <= 0.01 * 30 * TOOLS, alarms[:3]
    assert sum(bool(day) for day in days) <= 1, [(item.kind, item.path, item.told) for item in alarms]


# What changes, how it is drawn then, and which comparison must see it at the size of one day's traffic.
CHANGES: dict[str, tuple[str, Draw, str]] = {
    "a new word in a closed list": (
        "/status",
        lambda random, n: ["lost" if i < 0.05 else f"word{int(i * 5)}" for i in random.random(n)],
        "new_category",
    ),
    "ten points between two categories": (
        "/status",
        lambda random, n: [f"word{i}" for i in random.choice(5, n, p=[0.4, 0.1, 0.1, 0.2, 0.2])],
        "category_mix",
    ),
    "amounts up by half a standard deviation": (
        "/amount",
        lambda random, n: [round(float(i), 2) for i in random.lognormal(4.5, 1, n)],
        "numeric",
    ),
    "numbers sent as text": ("/amount", lambda random, n: [str(i) for i in random.lognormal(4, 1, n)], "type"),
    "the same name again and again": (
        "/name",
        lambda random, n: ["Name 17" if i < 0.4 else f"Name {int(i * 4000)}" for i in random.random(n)],
        "collapse",
    ),
    "ids without their letter": (
        "/order_id",
        lambda random, n: [f"{i:07d}" for i in random.integers(0, 10**7, n)],
        "shape",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_found_in_a_day_and_nothing_else_is_blamed(change: str) -> None:
    path, draw, kind = CHANGES[change]
    found = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        reference, today = _window(random, REFERENCE, 10), _window(random, DAY, 10)
        changed = _tool(random, DAY, 0.95, {**ARGUMENTS, path: draw})
        drift = _drifting(compare(reference, replace(today, tools={**today.tools, "tool9": changed})))
        found += any((item.tool, item.path, item.kind) == ("tool9", path, kind) for item in drift)
        assert {item.path for item in drift} <= {path, ""}
        assert {item.tool for item in drift} <= {"tool9"}
    assert found >= 18, f"{found} of 20"


def test_a_missing_argument_an_unknown_key_and_a_call_rate_that_doubled_are_found() -> None:
    random = np.random.default_rng(3)
    reference, today = _window(random, REFERENCE, 3), _window(random, DAY, 3)
    tool = today.tools["tool2"]
    arguments = {path: counts for path, counts in tool.arguments.items() if path != "/currency"}
    today = replace(
        today,
        tools={
            **today.tools,
            "tool0": _tool(random, DAY, 0.6),
            "tool2": replace(tool, arguments={**arguments, "/curency": tool.arguments["/currency"]}),
        },
    )
    found = {(item.tool, item.path, item.kind) for item in _drifting(compare(reference, today))}
    assert {
        ("tool2", "/currency", "presence"),
        ("tool2", "/curency", "unknown_key"),
        ("tool0", "", "call_rate"),
    } <= found


def test_an_agent_that_calls_a_tool_after_another_one_than_before_is_found() -> None:
    random = np.random.default_rng(4)
    reference, today = _window(random, REFERENCE, 3), _window(random, DAY, 3)
    tool = today.tools["tool1"]
    unchecked = replace(tool, before=Counter({START: tool.calls}))
    found = _drifting(compare(reference, replace(today, tools={**today.tools, "tool1": unchecked})))
    assert ("tool1", "call_order") in {(item.tool, item.kind) for item in found}


def test_a_small_window_is_called_not_enough_data_and_never_fine() -> None:
    random = np.random.default_rng(5)
    found = compare(_window(random, REFERENCE, 2), _window(random, 30, 2))
    assert {item.state for item in found if item.kind in {"category_mix", "numeric", "presence"}} == {"not_enough_data"}


def test_watching_block_after_block_without_drift_raises_no_alarm_even_from_a_small_baseline() -> None:
    random = np.random.default_rng(11)
    reference = _window(random, FIRST, tools=10)
    ends = [0]
    while ends[-1] < 6400:
        ends.append(next_at(ends[-1]))
    alarms = [_drifting(compare(reference, _window(random, end - begin, 10))) for begin, end in pairwise(ends)]
    assert not [found for found in alarms if found]
